//! The adapter that asks the system for proxies, over real CoreFoundation: lists, run loop and references.

use pilotlight_core::adapters::proxy::ProxyEntry;
use pilotlight_keychain_emulation::network::{Script, Way, seen};
use pilotlight_keychain_emulation::ownership::balance_of;

const TARGET: &str = "https://tenant.example.com/";

fn http(host: &str, port: u16) -> ProxyEntry {
    ProxyEntry::Http {
        host: host.to_owned(),
        port: Some(port),
    }
}

#[test]
fn the_ways_are_read_in_their_order() {
    let ways = vec![
        Way::Https("proxy.example.com", 8080),
        Way::Http("ältere.example.com", 3128),
        Way::Socks("socks.example.com", 1080),
        Way::Ftp,
        Way::WithoutHost,
        Way::Http("odd.example.com", 70_000),
        Way::Direct,
    ];
    let (entries, asked) = seen(Some(ways), TARGET);
    let expected = [
        http("proxy.example.com", 8080),
        http("ältere.example.com", 3128),
        ProxyEntry::Socks {
            host: "socks.example.com".to_owned(),
            port: Some(1080),
        },
        ProxyEntry::Other,
        ProxyEntry::Other,
        ProxyEntry::Http {
            host: "odd.example.com".to_owned(),
            port: None,
        },
        ProxyEntry::Direct,
    ];
    assert_eq!(entries, expected);
    assert_eq!(asked, ["settings", "ways to https://tenant.example.com/"]);
}

#[test]
fn a_device_without_settings_is_asked_no_more() {
    assert_eq!(seen(None, TARGET), (vec![], vec!["settings".to_owned()]));
    assert_eq!(seen(Some(vec![]), TARGET).0, []);
}

#[test]
fn automatic_configurations_are_run_and_stand_in_their_place() {
    let named = vec![Way::Https("named.example.com", 8080), Way::Direct];
    for script in [
        Way::ScriptAt("https://config.example.com/proxy.pac", Script::Names(named.clone())),
        Way::Script("function FindProxyForURL() {}", Script::Names(named)),
    ] {
        let name = match &script {
            Way::ScriptAt(name, _) | Way::Script(name, _) => *name,
            _ => unreachable!(),
        };
        let (entries, asked) = seen(Some(vec![script.clone(), Way::Http("last.example.com", 1)]), TARGET);
        assert_eq!(
            entries,
            [
                http("named.example.com", 8080),
                ProxyEntry::Direct,
                http("last.example.com", 1)
            ]
        );
        assert_eq!(asked[2], format!("{name} for {TARGET}"));
    }
}

/// If nobody answers, the connection is direct after some seconds.
#[test]
fn a_configuration_that_does_not_come_to_anything_names_nothing() {
    for script in [Script::Fails, Script::CannotBegin, Script::IsSilent] {
        let ways = vec![Way::ScriptAt("https://config.example.com/proxy.pac", script.clone())];
        assert_eq!(seen(Some(ways), TARGET).0, [], "{script:?}");
    }
}

/// A configuration could name itself.
#[test]
fn what_a_configuration_names_is_not_run_once_more() {
    let inner = Way::Script("inner", Script::Fails);
    let (entries, asked) = seen(Some(vec![Way::Script("outer", Script::Names(vec![inner]))]), TARGET);
    assert_eq!((entries, asked.len()), (vec![ProxyEntry::Other], 3));
}

#[test]
fn nothing_is_left_over() {
    let named = vec![Way::Https("named.example.com", 8080), Way::Direct];
    let ways = vec![
        Way::Https("proxy.example.com", 8080),
        Way::WithoutHost,
        Way::Socks("socks.example.com", 1080),
        Way::ScriptAt("https://config.example.com/proxy.pac", Script::Names(named)),
        Way::Script("function FindProxyForURL() {}", Script::Fails),
        Way::Direct,
    ];
    for ways in [None, Some(vec![]), Some(ways)] {
        assert_eq!(balance_of(|| drop(seen(ways.clone(), TARGET))), 0, "{ways:?}");
    }
}
