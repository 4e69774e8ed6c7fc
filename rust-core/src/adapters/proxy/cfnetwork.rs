//! The system's settings through CFNetwork: the ways to one target, with automatic configurations evaluated.
#![allow(unsafe_code, reason = "CFNetwork is a C interface")]

use std::cell::Cell;
use std::ffi::c_void;
use std::ptr;
use std::sync::{Mutex, PoisonError};

use core_foundation::ConcreteCFType;
use core_foundation::array::{CFArray, CFArrayRef};
use core_foundation::base::{CFIndex, CFType, CFTypeRef, TCFType, TCFTypeRef, kCFAllocatorDefault};
use core_foundation::dictionary::{CFDictionary, CFDictionaryRef};
use core_foundation::error::CFErrorRef;
use core_foundation::number::CFNumber;
use core_foundation::runloop::{
    CFRunLoopAddSource, CFRunLoopGetCurrent, CFRunLoopRunInMode, CFRunLoopSource, CFRunLoopSourceInvalidate,
    CFRunLoopSourceRef, CFRunLoopStop,
};
use core_foundation::string::{CFString, CFStringRef, kCFStringEncodingUTF8};
use core_foundation::url::{CFURL, CFURLCreateWithBytes, CFURLRef};

use super::entries::ProxyEntry;

/// How long downloading and running an automatic configuration may take. After that the connection is direct, as
/// CFNetwork's own are.
const LONGEST_EVALUATION_SECONDS: f64 = 5.0;

/// CFNetwork evaluates the automatic configurations of several threads one after the other anyway.
static EVALUATING: Mutex<()> = Mutex::new(());

type Callback = extern "C" fn(client: *mut c_void, proxies: CFArrayRef, error: CFErrorRef);

/// `CFStreamClientContext`
#[repr(C)]
struct ClientContext {
    version: CFIndex,
    info: *mut c_void,
    retain: *const c_void,
    release: *const c_void,
    copy_description: *const c_void,
}

// For programs that cargo links itself on a Mac. Apps link the framework through their package's manifest.
#[cfg_attr(target_vendor = "apple", link(name = "CFNetwork", kind = "framework"))]
unsafe extern "C" {
    fn CFNetworkCopySystemProxySettings() -> CFDictionaryRef;
    fn CFNetworkCopyProxiesForURL(url: CFURLRef, settings: CFDictionaryRef) -> CFArrayRef;
    fn CFNetworkExecuteProxyAutoConfigurationURL(
        configuration: CFURLRef,
        target: CFURLRef,
        callback: Callback,
        context: *mut ClientContext,
    ) -> CFRunLoopSourceRef;
    fn CFNetworkExecuteProxyAutoConfigurationScript(
        script: CFStringRef,
        target: CFURLRef,
        callback: Callback,
        context: *mut ClientContext,
    ) -> CFRunLoopSourceRef;
    static kCFProxyTypeKey: CFStringRef;
    static kCFProxyHostNameKey: CFStringRef;
    static kCFProxyPortNumberKey: CFStringRef;
    static kCFProxyAutoConfigurationURLKey: CFStringRef;
    static kCFProxyAutoConfigurationJavaScriptKey: CFStringRef;
    static kCFProxyTypeNone: CFStringRef;
    static kCFProxyTypeHTTP: CFStringRef;
    static kCFProxyTypeHTTPS: CFStringRef;
    static kCFProxyTypeSOCKS: CFStringRef;
    static kCFProxyTypeAutoConfigurationURL: CFStringRef;
    static kCFProxyTypeAutoConfigurationJavaScript: CFStringRef;
}

/// An exported constant of CFNetwork, as a `CFString`.
macro_rules! constant {
    ($name:expr) => {{
        // SAFETY: the system initialises these constants before any code of the process runs and never changes them;
        // each is a valid CFString for the life of the process, and by the Get Rule has to be retained.
        unsafe { CFString::wrap_under_get_rule($name) }
    }};
}

/// The ways to `target`, a URL, in the system's order; none if the system has no settings. Blocks, for seconds with an
/// automatic configuration.
pub(crate) fn entries_for(target: &str) -> Vec<ProxyEntry> {
    let Some(target) = url_of(target) else {
        return Vec::new();
    };
    // SAFETY: takes no arguments; by the Create Rule ("Copy" in the name) the result is ours, or null.
    let settings: Option<CFDictionary> = unsafe { created(CFNetworkCopySystemProxySettings()) };
    let Some(settings) = settings else {
        return Vec::new();
    };
    let (url, settings) = (target.as_concrete_TypeRef(), settings.as_concrete_TypeRef());
    // SAFETY: both are alive during the call; by the Create Rule the result is ours, or null.
    let proxies: Option<CFArray> = unsafe { created(CFNetworkCopyProxiesForURL(url, settings)) };
    let mut entries = Vec::new();
    for proxy in dictionaries_of(proxies) {
        match Evaluation::asked_for_by(&proxy) {
            // An automatic configuration in the result is not evaluated again.
            Some(evaluation) => entries.extend(dictionaries_of(evaluation.result_for(&target)).iter().map(entry_of)),
            None => entries.push(entry_of(&proxy)),
        }
    }
    entries
}

