//! The calls as documented by Apple (CFProxySupport.h): lists of dictionaries, and scripts that run on a run loop.

use std::ffi::c_void;
use std::ptr;

use core_foundation::array::CFArray;
use core_foundation::base::{CFType, TCFType};
use core_foundation::dictionary::CFDictionary;
use core_foundation::number::CFNumber;
use core_foundation::string::CFString;
use core_foundation::url::{CFURL, CFURLCreateWithBytes, CFURLGetString};
use core_foundation_sys::array::CFArrayRef;
use core_foundation_sys::base::{CFIndex, kCFAllocatorDefault};
use core_foundation_sys::dictionary::CFDictionaryRef;
use core_foundation_sys::error::CFErrorRef;
use core_foundation_sys::runloop::{
    CFRunLoopSourceContext, CFRunLoopSourceCreate, CFRunLoopSourceRef, CFRunLoopSourceSignal,
};
use core_foundation_sys::string::{CFStringRef, kCFStringEncodingUTF8};
use core_foundation_sys::url::CFURLRef;

use super::{Script, Way, ask};
use crate::references::given;

type Callback = extern "C" fn(client: *mut c_void, proxies: CFArrayRef, error: CFErrorRef);

#[repr(C)]
struct ClientContext {
    version: CFIndex,
    info: *mut c_void,
    retain: *const c_void,
    release: *const c_void,
    copy_description: *const c_void,
}

/// A script that has been started.
struct Running {
    callback: Callback,
    client: *mut c_void,
    script: Script,
}

#[unsafe(no_mangle)]
#[allow(non_snake_case, reason = "Apple's names")]
extern "C" fn CFNetworkCopySystemProxySettings() -> CFDictionaryRef {
    match ask("settings".to_owned()) {
        None => ptr::null(),
        Some(_) => given(CFDictionary::<CFString, CFType>::from_CFType_pairs(&[]).into_untyped()),
    }
}

#[unsafe(no_mangle)]
#[allow(non_snake_case, reason = "Apple's names")]
extern "C" fn CFNetworkCopyProxiesForURL(url: CFURLRef, settings: CFDictionaryRef) -> CFArrayRef {
    assert!(!settings.is_null(), "settings are no option");
    let ways = ask(format!("ways to {}", text_of_url(url))).unwrap_or_default();
    given(list(&ways).into_untyped())
}

#[unsafe(no_mangle)]
#[allow(non_snake_case, reason = "Apple's names")]
unsafe extern "C" fn CFNetworkExecuteProxyAutoConfigurationURL(
    configuration: CFURLRef,
    target: CFURLRef,
    callback: Callback,
    context: *mut ClientContext,
) -> CFRunLoopSourceRef {
    let address = text_of_url(configuration);
    // SAFETY: the caller's context.
    unsafe { execute(&address, target, callback, context) }
}

#[unsafe(no_mangle)]
#[allow(non_snake_case, reason = "Apple's names")]
unsafe extern "C" fn CFNetworkExecuteProxyAutoConfigurationScript(
    script: CFStringRef,
    target: CFURLRef,
    callback: Callback,
    context: *mut ClientContext,
) -> CFRunLoopSourceRef {
    // SAFETY: a string by contract, alive during the call.
    let script = unsafe { CFString::wrap_under_get_rule(script) }.to_string();
    // SAFETY: the caller's context.
    unsafe { execute(&script, target, callback, context) }
}

