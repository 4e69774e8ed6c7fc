//! Parameters in the query of an endpoint's URL.

use url::Url;

/// Adds `parameters` to the query of `url`. The endpoint's own query stays (RFC 6749 3.1), except for parameters of the same
/// names: none may be sent twice.
pub(super) fn add_parameters<'a>(url: &mut Url, parameters: impl IntoIterator<Item = (&'a str, &'a str)>) {
    let parameters: Vec<_> = parameters.into_iter().collect();
    let is_replaced = |name: &str| parameters.iter().any(|(added, _)| *added == name);
    if url.query_pairs().any(|(name, _)| is_replaced(&name)) {
        let mut kept: Vec<_> = url.query_pairs().into_owned().collect();
        kept.retain(|(name, _)| !is_replaced(name));
        url.set_query(None);
        if !kept.is_empty() {
            url.query_pairs_mut().extend_pairs(kept);
        }
    }
    url.query_pairs_mut().extend_pairs(parameters);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_endpoints_query_stays_and_nothing_is_sent_twice() {
        for (endpoint, expected) in [
            ("https://a.example/end", "client_id=b"),
            ("https://a.example/end?p=b2c%20x", "p=b2c%20x&client_id=b"),
            ("https://a.example/end?client_id=a", "client_id=b"),
            ("https://a.example/end?client_id=a&p=1&client_id=c", "p=1&client_id=b"),
        ] {
            let mut url = Url::parse(endpoint).unwrap();
            add_parameters(&mut url, [("client_id", "b")]);
            assert_eq!(url.query(), Some(expected), "{endpoint}");
        }
    }
}
