//! Tokens that wait to be revoked: how many are kept, for how long, and which of them a new sign-in makes unnecessary.

use crate::model::revocable::{Revocable, RevocableKind};
use crate::model::secret::Secret;
use crate::model::time::Timestamp;
use crate::storage::envelope::{PendingRevocation, RenewedImport, StoredSession};

/// How many are kept while the issuer cannot be reached. The oldest tokens have most likely expired.
const MOST: usize = 10;
/// The largest total size of the tokens in bytes: they are part of the session's one item. The newest token is kept
/// whatever its size.
const MOST_BYTES: usize = 64 * 1024;
/// The longest that a token is kept to be revoked. Most have expired by then, and if the app is never started again,
/// the token should not be kept forever.
const LONGEST_SECONDS: i64 = 30 * 24 * 3600;

/// Adds one, and drops the oldest if there are too many.
pub(super) fn add(pending: &mut Vec<PendingRevocation>, new: PendingRevocation) {
    pending.retain(|known| known.token != new.token);
    pending.push(new);
    let bytes = |pending: &[PendingRevocation]| -> usize {
        let size = |known: &PendingRevocation| known.token.expose().len();
        pending.iter().map(size).sum()
    };
    while pending.len() > 1 && (pending.len() > MOST || bytes(pending) > MOST_BYTES) {
        pending.remove(0);
    }
}

/// What waits once this session is over: what waited before, its refresh token, and its device secret.
pub(super) fn after(session: &StoredSession, since: Timestamp) -> Vec<PendingRevocation> {
    let mut pending = session.revocations.clone();
    let refresh_token = session.credentials.refresh_token.clone().map(Revocable::refresh_token);
    let device_secret = session.device_secret.clone().map(Revocable::device_secret);
    for Revocable { token, kind } in refresh_token.into_iter().chain(device_secret) {
        let subject = Some(session.subject.clone());
        let own = PendingRevocation {
            token,
            kind,
            since,
            subject,
        };
        add(&mut pending, own);
    }
    pending
}

/// The refresh token of an import that renewed it and did not come to its end. Its user is not known.
pub(super) fn of_import(import: &RenewedImport, since: Timestamp) -> Option<PendingRevocation> {
    let token = import.credentials.refresh_token.clone()?;
    Some(PendingRevocation {
        token,
        kind: RevocableKind::RefreshToken,
        since,
        subject: None,
    })
}

/// The tokens that still wait after this user has signed in. Those of the same user are forgotten: some issuers delete
/// the user's grant along with a refresh token (Auth0: "Refresh Token Revocation Deletes Grant"), which would end the
/// new session.
pub(super) fn of_others(pending: &[PendingRevocation], subject: &str) -> Vec<PendingRevocation> {
    let is_anothers = |known: &&PendingRevocation| known.subject.as_ref().is_some_and(|known| known != subject);
    pending.iter().filter(is_anothers).cloned().collect()
}

/// Whether it is still new enough to be revoked.
pub(super) fn is_current(pending: &PendingRevocation, now: Timestamp) -> bool {
    now.seconds_since(pending.since) < LONGEST_SECONDS
}

/// Merges the changes that two processes made to a list that both knew as `base`: what either removed is gone, and what
/// either added is kept.
pub(super) fn merge(
    base: &[Secret],
    ours: Vec<PendingRevocation>,
    mut theirs: Vec<PendingRevocation>,
) -> Vec<PendingRevocation> {
    let is_new = |known: &PendingRevocation| !base.contains(&known.token);
    theirs.retain(|known| is_new(known) || ours.iter().any(|ours| ours.token == known.token));
    ours.into_iter()
        .filter(is_new)
        .for_each(|known| add(&mut theirs, known));
    theirs
}

/// The tokens, by which [`merge`] identifies the entries.
pub(super) fn tokens(pending: &[PendingRevocation]) -> Vec<Secret> {
    pending.iter().map(|known| known.token.clone()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn waiting(tokens: &[&str]) -> Vec<PendingRevocation> {
        let pending = |token: &&str| PendingRevocation {
            token: Secret::new((*token).to_owned()),
            kind: RevocableKind::default(),
            since: Timestamp(1),
            subject: Some(format!("user of {token}")),
        };
        tokens.iter().map(pending).collect()
    }

    #[test]
    fn what_two_processes_did_is_both_done() {
        for (base, ours, theirs, merged) in [
            (vec!["a", "b"], vec!["a", "b"], vec!["a", "b"], vec!["a", "b"]),
            (vec!["a", "b"], vec!["b", "c"], vec!["a", "b", "d"], vec!["b", "d", "c"]),
            (vec!["a"], vec![], vec!["a"], vec![]),
            (vec!["a"], vec!["a"], vec![], vec![]),
            (vec![], vec!["a"], vec!["a"], vec!["a"]),
        ] {
            let base = tokens(&waiting(&base));
            assert_eq!(merge(&base, waiting(&ours), waiting(&theirs)), waiting(&merged));
        }
    }

    #[test]
    fn they_are_bounded_in_number_and_size_and_the_last_one_always_waits() {
        let large = "x".repeat(MOST_BYTES + 1);
        let many: Vec<_> = (0..MOST + 5).map(|number| number.to_string()).collect();
        let mut pending = Vec::new();
        let mut push = |token: &str| {
            add(&mut pending, waiting(&[token]).remove(0));
            tokens(&pending).len()
        };
        let counts: Vec<_> = many.iter().map(|token| push(token)).collect();
        assert_eq!(counts[MOST - 1..], [MOST; 6]);
        assert_eq!(push("3"), MOST, "once each");
        assert_eq!(push(&large), 1);
        assert_eq!(push("small"), 1);
        // Exactly 64 KiB are allowed.
        assert_eq!(push(&"y".repeat(65_536 - "small".len())), 2);
        assert_eq!(push("z"), 2, "the oldest has gone");
    }

    #[test]
    fn a_token_waits_for_thirty_days() {
        let pending = waiting(&["a"]).remove(0);
        for (days, seconds, waits) in [(0, 0, true), (29, 86_399, true), (30, 0, false)] {
            let now = pending.since.plus(days * 86_400 + seconds);
            assert_eq!(is_current(&pending, now), waits, "{days} days and {seconds} s");
        }
    }

    #[test]
    fn a_sign_in_does_away_with_its_own_users() {
        let mut pending = waiting(&["a", "b"]);
        pending[0].subject = None;
        assert_eq!(of_others(&pending, "ada"), waiting(&["b"]));
        assert_eq!(of_others(&pending, "user of b"), []);
    }
}
