//! The claims about time: when an ID token is valid, and when the user authenticated.

use pilotlight_core::jose::IdTokenProblem::{
    AuthenticationTooOld, Expired, IssuedInTheFuture, MissingClaim, WrongClaim,
};
use pilotlight_core::jose::{Expectations, RequestedAuthentication};
use pilotlight_core::model::time::Timestamp;
use serde_json::json;

use crate::claims::{check, checked, remove, set};
use crate::support::{LEEWAY, NOW, sign_in, sign_in_with};

#[test]
fn the_lifetime_is_judged_with_leeway() {
    check(
        vec![
            (remove("exp"), Err(MissingClaim("exp"))),
            (remove("iat"), Err(MissingClaim("iat"))),
            (set("exp", json!("1900000000")), Err(WrongClaim("exp"))),
            (set("iat", json!([NOW])), Err(WrongClaim("iat"))),
            (set("nbf", json!(true)), Err(WrongClaim("nbf"))),
            (set("exp", json!(NOW - LEEWAY + 1)), Ok(())),
            (set("exp", json!(NOW - LEEWAY)), Err(Expired)),
            (set("exp", json!(NOW as f64 + 0.5)), Ok(())),
            (set("exp", json!((NOW - LEEWAY) as f64 + 0.9)), Err(Expired)),
            (set("exp", json!(i64::MAX)), Ok(())),
            (set("exp", json!(u64::MAX)), Ok(())),
            (set("exp", json!(1e300)), Ok(())),
            (set("exp", json!(0)), Err(Expired)),
            (set("exp", json!(-1e300)), Err(Expired)),
            (set("exp", json!(i64::MIN)), Err(Expired)),
            (set("iat", json!(NOW + LEEWAY)), Ok(())),
            (set("iat", json!(NOW + LEEWAY + 1)), Err(IssuedInTheFuture)),
            (set("iat", json!(u64::MAX)), Err(IssuedInTheFuture)),
            (set("iat", json!(1e300)), Err(IssuedInTheFuture)),
            (set("iat", json!(i64::MIN)), Ok(())),
            (set("nbf", json!(NOW + LEEWAY)), Ok(())),
            (set("nbf", json!(NOW + LEEWAY + 1)), Err(IssuedInTheFuture)),
        ],
        &sign_in(),
    );
}

/// If a sum leaves the range, it stops at the end of the range, which for every token is a time at which it is not
/// valid.
#[test]
fn a_clock_at_the_end_of_time_judges_without_overflow() {
    let at_time = |now| Expectations {
        now: Timestamp(now),
        leeway_seconds: i64::MAX,
        ..sign_in()
    };
    for value in [json!(i64::MIN), json!(0), json!(i64::MAX), json!(u64::MAX)] {
        for name in ["exp", "iat", "nbf"] {
            let changes = set(name, value.clone());
            assert_eq!(checked(&changes, &at_time(i64::MAX)), Err(Expired), "{changes:?}");
            let very_early = if name == "iat" && value == json!(i64::MIN) {
                None
            } else {
                Some(IssuedInTheFuture)
            };
            assert_eq!(checked(&changes, &at_time(i64::MIN)).err(), very_early, "{changes:?}");
        }
    }
}

#[test]
fn max_age_wants_a_recent_authentication() {
    let within = |seconds| RequestedAuthentication {
        max_age_seconds: Some(seconds),
        ..RequestedAuthentication::default()
    };
    let oldest = NOW - 100 - LEEWAY;
    check(
        vec![
            (remove("auth_time"), Err(MissingClaim("auth_time"))),
            (set("auth_time", json!("yesterday")), Err(WrongClaim("auth_time"))),
            (set("auth_time", json!(oldest)), Ok(())),
            (set("auth_time", json!(oldest - 1)), Err(AuthenticationTooOld)),
            (set("auth_time", json!(i64::MIN)), Err(AuthenticationTooOld)),
            (set("auth_time", json!(NOW + LEEWAY)), Ok(())),
            (set("auth_time", json!(NOW + LEEWAY + 1)), Err(WrongClaim("auth_time"))),
            (set("auth_time", json!(u64::MAX)), Err(WrongClaim("auth_time"))),
        ],
        &sign_in_with(&within(100)),
    );
    assert!(checked(&set("auth_time", json!(NOW - LEEWAY - 1)), &sign_in_with(&within(0))).is_err());
    assert!(checked(&set("auth_time", json!(0)), &sign_in_with(&within(u32::MAX))).is_ok());
    // If it was not requested, it is not checked.
    assert!(checked(&set("auth_time", json!(0)), &sign_in()).is_ok());
}
