//! The arithmetic of the operating system: `SecKey` of Security.framework.
//!
//! A key or a signature that the system rejects counts as one that does not verify. The reason is not examined, because
//! no caller could act on it.
#![allow(unsafe_code, reason = "Security.framework is a C interface")]

use std::ptr;

use core_foundation::base::{CFType, CFTypeRef, TCFType};
use core_foundation::data::CFData;
use core_foundation::dictionary::CFDictionary;
use core_foundation::string::{CFString, CFStringRef};
use objc2::rc::autoreleasepool;
use security_framework_sys::base::SecKeyRef;
use security_framework_sys::item::{
    kSecAttrKeyClass, kSecAttrKeyClassPublic, kSecAttrKeyType, kSecAttrKeyTypeECSECPrimeRandom, kSecAttrKeyTypeRSA,
};
use security_framework_sys::key::{
    SecKeyCreateWithData, SecKeyVerifySignature, kSecKeyAlgorithmECDSASignatureMessageX962SHA256,
    kSecKeyAlgorithmECDSASignatureMessageX962SHA384, kSecKeyAlgorithmRSASignatureMessagePKCS1v15SHA256,
    kSecKeyAlgorithmRSASignatureMessagePKCS1v15SHA384, kSecKeyAlgorithmRSASignatureMessagePKCS1v15SHA512,
    kSecKeyAlgorithmRSASignatureMessagePSSSHA256, kSecKeyAlgorithmRSASignatureMessagePSSSHA384,
    kSecKeyAlgorithmRSASignatureMessagePSSSHA512,
};
#[cfg(feature = "http-client")]
use security_framework_sys::{
    base::SecCertificateRef,
    certificate::{SecCertificateCopyKey, SecCertificateCreateWithData},
    key::SecKeyCopyExternalRepresentation,
};

use super::algorithm::{Curve, Hash, Padding};

/// An exported constant of the Security framework, as a `CFString`.
macro_rules! constant {
    ($name:expr) => {{
        // SAFETY: the system initialises these constants before any code of the process runs and never changes them;
        // each is a valid CFString for the life of the process, and by the Get Rule has to be retained.
        unsafe { CFString::wrap_under_get_rule($name) }
    }};
}
#[cfg(feature = "http-client")]
pub(crate) use constant;

pub(super) fn verify_ecdsa(_: Curve, hash: Hash, point: &[u8], message: &[u8], signature: &[u8]) -> bool {
    // SAFETY: see `constant!`.
    let algorithm = unsafe {
        match hash {
            Hash::Sha256 => kSecKeyAlgorithmECDSASignatureMessageX962SHA256,
            Hash::Sha384 => kSecKeyAlgorithmECDSASignatureMessageX962SHA384,
            // No algorithm of JWS or TLS uses SHA-512 with these curves.
            Hash::Sha512 => return false,
        }
    };
    autoreleasepool(|_| Key::elliptic_curve(point).is_some_and(|key| key.verifies(algorithm, message, signature)))
}

pub(super) fn verify_rsa(padding: Padding, hash: Hash, public_key: &[u8], message: &[u8], signature: &[u8]) -> bool {
    // SAFETY: see `constant!`.
    let algorithm = unsafe {
        match (padding, hash) {
            (Padding::Pkcs1, Hash::Sha256) => kSecKeyAlgorithmRSASignatureMessagePKCS1v15SHA256,
            (Padding::Pkcs1, Hash::Sha384) => kSecKeyAlgorithmRSASignatureMessagePKCS1v15SHA384,
            (Padding::Pkcs1, Hash::Sha512) => kSecKeyAlgorithmRSASignatureMessagePKCS1v15SHA512,
            (Padding::Pss, Hash::Sha256) => kSecKeyAlgorithmRSASignatureMessagePSSSHA256,
            (Padding::Pss, Hash::Sha384) => kSecKeyAlgorithmRSASignatureMessagePSSSHA384,
            (Padding::Pss, Hash::Sha512) => kSecKeyAlgorithmRSASignatureMessagePSSSHA512,
        }
    };
    autoreleasepool(|_| {
        // SAFETY: see `constant!`.
        let key = Key::public(unsafe { kSecAttrKeyTypeRSA }, public_key);
        key.is_some_and(|key| key.verifies(algorithm, message, signature))
    })
}

