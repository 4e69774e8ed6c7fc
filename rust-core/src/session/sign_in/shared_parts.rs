//! What every way to sign in is given.

use std::sync::Arc;

use super::super::context::Context;
use super::super::issuer::{Issuer, Verifier};
use super::super::revocations::Revocations;
use super::super::store::SessionStore;
use super::completion::SignInCompletion;
use super::pending::PendingSignIn;

/// The same for all of them: they share the sign-in in progress, and its end.
#[derive(Clone, Debug)]
pub(in crate::session) struct SignInParts {
    pub(in crate::session) context: Arc<Context>,
    pub(in crate::session) store: Arc<SessionStore>,
    pub(in crate::session) issuer: Arc<Issuer>,
    pub(in crate::session) verifier: Arc<Verifier>,
    pub(in crate::session) revocations: Arc<Revocations>,
    pub(in crate::session) pending: Arc<PendingSignIn>,
    pub(in crate::session) completion: Arc<SignInCompletion>,
}
