//! A certificate check that takes as long as its test wants.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Sender, channel};

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::ring::default_provider;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{DigitallySignedStruct, Error, SignatureScheme};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

/// Accepts every certificate; the first one only after [`Unblock::now`].
#[derive(Debug)]
pub(crate) struct SlowCheck {
    is_first: AtomicBool,
    reached: UnboundedSender<Unblock>,
}

/// A check that waits.
#[derive(Debug)]
pub(crate) struct Unblock(Sender<()>);

impl Unblock {
    pub(crate) fn now(self) {
        self.0.send(()).unwrap();
    }
}

impl SlowCheck {
    /// A check that never waits.
    pub(crate) fn of_none() -> Arc<Self> {
        let is_first = AtomicBool::new(false);
        let (reached, _) = unbounded_channel();
        Arc::new(Self { is_first, reached })
    }

    /// The check, and the channel that announces when the first check has begun.
    pub(crate) fn of_the_first() -> (Arc<Self>, UnboundedReceiver<Unblock>) {
        let (reached, blocked) = unbounded_channel();
        let is_first = AtomicBool::new(true);
        (Arc::new(Self { is_first, reached }), blocked)
    }
}

impl ServerCertVerifier for SlowCheck {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        if self.is_first.swap(false, Ordering::SeqCst) {
            let (unblock, unblocked) = channel();
            self.reached.send(Unblock(unblock)).unwrap();
            unblocked.recv().unwrap();
        }
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn verify_tls13_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        default_provider().signature_verification_algorithms.supported_schemes()
    }
}
