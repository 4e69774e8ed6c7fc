//! Tokens: from memory, or renewed.
//!
//! **Promises.** A valid token comes from memory. Concurrent callers for the same token share one renewal, which runs
//! to its end. A rotated refresh token is stored before anything else can fail. Of the issuer's answers, only a refusal
//! of the current refresh token ends the session. **Needs** the context, the store, the issuer, its verifier and the
//! revocations.
//!
//! - `requirement`: what a caller requires of a token.
//! - `exchanged`: the tokens from token exchanges.
//! - `in_memory`: the tokens that memory holds.
//! - `audiences`: rules about further audiences.
//! - `check`: checks the result of a renewal.
//! - `delegation`: renewal in sessions that are based on their ID token.
//! - `requests`: the requests for new tokens.
//! - `mfa_challenges`: the `mfa_token`s of refusals with `mfa_required`.
//! - `renewer`: one renewal.
//! - `access_tokens`: which access token a caller gets.
//! - `id_tokens`: the ID token, if the configuration allows the legacy calls.
//! - `subject_token`: the subject token of an exchange.
//! - `exchange`: exchanges the session's own tokens for access tokens of other APIs.
//! - `session_transfer`: the session in a browser or web view.
//! - `device_sso`: the tokens with which another app of the vendor signs in.
//! - `mfa_requests`: the requests with a second factor that are not renewals.
//! - `mfa`: continues a refused call with a second factor.
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
