//! Proof Key for Code Exchange (RFC 7636) and the other unguessable values of a sign-in. Pure: the caller supplies the
//! randomness.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::crypto::Hash;
use crate::crypto::hashing::digest;
use crate::model::secret::Secret;

/// 32 bytes: a verifier of 43 characters, the minimum of RFC 7636 4.1 and the entropy that it recommends.
pub type RandomBytes = [u8; 32];

/// A value that is used once: `state`, `nonce`, `code_verifier`.
pub fn unguessable(random: RandomBytes) -> Secret {
    Secret::new(URL_SAFE_NO_PAD.encode(random))
}

/// The `code_challenge` for the method `S256` (RFC 7636 4.2).
pub fn challenge_s256(verifier: &Secret) -> String {
    URL_SAFE_NO_PAD.encode(digest(Hash::Sha256, verifier.expose().as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_challenge_is_that_of_rfc_7636_appendix_b() {
        let verifier = Secret::new("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk");
        assert_eq!(challenge_s256(&verifier), "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
    }

    #[test]
    fn a_verifier_has_43_characters_of_the_unreserved_set() {
        let verifier = unguessable([0xff; 32]);
        assert_eq!(verifier.expose().len(), 43);
        assert!(
            verifier
                .expose()
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b"-._~".contains(&b))
        );
    }
}
