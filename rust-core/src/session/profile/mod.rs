//! The user's profile.
//!
//! - `token_info`: the profile that older Auth0 tenants return for an ID token.
//! - `user_profile`: the session's own, as last fetched or a new one.

mod token_info;
mod user_profile;

pub(super) use token_info::TokenInfo;
pub(super) use user_profile::UserProfile;
