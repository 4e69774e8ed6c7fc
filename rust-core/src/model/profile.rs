//! The user's profile: the standard claims as typed fields (OpenID Connect Core 5.1), all others as JSON. Pure.

use std::fmt;

use serde::Serialize;
use serde_json::{Map, Value};

use crate::model::numeric_date::lenient_date;
use crate::model::time::Timestamp;

/// A JSON object of claims. Passed to Swift as JSON text.
#[derive(Clone, Default, PartialEq, Eq, Hash, Serialize)]
#[serde(transparent)]
pub struct Claims(pub Map<String, Value>);

/// The issuer's claims about the user. A claim whose value does not have the type that the standard defines is not
/// lost: it is among the other claims.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, uniffi::Record)]
#[uniffi(name = "UserProfile")]
pub struct Profile {
    /// `sub`: the user, unique at the issuer.
    pub subject: String,
    /// `name`: the full name in displayable form.
    #[uniffi(default = None)]
    pub name: Option<String>,
    /// `given_name`
    #[uniffi(default = None)]
    pub given_name: Option<String>,
    /// `family_name`
    #[uniffi(default = None)]
    pub family_name: Option<String>,
    /// `middle_name`
    #[uniffi(default = None)]
    pub middle_name: Option<String>,
    /// `nickname`
    #[uniffi(default = None)]
    pub nickname: Option<String>,
    /// `preferred_username`: not unique; never a key.
    #[uniffi(default = None)]
    pub preferred_username: Option<String>,
    /// `profile`: URL of the profile page.
    #[uniffi(default = None)]
    pub profile_page: Option<String>,
    /// `picture`: URL of the picture.
    #[uniffi(default = None)]
    pub picture: Option<String>,
    /// `website`: URL of the user's page.
    #[uniffi(default = None)]
    pub website: Option<String>,
    /// `email`
    #[uniffi(default = None)]
    pub email: Option<String>,
    /// `email_verified`: true when the issuer has verified that the address belongs to the user.
    #[uniffi(default = None)]
    pub email_verified: Option<bool>,
    /// `gender`
    #[uniffi(default = None)]
    pub gender: Option<String>,
    /// `birthdate`: `YYYY-MM-DD`; year `0000` means that it is not given; or `YYYY` alone.
    #[uniffi(default = None)]
    pub birthdate: Option<String>,
    /// `zoneinfo`: a time zone's name.
    #[uniffi(default = None)]
    pub zoneinfo: Option<String>,
    /// `locale`: a BCP 47 language tag.
    #[uniffi(default = None)]
    pub locale: Option<String>,
    /// `phone_number`, usually in E.164 form.
    #[uniffi(default = None)]
    pub phone_number: Option<String>,
    /// `phone_number_verified`
    #[uniffi(default = None)]
    pub phone_number_verified: Option<bool>,
    /// `address`
    #[uniffi(default = None)]
    pub address: Option<Address>,
    /// `updated_at`: when the profile last changed at the issuer, in seconds since 1970. Read from a number or from an
    /// RFC 3339 string, because issuers send both. A value outside of the years 1 to 9999 (milliseconds, for example)
    /// is not treated as a time and stays among the other claims.
    #[uniffi(default = None)]
    pub updated_at: Option<Timestamp>,
    /// Every other claim, as sent.
    pub other_claims: Claims,
    /// When Pilotlight fetched this, in seconds since 1970 by the device's clock.
    pub fetched_at: Timestamp,
}

/// A postal address (OpenID Connect Core 5.1.1).
#[derive(Clone, Default, PartialEq, Eq, Hash, Serialize, uniffi::Record)]
pub struct Address {
    /// `formatted`: the whole address, with line breaks.
    #[uniffi(default = None)]
    pub formatted: Option<String>,
    /// `street_address`
    #[uniffi(default = None)]
    pub street_address: Option<String>,
    /// `locality`: city.
    #[uniffi(default = None)]
    pub locality: Option<String>,
    /// `region`: state, province.
    #[uniffi(default = None)]
    pub region: Option<String>,
    /// `postal_code`
    #[uniffi(default = None)]
    pub postal_code: Option<String>,
    /// `country`
    #[uniffi(default = None)]
    pub country: Option<String>,
}

