//! References that go to the caller (Create Rule).

use std::ptr;

use core_foundation::base::{CFType, TCFType};
use core_foundation_sys::base::CFTypeRef;

/// A reference that the caller owns from now on.
#[allow(clippy::mem_forget, reason = "the caller releases it")]
pub(crate) fn given<T: TCFType>(object: T) -> T::Ref {
    let reference = object.as_concrete_TypeRef();
    std::mem::forget(object);
    reference
}

/// The same, or null if there is no object.
pub(crate) fn given_or_null(object: Option<CFType>) -> CFTypeRef {
    object.map_or(ptr::null(), given)
}
