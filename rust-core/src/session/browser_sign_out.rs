//! Signs the browser out at the issuer, in addition to the local sign-out.
//!
//! **Promises.** It never changes the session. The ID token of a session that its user has ended is kept for the hint
//! alone: in memory, until the browser is signed out, for at most 15 minutes. **Needs** the context and the issuer.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::context::{Context, LONGEST_WAIT_FOR_A_USER};
use super::issuer::Issuer;
use crate::machine::error::Error;
use crate::machine::{Generation, Machine, Tokens};
use crate::model::secret::Secret;
use crate::ports::LogLevel;
use crate::protocol::logout::{LogoutOptions, LogoutSecrets, logout, read_return};

#[derive(Debug)]
pub(super) struct BrowserSignOut {
    context: Arc<Context>,
    issuer: Arc<Issuer>,
    slot: Mutex<Slot>,
}

#[derive(Debug, Default)]
struct Slot {
    ended: Option<(Generation, EndedSession)>,
    /// The sign-out from which the browser has not returned yet.
    open: Option<Open>,
}

/// What is kept of a session that its user has ended.
#[derive(Clone, Debug)]
pub(super) struct EndedSession {
    id_token: Secret,
    at: Duration,
}

#[derive(Debug)]
struct Open {
    return_to: String,
    state: Option<Secret>,
}

impl BrowserSignOut {
    pub(super) fn new(context: Arc<Context>, issuer: Arc<Issuer>) -> Arc<Self> {
        Arc::new(Self {
            context,
            issuer,
            slot: Mutex::default(),
        })
    }

    /// What to keep of the session, which its user is about to end: pass it to [`Self::session_ended`].
    pub(super) fn session_ends(&self) -> Option<EndedSession> {
        self.expire();
        let at = self.context.now().monotonic;
        let ended = self.lock().ended.clone();
        self.context.read(|machine| match machine.session() {
            Some(_) => Tokens::of(machine)
                .any_id_token()
                .cloned()
                .map(|id_token| EndedSession { id_token, at }),
            None => of_last_session(ended, machine),
        })
    }

    /// Keeps the result of [`Self::session_ends`] after the session has ended.
    pub(super) fn session_ended(&self, ended: Option<EndedSession>) {
        let generation = self.context.read(Machine::generation);
        self.lock().ended = ended.map(|ended| (generation, ended));
    }

    pub(super) async fn url(&self, options: &LogoutOptions) -> Result<String, Error> {
        let metadata = self.issuer.metadata().await?;
        let secrets = LogoutSecrets {
            state: self.context.random()?,
            id_token_hint: options.sends_id_token_hint.then(|| self.id_token()).flatten(),
        };
        let logout = logout(&metadata, &self.context.configuration(), options, &secrets)?;
        if options.sends_id_token_hint && secrets.id_token_hint.is_none() {
            let message = "sign-out of the browser: there is no ID token to send as id_token_hint";
            self.context.log(LogLevel::Warning, message);
        }
        self.lock().open = options.return_to.clone().map(|return_to| Open {
            return_to,
            state: logout.expects_state.then_some(secrets.state),
        });
        Ok(logout.url.into())
    }

    /// Checks the URL with which the browser returned.
    pub(super) fn complete(&self, returned: &str) -> Result<(), Error> {
        let mut slot = self.lock();
        let open = slot.open.as_ref().ok_or_else(|| Error::Argument {
            name: "callback_url",
            problem:
                "belongs to no sign-out of the browser: ask for the logout URL first; it does not survive a restart \
                      of the app"
                    .to_owned(),
        })?;
        read_return(returned, &open.return_to, open.state.as_ref())?;
        *slot = Slot::default();
        Ok(())
    }

    /// Discards what was kept too long.
    pub(super) fn expire(&self) {
        let now = self.context.now().monotonic;
        let is_late = |ended: &EndedSession| now.saturating_sub(ended.at) >= LONGEST_WAIT_FOR_A_USER;
        self.lock().ended.take_if(|(_, ended)| is_late(ended));
    }

    /// The ID token of the session, or of the session that its user ended last.
    fn id_token(&self) -> Option<Secret> {
        self.session_ends().map(|ended| ended.id_token)
    }

    fn lock(&self) -> MutexGuard<'_, Slot> {
        self.slot.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// `None` if another session has begun since: the hint would name an earlier user.
fn of_last_session(ended: Option<(Generation, EndedSession)>, machine: &Machine) -> Option<EndedSession> {
    ended
        .filter(|(generation, _)| *generation == machine.generation())
        .map(|(_, ended)| ended)
}
