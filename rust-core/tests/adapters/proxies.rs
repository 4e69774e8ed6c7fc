//! Connections through a proxy. The proxy is real and makes tunnels on this machine.

use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::process::Command;
use std::sync::{Arc, Mutex};
use std::thread;

use pilotlight_core::adapters::http::HttpTransport;
use pilotlight_core::adapters::proxy::{ProxyEntry, ProxySource};
use pilotlight_core::ports::{Transport, TransportError, TransportErrorKind};
use pilotlight_core::protocol::message::HttpRequest;
use rustls::{ClientConfig, ServerConfig, ServerConnection};

use crate::support::exchange::{OK, answering};
use crate::support::raw_server::{Peer, RawServer, header};
use crate::support::slow_check::SlowCheck;

/// Makes a tunnel (RFC 9110 9.3.6) to the host that the client names.
fn tunnel(peer: &mut Peer) {
    let Some(head) = peer.read_head_seen() else { return };
    let Some(authority) = head[0].strip_prefix("CONNECT ").and_then(|rest| rest.split(' ').next()) else {
        peer.send("HTTP/1.1 405 Only tunnels\r\ncontent-length: 0\r\n\r\n");
        return;
    };
    let target = TcpStream::connect(authority).ok();
    peer.send("HTTP/1.1 200 Connected\r\n\r\n");
    if let Some(target) = target {
        join(peer, &target);
    }
}

/// Forwards the data in both directions until both sides have ended.
fn join(peer: &mut Peer, target: &TcpStream) {
    let near = peer.stream().try_clone().unwrap();
    let (mut from, mut to) = (near.try_clone().unwrap(), target.try_clone().unwrap());
    let there = thread::spawn(move || {
        let _ = io::copy(&mut from, &mut to);
        let _ = to.shutdown(Shutdown::Write);
    });
    let _ = io::copy(&mut &*target, &mut &near);
    let _ = near.shutdown(Shutdown::Write);
    there.join().unwrap();
}

fn server_config() -> Arc<ServerConfig> {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let key = made.signing_key.serialize_der().try_into().unwrap();
    let builder = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()));
    let builder = builder
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth();
    Arc::new(builder.with_single_cert(vec![made.cert.der().clone()], key).unwrap())
}

fn tls_server() -> RawServer {
    let config = server_config();
    RawServer::start(move |peer: &mut Peer| {
        let mut tls = ServerConnection::new(config.clone()).unwrap();
        let mut stream = rustls::Stream::new(&mut tls, peer.stream());
        while stream.read(&mut [0; 4096]).is_ok_and(|length| length > 0) && stream.write_all(OK.as_bytes()).is_ok() {}
    })
}

fn transport(source: ProxySource) -> HttpTransport {
    let builder = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()));
    let builder = builder.with_safe_default_protocol_versions().unwrap().dangerous();
    let config = builder
        .with_custom_certificate_verifier(SlowCheck::of_none())
        .with_no_client_auth();
    HttpTransport::with_tls(config).through(source)
}

async fn get(source: ProxySource, url: &str) -> Result<u16, TransportError> {
    let answer = transport(source)
        .send(HttpRequest::get(url.parse().unwrap(), "*/*"))
        .await;
    answer.map(|answer| answer.status)
}

/// Runs the ignored test `child` with these variables, which belong to a whole process.
fn run_child(child: &str, variables: &[(&str, &str)]) {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--ignored", "--exact", &format!("proxies::{child}")]);
    for name in ["http_proxy", "https_proxy", "all_proxy", "no_proxy"] {
        command.env_remove(name).env_remove(name.to_uppercase());
    }
    let output = command.envs(variables.iter().copied()).output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && said.contains("1 passed"), "{said}");
}

#[test]
fn the_environments_proxy_is_taken_by_whoever_asks_for_it() {
    for name in ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"] {
        let proxy = RawServer::start(tunnel);
        let url = proxy.url("/").to_string().replace("http://", "http://ada:secret@");
        run_child(
            "child_asks_the_environment",
            &[(name, url.as_str()), ("HTTP_PROXY", "http://127.0.0.1:1/")],
        );
        let [seen] = &proxy.requests()[..] else {
            panic!("{name}: one tunnel")
        };
        assert!(seen.head[0].starts_with("CONNECT localhost:"), "{:?}", seen.head);
        assert_eq!(
            header(&seen.head, "proxy-authorization"),
            Some("Basic YWRhOnNlY3JldA==")
        );
        assert_eq!(
            header(&seen.head, "authorization"),
            None,
            "what is for the issuer is in the tunnel"
        );
    }
}

#[tokio::test]
#[ignore = "started by the tests about the environment"]
async fn child_asks_the_environment() {
    let server = tls_server();
    let request = HttpRequest::get(url_of(&server), "*/*").with_header("authorization", "Bearer planted");
    let answer = transport(ProxySource::Environment).send(request).await;
    assert_eq!(answer.map(|answer| answer.status), Ok(200));
}

