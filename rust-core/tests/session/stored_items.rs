//! Everything that was accepted can be stored and read again, under a name that no other session has.

use pilotlight_core::model::configuration::Configuration;
use pilotlight_core::model::metadata::parse_object;
use pilotlight_core::model::secret::SecretBytes;
use pilotlight_core::model::state::SessionState;
use pilotlight_core::ports::StoreError;
use pilotlight_core::storage::envelope::{Brought, StoredItem};
use pilotlight_identity_server::{Endpoint, Fault};
use serde_json::{Value, json};

use crate::sharing::app_and_extension;
use crate::world::{World, assert_renews, disk_full, is_signed_in, until};

/// `levels` nested objects.
fn nested(levels: usize) -> Value {
    (0..levels).fold(json!(1), |inside, _| json!({ "a": inside }))
}

async fn assert_next_launch_renews(world: &World) {
    let restarted = world.session();
    let restored = restarted.restore().await;
    assert!(matches!(restored, Ok(SessionState::SignedIn { .. })), "{restored:?}");
    assert_renews(&restarted).await;
    assert_eq!(world.control().counters().spent_refresh_tokens_presented, 0);
}

#[tokio::test]
async fn a_change_that_is_nested_too_deep_to_be_read_again_does_not_wait() {
    let world = World::new().await;
    let session = world.signed_in().await;
    world.control().go_offline().await.unwrap();
    for (levels, waits) in [(90, true), (102, false), (126, false)] {
        let patch = parse_object("test", &nested(levels).to_string()).unwrap();
        let outcome = session.update_metadata_or_queue(patch).await;
        assert_eq!(outcome.is_ok(), waits, "{levels}: {outcome:?}");
    }
    assert_eq!(session.pending_metadata_updates().len(), 1);
    world.control().go_online().await.unwrap();
    let restarted = world.session();
    assert!(matches!(restarted.restore().await, Ok(SessionState::SignedIn { .. })));
}

/// The profile can be fetched again, but the tokens cannot.
#[tokio::test]
async fn a_profile_that_is_too_large_or_too_deep_is_given_but_not_stored_and_loses_no_token() {
    let picture = format!("data:image/png;base64,{}", "A".repeat(1_046_000));
    for profile in [
        json!({ "picture": picture }),
        json!({ "claim": nested(120) }),
        json!({ "claim": (0..120).fold(json!(1), |inside, _| json!([inside])) }),
    ] {
        let world = World::new().await;
        let session = world.signed_in().await;
        world.control().fault(Endpoint::Userinfo, Fault::answer(profile));
        session.profile(true).await.unwrap();
        assert_renews(&session).await;
        assert!(session.cached_profile().is_some() && is_signed_in(&session));
        assert_next_launch_renews(&world).await;
    }
}

#[tokio::test]
async fn a_profile_of_half_a_megabyte_is_stored() {
    let world = World::new().await;
    let session = world.signed_in().await;
    let profile = json!({ "picture": "A".repeat(500_000), "claim": nested(90) });
    world.control().fault(Endpoint::Userinfo, Fault::answer(profile));
    session.profile(true).await.unwrap();
    let restarted = world.session();
    restarted.restore().await.unwrap();
    assert!(restarted.cached_profile().is_some());
}

/// The largest accepted answer is 1 MiB: tokens of that size are stored and read.
#[tokio::test]
async fn tokens_of_the_largest_answer_are_stored_and_read_again() {
    let world = World::new().await;
    let session = world.signed_in().await;
    let large = json!({ "access_token": "a".repeat(1_040_000) });
    world.control().fault(Endpoint::Token, Fault::answer(large));
    assert_renews(&session).await;
    assert_next_launch_renews(&world).await;
}

