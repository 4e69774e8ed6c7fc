//! What a sign-in, a renewal, a sign-out do to the state. Each says in which phases it does something; otherwise it
//! leaves everything as it is.

use std::time::Duration;

use super::publishing::{arrival, renewed};
use super::{Current, Generation, Inner, Phase, Superseded};
use crate::machine::event::{SessionEvent, SignInWay};
use crate::model::audience::{self, Audience, AudienceToken};
use crate::model::credentials::Credentials;
use crate::model::profile::Profile;
use crate::model::secret::Secret;
use crate::model::state::ReauthenticationReason;
use crate::model::time::{Instant, Timestamp};
use crate::protocol::token::TokenAnswer;
use crate::storage::envelope::{PendingRevocation, StoredSession};

/// More sign-outs than this in a row without the issuer being reached; the oldest tokens have most likely expired.
const MOST_REVOCATIONS: usize = 10;

impl Current {
    /// A sign-in ended well. What was to be revoked is forgotten: issuers that delete the user's grant along with a
    /// refresh token (Auth0: "Refresh Token Revocation Deletes Grant") would end the new session for it.
    pub(in super::super) fn signed_in(&self, mut session: StoredSession, received: Duration) {
        let mut inner = self.lock();
        // The same user, whose session ended or who signs in once more without a sign-out.
        if let Some(before) = inner.held().filter(|before| before.subject == session.subject) {
            session.pending_updates.clone_from(&before.pending_updates);
        }
        // No other sign-in makes such a session.
        let by = if session.credentials.lives_by_id_token {
            SignInWay::Password
        } else {
            SignInWay::Browser
        };
        let event = arrival(&session, by);
        inner.begin_generation(Phase::Held(Box::new(session)));
        inner.received = Some(received);
        inner.renewals += 1;
        inner.sign_in_was_stored = false;
        inner.revision += 1;
        inner.tokens_revision = inner.revision;
        inner.rotation_revision = inner.revision;
        let revision = inner.revision;
        inner.tell_after(revision, event);
    }

    /// The user signed out; gives the refresh token that is to be revoked now, and keeps it for that.
    pub(in super::super) fn signed_out(&self, at: Timestamp) -> Option<Secret> {
        let mut inner = self.lock();
        inner.unreadable = None;
        inner.revision += 1;
        let was_unknown = matches!(inner.phase, Phase::Unrestored | Phase::Locked);
        let was_signed_out = matches!(inner.phase, Phase::SignedOut(_));
        let (session, mut revocations) = match std::mem::take(&mut inner.phase) {
            Phase::Held(session) => (Some(session), Vec::new()),
            Phase::SignedOut(revocations) => (None, revocations),
            Phase::Unrestored | Phase::Locked => (None, Vec::new()),
        };
        inner.sign_out_revision = inner.revision;
        if let Some(session) = &session {
            inner.left.clone_from(&session.nonce);
            // A sign-in that was never stored leaves an older one in the store.
            inner.left_unseen = session.nonce.is_none() || !inner.sign_in_was_stored;
        } else if was_unknown {
            (inner.left, inner.left_unseen) = (None, true);
        }
        let refresh_token = session.and_then(|session| session.credentials.refresh_token);
        revocations.extend(refresh_token.clone().map(|refresh_token| PendingRevocation {
            refresh_token,
            since: at,
        }));
        let surplus = revocations.len().saturating_sub(MOST_REVOCATIONS);
        revocations.drain(..surplus);
        inner.begin_generation(Phase::SignedOut(revocations));
        if !was_signed_out {
            let revision = inner.revision;
            inner.tell_after(revision, SessionEvent::SignedOut { elsewhere: false });
        }
        refresh_token
    }

    /// The issuer knows that this refresh token is not used any more, or need not be told.
    pub(in super::super) fn revoked(&self, refresh_token: &Secret) {
        let mut inner = self.lock();
        if let Phase::SignedOut(revocations) = &mut inner.phase {
            revocations.retain(|pending| pending.refresh_token != *refresh_token);
            inner.revision += 1;
        }
    }

    /// The issuer renewed the tokens. What the answer leaves out stays, but for the access token. Nobody gets that one
    /// before [`Current::trust_renewal`].
    pub(in super::super) fn renewed(
        &self,
        generation: Generation,
        answer: &TokenAnswer,
        at: Instant,
    ) -> Result<(), Superseded> {
        self.change(generation, |inner, session| {
            let kept = &mut session.credentials;
            *kept = Credentials {
                access_token: answer.access_token.clone(),
                refresh_token: answer.refresh_token.clone().or_else(|| kept.refresh_token.take()),
                id_token: answer.id_token.clone().or_else(|| kept.id_token.take()),
                scope: answer.scope.clone().or_else(|| kept.scope.take()),
                received_at: at.wall,
                lifetime_seconds: Credentials::lifetime_for(answer.expires_in),
                lives_by_id_token: kept.lives_by_id_token,
            };
            session.sequence += 1;
            inner.received = Some(at.monotonic);
            inner.token_version += 1;
            inner.renewals += 1;
            // That of this change, which is counted when it is done.
            inner.tokens_revision = inner.revision + 1;
            inner.rotation_revision = inner.revision + 1;
            inner.tokens_are_unchecked = true;
        })
    }

