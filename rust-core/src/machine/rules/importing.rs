//! Another library's session was written into the store.

use super::super::event::SignInWay;
use super::super::input::{ImportRenewed, Imported};
use super::super::outcome::{Effects, Verdict};
use super::super::phase::Phase;
use super::super::provenance::SignInName;
use super::super::revocations;
use super::super::state::Machine;
use super::merging::{take_over, wait_further};
use crate::storage::envelope::PendingRevocation;

/// The imported session becomes the session, unless the user has signed out since the import began.
pub(crate) fn take_imported(machine: &mut Machine, mut input: Imported, effects: &mut Effects) -> Verdict {
    note_import(machine, &input);
    if input.generation != machine.generation {
        return end_imported(machine, input);
    }
    input.session.discovery.clone_from(&machine.discovery);
    let pending = revocations::of_others(machine.phase.revocations(), &input.session.subject);
    let verdict = take_over(machine, Phase::Session(input.session), SignInWay::Migration, effects);
    // Since the session was encoded, some may have been revoked, and others added.
    if let Some(waiting) = machine.phase.revocations_mut().filter(|waiting| **waiting != pending) {
        *waiting = pending;
        machine.ledger.change();
    }
    verdict
}

/// The sign-out is newer than the session, which is in the store. It ends that session too: the item is written again,
/// and the tokens are to be revoked.
fn end_imported(machine: &mut Machine, input: Imported) -> Verdict {
    machine.departure.add(SignInName::of(&input.session));
    machine.ledger.change();
    wait_further(machine, tokens_of(input));
    Verdict::Superseded
}

/// The renewed tokens exist nowhere else. They are kept until it is known whose they are. If the user has signed out
/// since the import began, they are to be revoked.
pub(crate) fn keep_renewed(machine: &mut Machine, input: ImportRenewed, _: &mut Effects) -> Verdict {
    if input.generation != machine.generation {
        let renewed = input.renewed.as_deref();
        let orphan = renewed.and_then(|renewed| revocations::of_import(renewed, renewed.credentials.received_at));
        wait_further(machine, orphan.into_iter().collect());
        return Verdict::Superseded;
    }
    if let Phase::SignedOut(left) = &mut machine.phase {
        left.renewed_import = input.renewed;
        machine.ledger.change();
    }
    Verdict::Changed
}

/// Meanwhile a user has signed in. That session is newer and overwrites the imported one, whose tokens are treated as
/// if the sign-in had replaced it in memory.
pub(crate) fn keep_sign_in(machine: &mut Machine, input: Imported, _: &mut Effects) -> Verdict {
    note_import(machine, &input);
    let Some(held) = machine.session() else {
        return Verdict::Unchanged;
    };
    // Another task of this process has read the imported session from the store already.
    if held.is_same_sign_in(&input.session) {
        return Verdict::Changed;
    }
    let subject = held.subject.clone();
    let replaced = revocations::of_others(&tokens_of(input), &subject);
    machine.ledger.change();
    wait_further(machine, replaced);
    Verdict::Superseded
}

/// What is to be revoked of a session that was imported in vain. What waited before still waits in memory.
fn tokens_of(mut input: Imported) -> Vec<PendingRevocation> {
    input.session.revocations.clear();
    revocations::after(&input.session, input.at)
}

fn note_import(machine: &mut Machine, input: &Imported) {
    let sign_in = SignInName::of(&input.session);
    machine.provenance.wrote(Some(input.written), Some(sign_in));
    machine.cooldowns.end_all();
}

#[cfg(test)]
mod tests {
    use super::super::super::input::{ItemSeen, SignedOut};
    use super::super::super::phase::Generation;
    use super::super::super::stored::Stored;
    use super::*;
    use crate::model::secret::{Fingerprint, SecretBytes};
    use crate::model::time::Timestamp;
    use crate::storage::envelope::{StoredItem, StoredSession};

    fn session(subject: &str, sign_in: &str) -> Box<StoredSession> {
        let item = format!(
            r#"{{"version":1,"issuer":"https://example.com/","client_id":"app","subject":"{subject}","sign_in_id":"{sign_in}",
            "credentials":{{"access_token":"a","refresh_token":"of {sign_in}","received_at":1,"lifetime_seconds":60}}}}"#
        );
        let item = StoredItem::decode(&SecretBytes::new(item.into_bytes())).unwrap();
        Box::new(item.into_session().unwrap())
    }

    fn see(machine: &mut Machine, item: Option<StoredItem>) {
        let seen = item
            .as_ref()
            .map(|_| Fingerprint::of(&SecretBytes::new(b"{}".to_vec())));
        let looks = Stored::of(machine).looks();
        machine.apply(ItemSeen { item, seen, looks });
    }

    fn import(machine: &mut Machine, generation: Generation) -> Verdict {
        let imported = Imported {
            generation,
            session: session("ada", "import"),
            written: Fingerprint::of(&SecretBytes::new(b"imported".to_vec())),
            at: Timestamp(2),
        };
        machine.apply(imported).verdict
    }

    fn waiting(machine: &Machine) -> Vec<&str> {
        let pending = Stored::of(machine).pending_revocations();
        pending.map(|known| known.token.expose()).collect()
    }

    #[test]
    fn an_import_gives_way_to_a_sign_out_and_the_sign_out_is_written_again() {
        let mut machine = Machine::default();
        see(&mut machine, None);
        let began = machine.generation();
        machine.apply(SignedOut { at: Timestamp(1) });
        assert_eq!(import(&mut machine, began), Verdict::Superseded);
        assert!(machine.is_signed_out() && machine.has_unsaved());
        assert_eq!(waiting(&machine), ["of import"]);
        // The next read finds the session, which the sign-out has ended.
        see(&mut machine, Some(StoredItem::Session(session("ada", "import"))));
        assert!(machine.is_signed_out() && machine.has_unsaved());
    }

    /// Another task of this process has read the store after the session was written there.
    #[test]
    fn an_imported_session_that_was_read_already_is_the_session() {
        let mut machine = Machine::default();
        see(&mut machine, None);
        let began = machine.generation();
        see(&mut machine, Some(StoredItem::Session(session("ada", "import"))));
        assert_eq!(import(&mut machine, began), Verdict::Changed);
        assert!(!machine.has_unsaved());
        assert_eq!(waiting(&machine), Vec::<&str>::new());
    }

    #[test]
    fn an_import_gives_way_to_a_sign_in_and_another_users_token_is_revoked() {
        for (subject, revoked) in [("grace", vec!["of import"]), ("ada", Vec::new())] {
            let mut machine = Machine::default();
            see(&mut machine, None);
            let began = machine.generation();
            see(&mut machine, Some(StoredItem::Session(session(subject, "sign-in"))));
            assert_eq!(import(&mut machine, began), Verdict::Superseded);
            assert_eq!(machine.session().unwrap().subject, subject);
            assert!(machine.has_unsaved());
            assert_eq!(waiting(&machine), revoked);
        }
    }
}
