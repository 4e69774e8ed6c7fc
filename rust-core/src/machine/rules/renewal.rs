//! A renewal: what is sent, and what happens to the answer.

use super::super::announcements::renewed;
use super::super::event::SessionEvent;
use super::super::input::{
    CheckResult, ProofKeyMade, RefreshTokenRejected, RenewalAnswered, RenewalAsked, RenewalRefused, TokensChecked,
};
use super::super::lifetime;
use super::super::outcome::{Effects, Verdict};
use super::super::phase::Phase;
use super::super::state::Machine;
use super::super::tokens::Tokens;
use crate::model::audience::{self, Audience, AudienceToken};
use crate::model::credentials::Credentials;
use crate::model::secret::Secret;
use crate::storage::envelope::{Brought, StoredSession};

/// The current token is sent, if there is one to renew with and the session is not over by its age.
pub(crate) fn renew(machine: &mut Machine, input: RenewalAsked, effects: &mut Effects) -> Verdict {
    if let Some(input) = Tokens::of(machine).renewal_input(input.now) {
        effects.renew(input);
    }
    Verdict::Unchanged
}

/// The next renewal will prove possession of this key. The key is stored before that request is sent, so that it exists
/// whatever happens to the answer: tokens that are bound to a lost key can never be renewed.
pub(crate) fn bind(machine: &mut Machine, input: ProofKeyMade, _: &mut Effects) -> Verdict {
    let Some(session) = machine.session_of(input.generation) else {
        return Verdict::Superseded;
    };
    session.credentials.proof_key = Some(input.key);
    machine.ledger.change();
    Verdict::Changed
}

/// The session is gone, and nobody else has the tokens that came for it, so the new refresh token is revoked. It is not
/// revoked if the same user has signed in again: some issuers delete the user's grant along with the token, which would
/// end the new session.
pub(crate) fn drop_tokens(machine: &mut Machine, input: RenewalAnswered, effects: &mut Effects) -> Verdict {
    if machine.session().is_none_or(|session| session.subject != input.subject) {
        effects.revoke(input.answer.refresh_token);
        effects.revoke_device_secret(input.answer.device_secret);
    }
    Verdict::Superseded
}

/// The new tokens replace the old ones. They are not given out before they are checked.
///
/// A session that another process has ended in the meantime continues: the issuer has just accepted its refresh token,
/// which is used further if no other one came.
pub(crate) fn take_tokens(machine: &mut Machine, input: RenewalAnswered, effects: &mut Effects) -> Verdict {
    let Some(session) = machine.session_of(input.generation) else {
        return drop_tokens(machine, input, effects);
    };
    let had_ended = session.ended.is_some();
    if had_ended {
        session.credentials.refresh_token.clone_from(&input.sent);
    }
    let subject = session.subject.clone();
    // The issuer has accepted the refresh token.
    machine.refusals.forget();
    match input.audience.clone() {
        None => take_own_tokens(machine, input),
        Some(audience) => take_audience_token(machine, audience, input),
    }
    let goes_on = machine.session().is_some_and(|session| session.ended.is_none());
    if had_ended && goes_on && !machine.announcements.forget_end() {
        let (revision, event) = (machine.ledger.current(), SessionEvent::Restored { subject });
        machine.announcements.add(revision, event, &machine.ledger, effects);
    }
    Verdict::Changed
}

/// Whatever the answer leaves out stays, except the access token. If the answer says nothing about the scope, the
/// renewal brought everything that is granted (RFC 6749 6), even if the one before asked for less.
fn take_own_tokens(machine: &mut Machine, input: RenewalAnswered) {
    let RenewalAnswered { answer, at, .. } = input;
    let Phase::Session(session) = &mut machine.phase else {
        return;
    };
    lifetime::keep(machine.limits, session);
    keep_device_secret(session, answer.device_secret);
    let scope = session.credentials.scope.take();
    // Empty if the scope is not known.
    let whole_scope = session.whole_scope.take().or_else(|| scope.clone()).unwrap_or_default();
    session.whole_scope = input.asks_for_less.then(|| whole_scope.clone());
    let granted = Some(whole_scope).filter(|scope| !scope.is_empty());
    let kept = &mut session.credentials;
    let last_id_token = kept.id_token.take().filter(|_| !kept.unchecked);
    let brought = Brought::by_renewal(answer.refresh_token.as_ref());
    *kept = Credentials {
        access_token: answer.access_token,
        refresh_token: answer.refresh_token.or_else(|| kept.refresh_token.take()),
        id_token: answer.id_token.or(last_id_token),
        scope: answer.scope.or(granted),
        received_at: at.wall,
        lifetime_seconds: Credentials::lifetime_for(answer.expires_in),
        lives_by_id_token: kept.lives_by_id_token,
        unchecked: true,
        // If there are two keys, the one that the answer's tokens are bound to.
        proof_key: answer.proof_key.or_else(|| kept.proof_key.take()),
        is_bound: answer.is_bound,
    };
    session.count_version(brought);
    session.ended = None;
    machine.ledger.change();
    machine.ledger.brought_tokens();
    machine.ledger.brought_refresh_token();
    machine.receipt.received = Some(at.monotonic);
    machine.receipt.renewals += 1;
}

/// A device secret that came replaces the earlier one: the issuer may have replaced it.
fn keep_device_secret(session: &mut StoredSession, came: Option<Secret>) {
    if came.is_some() {
        session.device_secret = came;
    }
}