fn entry_of(proxy: &CFDictionary) -> ProxyEntry {
    let Some(kind) = value::<CFString>(proxy, constant!(kCFProxyTypeKey)) else {
        return ProxyEntry::Other;
    };
    if kind == constant!(kCFProxyTypeNone) {
        return ProxyEntry::Direct;
    }
    let is_socks = kind == constant!(kCFProxyTypeSOCKS);
    // `kCFProxyTypeHTTPS` is a proxy for HTTPS, which is used in the same way.
    if !is_socks && kind != constant!(kCFProxyTypeHTTP) && kind != constant!(kCFProxyTypeHTTPS) {
        return ProxyEntry::Other;
    }
    let Some(host) = value::<CFString>(proxy, constant!(kCFProxyHostNameKey)) else {
        return ProxyEntry::Other;
    };
    let port = value::<CFNumber>(proxy, constant!(kCFProxyPortNumberKey)).and_then(|port| port.to_i32());
    let (host, port) = (host.to_string(), port.and_then(|port| u16::try_from(port).ok()));
    if is_socks {
        ProxyEntry::Socks { host, port }
    } else {
        ProxyEntry::Http { host, port }
    }
}

/// An automatic configuration: a script that returns the proxies.
enum Evaluation {
    Url(CFURL),
    Script(CFString),
}

impl Evaluation {
    fn asked_for_by(proxy: &CFDictionary) -> Option<Self> {
        let kind = value::<CFString>(proxy, constant!(kCFProxyTypeKey))?;
        if kind == constant!(kCFProxyTypeAutoConfigurationURL) {
            value(proxy, constant!(kCFProxyAutoConfigurationURLKey)).map(Self::Url)
        } else if kind == constant!(kCFProxyTypeAutoConfigurationJavaScript) {
            value(proxy, constant!(kCFProxyAutoConfigurationJavaScriptKey)).map(Self::Script)
        } else {
            None
        }
    }

    /// Runs the script on this thread's run loop, in a mode in which nothing else runs.
    fn result_for(&self, target: &CFURL) -> Option<CFArray> {
        let _one = EVALUATING.lock().unwrap_or_else(PoisonError::into_inner);
        let answer = Answer::default();
        let mut context = ClientContext {
            version: 0,
            info: ptr::from_ref(&answer).cast_mut().cast(),
            retain: ptr::null(),
            release: ptr::null(),
            copy_description: ptr::null(),
        };
        let target = target.as_concrete_TypeRef();
        // SAFETY: all arguments are alive during the call, and `answer` until the source is invalid, after which there
        // are no more callbacks. The result is ours to release although its name does not say so (Apple:
        // CFProxySupportTool), or null.
        let source: CFRunLoopSource = unsafe {
            created(match self {
                Self::Url(url) => {
                    let url = url.as_concrete_TypeRef();
                    CFNetworkExecuteProxyAutoConfigurationURL(url, target, answered, &mut context)
                }
                Self::Script(script) => {
                    let script = script.as_concrete_TypeRef();
                    CFNetworkExecuteProxyAutoConfigurationScript(script, target, answered, &mut context)
                }
            })
        }?;
        let mode = CFString::new("Pilotlight proxy configuration");
        let (source, mode) = (source.as_concrete_TypeRef(), mode.as_concrete_TypeRef());
        // SAFETY: source and mode are alive, and the run loop is that of this thread.
        unsafe {
            CFRunLoopAddSource(CFRunLoopGetCurrent(), source, mode);
            CFRunLoopRunInMode(mode, LONGEST_EVALUATION_SECONDS, 0);
            CFRunLoopSourceInvalidate(source);
        }
        answer.0.take()
    }
}

/// The proxies that the script returned.
#[derive(Default)]
struct Answer(Cell<Option<CFArray>>);

/// Called on the thread whose run loop runs.
extern "C" fn answered(answer: *mut c_void, proxies: CFArrayRef, _: CFErrorRef) {
    // SAFETY: this is the context's `info`, which is alive while the source is valid.
    let answer = unsafe { &*answer.cast_const().cast::<Answer>() };
    if !proxies.is_null() {
        // SAFETY: not null, and alive during this call; by the Get Rule it is retained.
        answer.0.set(Some(unsafe { CFArray::wrap_under_get_rule(proxies) }));
    }
    // SAFETY: the run loop is that of this thread.
    unsafe { CFRunLoopStop(CFRunLoopGetCurrent()) };
}

fn url_of(text: &str) -> Option<CFURL> {
    let length = CFIndex::try_from(text.len()).ok()?;
    // SAFETY: `text` has that many bytes and is alive during the call; by the Create Rule the result is ours, or null.
    unsafe {
        let (allocator, encoding) = (kCFAllocatorDefault, kCFStringEncodingUTF8);
        created(CFURLCreateWithBytes(
            allocator,
            text.as_ptr(),
            length,
            encoding,
            ptr::null(),
        ))
    }
}

/// # Safety
/// `object` is null, or a reference of that type that the caller owns.
unsafe fn created<T: TCFType>(object: T::Ref) -> Option<T> {
    // SAFETY: guaranteed by the caller; not null, and released exactly once: on drop.
    (!object.as_void_ptr().is_null()).then(|| unsafe { T::wrap_under_create_rule(object) })
}

fn dictionaries_of(list: Option<CFArray>) -> Vec<CFDictionary> {
    let Some(list) = list else {
        return Vec::new();
    };
    list.iter().filter_map(|item| typed(*item)).collect()
}

fn value<T: ConcreteCFType>(dictionary: &CFDictionary, key: CFString) -> Option<T> {
    typed(*dictionary.find(key.as_CFTypeRef())?)
}

/// A member of a collection that is alive; `None` if it is of another type.
fn typed<T: ConcreteCFType>(member: CFTypeRef) -> Option<T> {
    if member.is_null() {
        return None;
    }
    // SAFETY: not null, a CFType, and alive as long as its collection; by the Get Rule it is retained.
    unsafe { CFType::wrap_under_get_rule(member) }.downcast_into()
}