impl Profile {
    /// Whether both profiles have the same claims, regardless of when they were fetched.
    pub fn says_the_same_as(&self, other: Option<&Self>) -> bool {
        other.is_some_and(|other| {
            let fetched_at = other.fetched_at;
            *other
                == Self {
                    fetched_at,
                    ..self.clone()
                }
        })
    }

    /// Reads the claims of a userinfo answer. `None` if there is no `sub`, without which the claims are about nobody
    /// (OpenID Connect Core 5.3.2).
    pub fn from_claims(claims: Map<String, Value>, fetched_at: Timestamp) -> Option<Self> {
        let mut rest = ClaimsReader(claims);
        Some(Self {
            subject: rest.text("sub").filter(|subject| !subject.is_empty())?,
            name: rest.text("name"),
            given_name: rest.text("given_name"),
            family_name: rest.text("family_name"),
            middle_name: rest.text("middle_name"),
            nickname: rest.text("nickname"),
            preferred_username: rest.text("preferred_username"),
            profile_page: rest.text("profile"),
            picture: rest.text("picture"),
            website: rest.text("website"),
            email: rest.text("email"),
            email_verified: rest.truth("email_verified"),
            gender: rest.text("gender"),
            birthdate: rest.text("birthdate"),
            zoneinfo: rest.text("zoneinfo"),
            locale: rest.text("locale"),
            phone_number: rest.text("phone_number"),
            phone_number_verified: rest.truth("phone_number_verified"),
            address: rest.take("address", Address::from_claim),
            updated_at: rest.take("updated_at", parse_moment),
            other_claims: Claims(rest.0),
            fetched_at,
        })
    }
}

impl Address {
    fn from_claim(value: &Value) -> Option<Self> {
        let mut fields = ClaimsReader(value.as_object()?.clone());
        Some(Self {
            formatted: fields.text("formatted"),
            street_address: fields.text("street_address"),
            locality: fields.text("locality"),
            region: fields.text("region"),
            postal_code: fields.text("postal_code"),
            country: fields.text("country"),
        })
    }
}

/// Takes claims one by one, each only if its value has the expected type; the remaining claims are "other".
struct ClaimsReader(Map<String, Value>);

impl ClaimsReader {
    fn take<T>(&mut self, name: &str, read: impl FnOnce(&Value) -> Option<T>) -> Option<T> {
        let value = read(self.0.get(name)?)?;
        self.0.remove(name);
        Some(value)
    }

    fn text(&mut self, name: &str) -> Option<String> {
        self.take(name, |value| value.as_str().map(str::to_owned))
    }

    /// Booleans also come as strings, a habit of some issuers that the standard's authors knew about, and as 1 and 0,
    /// which LemonLDAP::NG sends unless configured otherwise.
    fn truth(&mut self, name: &str) -> Option<bool> {
        self.take(name, |value| match value {
            Value::Bool(truth) => Some(*truth),
            Value::String(word) => truth_of(word),
            Value::Number(number) => truth_of(&number.to_string()),
            _ => None,
        })
    }
}

fn truth_of(word: &str) -> Option<bool> {
    match word {
        "true" | "1" => Some(true),
        "false" | "0" => Some(false),
        _ => None,
    }
}

/// `None` outside of the years 1 to 9999, for example for milliseconds.
fn parse_moment(value: &Value) -> Option<Timestamp> {
    lenient_date(value).filter(|moment| moment.is_in_the_calendar())
}

/// Personal data does not belong in logs: only the number of claims is shown.
impl fmt::Debug for Claims {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "[{} redacted claims]", self.0.len())
    }
}

impl fmt::Debug for Profile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Profile(redacted, fetched_at: {})", self.fetched_at.0)
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Address(redacted)")
    }
}

