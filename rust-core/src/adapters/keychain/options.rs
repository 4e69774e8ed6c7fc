//! The choices that an app has for its items, each with its consequences.

/// Where in the Keychain the items are, and when they can be read and by whom. They are generic passwords
/// (`kSecClassGenericPassword`) in the data protection keychain, also on a Mac, with the item's name as account.
///
/// All of these options may change between two versions of an app. Items are found as they are, and get the new
/// accessibility, access control and synchronisation with the next write, in one step of the Keychain. If that write
/// fails, the item stays as it was. Only another service or access group is another store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeychainOptions {
    /// `kSecAttrService`; not empty.
    pub service: String,
    /// `kSecAttrAccessGroup`, with its team identifier prefix, for items that an app shares with its extensions (Apple:
    /// "Sharing access to keychain items among a collection of apps"). Without one, the app's first group, and only
    /// that.
    pub access_group: Option<String>,
    /// Without an access group, search all groups of the app: for items of other libraries.
    pub all_groups: bool,
    /// The class that items get when they are written, even if they had another before.
    pub accessibility: KeychainAccessibility,
    /// `kSecAttrSynchronizable`: the items are in iCloud Keychain, and so on all of the user's devices that have it
    /// turned on. Then several devices share one refresh token. An issuer that rotates refresh tokens takes the second
    /// device for a thief (RFC 9700, 4.14.2) and ends the session on all devices, so use this only for issuers that do
    /// not rotate them. Signing out on one device signs out on all. Needs a class that may leave the device.
    pub synchronizable: bool,
    /// Asks the user before each use of an item (Apple: "Accessing Keychain Items with Face ID or Touch ID").
    pub access_control: Option<KeychainAccessControl>,
}

/// When an item can be read, and whether a backup restores it to another device (Apple: "Restricting keychain item
/// accessibility").
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, uniffi::Enum)]
pub enum KeychainAccessibility {
    /// `kSecAttrAccessibleWhenUnlocked`: only while the device is unlocked; included in encrypted backups.
    WhenUnlocked,
    /// `kSecAttrAccessibleAfterFirstUnlock`: from the first unlock after a restart, also in the background; included in
    /// encrypted backups, which can restore it to a new device.
    AfterFirstUnlock,
    /// `kSecAttrAccessibleAlways`: readable even before the first unlock. Deprecated by Apple; for apps that already
    /// have items of this class.
    Always,
    /// `kSecAttrAccessibleWhenPasscodeSetThisDeviceOnly`: only while the device is unlocked and has a passcode.
    /// Removing the passcode deletes the item.
    WhenPasscodeSetThisDeviceOnly,
    /// `kSecAttrAccessibleWhenUnlockedThisDeviceOnly`: only while the device is unlocked, so a locked device cannot
    /// renew in the background. Never leaves this device.
    WhenUnlockedThisDeviceOnly,
    /// `kSecAttrAccessibleAfterFirstUnlockThisDeviceOnly`: a locked device can renew a session in the background, and
    /// restoring a backup to another device does not sign the user in there.
    #[default]
    AfterFirstUnlockThisDeviceOnly,
    /// `kSecAttrAccessibleAlwaysThisDeviceOnly`: deprecated by Apple; for apps that already have items of this class.
    AlwaysThisDeviceOnly,
}

/// The user is asked before an item is read or replaced (`SecAccessControl`). The call blocks until the user has
/// responded. If the user cannot be asked, as in the background, it fails: a renewal then waits until the app is in the
/// foreground again. Removing an item (sign-out) does not ask.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct KeychainAccessControl {
    /// Which authentication the item requires.
    pub constraint: KeychainAccessConstraint,
    /// `LAContext.localizedReason`: the text that the user reads in the system's dialog; not empty.
    pub prompt: String,
    /// How many seconds one authentication remains valid, 0 to [`KeychainAccessControl::MAXIMUM_REUSE_SECONDS`]. Within
    /// that time, reading a session and writing the renewed one asks once; with 0 each asks. It is also
    /// `LAContext.touchIDAuthenticationAllowableReuseDuration`: unlocking the device by fingerprint within that time
    /// counts as an authentication.
    pub reuse_seconds: u32,
}

impl KeychainAccessControl {
    /// `LATouchIDAuthenticationMaximumAllowableReuseDuration`: 5 minutes.
    pub const MAXIMUM_REUSE_SECONDS: u32 = 300;
}

/// Which authentication an item requires (Apple: "SecAccessControlCreateFlags").
#[derive(Clone, Copy, Debug, PartialEq, Eq, uniffi::Enum)]
pub enum KeychainAccessConstraint {
    /// `kSecAccessControlUserPresence`: biometry or the device's passcode. The item survives changes of either.
    UserPresence,
    /// `kSecAccessControlBiometryAny`: a finger or face that is enrolled now or later; no passcode. Biometry must be
    /// set up.
    BiometryAny,
    /// `kSecAccessControlBiometryCurrentSet`: like [`Self::BiometryAny`], but enrolling or removing a finger or face
    /// makes the item unreadable forever: the user has to sign in again.
    BiometryCurrentSet,
}

impl KeychainOptions {
    /// Checks whether Keychain Services support these options; pure, and does not access the Keychain.
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
