//! An old value is returned if the caller allows it and a new one is temporarily unavailable; not after other failures.

use std::time::Duration;

use pilotlight_core::ffi::SessionError;
use pilotlight_core::session::{Sharing, TokenOptions};
use pilotlight_identity_server::{Endpoint, Fault};

use crate::sharing::shared_world;
use crate::world::{ADA, World, at_least, public};

#[tokio::test]
async fn where_only_the_app_itself_may_renew_the_old_profile_will_do() {
    let (mut world, _folder) = shared_world().await;
    let app = world.signed_in().await;
    app.profile(true).await.unwrap();
    world.sharing = Sharing::ReadOnly;
    let widget = world.session();
    world.clock.advance(86_400);
    let profile = widget.profile_within(Duration::ZERO, true).await.unwrap();
    assert_eq!(profile.email.as_deref(), Some(ADA));
    let error = public(widget.profile_within(Duration::ZERO, false).await);
    assert!(matches!(error, SessionError::OpenApp { .. }), "{error:?}");
}

#[tokio::test]
async fn what_does_not_pass_is_an_error_whatever_is_allowed() {
    let world = World::new().await;
    let session = world.signed_in().await;
    session.profile(true).await.unwrap();
    world.clock.advance(86_400);
    let any = TokenOptions {
        allow_expired: true,
        ..at_least(0)
    };
    let refused = Fault::oauth_error(401, "invalid_client", "Unauthorized").for_ever();
    world.control().fault(Endpoint::Token, refused);
    for error in [
        public(session.access_token(any).await),
        public(session.profile_within(Duration::ZERO, true).await),
    ] {
        assert!(matches!(error, SessionError::FixConfiguration { .. }), "{error:?}");
    }
}
