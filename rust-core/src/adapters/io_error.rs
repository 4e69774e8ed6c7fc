//! File errors of the operating system, in words for a developer.

use std::io;

use crate::ports::StoreError;

/// What was attempted, what the system reported, and, for a missing permission, what to check. The text contains
/// neither the path nor the content.
pub(in crate::adapters) fn refused(doing: &str, error: &io::Error) -> StoreError {
    let status = error.raw_os_error();
    match error.kind() {
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => StoreError::NotPermitted {
            explanation: format!("{doing}: {}; check the owner and mode of file and folder", error.kind()),
            status,
        },
        kind => StoreError::Failed {
            explanation: format!("{doing}: {kind}"),
            status,
        },
    }
}

/// An error that does not come from the system.
pub(in crate::adapters) fn failed(explanation: &str) -> StoreError {
    StoreError::Failed {
        explanation: explanation.to_owned(),
        status: None,
    }
}
