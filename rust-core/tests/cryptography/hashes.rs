//! SHA-2, and the functions with which TLS derives keys, compared with `ring`'s.

use pilotlight_core::adapters::tls;
use pilotlight_core::crypto::Hash;
use pilotlight_core::crypto::hashing::{Context, digest};
use rustls::SupportedCipherSuite;
use rustls::crypto::{CipherSuiteCommon, ring as rings};

use crate::support::from_hex;

const HASHES: [Hash; 3] = [Hash::Sha256, Hash::Sha384, Hash::Sha512];

/// The examples of FIPS 180-4 (NIST, "Cryptographic Standards and Guidelines: Example Values").
#[test]
fn the_standards_examples() {
    for (hash, message, expected) in [
        (
            Hash::Sha256,
            "",
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        ),
        (
            Hash::Sha256,
            "abc",
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
        ),
        (
            Hash::Sha384,
            "abc",
            "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed8086072ba1e7cc2358baeca134c825a7",
        ),
        (
            Hash::Sha512,
            "abc",
            "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f",
        ),
    ] {
        assert_eq!(
            digest(hash, message.as_bytes()).as_ref(),
            from_hex(expected),
            "{hash:?}"
        );
    }
}

/// Around every length of a block and of its padding, in one part, in two parts, and in a copy of a hash in progress.
#[test]
fn a_message_hashes_to_the_same_in_whatever_parts() {
    let message: Vec<u8> = (0..600).map(|index| (index % 253) as u8).collect();
    for hash in HASHES {
        for length in (0..300).chain([511, 512, 513, 600]) {
            let message = &message[..length];
            let expected = ring::digest::digest(algorithm(hash), message);
            assert_eq!(digest(hash, message).as_ref(), expected.as_ref(), "{hash:?}, {length}");
            let (begun, rest) = message.split_at(length / 3);
            let mut context = Context::new(hash);
            context.update(begun);
            let copy = context.clone();
            context.update(rest);
            assert_eq!(context.finish().as_ref(), expected.as_ref(), "{hash:?}, {length}");
            let begun = ring::digest::digest(algorithm(hash), begun);
            assert_eq!(copy.finish().as_ref(), begun.as_ref(), "{hash:?}, {length}");
        }
    }
}

#[test]
fn debug_output_shows_nothing_of_a_message() {
    let mut context = Context::new(Hash::Sha256);
    context.update(b"planted");
    assert_eq!(format!("{context:?}"), "Sha256 of a message");
}

fn algorithm(hash: Hash) -> &'static ring::digest::Algorithm {
    match hash {
        Hash::Sha256 => &ring::digest::SHA256,
        Hash::Sha384 => &ring::digest::SHA384,
        Hash::Sha512 => &ring::digest::SHA512,
    }
}

/// Each suite, with its counterpart in `ring`.
fn suites() -> impl Iterator<Item = (SupportedCipherSuite, SupportedCipherSuite)> {
    tls::provider().cipher_suites.into_iter().map(|ours| {
        let mut theirs = rings::ALL_CIPHER_SUITES.iter();
        let theirs = theirs.find(|theirs| theirs.suite() == ours.suite());
        (ours, *theirs.unwrap())
    })
}

fn common(suite: &SupportedCipherSuite) -> &CipherSuiteCommon {
    match suite {
        SupportedCipherSuite::Tls12(suite) => &suite.common,
        SupportedCipherSuite::Tls13(suite) => &suite.common,
    }
}

#[test]
fn each_suite_hashes_a_handshake_as_it_has_to() {
    for (ours, theirs) in suites() {
        let (ours, theirs) = (common(&ours), common(&theirs));
        assert_eq!(ours.confidentiality_limit, theirs.confidentiality_limit);
        let (ours, theirs) = (ours.hash_provider, theirs.hash_provider);
        assert_eq!(ours.output_len(), theirs.output_len());
        assert_eq!(ours.algorithm(), theirs.algorithm());
        assert_eq!(ours.hash(b"whole").as_ref(), theirs.hash(b"whole").as_ref());
        let (mut our_context, mut their_context) = (ours.start(), theirs.start());
        for part in [&b"client hello"[..], &[7; 200], b"server hello"] {
            our_context.update(part);
            their_context.update(part);
            assert_eq!(our_context.fork_finish().as_ref(), their_context.fork_finish().as_ref());
        }
        let fork = our_context.fork();
        our_context.update(b"not in the fork");
        assert_eq!(fork.finish().as_ref(), their_context.fork_finish().as_ref());
        their_context.update(b"not in the fork");
        assert_eq!(our_context.finish().as_ref(), their_context.finish().as_ref());
    }
}

/// HMAC (RFC 2104) with keys shorter and longer than a block, HKDF (RFC 5869) and the PRF of TLS 1.2 (RFC 5246 5).
#[test]
fn each_suite_derives_the_same_keys_as_rings() {
    let secrets = [0, 1, 32, 48, 64, 127, 128, 129, 300].map(|length| vec![0x5a; length]);
    for (ours, theirs) in suites() {
        for secret in &secrets {
            match (ours, theirs) {
                (SupportedCipherSuite::Tls13(ours), SupportedCipherSuite::Tls13(theirs)) => {
                    let [ours, theirs] = [ours, theirs].map(|suite| {
                        let salted = suite.hkdf_provider.extract_from_secret(Some(b"salt"), secret);
                        let unsalted = suite.hkdf_provider.extract_from_secret(None, secret);
                        let nothing = suite.hkdf_provider.extract_from_zero_ikm(Some(secret));
                        let mut long = [0; 150];
                        salted.expand_slice(&[b"in", b"fo"], &mut long).unwrap();
                        let key = unsalted.expand_block(&[b"info"]);
                        let code = suite.hkdf_provider.hmac_sign(&key, b"message").as_ref().to_vec();
                        let again = suite.hkdf_provider.expander_for_okm(&key).expand_block(&[]);
                        let blocks = [nothing.expand_block(&[]), key, again].map(|block| block.as_ref().to_vec());
                        (long.to_vec(), code, blocks)
                    });
                    assert_eq!(ours, theirs, "{}", secret.len());
                }
                (SupportedCipherSuite::Tls12(ours), SupportedCipherSuite::Tls12(theirs)) => {
                    let [ours, theirs] = [ours, theirs].map(|suite| {
                        let mut output = [0; 150];
                        suite.prf_provider.for_secret(&mut output, secret, b"label", b"seed");
                        output
                    });
                    assert_eq!(ours, theirs, "{}", secret.len());
                }
                _ => panic!("two versions"),
            }
        }
    }
}
