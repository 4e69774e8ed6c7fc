//! The user's data at Auth0: the user object, and the metadata that the user may change.
//!
//! **Promises.** Changes reach the server in the order in which they were made. Queued changes survive a restart, and a
//! sign-out discards them. **Needs** the context, the store, the issuer and the tokens.
//!
//! - `management_api`: calls with the appropriate token.
//! - `queue`: the changes that are queued until the network is available.
//! - `user_metadata`: the user object and the metadata; queued changes are sent first.

mod management_api;
mod queue;
mod user_metadata;

pub(super) use management_api::ManagementApi;
pub(super) use queue::MetadataQueue;
pub(super) use user_metadata::UserMetadata;
