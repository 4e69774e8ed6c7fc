//! CFNetwork's proxy settings, emulated: a test sets the device's configuration, and sees what the adapter asked.

mod calls;
mod constants;

use std::sync::{Mutex, PoisonError};

/// One way to a target, by its CFNetwork name.
#[derive(Clone, Debug)]
pub enum Way {
    /// `kCFProxyTypeNone`
    Direct,
    /// `kCFProxyTypeHTTP`
    Http(&'static str, i32),
    /// `kCFProxyTypeHTTPS`
    Https(&'static str, i32),
    /// `kCFProxyTypeHTTP` without a host or a port.
    WithoutHost,
    /// `kCFProxyTypeSOCKS`
    Socks(&'static str, i32),
    /// `kCFProxyTypeFTP`, which the adapter does not support.
    Ftp,
    /// A script at that URL, and its result.
    ScriptAt(&'static str, Script),
    /// That script, and its result.
    Script(&'static str, Script),
}

/// The result of a script.
#[derive(Clone, Debug)]
pub enum Script {
    /// It names these ways.
    Names(Vec<Way>),
    /// It cannot be downloaded, or is wrong.
    Fails,
    /// It cannot even be started.
    CannotBegin,
    /// It never answers.
    IsSilent,
}

/// The device, for one test at a time.
#[derive(Debug, Default)]
pub struct Device {
    /// `None` if the system has no settings.
    pub ways: Option<Vec<Way>>,
    /// The questions, in order.
    pub asked: Vec<String>,
}

static DEVICE: Mutex<Device> = Mutex::new(Device {
    ways: None,
    asked: Vec::new(),
});

/// The ways to `target` that the adapter finds on a device with `ways`, and the questions to the device.
pub fn seen(ways: Option<Vec<Way>>, target: &str) -> (Vec<pilotlight_core::adapters::proxy::ProxyEntry>, Vec<String>) {
    static ONE: Mutex<()> = Mutex::new(());
    let _one = ONE.lock().unwrap_or_else(PoisonError::into_inner);
    *DEVICE.lock().unwrap() = Device {
        ways,
        asked: Vec::new(),
    };
    let entries = crate::proxies::cfnetwork::entries_for(target);
    (entries, std::mem::take(&mut DEVICE.lock().unwrap().asked))
}

fn ask(question: String) -> Option<Vec<Way>> {
    let mut device = DEVICE.lock().unwrap();
    device.asked.push(question);
    device.ways.clone()
}