    /// The issuer gave an access token for a further audience, and perhaps a new refresh token. The session's own
    /// access token, scope and ID token stay. Nobody gets the new one before [`Current::trust_renewal`].
    pub(in super::super) fn renewed_for(
        &self,
        generation: Generation,
        audience: &Audience,
        answer: &TokenAnswer,
        at: Instant,
    ) -> Result<(), Superseded> {
        self.change(generation, |inner, session| {
            let revision = inner.revision + 1;
            if let Some(rotated) = &answer.refresh_token {
                session.credentials.refresh_token = Some(rotated.clone());
                inner.rotation_revision = revision;
            }
            session.sequence += 1;
            if answer.access_token.is_none() {
                return;
            }
            let token = AudienceToken {
                audience: audience.clone(),
                credentials: Credentials {
                    access_token: answer.access_token.clone(),
                    refresh_token: None,
                    id_token: None,
                    scope: answer.scope.clone(),
                    received_at: at.wall,
                    lifetime_seconds: Credentials::lifetime_for(answer.expires_in),
                    lives_by_id_token: false,
                },
                received: Some(at.monotonic),
                revision,
                is_unchecked: true,
            };
            audience::keep(&mut session.audience_tokens, token);
        })
    }

    /// The renewal passed its checks: its access token may be used. Changes nothing that is stored.
    pub(in super::super) fn trust_renewal(
        &self,
        generation: Generation,
        of: Option<&Audience>,
    ) -> Result<(), Superseded> {
        let mut inner = self.lock();
        let inner = &mut *inner;
        let (true, Phase::Held(session)) = (Generation(inner.generation) == generation, &mut inner.phase) else {
            return Err(Superseded);
        };
        // Nothing is unchecked any more where another process's later tokens took the place of these.
        let (was_unchecked, revision, token) = match of {
            None => {
                let was_unchecked = std::mem::take(&mut inner.tokens_are_unchecked);
                (was_unchecked, inner.tokens_revision, &session.credentials)
            }
            Some(audience) => {
                let mut tokens = session.audience_tokens.iter_mut();
                let Some(token) = tokens.find(|token| token.audience == *audience) else {
                    return Ok(());
                };
                let was_unchecked = std::mem::take(&mut token.is_unchecked);
                (was_unchecked, token.revision, &token.credentials)
            }
        };
        if was_unchecked {
            let event = renewed(of, token, false);
            inner.tell_after(revision, event);
        }
        Ok(())
    }

    /// What came for a further audience is not used; the refresh token that came with it stays.
    pub(in super::super) fn distrust_audience(
        &self,
        generation: Generation,
        audience: &Audience,
    ) -> Result<(), Superseded> {
        self.change(generation, |_, session| {
            session.audience_tokens.retain(|token| token.audience != *audience);
            session.sequence += 1;
        })
    }

    /// The renewed ID token was not believed: the access token that came with it is not used, the refresh token stays.
    pub(in super::super) fn distrust_renewal(
        &self,
        generation: Generation,
        believed: Option<Secret>,
    ) -> Result<(), Superseded> {
        self.change(generation, |inner, session| {
            session.credentials.access_token = None;
            session.credentials.id_token = believed;
            session.sequence += 1;
            inner.tokens_are_unchecked = false;
        })
    }

    /// The issuer ended the session: the tokens go, who it was stays.
    pub(in super::super) fn ended(
        &self,
        generation: Generation,
        reason: ReauthenticationReason,
    ) -> Result<(), Superseded> {
        self.change(generation, |inner, session| {
            let tokens = &mut session.credentials;
            (tokens.access_token, tokens.refresh_token, tokens.id_token) = (None, None, None);
            session.audience_tokens.clear();
            session.ended = Some(reason);
            session.sequence += 1;
            inner.token_version += 1;
            inner.tell_after(inner.revision + 1, SessionEvent::Ended { reason });
        })
    }

    /// The profile was fetched.
    pub(in super::super) fn set_profile(&self, generation: Generation, profile: Profile) -> Result<(), Superseded> {
        self.change(generation, |inner, session| {
            if !profile.says_the_same_as(session.profile.as_ref()) {
                inner.tell_after(inner.revision + 1, SessionEvent::ProfileChanged);
            }
            session.profile = Some(profile);
        })
    }

    pub(super) fn change(
        &self,
        asked: Generation,
        apply: impl FnOnce(&mut Inner, &mut StoredSession),
    ) -> Result<(), Superseded> {
        let mut inner = self.lock();
        if Generation(inner.generation) != asked {
            return Err(Superseded);
        }
        let Phase::Held(mut session) = std::mem::take(&mut inner.phase) else {
            return Err(Superseded);
        };
        apply(&mut inner, &mut session);
        inner.phase = Phase::Held(session);
        inner.revision += 1;
        Ok(())
    }
}

impl Inner {
    /// Another session, or none: answers that are under way are not for it.
    pub(super) fn begin_generation(&mut self, phase: Phase) {
        self.generation += 1;
        self.token_version += 1;
        self.tokens_are_unchecked = false;
        self.received = None;
        // What was not stored yet was never there for anybody else; but whoever left has left.
        self.untold
            .retain(|(_, event)| matches!(event, SessionEvent::SignedOut { .. }));
        self.phase = phase;
    }
}
