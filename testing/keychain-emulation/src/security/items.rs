//! The items in the Keychain, and the rules for access to them.

use super::access_control::{self, Protection};
use super::arguments::Arguments;
use super::groups::GROUPS;
use super::status::{MISSING_ENTITLEMENT, PARAM};

/// A generic password. The first four fields identify it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    /// `kSecAttrService`
    pub service: String,
    /// `kSecAttrAccount`
    pub account: String,
    /// `kSecAttrAccessGroup`
    pub group: String,
    /// `kSecAttrSynchronizable`
    pub synchronizable: bool,
    /// The class, and flags other than 0 for an access control.
    pub protection: Protection,
    /// `kSecAttrDescription`
    pub description: Option<String>,
    /// `kSecAttrGeneric`
    pub generic: Option<Vec<u8>>,
    /// `kSecValueData`
    pub stored: Stored,
    /// Bound to fingers that are no longer enrolled.
    pub lost: bool,
}

/// The stored value, and what other code may have made of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stored {
    /// As passed to `SecItemAdd`.
    Data(Vec<u8>),
    /// Found, but nothing is returned.
    Nothing,
    /// Returned as another type than data.
    Text(String),
}

impl Item {
    /// From the attributes passed to `SecItemAdd`.
    pub(super) fn new(attributes: &Arguments) -> Result<Self, i32> {
        let group = attributes.text("kSecAttrAccessGroup").unwrap_or(GROUPS[0]);
        let mut item = Self {
            service: attributes.text("kSecAttrService").unwrap_or_default().to_owned(),
            account: attributes.text("kSecAttrAccount").unwrap_or_default().to_owned(),
            group: group.to_owned(),
            synchronizable: false,
            protection: Protection {
                class: "kSecAttrAccessibleWhenUnlocked".to_owned(),
                flags: 0,
            },
            description: None,
            generic: None,
            stored: Stored::Nothing,
            lost: false,
        };
        item.change(attributes)?;
        Ok(item)
    }

    /// Absent attributes do not change.
    pub(super) fn change(&mut self, attributes: &Arguments) -> Result<(), i32> {
        if let Some(data) = attributes.data("kSecValueData") {
            self.stored = Stored::Data(data.to_vec());
        }
        if let Some(description) = attributes.text("kSecAttrDescription") {
            self.description = Some(description.to_owned());
        }
        if let Some(data) = attributes.data("kSecAttrGeneric") {
            self.generic = Some(data.to_vec());
        }
        if let Some(class) = attributes.text("kSecAttrAccessible") {
            self.protection = Protection {
                class: class.to_owned(),
                flags: 0,
            };
        }
        if let Some(name) = attributes.text("kSecAttrAccessControl") {
            self.protection = access_control::find(name).ok_or(PARAM)?;
        }
        if let Some(synchronizable) = attributes.boolean("kSecAttrSynchronizable") {
            self.synchronizable = synchronizable;
        }
        // Regardless of the two calls that led to this.
        if self.synchronizable && (self.protection.flags != 0 || self.protection.class.ends_with("ThisDeviceOnly")) {
            return Err(PARAM);
        }
        Ok(())
    }

    pub(super) fn is_same_as(&self, other: &Self) -> bool {
        let key = |item: &Self| {
            let Self {
                service,
                account,
                group,
                synchronizable,
                ..
            } = item.clone();
            (service, account, group, synchronizable)
        };
        key(self) == key(other)
    }

    pub(super) fn matches(&self, query: &Arguments) -> bool {
        let text = |key: &str, value: &str| query.text(key).is_none_or(|wanted| wanted == value);
        let synchronizable = match query.boolean("kSecAttrSynchronizable") {
            Some(wanted) => wanted == self.synchronizable,
            // Without the key, only items of this device are found.
            None => query.has("kSecAttrSynchronizable") || !self.synchronizable,
        };
        text("kSecAttrService", &self.service)
            && text("kSecAttrAccount", &self.account)
            && text("kSecAttrAccessGroup", &self.group)
            && text("kSecAttrAccessible", &self.protection.class)
            && synchronizable
            && query
                .text("kSecAttrDescription")
                .is_none_or(|wanted| self.description.as_deref() == Some(wanted))
            && query
                .data("kSecAttrGeneric")
                .is_none_or(|wanted| self.generic.as_deref() == Some(wanted))
    }
}

pub(super) fn check_group(arguments: &Arguments) -> Result<(), i32> {
    match arguments.text("kSecAttrAccessGroup") {
        Some(group) if !GROUPS.contains(&group) => Err(MISSING_ENTITLEMENT),
        _ => Ok(()),
    }
}
