//! The browser comes back from its sign-out (OpenID Connect RP-Initiated Logout 1.0, 3).

use std::fmt::Write as _;

use pilotlight_core::protocol::logout::LogoutOptions;
use url::Url;

use super::said;
use crate::documented::assert_documented;
use crate::world::World;

const RETURN_TO: &str = "com.example.pilotlight://logout";

/// The URLs with which the browser returns, where `STATE` is the state of this sign-out.
const RETURNS: [(&str, &str); 9] = [
    ("with its `state`", "com.example.pilotlight://logout?state=STATE"),
    (
        "with its `state`, and more",
        "com.example.pilotlight://logout?state=STATE&iss=https%3A%2F%2Fa#x",
    ),
    ("without `state`", "com.example.pilotlight://logout"),
    ("with an empty `state`", "com.example.pilotlight://logout?state="),
    ("with another `state`", "com.example.pilotlight://logout?state=other"),
    (
        "with its `state` twice",
        "com.example.pilotlight://logout?state=STATE&state=STATE",
    ),
    (
        "at another place of the app's",
        "com.example.pilotlight://callback?state=STATE",
    ),
    ("at another host", "https://attacker.example/logout?state=STATE"),
    ("with what is no URL", "nowhere"),
];

#[tokio::test]
async fn the_table_row_by_row() {
    let mut table = String::from("| the browser comes back | the app gets |\n| --- | --- |\n");
    for (what, returned) in RETURNS {
        let world = World::new().await;
        let session = world.session_with(world.oidc_configuration());
        let options = LogoutOptions {
            return_to: Some(RETURN_TO.to_owned()),
            ..LogoutOptions::default()
        };
        let url = Url::parse(&session.logout_url(&options).await.unwrap()).unwrap();
        let state = url.query_pairs().find(|(name, _)| name == "state").unwrap().1;
        let said = said(session.complete_logout(&returned.replace("STATE", &state)));
        // A return that does not belong to this sign-out has not ended it; the right return has.
        let again = session.complete_logout(&format!("{RETURN_TO}?state={state}"));
        assert_eq!(again.is_ok(), said != "works", "{what}");
        writeln!(table, "| {what} | {said} |").unwrap();
    }
    assert_documented("logout-returns", &table);
}