uniffi::custom_type!(Claims, String, {
    try_lift: |text| Ok(Claims(serde_json::from_slice(text.as_bytes())?)),
    lower: |claims| Value::Object(claims.0).to_string(),
});

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn profile(claims: Value) -> Option<Profile> {
        Profile::from_claims(claims.as_object().cloned().unwrap(), Timestamp(1))
    }

    #[test]
    fn standard_claims_are_typed_and_all_others_are_kept() {
        let read = profile(json!({
            "sub": "auth0|1", "name": "Ada", "email_verified": "true", "updated_at": "2024-02-03T04:05:06.789Z",
            "address": {"country": "UK", "unknown": 1}, "https://example.com/roles": ["admin"], "identities": [{"provider": "auth0"}],
        }))
        .unwrap();
        assert_eq!((read.subject.as_str(), read.name.as_deref()), ("auth0|1", Some("Ada")));
        assert_eq!(read.email_verified, Some(true));
        assert_eq!(read.updated_at, Some(Timestamp(1_706_933_106)));
        assert_eq!(read.address.unwrap().country.as_deref(), Some("UK"));
        let others: Vec<_> = read.other_claims.0.keys().map(String::as_str).collect();
        assert_eq!(others, ["https://example.com/roles", "identities"]);
    }

    #[test]
    fn a_truth_may_be_a_boolean_a_word_a_digit_or_nonsense() {
        let verified = |value: Value| profile(json!({"sub": "1", "email_verified": value})).unwrap();
        for (value, meant) in [
            (json!(true), true),
            (json!(false), false),
            (json!("false"), false),
            (json!("1"), true),
            (json!("0"), false),
            (json!(1), true),
            (json!(0), false),
        ] {
            assert_eq!(verified(value.clone()).email_verified, Some(meant), "{value}");
        }
        for nonsense in [json!("yes"), json!(2), json!(""), json!([true])] {
            let kept = verified(nonsense.clone());
            assert_eq!(
                (kept.email_verified, &kept.other_claims.0["email_verified"]),
                (None, &nonsense)
            );
        }
    }

    #[test]
    fn updated_at_may_be_a_number_a_string_or_nonsense() {
        let moment = |value: Value| profile(json!({"sub": "1", "updated_at": value})).unwrap();
        assert_eq!(moment(json!(1_700_000_000)).updated_at, Some(Timestamp(1_700_000_000)));
        assert_eq!(
            moment(json!(1_700_000_000.9)).updated_at,
            Some(Timestamp(1_700_000_000))
        );
        assert_eq!(moment(json!("1700000000")).updated_at, Some(Timestamp(1_700_000_000)));
        assert_eq!(
            moment(json!("2024-02-03T06:05:06+02:00")).updated_at,
            Some(Timestamp(1_706_933_106))
        );
        let nonsense = moment(json!("yesterday"));
        assert_eq!((nonsense.updated_at, nonsense.other_claims.0.len()), (None, 1));
    }

    #[test]
    fn an_updated_at_outside_of_the_calendar_is_kept_as_it_came() {
        let outside = [
            json!(i64::MAX),
            json!(i64::MIN),
            json!(u64::MAX),
            json!(1e300),
            json!(-1e300),
            json!("9223372036854775807"),
            // Milliseconds.
            json!(1_700_000_000_000_i64),
        ];
        for value in outside {
            let read = profile(json!({"sub": "1", "updated_at": value})).unwrap();
            assert_eq!(read.updated_at, None, "{value}");
            assert_eq!(read.other_claims.0.get("updated_at"), Some(&value));
        }
        let last_second = profile(json!({"sub": "1", "updated_at": 253_402_300_799_i64})).unwrap();
        assert_eq!(last_second.updated_at, Some(Timestamp(253_402_300_799)));
    }

    #[test]
    fn a_claim_of_another_type_is_kept_as_it_came() {
        let read = profile(json!({"sub": "1", "name": {"first": "Ada"}, "address": "London"})).unwrap();
        assert_eq!((read.name, read.address, read.other_claims.0.len()), (None, None, 2));
    }

    #[test]
    fn claims_about_nobody_are_no_profile() {
        assert!(profile(json!({"name": "Ada"})).is_none());
        assert!(profile(json!({"sub": ""})).is_none());
        assert!(profile(json!({"sub": 7})).is_none());
    }
}
