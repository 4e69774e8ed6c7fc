//! The status codes of Keychain Services (`OSStatus`), and what they mean for a store. Plain numbers, so that this is
//! tested on every host.

use crate::ports::StoreError;

/// A status other than success, as in Apple's `SecBase.h`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeychainStatus(pub i32);

impl KeychainStatus {
    /// `errSecUnimplemented`
    pub const UNIMPLEMENTED: Self = Self(-4);
    /// `errSecUserCanceled`
    pub const USER_CANCELED: Self = Self(-128);
    /// `errSecNoAccessForItem`
    pub const NO_ACCESS_FOR_ITEM: Self = Self(-25243);
    /// `errSecAuthFailed`
    pub const AUTH_FAILED: Self = Self(-25293);
    /// `errSecDuplicateItem`
    pub const DUPLICATE_ITEM: Self = Self(-25299);
    /// `errSecItemNotFound`
    pub const ITEM_NOT_FOUND: Self = Self(-25300);
    /// `errSecInteractionNotAllowed`: the item's class needs an unlocked device, or one that has been unlocked once; or
    /// its access control needs the user, who cannot be asked, as in the background.
    pub const INTERACTION_NOT_ALLOWED: Self = Self(-25308);
    /// `errSecDecode`
    pub const DECODE: Self = Self(-26275);
    /// `errSecMissingEntitlement`
    pub const MISSING_ENTITLEMENT: Self = Self(-34018);

    /// `Err` for everything except `errSecSuccess`.
    pub fn check(status: i32) -> Result<(), Self> {
        if status == 0 { Ok(()) } else { Err(Self(status)) }
    }

    /// What the status means and what to do about it. `message` returns Apple's description; it is called only if there
    /// is none here.
    pub fn explain(self, message: impl FnOnce() -> Option<String>) -> StoreError {
        let number = self.0;
        let status = Some(number);
        let Some((_, name, meaning)) = KNOWN.iter().find(|(known, _, _)| *known == number) else {
            let explanation = match message() {
                Some(words) => format!("the Keychain answered {number}: {words}"),
                None => format!("the Keychain answered {number}; `security error {number}` on a Mac explains it"),
            };
            return StoreError::Failed { explanation, status };
        };
        let say = |advice: &str| format!("the Keychain answered {name} ({number}): {advice}");
        match meaning {
            Meaning::Locked => StoreError::Locked,
            Meaning::Cancelled => StoreError::AuthenticationCancelled,
            Meaning::NotAuthenticated(advice) => StoreError::AuthenticationFailed {
                explanation: say(advice),
                status,
            },
            Meaning::NotPermitted(advice) => StoreError::NotPermitted {
                explanation: say(advice),
                status,
            },
            Meaning::Failed(advice) => StoreError::Failed {
                explanation: say(advice),
                status,
            },
        }
    }
}

