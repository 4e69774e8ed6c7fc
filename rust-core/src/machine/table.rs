//! The table of transitions: what each input does in each phase. The rules themselves are in `rules`.

use super::input::*;
use super::outcome::{Effects, Outcome, Verdict};
use super::phase::PhaseKind;
use super::rules::importing::*;
use super::rules::lifetime::*;
use super::rules::merging::*;
use super::rules::renewal::*;
use super::rules::retrying::*;
use super::rules::sign_in::*;
use super::rules::sign_out::*;
use super::rules::step_up::*;
use super::rules::store::*;
use super::rules::user::*;
use super::state::Machine;

/// Generates from the table: the type of all inputs, the function that applies one, and the table as text for the
/// document.
macro_rules! transitions {
    ($( $input:ident => $unread:ident $locked:ident $signed_out:ident $signed_in:ident $ended:ident )+) => {
        /// What can happen to a session.
        #[derive(Clone, Debug, PartialEq, Eq, Hash)]
        pub enum Input {
            $(
                #[doc = concat!("See [`", stringify!($input), "`].")]
                $input($input),
            )+
        }

        $(
            impl From<$input> for Input {
                fn from(input: $input) -> Self {
                    Self::$input(input)
                }
            }
        )+

        impl Machine {
            /// Applies one input. Total: every input is allowed in every phase.
            pub fn apply(&mut self, input: impl Into<Input>) -> Outcome {
                let mut effects = Effects::default();
                let verdict = match (input.into(), self.phase_kind()) {
                    $(
                        (Input::$input(input), PhaseKind::Unread) => $unread(self, input, &mut effects),
                        (Input::$input(input), PhaseKind::Locked) => $locked(self, input, &mut effects),
                        (Input::$input(input), PhaseKind::SignedOut) => $signed_out(self, input, &mut effects),
                        (Input::$input(input), PhaseKind::SignedIn) => $signed_in(self, input, &mut effects),
                        (Input::$input(input), PhaseKind::Ended) => $ended(self, input, &mut effects),
                    )+
                };
                effects.finish(verdict, self.has_unsaved())
            }
        }

        /// Each input with its rule in each phase, in the order of [`PhaseKind::ALL`].
        pub const TRANSITIONS: &[(&str, [&str; 5])] = &[
            $( (stringify!($input), [
                stringify!($unread), stringify!($locked), stringify!($signed_out), stringify!($signed_in), stringify!($ended),
            ]) ),+
        ];
    };
}

#[rustfmt::skip]
transitions! {
    // Input                Unread            Locked            SignedOut         SignedIn          Ended
    FirstRead            => restore           restore           ignore            ignore            ignore
    StoreLocked          => lock              ignore            ignore            ignore            ignore
    ItemSeen             => restore_again     restore_again     follow_signed_out merge             merge
    ItemDamaged          => ignore            ignore            write_over        write_over        write_over
    WriteAttempted       => note_attempt      note_attempt      note_attempt      note_attempt      note_attempt
    ItemWritten          => note_written      note_written      note_written      note_written      note_written
    SignedIn             => enter             enter             enter             enter_again       enter_again
    SteppedUp            => forget_step_up    forget_step_up    forget_step_up    step_up           step_up
    Imported             => take_imported     take_imported     take_imported     keep_sign_in      keep_sign_in
    ImportRenewed        => supersede         supersede         keep_renewed      supersede         supersede
    SignedOut            => leave_unknown     leave_unknown     stay_signed_out   leave             leave
    RevocationEnded      => settle_revocation settle_revocation settle_revocation settle_revocation settle_revocation
    TokenOrphaned        => keep_orphan       keep_orphan       keep_orphan       keep_orphan       keep_orphan
    RenewalBegun         => begin             begin             begin             begin             begin
    RenewalAsked         => ignore            ignore            ignore            renew             ignore
    ProofKeyMade         => supersede         supersede         supersede         bind              supersede
    RenewalAnswered      => drop_tokens       drop_tokens       drop_tokens       take_tokens       take_tokens
    RefreshTokenRejected => supersede         supersede         supersede         end               supersede
    RenewalRefused       => supersede         supersede         supersede         count_refusal     supersede
    RequestFailed        => ask_again         ask_again         ask_again         ask_again         ask_again
    RenewalFailed        => fail              fail              fail              fail_and_report   fail
    RenewalSucceeded     => succeed           succeed           succeed           succeed           succeed
    CooldownEnded        => end_cooldown      end_cooldown      end_cooldown      end_cooldown      end_cooldown
    AttemptFailed        => fail_attempt      fail_attempt      fail_attempt      fail_attempt      fail_attempt
    LifetimeShort        => note_short        note_short        note_short        note_short        note_short
    IdTokenMissing       => supersede         supersede         supersede         note_missing      supersede
    TokensChecked        => drop_checked      drop_checked      drop_checked      trust             trust
    ProfileFetched       => supersede         supersede         supersede         keep_profile      keep_profile
    DiscoveryKnown       => keep_discovery    keep_discovery    keep_discovery    keep_discovery    keep_discovery
    NonceKnown           => keep_nonce        keep_nonce        keep_nonce        keep_nonce        keep_nonce
    UpdateAdded          => supersede         supersede         supersede         add_update        add_update
    UpdateRemoved        => ignore            ignore            ignore            remove_update     remove_update
    Used                 => ignore            ignore            ignore            note_use          ignore
    TimePassed           => publish           publish           publish           publish           publish
}

/// The input makes no difference in this phase.
fn ignore<T>(_: &mut Machine, _: T, _: &mut Effects) -> Verdict {
    Verdict::Unchanged
}

/// The input is for a session that is no longer current.
fn supersede<T>(_: &mut Machine, _: T, _: &mut Effects) -> Verdict {
    Verdict::Superseded
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    const DOCUMENT: &str = include_str!("../../../docs/session-machine.md");

    fn as_markdown() -> String {
        let phases = PhaseKind::ALL.map(|phase| format!("{phase:?}")).join(" | ");
        let head = format!("| Input | {phases} |\n|---|---|---|---|---|---|\n");
        let row = |(input, rules): &(&str, [&str; 5])| {
            let rules = rules.map(|rule| {
                if rule == "ignore" {
                    "–".to_owned()
                } else {
                    format!("`{rule}`")
                }
            });
            format!("| `{input}` | {} |\n", rules.join(" | "))
        };
        head + &TRANSITIONS.iter().map(row).collect::<String>()
    }

    #[test]
    fn the_document_shows_the_table() {
        let table = as_markdown();
        assert!(
            DOCUMENT.contains(&table),
            "docs/session-machine.md must contain:\n{table}"
        );
    }

    #[test]
    fn the_document_describes_each_rule_and_no_other() {
        let section = DOCUMENT.split("## The rules").nth(1).unwrap();
        let section = section.split("\n## ").next().unwrap();
        let lines = section.lines().filter(|line| line.starts_with("- `"));
        let heads = lines.map(|line| line.split(": ").next().unwrap());
        let described: BTreeSet<_> = heads.flat_map(|head| head.split('`').skip(1).step_by(2)).collect();
        let rules = TRANSITIONS.iter().flat_map(|(_, rules)| *rules);
        let rules: BTreeSet<_> = rules.filter(|rule| *rule != "ignore").collect();
        assert_eq!(described, rules);
    }
}
