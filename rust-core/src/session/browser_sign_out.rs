//! Signing the browser out at the issuer, beside the sign-out here.
//!
//! **Promises.** Nothing of it changes the session. The ID token of a session that its user has ended is kept for the hint
//! alone: in memory, until the browser was signed out, and for 15 minutes at most. **Needs** the context and the issuer.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::context::Context;
use super::issuer::Issuer;
use crate::machine::Tokens;
use crate::machine::error::Error;
use crate::model::secret::Secret;
use crate::ports::LogLevel;
use crate::protocol::logout::{LogoutOptions, LogoutSecrets, logout, read_return};

const LONGEST: Duration = Duration::from_secs(15 * 60);

#[derive(Debug)]
pub(super) struct BrowserSignOut {
    context: Arc<Context>,
    issuer: Arc<Issuer>,
    slot: Mutex<Slot>,
}

#[derive(Debug, Default)]
struct Slot {
    /// The ID token of the session that ended last, and when that was.
    ended: Option<(Secret, Duration)>,
    /// The sign-out for which the browser is away.
    open: Option<Open>,
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

    /// The session in memory is about to be forgotten by its user.
    pub(super) fn session_ends(&self) {
        let ended = self.context.read(|machine| Tokens::of(machine).any_id_token().cloned());
        if let Some(id_token) = ended {
            self.lock().ended = Some((id_token, self.context.now().monotonic));
        }
    }

    pub(super) async fn url(&self, options: &LogoutOptions) -> Result<String, Error> {
        let metadata = self.issuer.metadata().await?;
        let secrets = LogoutSecrets {
            state: self.context.random()?,
            id_token_hint: self.id_token().filter(|_| options.sends_id_token_hint),
        };
        let logout = logout(&metadata, self.context.configuration(), options, &secrets)?;
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

    /// The browser came back with this URL.
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

    /// Forgets what nobody came for.
    pub(super) fn expire(&self) {
        let now = self.context.now().monotonic;
        self.lock().ended.take_if(|(_, at)| now.saturating_sub(*at) >= LONGEST);
    }

    /// That of the session, or of the one that ended last.
    fn id_token(&self) -> Option<Secret> {
        self.expire();
        let current = self.context.read(|machine| Tokens::of(machine).any_id_token().cloned());
        current.or_else(|| self.lock().ended.as_ref().map(|(id_token, _)| id_token.clone()))
    }

    fn lock(&self) -> MutexGuard<'_, Slot> {
        self.slot.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