/// The error that a status is converted to, with advice for the developer.
enum Meaning {
    Locked,
    Cancelled,
    NotAuthenticated(&'static str),
    NotPermitted(&'static str),
    Failed(&'static str),
}

const AGAIN: &str = "try again; if it persists, restart the device";
const OURS: &str = "please report it";

/// The codes of Apple's "Security Framework Result Codes" that can occur for Keychain items, by number.
const KNOWN: [(i32, &str, Meaning); 34] = [
    (-4, "errSecUnimplemented", Meaning::Failed("this system cannot do it")),
    (
        -34,
        "errSecDiskFull",
        Meaning::Failed("the device's storage is full; the user has to make room"),
    ),
    (-36, "errSecIO", Meaning::Failed(AGAIN)),
    (-49, "errSecOpWr", Meaning::Failed(AGAIN)),
    (-50, "errSecParam", Meaning::Failed(OURS)),
    (
        -61,
        "errSecWrPerm",
        Meaning::NotPermitted("the process may not write to the Keychain"),
    ),
    (-108, "errSecAllocate", Meaning::Failed("memory ran out; try again")),
    (-128, "errSecUserCanceled", Meaning::Cancelled),
    (-909, "errSecBadReq", Meaning::Failed(OURS)),
    (-2070, "errSecInternalComponent", Meaning::Failed(AGAIN)),
    (
        -25243,
        "errSecNoAccessForItem",
        Meaning::NotPermitted("the access group is not among the app's keychain-access-groups"),
    ),
    (
        -25291,
        "errSecNotAvailable",
        Meaning::Failed("the Keychain is not available; try again later"),
    ),
    (
        -25292,
        "errSecReadOnly",
        Meaning::NotPermitted("the process may only read this Keychain"),
    ),
    (
        -25293,
        "errSecAuthFailed",
        Meaning::NotAuthenticated(
            "the user was not authenticated. Also when what the items ask for is not there: no device passcode, no \
             enrolled finger or face, or biometry that is locked after too many attempts; and for ever when the fingers \
             or faces have changed that an item of biometryCurrentSet is bound to: remove that one by signing out",
        ),
    ),
    (
        -25294,
        "errSecNoSuchKeychain",
        Meaning::Failed("the Mac's Keychain is missing"),
    ),
    (
        -25295,
        "errSecInvalidKeychain",
        Meaning::Failed("the Mac's Keychain is damaged"),
    ),
    (
        -25299,
        "errSecDuplicateItem",
        Meaning::Failed("another process keeps writing the same item; try again"),
    ),
    (-25300, "errSecItemNotFound", Meaning::Failed(AGAIN)),
    (-25301, "errSecBufferTooSmall", Meaning::Failed(OURS)),
    (
        -25302,
        "errSecDataTooLarge",
        Meaning::Failed("the item is too large for the Keychain"),
    ),
    (-25303, "errSecNoSuchAttr", Meaning::Failed(OURS)),
    (-25304, "errSecInvalidItemRef", Meaning::Failed(AGAIN)),
    (-25306, "errSecNoSuchClass", Meaning::Failed(OURS)),
    (-25308, "errSecInteractionNotAllowed", Meaning::Locked),
    (-25309, "errSecReadOnlyAttr", Meaning::Failed(OURS)),
    (-25315, "errSecInteractionRequired", Meaning::Locked),
    (-25316, "errSecDataNotAvailable", Meaning::Failed(AGAIN)),
    (
        -25317,
        "errSecDataNotModifiable",
        Meaning::NotPermitted("the process may not change this item"),
    ),
    (-25320, "errSecInDarkWake", Meaning::Locked),
    (
        -26275,
        "errSecDecode",
        Meaning::Failed("the item is damaged, or other code wrote something else in its place"),
    ),
    (-26276, "errSecInternal", Meaning::Failed(AGAIN)),
    (
        -34018,
        "errSecMissingEntitlement",
        Meaning::NotPermitted(
            "the process has no Keychain entitlement, or not the one for this access group. Usual causes: a test bundle \
             without a host app; a simulator build with CODE_SIGNING_ALLOWED=NO (sign it ad hoc, with an entitlements \
             file); an access group that is missing from \"Keychain Sharing\" or lacks its team identifier prefix; a Mac \
             app that is not signed",
        ),
    ),
    (
        -34020,
        "errSecRestrictedAPI",
        Meaning::NotPermitted("the process lacks an entitlement for this function"),
    ),
    (
        -67585,
        "errSecServiceNotAvailable",
        Meaning::Failed("the Keychain is not available; try again later"),
    ),
];

#[cfg(test)]
mod tests {
    use super::*;

    fn explained(status: i32) -> StoreError {
        KeychainStatus(status).explain(|| None)
    }

    /// The explanation, and which error it is.
    fn words(status: i32) -> (&'static str, String) {
        match explained(status) {
            StoreError::Locked => ("locked", String::new()),
            StoreError::AuthenticationCancelled => ("cancelled", String::new()),
            StoreError::AuthenticationFailed {
                explanation,
                status: number,
            } => {
                assert_eq!(number, Some(status));
                ("not authenticated", explanation)
            }
            StoreError::NotPermitted {
                explanation,
                status: number,
            } => {
                assert_eq!(number, Some(status));
                ("not permitted", explanation)
            }
            StoreError::Failed {
                explanation,
                status: number,
            } => {
                assert_eq!(number, Some(status));
                ("failed", explanation)
            }
        }
    }

    #[test]
    fn success_is_the_only_success() {
        assert_eq!(KeychainStatus::check(0), Ok(()));
        assert_eq!(KeychainStatus::check(-25300), Err(KeychainStatus::ITEM_NOT_FOUND));
        assert_eq!(KeychainStatus::check(1), Err(KeychainStatus(1)));
    }

    #[test]
    fn a_locked_device_is_locked_and_nothing_else_is() {
        for status in (-70_000..=1).filter(|status| *status != 0) {
            let locked = explained(status) == StoreError::Locked;
            assert_eq!(locked, [-25308, -25315, -25320].contains(&status), "{status}");
        }
    }

    #[test]
    fn each_known_status_is_named_once_and_says_what_to_do() {
        for (index, (number, name, _)) in KNOWN.iter().enumerate() {
            assert!(
                KNOWN[..index].iter().all(|(other, _, _)| other > number),
                "{number}: order"
            );
            let (kind, text) = words(*number);
            if kind != "locked" && kind != "cancelled" {
                assert!(text.contains(&format!("{name} ({number}): ")), "{text}");
            }
        }
    }

    #[test]
    fn what_a_developer_can_put_right_is_explained() {
        for (status, kind, hint) in [
            (-34, "failed", "make room"),
            (-128, "cancelled", ""),
            (-25243, "not permitted", "keychain-access-groups"),
            (-25293, "not authenticated", "passcode"),
            (-25293, "not authenticated", "biometryCurrentSet"),
            (-26275, "failed", "damaged"),
            (-34018, "not permitted", "host app"),
        ] {
            let (found, text) = words(status);
            assert_eq!(found, kind, "{status}");
            assert!(text.contains(hint), "{text}");
        }
    }

    #[test]
    fn an_unknown_status_keeps_its_number_and_apples_words() {
        assert_eq!(words(-12345).0, "failed");
        assert!(words(-12345).1.contains("`security error -12345`"));
        let error = KeychainStatus(-12345).explain(|| Some("It broke.".to_owned()));
        assert_eq!(
            error,
            StoreError::Failed {
                explanation: "the Keychain answered -12345: It broke.".to_owned(),
                status: Some(-12345),
            }
        );
    }

    #[test]
    fn apples_words_are_asked_for_only_where_there_are_none_here() {
        for (number, _, _) in KNOWN {
            KeychainStatus(number).explain(|| unreachable!("{number}"));
        }
    }
}
