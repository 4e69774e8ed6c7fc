//! The functions, under their own names. The pointer for an error may be null; the core always passes null.

use std::collections::BTreeMap;

use core_foundation::base::{CFType, TCFType};
use core_foundation::boolean::CFBoolean;
use core_foundation::data::CFData;
use core_foundation::dictionary::CFDictionary;
use core_foundation::number::CFNumber;
use core_foundation::string::CFString;
use core_foundation_sys::base::{Boolean, CFTypeRef};
use core_foundation_sys::data::CFDataRef;
use core_foundation_sys::dictionary::CFDictionaryRef;
use core_foundation_sys::error::CFErrorRef;
use core_foundation_sys::string::CFStringRef;

use super::key::Key;
use super::{KeyFunction, called};
use crate::references::given_or_null;

/// # Safety
/// As documented by Apple: data and attributes are valid; the result is the caller's (Create Rule).
#[unsafe(no_mangle)]
unsafe extern "C" fn SecKeyCreateWithData(
    data: CFDataRef,
    attributes: CFDictionaryRef,
    error: *mut CFErrorRef,
) -> CFTypeRef {
    assert!(error.is_null(), "no error is wanted");
    // SAFETY: valid by contract.
    let (data, attributes) = unsafe { (bytes_of(data), attributes_of(attributes)) };
    let make = || {
        called(KeyFunction::CreateWithData)?;
        let texts: Vec<_> = attributes.iter().map(|(key, value)| (&**key, text_of(value))).collect();
        match &texts[..] {
            [("kSecAttrKeyClass", class), ("kSecAttrKeyType", kind)] if class == "kSecAttrKeyClassPublic" => {
                match &**kind {
                    "kSecAttrKeyTypeRSA" => Some(Key::Rsa(data)),
                    "kSecAttrKeyTypeECSECPrimeRandom" => Key::elliptic_curve(&data),
                    other => panic!("no type of keys: {other}"),
                }
            }
            other => panic!("not what the core gives: {other:?}"),
        }
    };
    given_or_null(make().map(|key| key.to_object()))
}

/// # Safety
/// As documented by Apple.
#[unsafe(no_mangle)]
unsafe extern "C" fn SecKeyVerifySignature(
    key: CFTypeRef,
    algorithm: CFStringRef,
    message: CFDataRef,
    signature: CFDataRef,
    error: *mut CFErrorRef,
) -> Boolean {
    assert!(error.is_null(), "no error is wanted");
    // SAFETY: valid by contract, and by the Get Rule retained.
    let (key, algorithm) = unsafe { (Key::read(key), CFString::wrap_under_get_rule(algorithm)) };
    // SAFETY: valid by contract.
    let (message, signature) = unsafe { (bytes_of(message), bytes_of(signature)) };
    let verifies =
        called(KeyFunction::VerifySignature).is_some() && key.verifies(&algorithm.to_string(), &message, &signature);
    Boolean::from(verifies)
}

/// # Safety
/// As documented by Apple; the result is the caller's (Create Rule).
#[unsafe(no_mangle)]
unsafe extern "C" fn SecKeyCreateRandomKey(attributes: CFDictionaryRef, error: *mut CFErrorRef) -> CFTypeRef {
    assert!(error.is_null(), "no error is wanted");
    // SAFETY: valid by contract.
    let attributes = unsafe { attributes_of(attributes) };
    let names: Vec<_> = attributes.keys().map(String::as_str).collect();
    // Without `kSecAttrIsPermanent` no Keychain gets the key.
    assert_eq!(
        names,
        [
            "kSecAttrKeySizeInBits",
            "kSecAttrKeyType",
            "kSecUseDataProtectionKeychain"
        ]
    );
    assert_eq!(
        text_of(&attributes["kSecAttrKeyType"]),
        "kSecAttrKeyTypeECSECPrimeRandom"
    );
    let modern = attributes["kSecUseDataProtectionKeychain"]
        .downcast::<CFBoolean>()
        .unwrap();
    assert!(bool::from(modern), "the Mac's other Keychain");
    let bits = attributes["kSecAttrKeySizeInBits"].downcast::<CFNumber>().unwrap();
    let key = called(KeyFunction::CreateRandomKey).and_then(|()| Key::generate(bits.to_i64().unwrap()));
    given_or_null(key.map(|key| key.to_object()))
}

