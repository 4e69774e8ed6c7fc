//! Tokens: from memory, or renewed.
//!
//! **Promises.** A valid token costs memory only. However many ask for the same, one renewal is sent, and it runs to its
//! end. A rotated refresh token is stored before anything else can fail; only a refusal of the current one ends the
//! session. **Needs** the context, the store, the issuer, its verifier and the revocations.
//!
//! - `requirement`: what a caller asks for.
//! - `exchanged`: tokens that were exchanged.
//! - `in_memory`: which tokens memory holds.
//! - `audiences`: rules about further audiences.
//! - `check`: what a renewal brought is checked.
//! - `delegation`: renewal in sessions that live by their ID token.
//! - `requests`: what is sent for new tokens.
//! - `mfa_challenges`: the tokens of what was refused with `mfa_required`.
//! - `renewer`: one renewal.
//! - `access_tokens`: who gets which access token.
//! - `id_tokens`: the ID token, where the configuration allows the legacy calls.
//! - `subject_token`: which token is shown for one of another API.
//! - `exchange`: the session's own tokens for access tokens of other APIs.
//! - `session_transfer`: the session in a browser or web view.
//! - `device_sso`: what another app of the vendor signs in with.
//! - `mfa_requests`: what is sent with a second factor, for what is no renewal.
//! - `mfa`: what goes on with a second factor.
//! - `bearer`: requests that carry a token.

mod access_tokens;
mod audiences;
mod bearer;
mod check;
mod delegation;
mod device_sso;
mod exchange;
mod exchanged;
mod id_tokens;
mod in_memory;
mod mfa;
mod mfa_challenges;
mod mfa_requests;
mod renewer;
mod requests;
mod requirement;
mod session_transfer;
mod subject_token;

pub(super) use access_tokens::AccessTokens;
pub(super) use bearer::{Bearer, BearerCalls};
pub use device_sso::DeviceSso;
pub(super) use device_sso::DeviceSsoTokens;
pub(super) use exchange::TokenExchanges;
pub(super) use exchanged::ExchangedTokens;
pub(super) use id_tokens::IdTokens;
pub(super) use in_memory::TokensInMemory;
pub(super) use mfa::{Mfa, ReadyAnswer};
pub use mfa::{MfaAnswer, MfaOutcome, MfaPrompt};
pub(super) use mfa_challenges::{MfaChallenges, Refused};
pub use session_transfer::SessionTransfer;

pub(super) use renewer::{MOST_REPLACEMENTS, Renewer};
pub(super) use session_transfer::SessionTransfers;