#[test]
fn who_is_excepted_is_reached_directly() {
    for exception in ["localhost", "*", "example.com, localhost"] {
        run_child(
            "child_asks_the_environment",
            &[("HTTPS_PROXY", "http://127.0.0.1:1/"), ("NO_PROXY", exception)],
        );
    }
}

#[test]
fn nobody_else_takes_it() {
    run_child(
        "child_goes_directly",
        &[
            ("HTTPS_PROXY", "http://127.0.0.1:1/"),
            ("ALL_PROXY", "http://127.0.0.1:1/"),
        ],
    );
}

#[tokio::test]
#[ignore = "started by nobody_else_takes_it"]
async fn child_goes_directly() {
    let server = tls_server();
    for source in [ProxySource::Direct, ProxySource::System] {
        assert_eq!(get(source, url_of(&server).as_str()).await, Ok(200), "{source:?}");
    }
    // Plain HTTP is for loopback, and does not leave the machine.
    let plain = RawServer::start(answering(OK));
    assert_eq!(get(ProxySource::Environment, plain.url("/").as_str()).await, Ok(200));
}

/// If the connection were made anyway, the company's network would learn where the user went.
#[test]
fn a_proxy_that_is_none_is_no_reason_to_go_without() {
    for value in ["http://", "http://[", "ftp://127.0.0.1:1"] {
        run_child("child_does_not_get_out", &[("HTTPS_PROXY", value)]);
    }
}

#[test]
fn a_proxy_that_makes_no_tunnel_is_no_connection() {
    let refusing = |status: &str| {
        let answer = format!("HTTP/1.1 {status}\r\ncontent-length: 0\r\n\r\n");
        RawServer::start(move |peer: &mut Peer| {
            peer.read_head();
            peer.send(&answer);
        })
    };
    let proxies = [
        refusing("407 Proxy Authentication Required"),
        refusing("403 Forbidden"),
        refusing("502 Bad Gateway"),
        RawServer::start(|peer: &mut Peer| {
            peer.read_head();
            peer.send("SSH-2.0-dropbear\r\n\r\n");
        }),
        RawServer::start(|peer: &mut Peer| drop(peer.read_head())),
    ];
    for proxy in proxies {
        run_child("child_does_not_get_out", &[("HTTPS_PROXY", proxy.url("/").as_str())]);
    }
    for proxy in ["http://127.0.0.1:1/", "socks5://127.0.0.1:1", "socks5h://127.0.0.1:1"] {
        run_child("child_does_not_get_out", &[("HTTPS_PROXY", proxy)]);
    }
}

#[tokio::test]
#[ignore = "started by the tests about proxies that do not work"]
async fn child_does_not_get_out() {
    let server = tls_server();
    let error = get(ProxySource::Environment, url_of(&server).as_str())
        .await
        .unwrap_err();
    assert!(!error.may_have_been_processed, "{error:?}");
    assert_eq!(error.kind, TransportErrorKind::Unreachable);
}

/// The ways as a system or an automatic configuration names them: `PROXY a; PROXY b; DIRECT`.
async fn get_by_ways(ways: &[ProxyEntry], url: &str) -> Result<u16, TransportError> {
    let ways = ways.to_vec();
    let transport = transport(ProxySource::Direct).through_ways(Arc::new(move |_| ways.clone()));
    let answer = transport.send(HttpRequest::get(url.parse().unwrap(), "*/*")).await;
    answer.map(|answer| answer.status)
}

fn way(address: SocketAddr) -> ProxyEntry {
    let (host, port) = (address.ip().to_string(), Some(address.port()));
    ProxyEntry::Http { host, port }
}

/// A proxy to which nobody listens.
fn dead() -> ProxyEntry {
    way(TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap())
}

fn refusing() -> RawServer {
    RawServer::start(|peer: &mut Peer| {
        peer.read_head_seen();
        peer.send("HTTP/1.1 502 Bad Gateway\r\ncontent-length: 0\r\n\r\n");
    })
}

/// A URL for this machine that does not count as loopback, which never goes through a proxy.
fn url_of_this_machine(server: &RawServer) -> String {
    format!("https://0.0.0.0:{}/", server.address().port())
}

#[tokio::test]
async fn a_proxy_without_a_connection_gives_way_to_the_next() {
    let (server, refusing, proxy) = (tls_server(), refusing(), RawServer::start(tunnel));
    let ways = [
        ProxyEntry::Other,
        dead(),
        way(refusing.address()),
        way(proxy.address()),
        dead(),
    ];
    assert_eq!(get_by_ways(&ways, &url_of_this_machine(&server)).await, Ok(200));
    assert_eq!((refusing.requests().len(), proxy.requests().len()), (1, 1));
}

