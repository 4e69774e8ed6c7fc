//! The Security framework's exported constants.

/// An exported constant of the Security framework, as a `CFString`.
macro_rules! constant {
    ($name:expr) => {{
        // SAFETY: the system initialises these constants before any code of the process runs and never changes them;
        // each is a valid CFString for the life of the process, and by the Get Rule has to be retained.
        unsafe { CFString::wrap_under_get_rule($name) }
    }};
}
pub(super) use constant;
