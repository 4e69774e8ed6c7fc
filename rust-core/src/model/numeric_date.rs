//! Moments and durations as servers write them in JSON.

use serde_json::{Number, Value};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::model::time::Timestamp;

/// A NumericDate (RFC 7519 2): a number, whose fraction is cut off.
pub fn numeric_date(value: &Value) -> Option<Timestamp> {
    value.as_number().and_then(whole_seconds).map(Timestamp)
}

/// [`numeric_date`], or the same as text, or RFC 3339 text: for times that are not security-relevant.
pub fn lenient_date(value: &Value) -> Option<Timestamp> {
    let rfc3339 = || OffsetDateTime::parse(value.as_str()?.trim(), &Rfc3339).ok();
    let written = || rfc3339().map(OffsetDateTime::unix_timestamp);
    lenient_seconds(value).or_else(written).map(Timestamp)
}

/// Seconds: a number, a number with a fraction, or the text of one.
pub fn lenient_seconds(value: &Value) -> Option<i64> {
    match value {
        Value::Number(number) => whole_seconds(number),
        Value::String(text) => match text.trim().parse() {
            Ok(seconds) => Some(seconds),
            // With JSON's number parser, which is linked anyway: the standard library's adds 13 kB of tables and code.
            Err(_) => serde_json::from_slice::<Number>(text.trim().as_bytes())
                .ok()
                .as_ref()
                .and_then(whole_seconds),
        },
        _ => None,
    }
}

/// Saturates at the ends of the range of `i64`.
fn whole_seconds(number: &Number) -> Option<i64> {
    // `as` from a float saturates.
    let cut = |seconds: f64| seconds as i64;
    number.as_i64().or_else(|| number.as_f64().map(cut))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_moment_comes_as_number_text_and_date() {
        let moment = Some(Timestamp(1_706_933_106));
        for value in [json!(1_706_933_106), json!(1_706_933_106.9), json!(1.706933106e9)] {
            assert_eq!(
                (numeric_date(&value), lenient_date(&value)),
                (moment, moment),
                "{value}"
            );
        }
        for text in [
            "1706933106",
            " 1706933106.5 ",
            "2024-02-03T04:05:06.789Z",
            "2024-02-03T06:05:06+02:00",
        ] {
            assert_eq!(
                (numeric_date(&json!(text)), lenient_date(&json!(text))),
                (None, moment),
                "{text}"
            );
        }
        for value in [
            json!(null),
            json!(true),
            json!("yesterday"),
            json!(""),
            json!([1]),
            json!({}),
        ] {
            assert_eq!((numeric_date(&value), lenient_date(&value)), (None, None), "{value}");
        }
        assert_eq!(numeric_date(&json!(u64::MAX)), Some(Timestamp(i64::MAX)));
        assert_eq!(numeric_date(&json!(-1e300)), Some(Timestamp(i64::MIN)));
    }
}
