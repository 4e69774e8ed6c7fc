//! The functions that Keychain Services has.

/// A function of Keychain Services.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Function {
    /// `SecItemCopyMatching`
    CopyMatching,
    /// `SecItemAdd`
    Add,
    /// `SecItemUpdate`
    Update,
    /// `SecItemDelete`
    Delete,
}
