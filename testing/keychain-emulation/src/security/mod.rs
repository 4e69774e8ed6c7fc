//! Keychain Services, emulated: the functions that the adapter calls, under their own names, over CoreFoundation's own
//! dictionaries. They are as strict as Apple's and in places stricter. Each service has a separate device, so that
//! tests that run at the same time do not interfere.

mod access_control;
mod arguments;
mod calls;
mod constants;
mod device;
mod function;
mod groups;
mod items;
mod status;
mod user;

pub use self::access_control::Protection;
pub use self::device::{Device, Lock, with};
pub use self::function::Function;
pub use self::groups::GROUPS;
pub use self::items::{Item, Stored};
pub use self::user::Answer;
pub(crate) use self::user::{invalidate_context, new_context};
