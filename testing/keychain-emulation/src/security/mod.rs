//! Keychain Services, emulated: the functions that the adapter calls, under their own names, over CoreFoundation's own
//! dictionaries. As strict as Apple's and in places stricter. Each service is its own device, so that tests that run
//! at once do not meet.

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
