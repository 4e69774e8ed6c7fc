//! CFNetwork's proxy settings, emulated: a test says what the device has, and sees what it was asked.

mod calls;
mod constants;

use std::sync::{Mutex, PoisonError};

/// One way to a target, as CFNetwork names it.
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
    /// `kCFProxyTypeFTP`, which the adapter does not name.
    Ftp,
    /// A script at that address, and what it comes to.
    ScriptAt(&'static str, Script),
    /// That script, and what it comes to.
    Script(&'static str, Script),
}

/// What becomes of a script.
#[derive(Clone, Debug)]
pub enum Script {
    /// It names these.
    Names(Vec<Way>),
    /// It cannot be downloaded, or is wrong.
    Fails,
    /// It cannot even be begun.
    CannotBegin,
    /// Nothing is known it.
    IsSilent,
}

/// The device, for one test after the other.
#[derive(Debug, Default)]
pub struct Device {
    /// `None` where the system has no settings.
    pub ways: Option<Vec<Way>>,
    /// What was asked, in order.
    pub asked: Vec<String>,
}

static DEVICE: Mutex<Device> = Mutex::new(Device {
    ways: None,
    asked: Vec::new(),
});

/// The ways that the adapter sees to `target` on a device that has `ways`, and what the device was asked.
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
