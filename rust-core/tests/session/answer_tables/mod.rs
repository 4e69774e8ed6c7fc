//! The outcome for the app of each answer to a proof of possession, a pushed request, a step-up and a browser sign-out.
//! The tables are in docs/reliability.md.

mod logout_returns;
mod proofs;
mod pushed_requests;
mod step_ups;

use pilotlight_core::ffi::SessionError;
use pilotlight_core::machine::error::Error;

use crate::documented::in_words;
use crate::world::public;

/// The outcome in the table's words; for a sign-in that has ended, also the code.
fn said<T>(outcome: Result<T, Error>) -> String {
    match outcome {
        Ok(_) => "works".to_owned(),
        Err(error) => match public::<(), _>(Err(error)) {
            SessionError::RestartSignIn { code, .. } => format!("begin another sign-in (`{code}`)"),
            error => in_words(error),
        },
    }
}
