//! What the inputs do, by topic. The table of transitions names each rule.

pub(crate) mod importing;
pub(crate) mod lifetime;
pub(crate) mod merging;
pub(crate) mod renewal;
pub(crate) mod retrying;
pub(crate) mod sign_in;
pub(crate) mod sign_out;
pub(crate) mod step_up;
pub(crate) mod store;
pub(crate) mod user;
mod versions;
