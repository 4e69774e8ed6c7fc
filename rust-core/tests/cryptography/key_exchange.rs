//! The key exchanges of TLS, each against the same one of `ring` on the other side.

use pilotlight_core::adapters::tls;
use rustls::crypto::{ActiveKeyExchange, CryptoProvider, ring};
use rustls::{Error, NamedGroup, PeerMisbehaved};

use crate::support::from_hex;

const GROUPS: [(NamedGroup, usize); 3] = [
    (NamedGroup::X25519, 32),
    (NamedGroup::secp256r1, 32),
    (NamedGroup::secp384r1, 48),
];

/// With this many secrets, some begin with a zero, which is part of the secret; P-384 is slow without optimisation.
#[test]
fn both_sides_come_to_the_same_secret() {
    for (group, bytes) in GROUPS {
        for _ in 0..if bytes == 48 { 50 } else { 500 } {
            let (ours, rings) = (start(&tls::provider(), group), start(&ring::default_provider(), group));
            let (our_point, their_point) = (ours.pub_key().to_vec(), rings.pub_key().to_vec());
            assert_eq!(ours.group(), group);
            assert!(ours.ffdhe_group().is_none());
            assert_ne!(our_point, their_point);
            let (ours, theirs) = (
                ours.complete(&their_point).unwrap(),
                rings.complete(&our_point).unwrap(),
            );
            assert_eq!(ours.secret_bytes(), theirs.secret_bytes());
            assert_eq!(ours.secret_bytes().len(), bytes);
        }
    }
}

#[test]
fn no_two_exchanges_have_the_same_key() {
    for (group, _) in GROUPS {
        let provider = tls::provider();
        assert_ne!(start(&provider, group).pub_key(), start(&provider, group).pub_key());
    }
}

#[test]
fn what_is_no_point_of_the_group_is_refused() {
    let misbehaved = Error::PeerMisbehaved(PeerMisbehaved::InvalidKeyShare);
    for (group, bytes) in &GROUPS[1..] {
        let point = start(&ring::default_provider(), *group).pub_key().to_vec();
        let other = if *bytes == 32 {
            NamedGroup::secp384r1
        } else {
            NamedGroup::secp256r1
        };
        let mut beside = point.clone();
        *beside.last_mut().unwrap() ^= 1;
        for wrong in [
            beside,
            Vec::new(),
            vec![0],
            vec![4],
            vec![0; point.len()],
            [&[4][..], &vec![0; 2 * bytes]].concat(),
            [&[4][..], &vec![0xff; 2 * bytes]].concat(),
            [&[2 + (point.last().unwrap() & 1)], &point[1..=*bytes]].concat(),
            [&[6], &point[1..]].concat(),
            point[..point.len() - 1].to_vec(),
            [&point[..], &[0]].concat(),
            start(&ring::default_provider(), other).pub_key().to_vec(),
        ] {
            let outcome = start(&tls::provider(), *group).complete(&wrong);
            assert_eq!(outcome.err(), Some(misbehaved.clone()), "{group:?} {wrong:02x?}");
        }
    }
}

/// A point of small order makes every secret the same. This tests all of those below the field's order, and two above
/// it (RFC 7748 6.1).
#[test]
fn what_is_no_point_of_x25519_or_brings_nothing_in_is_refused() {
    let beside_order = |last: u8| [&[last][..], &[0xff; 30], &[0x7f]].concat();
    let number = |low: u8| [&[low][..], &[0; 31]].concat();
    let wrong = [
        Vec::new(),
        vec![9; 31],
        vec![9; 33],
        number(0),
        number(1),
        from_hex("e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800"),
        from_hex("5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157"),
        beside_order(0xec),
        beside_order(0xed),
        beside_order(0xee),
    ];
    for share in wrong {
        let outcome = start(&tls::provider(), NamedGroup::X25519).complete(&share);
        let misbehaved = Error::PeerMisbehaved(PeerMisbehaved::InvalidKeyShare);
        assert_eq!(outcome.err(), Some(misbehaved), "{share:02x?}");
    }
}

fn start(provider: &CryptoProvider, group: NamedGroup) -> Box<dyn ActiveKeyExchange> {
    let group = provider.kx_groups.iter().find(|one| one.name() == group).unwrap();
    group.start().unwrap()
}
