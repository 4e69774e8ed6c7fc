//! The dictionary of a call: every key must be known, of the type that Apple documents, and allowed in this call.

use std::collections::BTreeMap;

use core_foundation::base::{CFType, TCFType};
use core_foundation::boolean::CFBoolean;
use core_foundation::data::CFData;
use core_foundation::dictionary::CFDictionary;
use core_foundation::string::CFString;
use core_foundation_sys::base::CFIndex;
use core_foundation_sys::dictionary::CFDictionaryRef;
use core_foundation_sys::string::CFStringRef;

use super::function::Function;
use super::status::{FORGOTTEN_DATA_PROTECTION_KEYCHAIN, PARAM};

unsafe extern "C" {
    fn CFStringGetCharacterAtIndex(string: CFStringRef, index: CFIndex) -> u16;
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Value {
    Text(String),
    Data(Vec<u8>),
    Boolean(bool),
}

/// A dictionary, key by key.
#[derive(Clone, Debug, Default)]
pub(super) struct Arguments(pub(super) BTreeMap<String, Value>);

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    /// The dictionary that finds items, or the attributes of a new one.
    Query(Function),
    /// The second dictionary of `SecItemUpdate`.
    Changes,
}

impl Arguments {
    /// # Safety
    /// `dictionary` is null or a valid dictionary.
    pub(super) unsafe fn read(dictionary: CFDictionaryRef, role: Role) -> Result<Self, i32> {
        if dictionary.is_null() {
            return Err(PARAM);
        }
        // SAFETY: valid by contract, and by the Get Rule retained.
        let dictionary: CFDictionary<CFString, CFType> = unsafe { CFDictionary::wrap_under_get_rule(dictionary) };
        let (keys, values) = dictionary.get_keys_and_values();
        let mut arguments = Self::default();
        for (key, value) in keys.into_iter().zip(values) {
            if key.is_null() || value.is_null() {
                return Err(PARAM);
            }
            // SAFETY: keys and values are CFTypes, alive while the dictionary is, and by the Get Rule retained.
            let (key, value) = unsafe { (CFType::wrap_under_get_rule(key), CFType::wrap_under_get_rule(value)) };
            let key = text_of(&key.downcast_into::<CFString>().ok_or(PARAM)?);
            let value = value_of(&value).ok_or(PARAM)?;
            if !is_allowed(&key, &value, role) {
                return Err(PARAM);
            }
            arguments.0.insert(key, value);
        }
        arguments.check(role)?;
        Ok(arguments)
    }

    fn check(&self, role: Role) -> Result<(), i32> {
        if self.has("kSecAttrAccessible") && self.has("kSecAttrAccessControl") {
            return Err(PARAM);
        }
        let synchronizable = self.boolean("kSecAttrSynchronizable") == Some(true);
        let bound = self
            .text("kSecAttrAccessible")
            .is_some_and(|class| class.ends_with("ThisDeviceOnly"));
        if synchronizable && (bound || self.has("kSecAttrAccessControl")) {
            return Err(PARAM);
        }
        if role == Role::Changes {
            return if self.0.is_empty() { Err(PARAM) } else { Ok(()) };
        }
        if self.text("kSecClass") != Some("kSecClassGenericPassword") {
            return Err(PARAM);
        }
        if self.boolean("kSecUseDataProtectionKeychain") != Some(true) {
            return Err(FORGOTTEN_DATA_PROTECTION_KEYCHAIN);
        }
        Ok(())
    }

    pub(super) fn has(&self, key: &str) -> bool {
        self.0.contains_key(key)
    }

    pub(super) fn text(&self, key: &str) -> Option<&str> {
        match self.0.get(key) {
            Some(Value::Text(text)) => Some(text),
            _ => None,
        }
    }

    pub(super) fn boolean(&self, key: &str) -> Option<bool> {
        match self.0.get(key) {
            Some(Value::Boolean(value)) => Some(*value),
            _ => None,
        }
    }

    pub(super) fn data(&self, key: &str) -> Option<&[u8]> {
        match self.0.get(key) {
            Some(Value::Data(data)) => Some(data),
            _ => None,
        }
    }
}

/// The whole text: core-foundation's own conversion ends at a NUL.
fn text_of(string: &CFString) -> String {
    let units: Vec<u16> = (0..string.char_len())
        // SAFETY: the index is within the string.
        .map(|index| unsafe { CFStringGetCharacterAtIndex(string.as_concrete_TypeRef(), index) })
        .collect();
    String::from_utf16_lossy(&units)
}

fn value_of(value: &CFType) -> Option<Value> {
    if let Some(text) = value.downcast::<CFString>() {
        return Some(Value::Text(text_of(&text)));
    }
    if let Some(data) = value.downcast::<CFData>() {
        return Some(Value::Data(data.bytes().to_vec()));
    }
    value.downcast::<CFBoolean>().map(|value| Value::Boolean(value.into()))
}

fn is_allowed(key: &str, value: &Value, role: Role) -> bool {
    use Function::{Add, CopyMatching, Update};
    let text = matches!(value, Value::Text(_));
    let boolean = matches!(value, Value::Boolean(_));
    let is = |expected: &str| *value == Value::Text(expected.to_owned());
    let query = matches!(role, Role::Query(_));
    let sets = matches!(role, Role::Query(Add) | Role::Changes);
    let asks = matches!(role, Role::Query(CopyMatching | Update));
    let copies = matches!(role, Role::Query(CopyMatching));
    match key {
        "kSecClass" => text && query,
        "kSecAttrService" | "kSecAttrAccount" | "kSecAttrAccessGroup" => text && query,
        "kSecAttrSynchronizable" if sets => boolean,
        "kSecAttrSynchronizable" => boolean || is("kSecAttrSynchronizableAny"),
        "kSecAttrAccessible" => {
            (sets || copies) && matches!(value, Value::Text(class) if class.starts_with("kSecAttrAccessible"))
        }
        "kSecAttrAccessControl" => {
            sets && matches!(value, Value::Text(name) if super::access_control::find(name).is_some())
        }
        "kSecValueData" => sets && matches!(value, Value::Data(_)),
        "kSecAttrDescription" => text,
        "kSecAttrGeneric" => matches!(value, Value::Data(_)),
        "kSecUseDataProtectionKeychain" => query && boolean,
        "kSecUseAuthenticationContext" => asks && matches!(value, Value::Text(name) if super::user::is_context(name)),
        "kSecReturnData" => copies && boolean,
        "kSecReturnAttributes" => (copies || matches!(role, Role::Query(Add))) && boolean,
        "kSecMatchLimit" => copies && is("kSecMatchLimitAll"),
        "kSecUseAuthenticationUI" => copies && is("kSecUseAuthenticationUISkip"),
        _ => false,
    }
}
