//! Second factors for renewals, exchanges and sign-ins that the issuer refused with `mfa_required`.

use std::fmt;

use crate::model::secret::Secret;
use crate::session::MfaAnswer;

/// The user's answer to a challenge for a second factor. Passed as text, because the user types it.
#[derive(Clone, uniffi::Enum)]
pub enum MfaReply {
    /// A code from an authenticator app.
    Otp {
        /// The code.
        code: String,
    },
    /// The code that was sent to a device.
    Code {
        /// The code.
        code: String,
    },
    /// Asks whether the user has approved on another device.
    Push,
    /// A recovery code. It can be used only once.
    RecoveryCode {
        /// The code.
        code: String,
    },
}

/// Shows no code.
impl fmt::Debug for MfaReply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MfaReply(redacted)")
    }
}

impl From<MfaReply> for MfaAnswer {
    fn from(reply: MfaReply) -> Self {
        match reply {
            MfaReply::Otp { code } => Self::Otp(Secret::new(code)),
            MfaReply::Code { code } => Self::Code(Secret::new(code)),
            MfaReply::Push => Self::Push,
            MfaReply::RecoveryCode { code } => Self::RecoveryCode(Secret::new(code)),
        }
    }
}
