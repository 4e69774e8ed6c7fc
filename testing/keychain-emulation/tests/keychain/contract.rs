//! The contract of every store, and every status at every call.

use std::any::Any;
use std::sync::Arc;

use pilotlight_core::adapters::keychain::{KeychainAccessConstraint, KeychainOptions};
use pilotlight_core::ports::SecretStore;
use pilotlight_keychain_emulation::open;
use pilotlight_keychain_emulation::security::{GROUPS, Lock, with};
use pilotlight_store_contract::{Failure, Place, off_thread, promises};

use crate::{asking, options, synchronizable};

promises! {
    app: Emulated(options());
    shared: Emulated(KeychainOptions { access_group: Some(GROUPS[1].to_owned()), ..options() });
    in_icloud: Emulated(synchronizable());
    user_presence: Emulated(asking(KeychainAccessConstraint::UserPresence, 300));
    biometry: Emulated(asking(KeychainAccessConstraint::BiometryCurrentSet, 0));
}

struct Emulated(KeychainOptions);

impl Place for Emulated {
    fn open(&self) -> Arc<dyn SecretStore> {
        off_thread(open(self.0.clone()))
    }

    /// Without "not found" and "duplicate", which are answers and not failures: the core's own tests cover those.
    fn failures(&self) -> Vec<Failure> {
        let statuses = [
            -4, -34, -36, -50, -61, -108, -128, -909, -2070, -25243, -25291, -25293, -25308, -25320, -26275, -34018,
            -67585, -12345,
        ];
        let constraint = self.0.access_control.as_ref().map(|control| control.constraint);
        // An item that is bound to the enrolled fingers may be lost for ever in this case, so it is replaced.
        let is_replaced = |status| status == -25293 && constraint == Some(KeychainAccessConstraint::BiometryCurrentSet);
        let scripted = statuses.into_iter().flat_map(|status| {
            let is_replaced = is_replaced(status);
            (1..=4).map(move |nth| {
                let service = self.0.service.clone();
                Failure {
                    name: format!("{status} at call {nth}"),
                    certain: nth == 1 && !is_replaced,
                    begin: Box::new(move || {
                        with(&service, |device| device.fail_nth(nth, status));
                        let service = service.clone();
                        AtEnd::boxed(move || with(&service, |device| device.failures.clear()))
                    }),
                }
            })
        });
        let service = self.0.service.clone();
        let locked = Failure {
            name: "a device that was not unlocked since its start".to_owned(),
            certain: true,
            begin: Box::new(move || {
                with(&service, |device| device.lock = Lock::NeverUnlocked);
                let service = service.clone();
                AtEnd::boxed(move || with(&service, |device| device.lock = Lock::Unlocked))
            }),
        };
        scripted.chain([locked]).collect()
    }
}

struct AtEnd<F: Fn()>(F);

impl<F: Fn() + 'static> AtEnd<F> {
    fn boxed(end: F) -> Box<dyn Any> {
        Box::new(Self(end))
    }
}

impl<F: Fn()> Drop for AtEnd<F> {
    fn drop(&mut self) {
        (self.0)();
    }
}