/// Only the proxy's network may be able to resolve the issuer's name.
#[tokio::test]
async fn a_socks_proxy_is_given_the_name_of_the_target() {
    let server = tls_server();
    let (proxy, asked) = socks_proxy(server.address());
    let url = format!("https://issuer.invalid:{}/", server.address().port());
    assert_eq!(get_by_ways(&[socks(proxy.address())], &url).await, Ok(200));
    assert_eq!(*asked.lock().unwrap(), ["issuer.invalid"]);
}

#[tokio::test]
async fn a_socks_proxy_without_a_connection_gives_way_to_the_next() {
    let server = tls_server();
    let refusing = RawServer::start(|peer: &mut Peer| {
        let _ = socks_target(peer.stream());
        peer.send([5, 5, 0, 1, 0, 0, 0, 0, 0, 0]); // connection refused
    });
    let silent = RawServer::start(|peer: &mut Peer| drop(peer.stream().shutdown(Shutdown::Both)));
    let wanting_a_password = RawServer::start(|peer: &mut Peer| {
        let _ = peer.stream().read(&mut [0; 16]);
        peer.send([5, 0xff]); // none of the methods
    });
    let dead = TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap();
    let (proxy, asked) = socks_proxy(server.address());
    let ways: Vec<_> = [
        refusing.address(),
        silent.address(),
        wanting_a_password.address(),
        dead,
        proxy.address(),
    ]
    .map(socks)
    .into();
    let url = "https://issuer.invalid/";
    assert_eq!(get_by_ways(&ways, url).await, Ok(200));
    assert_eq!(asked.lock().unwrap().len(), 1);
    let error = get_by_ways(&ways[..4], url).await.unwrap_err();
    assert!(!error.may_have_been_processed, "{error:?}");
    assert_eq!(error.kind, TransportErrorKind::Unreachable);
}

/// A SOCKS proxy (RFC 1928) that always connects to `target`, and the names that clients asked for.
fn socks_proxy(target: SocketAddr) -> (RawServer, Arc<Mutex<Vec<String>>>) {
    let asked = Arc::new(Mutex::new(Vec::new()));
    let names = Arc::clone(&asked);
    let proxy = RawServer::start(move |peer: &mut Peer| {
        let Ok(name) = socks_target(peer.stream()) else { return };
        names.lock().unwrap().push(name);
        peer.send([5, 0, 0, 1, 0, 0, 0, 0, 0, 0]); // connected
        join(peer, &TcpStream::connect(target).unwrap());
    });
    (proxy, asked)
}

/// The name that a client wants to connect to, after a greeting without a password.
fn socks_target(stream: &mut TcpStream) -> io::Result<String> {
    let mut head = [0; 2];
    stream.read_exact(&mut head)?;
    stream.read_exact(&mut vec![0; usize::from(head[1])])?;
    stream.write_all(&[5, 0])?;
    // Version, CONNECT, reserved, "a name follows"; the length of the name.
    let mut request = [0; 5];
    stream.read_exact(&mut request)?;
    assert_eq!(request[..4], [5, 1, 0, 3]);
    let mut name = vec![0; usize::from(request[4])];
    stream.read_exact(&mut name)?;
    stream.read_exact(&mut [0; 2])?;
    Ok(String::from_utf8(name).unwrap())
}

fn socks(address: SocketAddr) -> ProxyEntry {
    let (host, port) = (address.ip().to_string(), Some(address.port()));
    ProxyEntry::Socks { host, port }
}

#[tokio::test]
async fn the_direct_way_is_taken_in_its_place() {
    let (server, proxy) = (tls_server(), RawServer::start(tunnel));
    let url = url_of_this_machine(&server);
    assert_eq!(
        get_by_ways(&[dead(), ProxyEntry::Direct, way(proxy.address())], &url).await,
        Ok(200)
    );
    assert_eq!(proxy.requests().len(), 0);
}

#[tokio::test]
async fn without_a_way_there_is_no_connection() {
    let error = get_by_ways(&[dead(), dead()], &url_of_this_machine(&tls_server()))
        .await
        .unwrap_err();
    let expected = TransportError {
        kind: TransportErrorKind::Unreachable,
        may_have_been_processed: false,
    };
    assert_eq!(error, expected);
}

#[tokio::test]
async fn a_request_that_was_sent_takes_no_other_way() {
    let config = server_config();
    let breaking = RawServer::start(move |peer: &mut Peer| {
        let mut tls = ServerConnection::new(config.clone()).unwrap();
        let mut stream = rustls::Stream::new(&mut tls, peer.stream());
        let _ = stream.read(&mut [0; 4096]);
    });
    let (first, second) = (RawServer::start(tunnel), RawServer::start(tunnel));
    let ways = [way(first.address()), way(second.address())];
    let error = get_by_ways(&ways, &url_of_this_machine(&breaking)).await.unwrap_err();
    assert!(error.may_have_been_processed, "{error:?}");
    assert_eq!((first.requests().len(), second.requests().len()), (1, 0));
}

fn url_of(server: &RawServer) -> url::Url {
    format!("https://localhost:{}/", server.address().port())
        .parse()
        .unwrap()
}
