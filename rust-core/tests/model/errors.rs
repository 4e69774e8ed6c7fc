//! The model's faults, as errors of the machine.

use pilotlight_core::jose::IdTokenProblem;
use pilotlight_core::machine::error::Error;
use pilotlight_core::ports::StoreError;
use pilotlight_core::protocol::endpoint::{Endpoint, Server};

use pilotlight_core::protocol::transport_error::{TransportError, TransportErrorKind};

fn server() -> Server {
    Endpoint::TOKEN.into()
}

fn transport(kind: TransportErrorKind, may_have_been_processed: bool) -> Error {
    Error::Transport {
        server: server(),
        error: TransportError {
            kind,
            may_have_been_processed,
        },
    }
}

pub(crate) fn lost() -> Error {
    transport(TransportErrorKind::Interrupted, true)
}

pub(crate) fn unreachable() -> Error {
    transport(TransportErrorKind::Unreachable, false)
}

pub(crate) fn locked() -> Error {
    StoreError::Locked.into()
}

pub(crate) fn disk_full() -> Error {
    let explanation = String::new();
    StoreError::Failed {
        explanation,
        status: None,
    }
    .into()
}

pub(crate) fn refused() -> Error {
    Error::Refused {
        server: server(),
        status: 400,
        code: "invalid_request".to_owned(),
        description: String::new().into(),
    }
}

pub(crate) fn not_accepted() -> Error {
    IdTokenProblem::BadSignature.into()
}
