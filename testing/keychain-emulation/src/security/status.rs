//! The `OSStatus` numbers that Keychain Services answers with (`SecBase.h`).

pub(super) const PARAM: i32 = -50;
pub(super) const USER_CANCELED: i32 = -128;
pub(super) const AUTH_FAILED: i32 = -25293;
pub(super) const DUPLICATE: i32 = -25299;
pub(super) const NOT_FOUND: i32 = -25300;
pub(super) const INTERACTION_NOT_ALLOWED: i32 = -25308;
pub(super) const MISSING_ENTITLEMENT: i32 = -34018;
/// Not one of Apple's: the adapter must always name the data protection keychain, although Apple lets it be left out.
pub(super) const FORGOTTEN_DATA_PROTECTION_KEYCHAIN: i32 = -99_001;
