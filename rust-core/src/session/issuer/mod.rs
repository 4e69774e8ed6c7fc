//! The issuer: what it publishes, the way to it, and what it signed.
//!
//! **Promises.** Every request of the session goes through `exchange`, which learns the server's clock on the way.
//! Endpoints and keys are fetched once for many callers, and used on where they cannot be fetched again. **Needs** the
//! context and the network's port.
//!
//! - `exchange`: the one way to the network, and the server's clock.
//! - `proofs`: proofs of possession, and the nonces in them.
//! - `published`: endpoints and keys.
//! - `verifier`: checks what the issuer signed: ID tokens, and signed userinfo answers.

mod exchange;
mod proofs;
mod published;
mod verifier;

pub(super) use proofs::Possession;
pub(super) use published::Issuer;
pub(super) use verifier::Verifier;
