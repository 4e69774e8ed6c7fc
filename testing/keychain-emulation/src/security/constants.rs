//! The exported constants of the Security framework that the adapter uses.

crate::constants::constants! {
    kSecClass kSecClassGenericPassword
    kSecAttrService kSecAttrAccount kSecAttrAccessGroup kSecAttrSynchronizable kSecAttrSynchronizableAny
    kSecAttrAccessible kSecAttrAccessControl kSecAttrDescription kSecAttrGeneric kSecValueData
    kSecMatchLimit kSecMatchLimitAll kSecReturnData kSecReturnAttributes
    kSecUseDataProtectionKeychain kSecUseAuthenticationContext kSecUseAuthenticationUI kSecUseAuthenticationUISkip
    kSecAttrAccessibleWhenUnlocked kSecAttrAccessibleAfterFirstUnlock kSecAttrAccessibleAlways
    kSecAttrAccessibleWhenUnlockedThisDeviceOnly kSecAttrAccessibleAfterFirstUnlockThisDeviceOnly
    kSecAttrAccessibleAlwaysThisDeviceOnly kSecAttrAccessibleWhenPasscodeSetThisDeviceOnly
}