/// The public key in a certificate (X.509): an RSA key in PKCS #1 form, or an uncompressed point of P-256, P-384 or
/// another curve. `None` if the system cannot read it.
#[cfg(feature = "http-client")]
pub(crate) fn key_of_certificate(certificate: &[u8]) -> Option<Vec<u8>> {
    autoreleasepool(|_| {
        let data = CFData::from_buffer(certificate);
        // SAFETY: the data is valid during the call; null means the default allocator. The result is null or, by the
        // Create Rule, ours.
        let certificate = unsafe { SecCertificateCreateWithData(ptr::null(), data.as_concrete_TypeRef()) };
        // SAFETY: not null, and ours to release exactly once: on drop.
        let certificate =
            (!certificate.is_null()).then(|| unsafe { CFType::wrap_under_create_rule(certificate as CFTypeRef) })?;
        // SAFETY: the certificate is valid during the call. The result is null or, by the Create Rule ("Copy"), ours.
        let key = unsafe { Key::created(SecCertificateCopyKey(certificate.as_CFTypeRef() as SecCertificateRef)) }?;
        key.external_representation()
    })
}

/// A `SecKey`.
#[derive(Debug)]
pub(crate) struct Key(CFType);

// SAFETY: a SecKey never changes after its creation, and CoreFoundation counts references atomically; Apple's own
// frameworks use one key from several threads.
unsafe impl Send for Key {}
// SAFETY: as above.
unsafe impl Sync for Key {}

impl Key {
    /// Takes over a reference that a function of the system returned by the Create Rule. `None` if it is null.
    ///
    /// # Safety
    /// `key` is null, or a reference that is the caller's to release.
    pub(crate) unsafe fn created(key: SecKeyRef) -> Option<Self> {
        // SAFETY: not null, and the caller's to release exactly once: on drop.
        (!key.is_null()).then(|| Self(unsafe { CFType::wrap_under_create_rule(key as CFTypeRef) }))
    }

    /// A public key from an uncompressed point. The length of the point determines the curve.
    pub(crate) fn elliptic_curve(point: &[u8]) -> Option<Self> {
        // SAFETY: see `constant!`.
        Self::public(unsafe { kSecAttrKeyTypeECSECPrimeRandom }, point)
    }

    pub(crate) fn as_ref(&self) -> SecKeyRef {
        self.0.as_CFTypeRef() as SecKeyRef
    }

    /// The data that [`SecKeyCreateWithData`] accepts. `None` for a key that cannot be exported.
    #[cfg(feature = "http-client")]
    pub(crate) fn external_representation(&self) -> Option<Vec<u8>> {
        // SAFETY: the key is valid during the call, and a null error pointer means that no error is wanted. The result
        // is null or, by the Create Rule ("Copy"), ours to release exactly once: on drop.
        unsafe {
            let data = SecKeyCopyExternalRepresentation(self.as_ref(), ptr::null_mut());
            (!data.is_null()).then(|| CFData::wrap_under_create_rule(data).bytes().to_vec())
        }
    }

    fn public(kind: CFStringRef, bytes: &[u8]) -> Option<Self> {
        let data = CFData::from_buffer(bytes);
        let attributes = CFDictionary::from_CFType_pairs(&[
            (constant!(kSecAttrKeyType), constant!(kind)),
            (constant!(kSecAttrKeyClass), constant!(kSecAttrKeyClassPublic)),
        ]);
        // SAFETY: both are valid during the call, and a null error pointer means that no error is wanted. The result is
        // null or, by the Create Rule, ours.
        unsafe {
            Self::created(SecKeyCreateWithData(
                data.as_concrete_TypeRef(),
                attributes.as_concrete_TypeRef(),
                ptr::null_mut(),
            ))
        }
    }

    fn verifies(&self, algorithm: CFStringRef, message: &[u8], signature: &[u8]) -> bool {
        let (message, signature) = (CFData::from_buffer(message), CFData::from_buffer(signature));
        // SAFETY: all are valid during the call, and a null error pointer means that no error is wanted.
        let valid = unsafe {
            let (message, signature) = (message.as_concrete_TypeRef(), signature.as_concrete_TypeRef());
            SecKeyVerifySignature(self.as_ref(), algorithm, message, signature, ptr::null_mut())
        };
        valid != 0
    }
}