/// A member with that name may be anywhere in the profile, even if the profile is left out because it is too large.
#[test]
fn a_profile_is_written_in_its_own_place() {
    let item = |profile: &str| {
        format!(
            r#"{{"version":1,"issuer":"\"profile\":null","client_id":"c","subject":"s","credentials":{{"received_at":1,"lifetime_seconds":1}},{profile}"pending_updates":[{{"id":1,"changes":{{"profile":null}},"since":1}}],"later":{{"profile":null}}}}"#
        )
    };
    let written = |item: &str| {
        let stored = StoredItem::decode(&SecretBytes::new(item.into())).unwrap();
        String::from_utf8(stored.encode().unwrap().expose().to_vec()).unwrap()
    };
    let small = written(&item(
        r#""profile":{"subject":"s","other_claims":{"profile":null},"fetched_at":1},"#,
    ));
    assert_eq!(small.matches(r#""profile":{"subject":"s","#).count(), 1, "{small}");
    assert_eq!(small.matches(r#"{"profile":null}"#).count(), 3, "{small}");
    assert_eq!(written(&small), small);
    let text = "t".repeat(1024 * 1024);
    let large = item(&format!(
        r#""profile":{{"subject":"s","name":"{text}","other_claims":{{}},"fetched_at":1}},"#
    ));
    assert_eq!(written(&large), item(""));
}

#[test]
fn a_debug_text_shows_nothing_that_a_newer_release_stored() {
    let session = br#"{"version":1,"issuer":"i","client_id":"c","subject":"s","credentials":{"received_at":1,"lifetime_seconds":1},"dpop_key":"planted"}"#;
    let signed_out = br#"{"version":1,"signed_out":true,"revocations":[],"more":{"key":["planted"]}}"#;
    for json in [session.as_slice(), signed_out] {
        let item = StoredItem::decode(&SecretBytes::new(json.to_vec())).unwrap();
        assert!(!format!("{item:?} {item:#?}").contains("planted"), "{item:?}");
        let written = item.encode().unwrap();
        assert!(String::from_utf8_lossy(written.expose()).contains("planted"), "kept");
    }
}

#[tokio::test]
async fn no_two_sessions_have_one_item() {
    let written = World::new().await.configuration();
    let configuration = |client: &str| {
        let mut written = written.clone();
        written.client_id = client.to_owned();
        Configuration::parse(written).unwrap()
    };
    let parts = [
        "a", "b", "|", "a|b", "|a", "a|", "%", "%7C", "a%7Cb", "%257C", "a%b", "%25",
    ];
    let mut names = Vec::new();
    for client in parts {
        let configuration = configuration(client);
        for session in parts {
            let name = configuration.item_name(session);
            assert_eq!(configuration.session_name(&name).as_deref(), Some(session), "{name}");
            names.push(name);
        }
    }
    let count = names.len();
    names.sort();
    names.dedup();
    assert_eq!(names.len(), count);
    // Unchanged if nothing has to be escaped.
    assert!(
        configuration("app")
            .item_name("default")
            .starts_with("default|app|http")
    );
}

/// The item is under the name that a release gave it that did not escape names: the old one, and the one of now.
async fn under_its_old_name(world: &World) -> (String, String) {
    drop(world.signed_in().await);
    let (name, item) = world.store.items().pop_first().unwrap();
    world.store.remove(&name);
    let old_name = name.replacen("default", "de|fault", 1);
    world.store.put(&old_name, &item);
    (old_name, name.replacen("default", "de%7Cfault", 1))
}

#[tokio::test]
async fn a_sign_out_as_the_first_call_ends_a_session_under_its_old_name() {
    for trouble in [None, Some(StoreError::Locked), Some(disk_full())] {
        let world = World::new().await;
        under_its_old_name(&world).await;
        let session = world.session_named(world.configuration(), "de|fault");
        world.store.fail_reads(trouble.clone());
        // Deletions work on a full disk.
        world
            .store
            .fail_writes(trouble.clone().filter(|trouble| *trouble == StoreError::Locked));
        session.sign_out().await;
        world.store.fail_reads(None);
        world.store.fail_writes(None);
        session.restore().await.unwrap();
        until("nothing is stored", || world.store.items().is_empty()).await;
        assert_eq!(world.control().counters().families_revoked, 1, "{trouble:?}");
        let next = world.session_named(world.configuration(), "de|fault");
        assert_eq!(next.restore().await, Ok(SessionState::SignedOut));
    }
}

/// Stored by a release that did not escape names.
#[tokio::test]
async fn an_item_under_its_old_name_is_found_and_moved_if_it_is_the_same_clients() {
    let world = World::new().await;
    let (old_name, new_name) = under_its_old_name(&world).await;
    let item = world.store.items()[&old_name].clone();
    // The same name, read as another client's.
    let mut other = world.configuration();
    other.client_id = format!("fault|{}", other.client_id);
    let stranger = world.session_named(other, "de");
    assert_eq!(stranger.restore().await, Ok(SessionState::SignedOut));
    assert_eq!(world.store.items()[&old_name], item, "it is not the stranger's");

    let session = world.session_named(world.configuration(), "de|fault");
    assert!(matches!(session.restore().await, Ok(SessionState::SignedIn { .. })));
    assert_renews(&session).await;
    let names: Vec<_> = world.store.items().into_keys().collect();
    assert_eq!(names, [new_name]);
}

/// Also by a process whose tokens are as late as the stored ones, or later.
#[tokio::test]
async fn what_a_newer_release_stores_beside_the_tokens_stays() {
    let future = || json!({"of": "a newer release"});
    for writes_over in [false, true] {
        let (world, app, _extension, _folder) = app_and_extension().await;
        let mut item = world.stored().unwrap();
        if writes_over {
            assert_renews(&app).await;
        }
        item["future"] = future();
        world.change_stored(|stored| *stored = item);
        app.restore().await.unwrap();
        app.profile(true).await.unwrap();
        assert_eq!(world.stored().unwrap()["future"], future(), "{writes_over}");
        assert_renews(&app).await;
        assert_eq!(world.stored().unwrap()["future"], future(), "{writes_over}");
    }
}

#[test]
fn a_version_with_a_new_refresh_token_is_newer_than_any_number_without() {
    let item = SecretBytes::new(include_bytes!("golden/v1-signed-in.json").to_vec());
    let session = StoredItem::decode(&item).unwrap().into_session().unwrap();
    for (less, more) in [
        (Brought::Less, Brought::RefreshToken),
        (Brought::RefreshToken, Brought::Grant),
    ] {
        let (mut often, mut once) = (session.clone(), session.clone());
        (0..100_000).for_each(|_| often.count_version(less));
        once.count_version(more);
        assert!(once.sequence > often.sequence, "{more:?}");
    }
}
