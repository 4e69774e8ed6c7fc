//! Ephemeral ECDH over Curve25519 (RFC 7748) for TLS. `ring` has it too, but multiplies the base point with a table of
//! 24 kB, which would be in every app to make handshakes a little faster.

use rustls::crypto::{ActiveKeyExchange, GetRandomFailed, SharedSecret, SupportedKxGroup};
use rustls::ffdhe_groups::FfdheGroup;
use rustls::{Error, NamedGroup, PeerMisbehaved};
use x25519_dalek::{X25519_BASEPOINT_BYTES, x25519};
use zeroize::Zeroizing;

pub(super) static X25519: Group = Group;

#[derive(Debug)]
pub(super) struct Group;

impl SupportedKxGroup for Group {
    fn start(&self) -> Result<Box<dyn ActiveKeyExchange>, Error> {
        let mut private = Zeroizing::new([0; 32]);
        getrandom::fill(private.as_mut()).map_err(|_| GetRandomFailed)?;
        let public = x25519(*private, X25519_BASEPOINT_BYTES);
        Ok(Box::new(Exchange { private, public }))
    }

    /// Overrides the default, which would link the tables of the finite-field groups.
    fn ffdhe_group(&self) -> Option<FfdheGroup<'static>> {
        None
    }

    fn name(&self) -> NamedGroup {
        NamedGroup::X25519
    }
}

struct Exchange {
    private: Zeroizing<[u8; 32]>,
    public: [u8; 32],
}

impl ActiveKeyExchange for Exchange {
    fn complete(self: Box<Self>, peer: &[u8]) -> Result<SharedSecret, Error> {
        let peer = peer.try_into().map_err(|_| PeerMisbehaved::InvalidKeyShare)?;
        let secret = Zeroizing::new(x25519(*self.private, peer));
        // All zeros result from a point of small order, whatever our key is (RFC 8446 7.4.2). Every byte is examined,
        // so that the time does not depend on them.
        if secret.iter().fold(0, |all, byte| all | byte) == 0 {
            return Err(PeerMisbehaved::InvalidKeyShare.into());
        }
        Ok(SharedSecret::from(&secret[..]))
    }

    fn pub_key(&self) -> &[u8] {
        &self.public
    }

    fn ffdhe_group(&self) -> Option<FfdheGroup<'static>> {
        None
    }

    fn group(&self) -> NamedGroup {
        NamedGroup::X25519
    }
}
