//! Device secrets (OpenID Connect Native SSO for Mobile Apps 1.0): issued, rotated and revoked.

use crate::grant::Grant;
use crate::random;
use crate::records::DeviceSecret;
use crate::settings::Settings;
use crate::state::Db;

/// The device secret of a grant that has one, and whether it is in the answer.
pub(crate) fn secret(
    db: &mut Db,
    settings: &Settings,
    (grant, scope): (&Grant, &[String]),
    (family, again): (Option<u64>, bool),
) -> Option<(String, bool)> {
    let has = |name: &str| scope.iter().any(|scope| scope == name);
    if !settings.device_sso || !has("device_sso") || !has("openid") {
        return None;
    }
    let is_its = |known: &DeviceSecret| known.families.first().copied() == family && family.is_some();
    let known = db.device_secrets.iter().find(|(_, known)| is_its(known));
    let known = known.map(|(secret, _)| secret.clone()).filter(|_| again);
    if let Some(secret) = known.clone().filter(|_| !settings.device_secret_rotation) {
        return Some((secret, false));
    }
    let families = match known.and_then(|secret| db.device_secrets.remove(&secret)) {
        Some(replaced) => replaced.families,
        // It was revoked.
        None if again => return None,
        None => family.into_iter().collect(),
    };
    let secret = random::token();
    let of = DeviceSecret {
        user_id: grant.user_id.clone(),
        session: grant.session.clone(),
        auth_time: grant.auth_time,
        families,
    };
    db.device_secrets.insert(secret.clone(), of);
    Some((secret, true))
}

/// Ends a device secret, and all that came by it. Returns whether it was one.
pub(crate) fn revoke(db: &mut Db, settings: &Settings, token: &str) -> bool {
    let Some(ended) = db.device_secrets.remove(token) else {
        return false;
    };
    for family in ended.families {
        db.end_family(family, settings);
    }
    true
}
