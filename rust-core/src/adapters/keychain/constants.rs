//! The Security framework's exported constants.

/// A key or value that is an exported constant of the Security framework.
macro_rules! constant {
    ($name:expr) => {{
        // SAFETY: the system initialises these constants before any code of the process runs and never changes them;
        // each is a valid CFString for the life of the process, and by the Get Rule has to be retained.
        unsafe { CFString::wrap_under_get_rule($name) }
    }};
}
pub(super) use constant;
