//! An import that is interrupted: its answer is lost, its caller goes away, or the user signs out.

use std::time::Duration;

use pilotlight_identity_server::{Endpoint, Fault, Options};

use super::users::source;
use super::{assert_imported, old_tokens};
use crate::world::{World, assert_renews};

/// The issuer has rotated the token and gives the answer once more for moments only.
#[tokio::test]
async fn a_lost_answer_is_asked_for_again_at_once() {
    let world = World::with(Options::default().with(|settings| settings.leeway = 30)).await;
    let tokens = old_tokens(&world).await;
    let lost = Fault::reset().after_processing();
    world.control().fault(Endpoint::Token, lost.times(2));
    let session = world.session();
    assert_imported(&session.import_session(source(&tokens, None)).await.unwrap());
    world.clock.advance(60);
    world.control().advance(Duration::from_secs(60));
    assert_renews(&session).await;
    assert_eq!(session.counters().retries, 2);
}
