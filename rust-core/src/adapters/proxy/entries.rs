//! The ways that a system names for one target, and which of them can be used.

use url::Url;

/// One way to a target.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ProxyEntry {
    /// No proxy.
    Direct,
    /// An HTTP proxy, which opens a tunnel (RFC 9110 9.3.6).
    Http {
        /// A name, or an address without brackets.
        host: String,
        /// Its port; none means 80.
        port: Option<u16>,
    },
    /// A SOCKS proxy, used with version 5 (RFC 1928). It resolves the target's name itself.
    Socks {
        /// A name, or an address without brackets.
        host: String,
        /// Its port; none means 1080.
        port: Option<u16>,
    },
    /// An entry without a host, or of an unknown kind.
    Other,
}

/// The ways that this client can use, in the system's order of preference; `None` is a direct connection, which is also
/// used if there is no other way.
pub(super) fn usable(entries: &[ProxyEntry]) -> Vec<Option<Url>> {
    let mut ways: Vec<_> = entries
        .iter()
        .filter_map(|entry| match entry {
            ProxyEntry::Direct => Some(None),
            ProxyEntry::Http { host, port } => url_of(host, *port).map(Some),
            ProxyEntry::Socks { host, port } => socks_url_of(host, *port).map(Some),
            ProxyEntry::Other => None,
        })
        .collect();
    if ways.is_empty() {
        ways.push(None);
    }
    ways
}

fn url_of(host: &str, port: Option<u16>) -> Option<Url> {
    let host = if host.contains(':') && !host.starts_with('[') {
        format!("[{host}]")
    } else {
        host.to_owned()
    };
    let mut url: Url = format!("http://{host}/").parse().ok()?;
    url.set_port(port).ok()?;
    // A setting may contain other text, which is not a host.
    (url.path() == "/" && url.username().is_empty() && url.query().is_none()).then_some(url)
}

/// Uses the scheme that leaves name resolution to the proxy: on its network there may be no other way to resolve the
/// name.
fn socks_url_of(host: &str, port: Option<u16>) -> Option<Url> {
    let checked = url_of(host, None)?;
    format!("socks5h://{}:{}", checked.host_str()?, port.unwrap_or(1080))
        .parse()
        .ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn socks(host: &str, port: Option<u16>) -> ProxyEntry {
        let host = host.to_owned();
        ProxyEntry::Socks { host, port }
    }

    fn http(host: &str, port: Option<u16>) -> ProxyEntry {
        let host = host.to_owned();
        ProxyEntry::Http { host, port }
    }

    #[test]
    fn the_ways_that_can_be_gone_are_left_in_their_order() {
        let proxy = http("proxy.example.com", Some(8080));
        let url = Some("http://proxy.example.com:8080/");
        for (entries, expected) in [
            (vec![], vec![None]),
            (vec![ProxyEntry::Direct, proxy.clone()], vec![None, url]),
            (vec![proxy.clone(), ProxyEntry::Direct], vec![url, None]),
            (
                vec![proxy.clone(), http("b", None), ProxyEntry::Direct],
                vec![url, Some("http://b/"), None],
            ),
            (vec![ProxyEntry::Other, proxy], vec![url]),
            (vec![ProxyEntry::Other], vec![None]),
            (vec![http("10.0.0.1", None)], vec![Some("http://10.0.0.1/")]),
            (vec![http("fe80::1", Some(3128))], vec![Some("http://[fe80::1]:3128/")]),
            (
                vec![http("[fe80::1]", Some(3128))],
                vec![Some("http://[fe80::1]:3128/")],
            ),
            (
                vec![socks("S.example.com", None), ProxyEntry::Direct],
                vec![Some("socks5h://s.example.com:1080"), None],
            ),
            (
                vec![socks("fe80::1", Some(9050))],
                vec![Some("socks5h://[fe80::1]:9050")],
            ),
            (vec![socks("me@proxy", None)], vec![None]),
            (vec![http("a/b", None), ProxyEntry::Direct], vec![None]),
            (vec![http("", None)], vec![None]),
            (vec![http("me@proxy", None)], vec![None]),
        ] {
            let ways = usable(&entries);
            let ways: Vec<_> = ways.iter().map(|way| way.as_ref().map(Url::as_str)).collect();
            assert_eq!(ways, expected, "{entries:?}");
        }
    }
}
