//! File errors of the operating system, in words for a developer.

use std::io;

use crate::ports::StoreError;

/// What was attempted, what the system reported, and, for a missing permission, what to check. The text contains
/// neither the path nor the content.
pub(in crate::adapters) fn refused(doing: &str, error: &io::Error) -> StoreError {
    let status = error.raw_os_error();
    // The system's errors have a kind, the adapters' own a text.
    let said = status.map_or_else(|| error.to_string(), |_| error.kind().to_string());
    match error.kind() {
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => StoreError::NotPermitted {
            explanation: format!("{doing}: {said}; check the owner and mode of file and folder"),
            status,
        },
        _ => StoreError::Failed {
            explanation: format!("{doing}: {said}"),
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
