//! Ephemeral ECDH over P-256 and P-384 with Security.framework, for servers that do not support X25519.
#![allow(unsafe_code, reason = "Security.framework is a C interface")]

use std::ptr;

use core_foundation::base::{CFType, TCFType};
use core_foundation::boolean::CFBoolean;
use core_foundation::data::{CFData, CFDataRef};
use core_foundation::dictionary::CFDictionary;
use core_foundation::number::CFNumber;
use core_foundation::string::CFString;
use rustls::crypto::{ActiveKeyExchange, GetRandomFailed, SharedSecret, SupportedKxGroup};
use rustls::ffdhe_groups::FfdheGroup;
use rustls::{Error, NamedGroup, PeerMisbehaved};
use security_framework_sys::item::{
    kSecAttrKeySizeInBits, kSecAttrKeyType, kSecAttrKeyTypeECSECPrimeRandom, kSecUseDataProtectionKeychain,
};
use security_framework_sys::key::{
    SecKeyCopyKeyExchangeResult, SecKeyCopyPublicKey, SecKeyCreateRandomKey, kSecKeyAlgorithmECDHKeyExchangeStandard,
};

use crate::adapters::autorelease::in_pool;
use crate::crypto::security_framework::{Key, constant};
use crate::crypto::{Curve, ecdsa};

pub(super) static SECP256R1: Group = Group {
    name: NamedGroup::secp256r1,
    curve: Curve::P256,
};
pub(super) static SECP384R1: Group = Group {
    name: NamedGroup::secp384r1,
    curve: Curve::P384,
};

#[derive(Debug)]
pub(super) struct Group {
    name: NamedGroup,
    curve: Curve,
}

impl SupportedKxGroup for Group {
    fn start(&self) -> Result<Box<dyn ActiveKeyExchange>, Error> {
        let (private, public) = in_pool(|| key_pair(self.curve)).ok_or(GetRandomFailed)?;
        Ok(Box::new(Exchange {
            name: self.name,
            curve: self.curve,
            private,
            public,
        }))
    }

    /// Overrides the default, which would link the tables of the finite-field groups.
    fn ffdhe_group(&self) -> Option<FfdheGroup<'static>> {
        None
    }

    fn name(&self) -> NamedGroup {
        self.name
    }
}

struct Exchange {
    name: NamedGroup,
    curve: Curve,
    private: Key,
    /// An uncompressed point (RFC 8446 4.2.8.2).
    public: Vec<u8>,
}

impl ActiveKeyExchange for Exchange {
    fn complete(self: Box<Self>, peer: &[u8]) -> Result<SharedSecret, Error> {
        let secret = if ecdsa::has_form_of_point(self.curve, peer) {
            in_pool(|| shared_secret(&self.private, peer))
        } else {
            None
        };
        // The x coordinate with its leading zeros (RFC 8446 7.4.2, RFC 8422 5.10).
        secret
            .filter(|secret| secret.len() == self.curve.bytes().cast_signed())
            .map(|secret| SharedSecret::from(secret.bytes()))
            .ok_or_else(|| PeerMisbehaved::InvalidKeyShare.into())
    }

    fn pub_key(&self) -> &[u8] {
        &self.public
    }

    fn ffdhe_group(&self) -> Option<FfdheGroup<'static>> {
        None
    }

    fn group(&self) -> NamedGroup {
        self.name
    }
}

/// A private key that is not stored in a Keychain, and its point.
fn key_pair(curve: Curve) -> Option<(Key, Vec<u8>)> {
    let bits = CFNumber::from(i32::try_from(curve.bytes()).ok()? * 8);
    let attributes = CFDictionary::from_CFType_pairs(&[
        (
            constant!(kSecAttrKeyType),
            constant!(kSecAttrKeyTypeECSECPrimeRandom).into_CFType(),
        ),
        (constant!(kSecAttrKeySizeInBits), bits.into_CFType()),
        // On a Mac, the keys of the other Keychain have another implementation.
        (
            constant!(kSecUseDataProtectionKeychain),
            CFBoolean::true_value().into_CFType(),
        ),
    ]);
    // SAFETY: the dictionary is valid during the call, and a null error pointer means that no error is wanted. The
    // result is null or, by the Create Rule, ours.
    let private = unsafe { Key::created(SecKeyCreateRandomKey(attributes.as_concrete_TypeRef(), ptr::null_mut())) }?;
    // SAFETY: the key is valid during the call. The result is null or, by the Create Rule ("Copy"), ours.
    let public = unsafe { Key::created(SecKeyCopyPublicKey(private.as_ref())) }?;
    let point = public.external_representation()?;
    ecdsa::has_form_of_point(curve, &point).then_some((private, point))
}

fn shared_secret(private: &Key, peer: &[u8]) -> Option<CFData> {
    let peer = Key::elliptic_curve(peer)?;
    let parameters = CFDictionary::<CFString, CFType>::from_CFType_pairs(&[]);
    // SAFETY: keys and dictionary are valid during the call, and a null error pointer means that no error is wanted.
    // The result is null or, by the Create Rule ("Copy"), ours.
    unsafe {
        created(SecKeyCopyKeyExchangeResult(
            private.as_ref(),
            kSecKeyAlgorithmECDHKeyExchangeStandard,
            peer.as_ref(),
            parameters.as_concrete_TypeRef(),
            ptr::null_mut(),
        ))
    }
}

/// # Safety
/// `data` is null, or a reference that is the caller's to release.
unsafe fn created(data: CFDataRef) -> Option<CFData> {
    // SAFETY: not null, and the caller's to release exactly once: on drop.
    (!data.is_null()).then(|| unsafe { CFData::wrap_under_create_rule(data) })
}
