//! Mix-up: if an app signs in at several issuers, a malicious one can have the code of an honest one sent to itself,
//! unless each callback shows which issuer sent it: by `iss` (RFC 9207), or by a redirect URI per issuer (RFC 9700
//! 4.4.2).

use std::sync::atomic::{AtomicBool, Ordering};

use super::super::context::Context;
use crate::ports::LogLevel;
use crate::protocol::discovery::IssuerMetadata;

/// Whether a session at another issuer in this process has the same redirect URI.
#[derive(Debug, Default)]
pub(super) struct SharedRedirectUri(AtomicBool);

impl SharedRedirectUri {
    pub(super) fn found(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    pub(super) fn warn_of_mix_up(&self, metadata: &IssuerMetadata, context: &Context) {
        if !metadata.iss_parameter_promised && self.0.load(Ordering::Relaxed) {
            context.log(
                LogLevel::Warning,
                "sign-in: a session at another issuer has the same redirect URI, and this issuer does not promise to name \
                 itself in its callbacks: give each issuer its own redirect URI (RFC 9700 4.4.2)",
            );
        }
    }
}
