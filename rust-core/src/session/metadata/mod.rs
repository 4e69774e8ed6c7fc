//! What Auth0 keeps of the user: the user object, and the metadata that the user may change.
//!
//! **Promises.** Changes reach the server in the order in which they were made; what waits for the network survives a
//! restart and goes with the sign-out. **Needs** the context, the store, the issuer and the tokens.
//!
//! - `management_api`: calls with the fitting token.
//! - `queue`: changes that wait for the network.
//! - `user_metadata`: the user object, and reading and changing, after what waits.

mod management_api;
mod queue;
mod user_metadata;

pub(super) use management_api::ManagementApi;
pub(super) use queue::MetadataQueue;
pub(super) use user_metadata::UserMetadata;