/// Takes an access token for a further audience, and perhaps a new refresh token. The session's own access token, scope
/// and ID token stay.
fn take_audience_token(machine: &mut Machine, audience: Audience, input: RenewalAnswered) {
    let RenewalAnswered { answer, at, .. } = input;
    let Phase::Session(session) = &mut machine.phase else {
        return;
    };
    let revision = machine.ledger.change();
    session.count_version(Brought::by_renewal(answer.refresh_token.as_ref()));
    keep_device_secret(session, answer.device_secret);
    if let Some(key) = answer.proof_key {
        session.credentials.proof_key = Some(key);
    }
    if answer.refresh_token.is_some() || session.ended.is_some() {
        machine.ledger.brought_refresh_token();
    }
    if answer.refresh_token.is_some() {
        session.credentials.refresh_token = answer.refresh_token;
    }
    session.ended = None;
    if answer.access_token.is_none() {
        return;
    }
    let token = AudienceToken {
        audience,
        credentials: Credentials {
            access_token: answer.access_token,
            refresh_token: None,
            id_token: None,
            scope: answer.scope,
            received_at: at.wall,
            lifetime_seconds: Credentials::lifetime_for(answer.expires_in),
            lives_by_id_token: false,
            unchecked: true,
            proof_key: None,
            is_bound: answer.is_bound,
        },
        received: Some(at.monotonic),
        revision,
    };
    audience::keep(&mut session.audience_tokens, token);
}

/// The session is gone. If nobody is signed in, nobody else has its refresh token, so it is revoked.
pub(crate) fn drop_checked(_: &mut Machine, input: TokensChecked, effects: &mut Effects) -> Verdict {
    if let CheckResult::Accepted { refresh_token, .. } = input.result {
        effects.revoke(refresh_token);
    }
    Verdict::Superseded
}

/// Tokens that were accepted may be used. Of tokens that were rejected, only the refresh token stays. If another
/// process's later tokens have replaced them, those have to be checked themselves.
pub(crate) fn trust(machine: &mut Machine, input: TokensChecked, effects: &mut Effects) -> Verdict {
    let Some(session) = machine.session_of(input.generation) else {
        return Verdict::Superseded;
    };
    if let CheckResult::Accepted {
        session_end: Some(end), ..
    } = input.result
    {
        lifetime::end_in(session, end.seconds, end.at);
    }
    let of = input.audience.as_ref();
    let mut further = session.audience_tokens.iter_mut();
    let held = match of {
        None => Some((None, &mut session.credentials)),
        Some(audience) => further
            .find(|token| token.audience == *audience)
            .map(|token| (Some(token.revision), &mut token.credentials)),
    };
    let is_held = |tokens: &Credentials| tokens.unchecked && tokens.token() == input.token.as_ref();
    let Some((revision, tokens)) = held.filter(|(_, tokens)| is_held(tokens)) else {
        return Verdict::Unchanged;
    };
    tokens.unchecked = false;
    let mut event = None;
    match (input.result, of) {
        (CheckResult::Accepted { .. }, _) if tokens.token().is_none() => {}
        (CheckResult::Accepted { .. }, _) => event = Some(renewed(of, tokens, false)),
        (CheckResult::Rejected { last_id_token }, None) => {
            tokens.access_token = None;
            tokens.id_token = last_id_token;
        }
        (CheckResult::Rejected { .. }, Some(audience)) => {
            session.audience_tokens.retain(|token| token.audience != *audience);
        }
    }
    // The result of the check belongs in the store too, but nothing waits for it. It does not count as a later version
    // of the session: another process may have renewed in the meantime.
    machine.ledger.change();
    if let Some(event) = event {
        let revision = revision.unwrap_or_else(|| machine.ledger.tokens());
        machine.announcements.add(revision, event, &machine.ledger, effects);
    }
    Verdict::Changed
}

/// The issuer ended the session: the tokens are removed, the user's profile stays. The refusal of an older refresh
/// token has no effect.
pub(crate) fn end(machine: &mut Machine, input: RefreshTokenRejected, effects: &mut Effects) -> Verdict {
    let is_current = Tokens::of(machine).would_renew_with(&input.token);
    let Some(session) = machine.session_of(input.generation) else {
        return Verdict::Superseded;
    };
    if !is_current {
        return Verdict::Unchanged;
    }
    let (reason, tokens) = (input.reason, &mut session.credentials);
    (tokens.access_token, tokens.refresh_token, tokens.id_token) = (None, None, None);
    tokens.unchecked = false;
    session.device_secret = None;
    session.audience_tokens.clear();
    session.ended = Some(reason);
    session.count_version(Brought::Less);
    let revision = machine.ledger.change();
    let event = SessionEvent::Ended { reason };
    machine.announcements.add(revision, event, &machine.ledger, effects);
    Verdict::Changed
}

/// The issuer refused the current refresh token with a code that does not say why. After several such refusals the user
/// has to sign in, but the session stays: one renewal that succeeds shows that it is alive.
pub(crate) fn count_refusal(machine: &mut Machine, input: RenewalRefused, _: &mut Effects) -> Verdict {
    let counts = input.plain && Tokens::of(machine).would_renew_with(&input.token);
    if machine.session_of(input.generation).is_none() {
        return Verdict::Superseded;
    }
    if counts && machine.refusals.add(input.now) {
        return Verdict::SignInAgain;
    }
    Verdict::Unchanged
}
