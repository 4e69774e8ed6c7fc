//! The target that the system is asked about.

use url::{Host, Url};

/// The part of a URL that is looked up: scheme, host and port. The rest is not disclosed. `None` for URLs that never go
/// through a proxy.
pub(super) fn of(url: &Url) -> Option<Url> {
    if url.scheme() != "https" || is_loopback(url) {
        return None;
    }
    let mut target = url.clone();
    target.set_path("/");
    target.set_query(None);
    target.set_fragment(None);
    target.set_username("").ok()?;
    target.set_password(None).ok()?;
    Some(target)
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_host_and_port_are_looked_up_and_loopback_never() {
        for (url, expected) in [
            (
                "https://u:p@tenant.example.com:8443/oauth/token?a=secret#f",
                Some("https://tenant.example.com:8443/"),
            ),
            ("https://tenant.example.com", Some("https://tenant.example.com/")),
            ("http://tenant.example.com/", None),
            ("https://localhost:3000/", None),
            ("https://app.localhost/", None),
            ("https://127.0.0.1/", None),
            ("https://[::1]/", None),
        ] {
            let target = of(&url.parse().unwrap());
            assert_eq!(target.as_ref().map(Url::as_str), expected, "{url}");
        }
    }
}
