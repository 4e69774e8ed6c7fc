//! Keys in software, for systems without a Secure Enclave: as safe as the place where they are stored. Apple systems
//! use CryptoKit, so the linker leaves this code out there.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use zeroize::Zeroizing;

use crate::jose::public_point;
use crate::model::proof_key::ProofKey;
use crate::model::secret::{Secret, SecretBytes};
use crate::ports::{BoxFuture, ProofKeyError, ProofKeys};

/// P-256 with `ring`. The handle is the key itself, as PKCS #8.
#[derive(Clone, Copy, Debug, Default)]
pub struct SoftwareKeys;

impl SoftwareKeys {
    fn made() -> Result<ProofKey, ProofKeyError> {
        let made = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &SystemRandom::new());
        let made = made.map_err(|_| failed("the system gave no random numbers"))?;
        found(made.as_ref())
    }
}

impl ProofKeys for SoftwareKeys {
    fn create(&self) -> BoxFuture<'_, Result<ProofKey, ProofKeyError>> {
        Box::pin(async { Self::made() })
    }

    fn find(&self, handle: SecretBytes) -> BoxFuture<'_, Result<ProofKey, ProofKeyError>> {
        Box::pin(async move { found(handle.expose()) })
    }

    fn sign<'a>(&'a self, key: &'a ProofKey, message: &'a [u8]) -> BoxFuture<'a, Result<Vec<u8>, ProofKeyError>> {
        Box::pin(async move {
            let handle = URL_SAFE_NO_PAD.decode(key.handle.expose());
            let handle = Zeroizing::new(handle.map_err(|_| ProofKeyError::Lost)?);
            let signature = pair(&handle)?.sign(&SystemRandom::new(), message);
            let signature = signature.map_err(|_| failed("the system gave no random numbers"))?;
            Ok(signature.as_ref().to_vec())
        })
    }
}

fn found(pkcs8: &[u8]) -> Result<ProofKey, ProofKeyError> {
    let public = public_point(pair(pkcs8)?.public_key().as_ref()).ok_or(ProofKeyError::Lost)?;
    Ok(ProofKey {
        handle: Secret::new(URL_SAFE_NO_PAD.encode(pkcs8)),
        public,
        in_hardware: false,
    })
}

fn pair(pkcs8: &[u8]) -> Result<EcdsaKeyPair, ProofKeyError> {
    EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, pkcs8, &SystemRandom::new())
        .map_err(|_| ProofKeyError::Lost)
}

fn failed(problem: &str) -> ProofKeyError {
    ProofKeyError::Failed(problem.to_owned())
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;
    use ring::signature::{ECDSA_P256_SHA256_FIXED, UnparsedPublicKey};

    use super::*;

    fn now<T>(future: BoxFuture<'_, T>) -> T {
        future.now_or_never().unwrap()
    }

    #[test]
    fn what_a_key_signs_its_public_half_verifies() {
        let key = now(SoftwareKeys.create()).unwrap();
        assert!(!key.in_hardware);
        let signature = now(SoftwareKeys.sign(&key, b"message")).unwrap();
        let mut point = vec![4];
        for coordinate in [&key.public.x, &key.public.y] {
            point.extend(URL_SAFE_NO_PAD.decode(coordinate).unwrap());
        }
        let public = UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point);
        assert!(public.verify(b"message", &signature).is_ok());
        assert_ne!(key, now(SoftwareKeys.create()).unwrap());
        let handle = SecretBytes::new(URL_SAFE_NO_PAD.decode(key.handle.expose()).unwrap());
        assert_eq!(now(SoftwareKeys.find(handle)), Ok(key));
    }

    #[test]
    fn what_is_no_key_is_lost() {
        let key = now(SoftwareKeys.create()).unwrap();
        for handle in ["", "no base64!", "AAAA"] {
            let damaged = ProofKey {
                handle: Secret::new(handle),
                ..key.clone()
            };
            assert_eq!(now(SoftwareKeys.sign(&damaged, b"message")), Err(ProofKeyError::Lost));
        }
    }
}
