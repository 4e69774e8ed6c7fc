//! Reads the sessions that other libraries stored, so that an app's users stay signed in. Pure: bytes in, tokens out.
//!
//! - [`archive`]: the format of `NSKeyedArchiver`, as far as these libraries use it.
//! - [`credentials_manager`]: Auth0.swift's `CredentialsManager`, versions 1 to 3.
//! - [`app_auth`]: AppAuth's `OIDAuthState`, versions 1 and 2.
//! - [`lock`]: the profile that apps with Lock for iOS, version 1, archived with their tokens.
//! - [`identity`]: the session's user, according to its ID token.
//!
//! External data is limited in size, depth and number before it is examined. Whatever is wrong with it is an
//! [`ImportProblem`], never a panic: `rust-core/fuzz` tests this.

pub mod app_auth;
pub mod archive;
pub mod credentials_manager;
mod foreign_session;
pub mod identity;
mod json;
pub mod lock;
mod property_list;

use crate::model::secret::{Secret, SecretBytes};

pub use foreign_session::{ForeignSession, ImportProblem, ProfileClaims};

use archive::{Archive, Object};
use foreign_session::some_text;
use property_list::{LARGEST_BYTES, Node};

/// How deep archives may be wrapped as data in other archives: as deep as apps wrap them.
const DEEPEST_WRAPPING: usize = 3;

/// Reads an archive of a session of either library. Apps archive it themselves, so it may be under any key, among other
/// objects (a dictionary, an array, an object of the app), as data in another archive or property list, or in base64.
///
/// # Errors
/// [`ImportProblem`]: of the archive, or [`ImportProblem::UnknownContent`], also if there are several sessions and none
/// is the root.
pub fn read_archive(bytes: &SecretBytes) -> Result<ForeignSession, ImportProblem> {
    read_wrapped(bytes, DEEPEST_WRAPPING)
}

fn read_wrapped(bytes: &SecretBytes, wrappings_left: usize) -> Result<ForeignSession, ImportProblem> {
    let decoded = property_list::from_base64(bytes);
    let list = Node::read(decoded.as_ref().unwrap_or(bytes).expose())?;
    let mut outcome = Err(if list.is_archive() || list.holds_data() {
        ImportProblem::UnknownContent
    } else {
        ImportProblem::Malformed
    });
    let wrapped = list.data();
    if list.is_archive() {
        let archive = Archive::of(list)?;
        if let Some(outcome) = session_in(&archive) {
            return outcome;
        }
    }
    for data in wrapped {
        if wrappings_left == 0 {
            return Err(ImportProblem::TooLarge);
        }
        match read_wrapped(&data, wrappings_left - 1) {
            // Data of another kind: a picture, a key.
            Err(ImportProblem::Malformed | ImportProblem::UnknownContent) => {}
            _ if outcome.is_ok() => return Err(ImportProblem::UnknownContent),
            found => outcome = found,
        }
    }
    outcome
}

/// The session at the root, or else the only session in the archive.
fn session_in(archive: &Archive) -> Option<Result<ForeignSession, ImportProblem>> {
    if let Some(outcome) = read_object(&archive.root()) {
        return Some(outcome);
    }
    let mut found = archive.all().into_iter().filter(is_session);
    match (found.next(), found.next()) {
        (Some(object), None) => read_object(&object),
        _ => None,
    }
}

fn is_session(object: &Object<'_>) -> bool {
    object.is_a(credentials_manager::CLASS) || object.is_a(app_auth::CLASS)
}

fn read_object(object: &Object<'_>) -> Option<Result<ForeignSession, ImportProblem>> {
    if object.is_a(credentials_manager::CLASS) {
        Some(credentials_manager::read(object))
    } else if object.is_a(app_auth::CLASS) {
        Some(app_auth::read(object))
    } else {
        None
    }
}

/// A token that a library stored as a UTF-8 string.
///
/// # Errors
/// [`ImportProblem::Malformed`] for other bytes, [`ImportProblem::TooLarge`].
pub fn read_text(bytes: &SecretBytes) -> Result<Option<Secret>, ImportProblem> {
    if bytes.expose().len() > LARGEST_BYTES {
        return Err(ImportProblem::TooLarge);
    }
    let text = std::str::from_utf8(bytes.expose()).map_err(|_| ImportProblem::Malformed)?;
    Ok(some_text(Secret::new(text)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_text_of_256_kib_at_most() {
        let read =
            |bytes: Vec<u8>| read_text(&SecretBytes::new(bytes)).map(|text| text.map(|text| text.expose().len()));
        assert_eq!(read(vec![b'x'; 262_144]), Ok(Some(262_144)));
        for bytes in [262_145, 300_000] {
            assert_eq!(read(vec![b'x'; bytes]), Err(ImportProblem::TooLarge));
        }
        assert_eq!(read(vec![0xff]), Err(ImportProblem::Malformed));
        assert_eq!(read(Vec::new()), Ok(None));
    }
}
