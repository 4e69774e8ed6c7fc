//! The issuer: what it publishes, the only way to it, and what it signed.
//!
//! **Promises.** Every request of the session goes through `exchange`, which learns the server's time on the way.
//! Concurrent callers share one request for endpoints or keys. If these cannot be fetched again, the old ones stay in
//! use. **Needs** the context and the network's port.
//!
//! - `exchange`: the only way to the network, and the server's clock.
//! - `proofs`: proofs of possession, and their nonces.
//! - `published`: endpoints and keys.
//! - `calls`: requests, with a proof of possession, and again where an answer was lost.
//! - `verifier`: checks what the issuer signed: ID tokens, and signed userinfo answers.

mod calls;
mod exchange;
mod proofs;
mod published;
mod verifier;

pub(super) use proofs::Possession;
pub(super) use published::Issuer;
pub(super) use verifier::Verifier;
