//! What Keychain Services answers (`OSStatus`), and what that means for a store. Plain numbers, so that it is tested on
//! every host.

use crate::ports::StoreError;

/// A status other than success, as in Apple's `SecBase.h`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeychainStatus(pub i32);

impl KeychainStatus {
    /// `errSecItemNotFound`
    pub const ITEM_NOT_FOUND: Self = Self(-25300);
    /// `errSecDuplicateItem`
    pub const DUPLICATE_ITEM: Self = Self(-25299);
    /// `errSecInteractionNotAllowed`: the item's class needs an unlocked device, or one that has been unlocked once.
    pub const INTERACTION_NOT_ALLOWED: Self = Self(-25308);
    /// `errSecMissingEntitlement`
    pub const MISSING_ENTITLEMENT: Self = Self(-34018);
    /// `errSecNoAccessForItem`
    pub const NO_ACCESS_FOR_ITEM: Self = Self(-25243);
    /// `errSecAuthFailed`
    pub const AUTH_FAILED: Self = Self(-25293);

    /// `errSecDecode`
    pub const DECODE: Self = Self(-26275);

    /// `Err` for everything but `errSecSuccess`.
    pub fn check(status: i32) -> Result<(), Self> {
        if status == 0 { Ok(()) } else { Err(Self(status)) }
    }
}

impl From<KeychainStatus> for StoreError {
    fn from(status: KeychainStatus) -> Self {
        if status == KeychainStatus::INTERACTION_NOT_ALLOWED {
            return StoreError::Locked;
        }
        let number = status.0;
        if let Some(advice) = advice_for(status) {
            return StoreError::NotPermitted {
                explanation: advice.to_owned(),
                status: Some(number),
            };
        }
        let explanation = match constant_name(status) {
            Some(name) => format!("the Keychain answered {name} ({number})"),
            None => format!("the Keychain answered {number}; `security error {number}` on a Mac explains it"),
        };
        StoreError::Failed {
            explanation,
            status: Some(number),
        }
    }
}

/// For what the app's developer can put right and waiting cannot.
fn advice_for(status: KeychainStatus) -> Option<&'static str> {
    Some(match status {
        KeychainStatus::MISSING_ENTITLEMENT => {
            "the Keychain answered errSecMissingEntitlement (-34018): the process has no Keychain entitlement, or not the one \
             for this access group. Usual causes: a test bundle without a host app; a simulator build with \
             CODE_SIGNING_ALLOWED=NO (sign it ad hoc, with an entitlements file); an access group that is missing from \
             \"Keychain Sharing\" or lacks its team identifier prefix; a Mac app that is not signed"
        }
        KeychainStatus::NO_ACCESS_FOR_ITEM => {
            "the Keychain answered errSecNoAccessForItem (-25243): the access group is not among the app's \
             keychain-access-groups"
        }
        KeychainStatus::AUTH_FAILED => {
            "the Keychain answered errSecAuthFailed (-25293): the user was not authenticated, or the items' class needs a \
             device passcode and none is set"
        }
        _ => return None,
    })
}

/// The names a developer would search for.
fn constant_name(status: KeychainStatus) -> Option<&'static str> {
    Some(match status.0 {
        -4 => "errSecUnimplemented",
        -36 => "errSecIO",
        -50 => "errSecParam",
        -108 => "errSecAllocate",
        -128 => "errSecUserCanceled",
        -909 => "errSecBadReq",
        -2070 => "errSecInternalComponent",
        -25291 => "errSecNotAvailable",
        -25299 => "errSecDuplicateItem",
        -25300 => "errSecItemNotFound",
        -25303 => "errSecNoSuchAttr",
        -26275 => "errSecDecode",
        -26276 => "errSecInternal",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn success_is_the_only_success() {
        assert_eq!(KeychainStatus::check(0), Ok(()));
        assert_eq!(KeychainStatus::check(-25300), Err(KeychainStatus::ITEM_NOT_FOUND));
        assert_eq!(KeychainStatus::check(1), Err(KeychainStatus(1)));
    }

    #[test]
    fn a_locked_device_is_locked_and_nothing_else_is() {
        for status in (-70_000..=1).filter(|status| *status != 0) {
            let locked = StoreError::from(KeychainStatus(status)) == StoreError::Locked;
            assert_eq!(locked, status == -25308, "{status}");
        }
    }

    #[test]
    fn what_a_developer_can_put_right_is_explained() {
        for (status, hint) in [
            (-34018, "host app"),
            (-25243, "keychain-access-groups"),
            (-25293, "passcode"),
        ] {
            match StoreError::from(KeychainStatus(status)) {
                StoreError::NotPermitted {
                    explanation,
                    status: Some(number),
                } => {
                    assert!(
                        explanation.contains(hint) && explanation.contains(&status.to_string()),
                        "{explanation}"
                    );
                    assert_eq!(number, status);
                }
                other => panic!("{status}: {other:?}"),
            }
        }
    }

    #[test]
    fn everything_else_keeps_its_number_and_where_known_its_name() {
        let table = [
            (-50, "errSecParam (-50)"),
            (-108, "errSecAllocate (-108)"),
            (-25291, "errSecNotAvailable (-25291)"),
            (-26275, "errSecDecode (-26275)"),
            (-25299, "errSecDuplicateItem (-25299)"),
            (-12345, "`security error -12345`"),
        ];
        for (status, text) in table {
            match StoreError::from(KeychainStatus(status)) {
                StoreError::Failed {
                    explanation,
                    status: Some(number),
                } => {
                    assert!(explanation.contains(text), "{explanation}");
                    assert_eq!(number, status);
                }
                other => panic!("{status}: {other:?}"),
            }
        }
    }
}
