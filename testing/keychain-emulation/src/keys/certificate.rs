//! `SecCertificate`: here, data that begins with a certain letter. `webpki` reads its contents.

use core_foundation::base::{CFType, TCFType};
use core_foundation::data::CFData;
use core_foundation_sys::base::{CFAllocatorRef, CFTypeRef};
use core_foundation_sys::data::CFDataRef;
use rustls::pki_types::CertificateDer;
use rustls::server::ParsedCertificate;

use super::calls::bytes_of;
use super::key::Key;
use super::{KeyFunction, called};
use crate::references::given_or_null;

const KIND: u8 = b'c';
/// The contents of the two object identifiers (RFC 3279 2.3.1 and 2.3.5).
const RSA_ENCRYPTION: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01];
const EC_PUBLIC_KEY: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01];

/// # Safety
/// As documented by Apple; the result is the caller's (Create Rule).
#[unsafe(no_mangle)]
unsafe extern "C" fn SecCertificateCreateWithData(allocator: CFAllocatorRef, data: CFDataRef) -> CFTypeRef {
    assert!(allocator.is_null(), "the default one");
    // SAFETY: valid by contract.
    let der = unsafe { bytes_of(data) };
    let make = || {
        called(KeyFunction::CertificateCreateWithData)?;
        key_information(&der)?;
        Some(CFData::from_buffer(&[&[KIND], &der[..]].concat()).into_CFType())
    };
    given_or_null(make())
}

/// # Safety
/// As documented by Apple; the result is the caller's (Create Rule).
#[unsafe(no_mangle)]
unsafe extern "C" fn SecCertificateCopyKey(certificate: CFTypeRef) -> CFTypeRef {
    assert!(!certificate.is_null(), "a null certificate ends the process");
    // SAFETY: valid by contract, and by the Get Rule retained.
    let data = unsafe { CFType::wrap_under_get_rule(certificate) }.downcast_into::<CFData>();
    let data = data.unwrap();
    let [KIND, der @ ..] = data.bytes() else {
        panic!("not a SecCertificate");
    };
    let key = called(KeyFunction::CertificateCopyKey).and_then(|()| key_in(&key_information(der)?));
    given_or_null(key.map(|key| key.to_object()))
}

/// `SubjectPublicKeyInfo` (RFC 5280 4.1).
fn key_information(der: &[u8]) -> Option<Vec<u8>> {
    let der = CertificateDer::from(der);
    let parsed = ParsedCertificate::try_from(&der).ok()?;
    Some(parsed.subject_public_key_info().to_vec())
}

/// A key of a kind that `SecKey` supports.
fn key_in(information: &[u8]) -> Option<Key> {
    let (content, _) = element(information);
    let (algorithm, rest) = element(content);
    let (identifier, _) = element(algorithm);
    // The number of unused bits is the first byte.
    let (bits, _) = element(rest);
    let key = bits.get(1..)?;
    match identifier {
        RSA_ENCRYPTION => Some(Key::Rsa(key.to_vec())),
        EC_PUBLIC_KEY => Key::elliptic_curve(key),
        _ => None,
    }
}

/// The content of the DER element that `der` begins with, and the rest after it.
fn element(der: &[u8]) -> (&[u8], &[u8]) {
    let (length, rest) = match der {
        [_, 0x81, length, rest @ ..] => (usize::from(*length), rest),
        [_, 0x82, high, low, rest @ ..] => (usize::from(u16::from_be_bytes([*high, *low])), rest),
        [_, length, rest @ ..] => (usize::from(*length), rest),
        _ => panic!("webpki has read it"),
    };
    rest.split_at(length)
}
