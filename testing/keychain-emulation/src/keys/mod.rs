//! `SecKey`, emulated over `ring`: creating, verifying and exchanging keys, and reading those in certificates. It
//! follows Apple's documentation and, where they are laxer than the core, Apple's published sources (Security-61901:
//! `SecKey.m`, `SecECKey.m`, `SecRSAKey.c`).

mod calls;
mod certificate;
mod constants;
mod key;

use std::cell::RefCell;

/// The called function.
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

/// The functions that this thread called during `work`.
pub fn calls_during(work: impl FnOnce()) -> Vec<KeyFunction> {
    CALLS.take();
    work();
    CALLS.take()
}

/// Makes that function fail for this thread during `work`, like a system that is out of memory.
pub fn failing<T>(function: KeyFunction, work: impl FnOnce() -> T) -> T {
    FAILING.set(Some(function));
    let result = work();
    FAILING.set(None);
    result
}

/// Records the call. `None` if a test makes it fail.
fn called(function: KeyFunction) -> Option<()> {
    CALLS.with_borrow_mut(|calls| calls.push(function));
    (FAILING.with_borrow(|failing| *failing) != Some(function)).then_some(())
}