/// # Safety
/// As documented by Apple; the result is the caller's (Create Rule).
#[unsafe(no_mangle)]
unsafe extern "C" fn SecKeyCopyPublicKey(key: CFTypeRef) -> CFTypeRef {
    // SAFETY: valid by contract.
    let Key::Private { point, .. } = (unsafe { Key::read(key) }) else {
        panic!("the core asks a private key only");
    };
    given_or_null(called(KeyFunction::CopyPublicKey).map(|()| Key::EllipticCurve(point).to_object()))
}

/// # Safety
/// As documented by Apple; the result is the caller's (Create Rule).
#[unsafe(no_mangle)]
unsafe extern "C" fn SecKeyCopyExternalRepresentation(key: CFTypeRef, error: *mut CFErrorRef) -> CFTypeRef {
    assert!(error.is_null(), "no error is wanted");
    // SAFETY: valid by contract.
    let (Key::EllipticCurve(bytes) | Key::Rsa(bytes)) = (unsafe { Key::read(key) }) else {
        panic!("a private key is not taken out");
    };
    let representation = called(KeyFunction::CopyExternalRepresentation);
    given_or_null(representation.map(|()| CFData::from_buffer(&bytes).into_CFType()))
}

/// # Safety
/// As documented by Apple; the result is the caller's (Create Rule).
#[unsafe(no_mangle)]
unsafe extern "C" fn SecKeyCopyKeyExchangeResult(
    key: CFTypeRef,
    algorithm: CFStringRef,
    peer: CFTypeRef,
    parameters: CFDictionaryRef,
    error: *mut CFErrorRef,
) -> CFTypeRef {
    assert!(error.is_null(), "no error is wanted");
    // SAFETY: valid by contract, and by the Get Rule retained.
    let algorithm = unsafe { CFString::wrap_under_get_rule(algorithm) };
    assert_eq!(algorithm.to_string(), "kSecKeyAlgorithmECDHKeyExchangeStandard");
    // SAFETY: valid by contract.
    assert!(unsafe { attributes_of(parameters) }.is_empty());
    // SAFETY: valid by contract.
    let (Key::Private { number, .. }, Key::EllipticCurve(peer)) = (unsafe { (Key::read(key), Key::read(peer)) }) else {
        panic!("a private and a public key");
    };
    let secret = called(KeyFunction::CopyKeyExchangeResult).and_then(|()| Key::shared_secret(number, &peer));
    given_or_null(secret.map(|secret| CFData::from_buffer(&secret).into_CFType()))
}

/// # Safety
/// `data` is valid.
pub(super) unsafe fn bytes_of(data: CFDataRef) -> Vec<u8> {
    assert!(!data.is_null(), "null raises an exception");
    // SAFETY: valid by contract, and by the Get Rule retained.
    unsafe { CFData::wrap_under_get_rule(data) }.bytes().to_vec()
}

/// # Safety
/// `dictionary` is valid.
unsafe fn attributes_of(dictionary: CFDictionaryRef) -> BTreeMap<String, CFType> {
    assert!(!dictionary.is_null(), "attributes are no option");
    // SAFETY: valid by contract, and by the Get Rule retained.
    let dictionary: CFDictionary<CFString, CFType> = unsafe { CFDictionary::wrap_under_get_rule(dictionary) };
    let (keys, values) = dictionary.get_keys_and_values();
    let pairs = keys.into_iter().zip(values).map(|(key, value)| {
        // SAFETY: keys and values are CFTypes, alive while the dictionary is, and by the Get Rule retained.
        let (key, value) = unsafe { (CFType::wrap_under_get_rule(key), CFType::wrap_under_get_rule(value)) };
        (text_of(&key), value)
    });
    pairs.collect()
}

fn text_of(value: &CFType) -> String {
    value.downcast::<CFString>().unwrap().to_string()
}
