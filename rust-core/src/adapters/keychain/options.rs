//! What an app chooses about its items, each choice with its consequence.

/// Where in the Keychain the items are, and who may read them when. They are generic passwords
/// (`kSecClassGenericPassword`) of the data protection keychain, also on a Mac, with the item's name as account.
///
/// Every one of these may be changed between two versions of an app: items are found as they are, and get the new
/// accessibility, access control and synchronisation with the next write, in one step of the Keychain. When that write
/// fails, the item stays as it was. Only another service or access group is another store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeychainOptions {
    /// `kSecAttrService`; not empty.
    pub service: String,
    /// `kSecAttrAccessGroup`, with its team identifier prefix, for what an app shares with its extensions (Apple:
    /// "Sharing access to keychain items among a collection of apps"). Without one, it is the app's first group, and only
    /// that.
    pub access_group: Option<String>,
    /// Without an access group, look in all groups of the app: for items of other libraries.
    pub all_groups: bool,
    /// The class that items get when they are written, also those that had another.
    pub accessibility: KeychainAccessibility,
    /// `kSecAttrSynchronizable`: the items are in iCloud Keychain, and so on all the user's devices that have it
    /// switched on. A session then is one refresh token on several devices: an issuer that rotates refresh tokens takes
    /// the second device for a thief (RFC 9700, 4.14.2) and ends the session on all of them. So only for issuers that do
    /// not rotate. Signing out on one device signs out everywhere. Needs a class that may leave the device.
    pub synchronizable: bool,
    /// Ask the user before each use of an item (Apple: "Accessing Keychain Items with Face ID or Touch ID").
    pub access_control: Option<KeychainAccessControl>,
}

/// When the Keychain lets an item be read, and whether a backup carries it to another device (Apple: "Restricting
/// keychain item accessibility").
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, uniffi::Enum)]
pub enum KeychainAccessibility {
    /// `kSecAttrAccessibleWhenUnlocked`: only while the device is unlocked; goes along in encrypted backups.
    WhenUnlocked,
    /// `kSecAttrAccessibleAfterFirstUnlock`: from the first unlock after a start on, also in the background; goes along in
    /// encrypted backups to a new device.
    AfterFirstUnlock,
    /// `kSecAttrAccessibleAlways`: readable also before the first unlock. Deprecated by Apple, for apps that have items of
    /// this class.
    Always,
    /// `kSecAttrAccessibleWhenPasscodeSetThisDeviceOnly`: only while unlocked, and only while a passcode is set: removing
    /// the passcode deletes the item.
    WhenPasscodeSetThisDeviceOnly,
    /// `kSecAttrAccessibleWhenUnlockedThisDeviceOnly`: only while the device is unlocked, so that nothing is renewed in the
    /// background of a locked device. Never leaves this device.
    WhenUnlockedThisDeviceOnly,
    /// `kSecAttrAccessibleAfterFirstUnlockThisDeviceOnly`: a session can be refreshed in the background while the
    /// device is locked, and a backup restored to another device does not sign the user in there.
    #[default]
    AfterFirstUnlockThisDeviceOnly,
    /// `kSecAttrAccessibleAlwaysThisDeviceOnly`: deprecated by Apple, for apps that have items of this class.
    AlwaysThisDeviceOnly,
}

/// The user is asked before an item is read, replaced or handed on (`SecAccessControl`). The call blocks until the user
/// has answered. Where nobody can be asked, as in the background, it fails: renewing a session then waits until the app
/// is in front of the user again. Removing an item (sign-out) asks nobody.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct KeychainAccessControl {
    /// Who may use the item.
    pub constraint: KeychainAccessConstraint,
    /// `LAContext.localizedReason`: what the user reads in the system's dialogue; not empty.
    pub prompt: String,
    /// How many seconds one answer of the user is good for, 0 to [`KeychainAccessControl::MAXIMUM_REUSE_SECONDS`]. In that time
    /// reading a session and writing the renewed one asks once; with 0 it asks each time. It is also
    /// `LAContext.touchIDAuthenticationAllowableReuseDuration`: unlocking the device by fingerprint less than so long
    /// ago counts as an answer.
    pub reuse_seconds: u32,
}

impl KeychainAccessControl {
    /// `LATouchIDAuthenticationMaximumAllowableReuseDuration`: 5 minutes.
    pub const MAXIMUM_REUSE_SECONDS: u32 = 300;
}

/// Who may use an item (Apple: "SecAccessControlCreateFlags").
#[derive(Clone, Copy, Debug, PartialEq, Eq, uniffi::Enum)]
pub enum KeychainAccessConstraint {
    /// `kSecAccessControlUserPresence`: biometry or the device's passcode. The item outlives changes of either.
    UserPresence,
    /// `kSecAccessControlBiometryAny`: a finger or face that is enrolled now or later; no passcode. Needs biometry to be
    /// set up.
    BiometryAny,
    /// `kSecAccessControlBiometryCurrentSet`: as [`Self::BiometryAny`], and enrolling or removing a finger or face makes
    /// the item unreadable for ever: the user has to sign in again.
    BiometryCurrentSet,
}

impl KeychainOptions {
    /// Whether Keychain Services can do this; pure, and touches no Keychain.
    ///
    /// # Errors
    /// What is wrong and what to choose instead, for the app's developer.
    pub fn validate(&self) -> Result<(), String> {
        if self.service.is_empty() {
            return Err("the Keychain service is empty; use the app's bundle identifier".to_owned());
        }
        if self.synchronizable && self.accessibility.stays_on_this_device() {
            return Err(
                "items of a ThisDeviceOnly class cannot be synchronizable: choose the class afterFirstUnlock or \
                 whenUnlocked, or no synchronisation"
                    .to_owned(),
            );
        }
        let Some(access_control) = &self.access_control else {
            return Ok(());
        };
        if self.synchronizable {
            return Err("items with access control cannot be synchronizable: choose one of the two".to_owned());
        }
        if matches!(
            self.accessibility,
            KeychainAccessibility::Always | KeychainAccessibility::AlwaysThisDeviceOnly
        ) {
            return Err(
                "access control protects nothing in a class that is always readable: choose another class".to_owned(),
            );
        }
        access_control.validate()
    }
}

impl KeychainAccessControl {
    fn validate(&self) -> Result<(), String> {
        if self.prompt.trim().is_empty() {
            return Err("the prompt of the access control is empty; say what the session is needed for".to_owned());
        }
        if self.reuse_seconds > Self::MAXIMUM_REUSE_SECONDS {
            return Err(format!(
                "one answer of the user is good for at most {} seconds, not {}",
                Self::MAXIMUM_REUSE_SECONDS,
                self.reuse_seconds
            ));
        }
        Ok(())
    }
}

impl KeychainAccessibility {
    fn stays_on_this_device(self) -> bool {
        matches!(
            self,
            Self::WhenPasscodeSetThisDeviceOnly
                | Self::WhenUnlockedThisDeviceOnly
                | Self::AfterFirstUnlockThisDeviceOnly
                | Self::AlwaysThisDeviceOnly
        )
    }
}
