//! The parts that are left out of an item that would be too large: never anything that the session needs.

use pilotlight_core::model::secret::{Secret, SecretBytes};
use pilotlight_core::model::state::ReauthenticationReason;
use pilotlight_core::storage::envelope::{EnvelopeError, PendingRevocation, StoredItem, StoredSession};

const SIGNED_IN: &str = include_str!("golden/v1-signed-in.json");
const WITH_AUDIENCES: &str = include_str!("golden/v1-with-audiences.json");
const WITH_REVOCATIONS: &str = include_str!("golden/v1-with-revocations.json");
const WITH_PENDING_UPDATES: &str = include_str!("golden/v1-with-pending-updates.json");
/// A Keychain item is not larger than this if something can be left out.
const DESIRED: usize = 1_048_576;
/// A larger item is not read.
const LARGEST: usize = 4_194_304;

fn read(item: &SecretBytes) -> StoredSession {
    StoredItem::decode(item).unwrap().into_session().unwrap()
}

fn golden(item: &str) -> StoredSession {
    read(&SecretBytes::new(item.as_bytes().to_vec()))
}

fn encoded(session: &StoredSession) -> Result<SecretBytes, EnvelopeError> {
    StoredItem::Session(Box::new(session.clone())).encode()
}

fn kilobytes(number: usize) -> Secret {
    Secret::new("t".repeat(number * 1024))
}

/// With an access token that brings the item to that size.
fn of_size(mut session: StoredSession, bytes: usize) -> StoredSession {
    session.credentials.access_token = Some(Secret::new(""));
    let without = encoded(&session).unwrap().expose().len();
    session.credentials.access_token = Some(Secret::new("t".repeat(bytes - without)));
    session
}

fn with_three_audiences(own_kilobytes: usize) -> StoredSession {
    let mut session = golden(WITH_AUDIENCES);
    session.credentials.access_token = Some(kilobytes(own_kilobytes));
    session.revocations = golden(WITH_REVOCATIONS).revocations;
    assert!(!session.revocations.is_empty());
    let one = session.audience_tokens[0].clone();
    let tokens = (0..3).map(|number| {
        let mut token = one.clone();
        token.audience.identifier = format!("https://{number}.example.com");
        token.credentials.access_token = Some(kilobytes(400));
        token
    });
    session.audience_tokens = tokens.collect();
    session
}

#[test]
fn tokens_for_further_audiences_go_and_the_oldest_first() {
    for (own_kilobytes, kept) in [(1, &[1, 2][..]), (500, &[2]), (1000, &[])] {
        let session = with_three_audiences(own_kilobytes);
        let stored = read(&encoded(&session).unwrap());
        let audiences = stored.audience_tokens.iter().map(|token| &token.audience.identifier);
        let expected = kept.iter().map(|number| format!("https://{number}.example.com"));
        assert!(audiences.eq(expected.collect::<Vec<_>>().iter()), "{own_kilobytes}");
        assert_eq!(stored.revocations, session.revocations);
        assert_eq!(stored.credentials, session.credentials);
    }
}

#[test]
fn what_waits_to_be_revoked_goes_last_and_the_tokens_never() {
    let mut session = with_three_audiences(1);
    let waits = |token: &str| PendingRevocation {
        token: Secret::new(token.repeat(400 * 1024)),
        ..session.revocations[0].clone()
    };
    session.revocations = ["a", "b", "c"].map(waits).to_vec();
    let stored = read(&encoded(&session).unwrap());
    assert!(stored.audience_tokens.is_empty());
    assert_eq!(stored.revocations, session.revocations[1..]);
    session.credentials.access_token = Some(kilobytes(1100));
    let stored = read(&encoded(&session).unwrap());
    assert!(stored.audience_tokens.is_empty() && stored.revocations.is_empty());
    assert_eq!(stored.credentials, session.credentials);
}

#[test]
fn a_profile_is_kept_up_to_a_megabyte() {
    for (bytes, is_kept) in [(DESIRED, true), (DESIRED + 1, false)] {
        let session = of_size(golden(SIGNED_IN), bytes);
        let item = encoded(&session).unwrap();
        let stored = read(&item);
        assert_eq!(
            (stored.profile.is_some(), item.expose().len() == bytes),
            (is_kept, is_kept)
        );
        assert_eq!(stored.credentials, session.credentials);
    }
}

#[test]
fn a_change_that_is_nested_too_deep_is_left_out_and_the_others_wait() {
    let mut session = golden(WITH_PENDING_UPDATES);
    let waiting = session.pending_updates.clone();
    let mut deep = waiting[0].clone();
    let nested = (0..101).fold(serde_json::Value::Null, |inside, _| serde_json::json!([inside]));
    deep.changes.0.insert("deep".to_owned(), nested);
    session.pending_updates.insert(0, deep);
    assert_eq!(read(&encoded(&session).unwrap()).pending_updates, waiting);
}

#[test]
fn each_reason_of_an_end_is_read_again() {
    for reason in [
        ReauthenticationReason::RefreshTokenRejected,
        ReauthenticationReason::NoRefreshToken,
        ReauthenticationReason::LifetimeEnded,
        ReauthenticationReason::IdleTooLong,
    ] {
        let mut session = golden(SIGNED_IN);
        session.ended = Some(reason);
        assert_eq!(read(&encoded(&session).unwrap()).ended, Some(reason));
    }
}

#[test]
fn nothing_is_written_that_could_not_be_read_again() {
    let mut session = golden(SIGNED_IN);
    session.profile = None;
    let session = of_size(session, LARGEST);
    let item = encoded(&session).unwrap();
    assert_eq!((item.expose().len(), read(&item)), (LARGEST, session.clone()));
    let larger = of_size(session, LARGEST + 1);
    assert_eq!(encoded(&larger).unwrap_err(), EnvelopeError::Undecodable);
    let padded = [item.expose(), b" "].concat();
    assert_eq!(
        StoredItem::decode(&SecretBytes::new(padded)).unwrap_err(),
        EnvelopeError::Undecodable
    );
}
