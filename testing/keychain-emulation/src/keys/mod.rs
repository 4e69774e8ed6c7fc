//! `SecKey`, emulated over `ring`: creating, verifying and exchanging keys, and those in certificates, as Apple documents them and as its published sources
//! do it where those are laxer than the core (Security-61901: `SecKey.m`, `SecECKey.m`, `SecRSAKey.c`).

mod calls;
mod certificate;
mod constants;
mod key;

use std::cell::RefCell;

/// What was called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyFunction {
    /// `SecKeyCreateWithData`
    CreateWithData,
    /// `SecKeyVerifySignature`
    VerifySignature,
    /// `SecKeyCreateRandomKey`
    CreateRandomKey,
    /// `SecKeyCopyPublicKey`
    CopyPublicKey,
    /// `SecKeyCopyExternalRepresentation`
    CopyExternalRepresentation,
    /// `SecKeyCopyKeyExchangeResult`
    CopyKeyExchangeResult,
    /// `SecCertificateCreateWithData`
    CertificateCreateWithData,
    /// `SecCertificateCopyKey`
    CertificateCopyKey,
}

thread_local! {
    static CALLS: RefCell<Vec<KeyFunction>> = const { RefCell::new(Vec::new()) };
    static FAILING: RefCell<Option<KeyFunction>> = const { RefCell::new(None) };
}

/// What this thread called during `work`.
pub fn calls_during(work: impl FnOnce()) -> Vec<KeyFunction> {
    CALLS.take();
    work();
    CALLS.take()
}

/// Lets that function fail for this thread during `work`, as a system without memory does.
pub fn failing<T>(function: KeyFunction, work: impl FnOnce() -> T) -> T {
    FAILING.set(Some(function));
    let result = work();
    FAILING.set(None);
    result
}

/// Writes the call down. `None` where a test wants it to fail.
fn called(function: KeyFunction) -> Option<()> {
    CALLS.with_borrow_mut(|calls| calls.push(function));
    (FAILING.with_borrow(|failing| *failing) != Some(function)).then_some(())
}
