//! Exported constants of Apple's frameworks. The value of each is its name.

macro_rules! constants {
    ($($name:ident)*) => {
        $(#[unsafe(no_mangle)]
        #[allow(non_upper_case_globals, reason = "Apple's names")]
        static mut $name: core_foundation_sys::string::CFStringRef = std::ptr::null();)*

        /// Runs before `main`, like the system's loader.
        extern "C" fn initialise() {
            $(
                let text = core_foundation::string::CFString::new(stringify!($name));
                // SAFETY: nothing else runs yet.
                unsafe { $name = core_foundation::base::TCFType::as_concrete_TypeRef(&text) };
                // Exists until the process ends; nobody releases it.
                crate::ownership::disown(core_foundation::base::TCFType::as_CFTypeRef(&text));
                #[allow(clippy::mem_forget, reason = "a constant")]
                std::mem::forget(text);
            )*
        }

        #[used]
        #[unsafe(link_section = ".init_array")]
        static INITIALISE: extern "C" fn() = initialise;
    };
}
pub(crate) use constants;
