//! What a system names as the ways to one target, and which of them is taken.

use url::Url;

/// One way to a target.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ProxyEntry {
    /// No proxy.
    Direct,
    /// An HTTP proxy, which makes a tunnel (RFC 9110 9.3.6).
    Http {
        /// A name, or an address without brackets.
        host: String,
        /// Its port; none means 80.
        port: Option<u16>,
    },
    /// What this client does not speak: SOCKS.
    Other,
}

/// The first way that this client can go; `None` for the direct one, also when there is no other. A list is in the order
/// of the system's preference; a proxy that does not answer is not ignored for the next one.
pub fn first_usable(entries: &[ProxyEntry]) -> Option<Url> {
    entries
        .iter()
        .find_map(|entry| match entry {
            ProxyEntry::Direct => Some(None),
            ProxyEntry::Http { host, port } => url_of(host, *port).map(Some),
            ProxyEntry::Other => None,
        })
        .flatten()
}

fn url_of(host: &str, port: Option<u16>) -> Option<Url> {
    let host = if host.contains(':') && !host.starts_with('[') {
        format!("[{host}]")
    } else {
        host.to_owned()
    };
    let mut url: Url = format!("http://{host}/").parse().ok()?;
    url.set_port(port).ok()?;
    // What else could be in the text of a setting is no host.
    (url.path() == "/" && url.username().is_empty() && url.query().is_none()).then_some(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn http(host: &str, port: Option<u16>) -> ProxyEntry {
        let host = host.to_owned();
        ProxyEntry::Http { host, port }
    }

    #[test]
    fn the_first_way_that_can_be_gone_is_taken() {
        let proxy = http("proxy.example.com", Some(8080));
        for (entries, expected) in [
            (vec![], None),
            (vec![ProxyEntry::Direct, proxy.clone()], None),
            (
                vec![proxy.clone(), ProxyEntry::Direct],
                Some("http://proxy.example.com:8080/"),
            ),
            (vec![ProxyEntry::Other, proxy], Some("http://proxy.example.com:8080/")),
            (vec![ProxyEntry::Other], None),
            (vec![http("10.0.0.1", None)], Some("http://10.0.0.1/")),
            (vec![http("fe80::1", Some(3128))], Some("http://[fe80::1]:3128/")),
            (vec![http("[fe80::1]", Some(3128))], Some("http://[fe80::1]:3128/")),
            (vec![http("a/b", None), ProxyEntry::Direct], None),
            (vec![http("", None)], None),
            (vec![http("me@proxy", None)], None),
        ] {
            assert_eq!(
                first_usable(&entries).as_ref().map(Url::as_str),
                expected,
                "{entries:?}"
            );
        }
    }
}