/// # Safety
/// `context` must be valid during the call, and its `info` until the source is invalidated.
unsafe fn execute(name: &str, target: CFURLRef, callback: Callback, context: *mut ClientContext) -> CFRunLoopSourceRef {
    let ways = ask(format!("{name} for {}", text_of_url(target))).unwrap_or_default();
    let script = ways.iter().find_map(|way| match way {
        Way::ScriptAt(at, script) | Way::Script(at, script) if *at == name => Some(script.clone()),
        _ => None,
    });
    let script = script.unwrap();
    if matches!(script, Script::CannotBegin) {
        return ptr::null_mut();
    }
    // SAFETY: by the caller's promise.
    let context = unsafe { &*context };
    assert_eq!(context.version, 0);
    let is_silent = matches!(script, Script::IsSilent);
    let client = context.info;
    // Exists until the process ends, because a test makes only a few.
    let running = Box::into_raw(Box::new(Running {
        callback,
        client,
        script,
    }));
    let mut source = CFRunLoopSourceContext {
        version: 0,
        info: running.cast(),
        retain: None,
        release: None,
        copyDescription: None,
        equal: None,
        hash: None,
        schedule: None,
        cancel: None,
        perform,
    };
    // SAFETY: the context is copied by the call; what it points to stays.
    unsafe {
        let source = CFRunLoopSourceCreate(kCFAllocatorDefault, 0, &mut source);
        if !is_silent {
            CFRunLoopSourceSignal(source);
        }
        source
    }
}

extern "C" fn perform(running: *const c_void) {
    // SAFETY: it is what `execute` gave, which stays.
    let running = unsafe { &*running.cast::<Running>() };
    match &running.script {
        Script::Names(ways) => {
            let ways = list(ways);
            // Alive during the call, by contract: nobody else holds it.
            (running.callback)(running.client, ways.as_concrete_TypeRef(), ptr::null_mut());
        }
        _ => (running.callback)(running.client, ptr::null(), ptr::null_mut()),
    }
}

fn list(ways: &[Way]) -> CFArray<CFType> {
    let ways: Vec<_> = ways.iter().map(|way| dictionary(way).into_CFType()).collect();
    CFArray::from_CFTypes(&ways)
}

fn dictionary(way: &Way) -> CFDictionary<CFString, CFType> {
    let text = |text: &str| CFString::new(text).into_CFType();
    let proxy = |kind: &str, host: &str, port: i32| {
        vec![
            ("kCFProxyTypeKey", text(kind)),
            ("kCFProxyHostNameKey", text(host)),
            ("kCFProxyPortNumberKey", CFNumber::from(port).into_CFType()),
        ]
    };
    let pairs = match way {
        Way::Direct => vec![("kCFProxyTypeKey", text("kCFProxyTypeNone"))],
        Way::Http(host, port) => proxy("kCFProxyTypeHTTP", host, *port),
        Way::Https(host, port) => proxy("kCFProxyTypeHTTPS", host, *port),
        Way::WithoutHost => vec![("kCFProxyTypeKey", text("kCFProxyTypeHTTP"))],
        Way::Socks(host, port) => proxy("kCFProxyTypeSOCKS", host, *port),
        Way::Ftp => proxy("kCFProxyTypeFTP", "ftp.example.com", 21),
        Way::ScriptAt(address, _) => vec![
            ("kCFProxyTypeKey", text("kCFProxyTypeAutoConfigurationURL")),
            ("kCFProxyAutoConfigurationURLKey", url(address).into_CFType()),
        ],
        Way::Script(script, _) => vec![
            ("kCFProxyTypeKey", text("kCFProxyTypeAutoConfigurationJavaScript")),
            ("kCFProxyAutoConfigurationJavaScriptKey", text(script)),
        ],
    };
    let pairs: Vec<_> = pairs
        .into_iter()
        .map(|(key, value)| (CFString::new(key), value))
        .collect();
    CFDictionary::from_CFType_pairs(&pairs)
}

fn url(text: &str) -> CFURL {
    let length = CFIndex::try_from(text.len()).unwrap();
    // SAFETY: `text` has that many bytes; by the Create Rule the result is ours.
    unsafe {
        let url = CFURLCreateWithBytes(
            kCFAllocatorDefault,
            text.as_ptr(),
            length,
            kCFStringEncodingUTF8,
            ptr::null(),
        );
        CFURL::wrap_under_create_rule(url)
    }
}

fn text_of_url(url: CFURLRef) -> String {
    // SAFETY: a URL by contract, alive during the call; its string by the Get Rule.
    unsafe { CFString::wrap_under_get_rule(CFURLGetString(url)) }.to_string()
}
