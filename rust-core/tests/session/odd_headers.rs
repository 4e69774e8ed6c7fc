//! Headers that real servers and proxies send and hyper refuses by default: none may cost the answer, because the refresh
//! token in it exists nowhere else.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::thread;

use pilotlight_core::adapters::http::HttpTransport;
use pilotlight_core::ports::{BoxFuture, Transport, TransportError};
use pilotlight_core::protocol::message::{HttpAnswer, HttpRequest};
use pilotlight_identity_server::{Endpoint, Fault};

use crate::world::{ADA, World, assert_renews, forced};

/// Connects through a proxy that adds lines to each answer whose status begins with `status`, behind the status line.
#[derive(Debug)]
struct AddingHeaders {
    network: HttpTransport,
    port: u16,
}

impl AddingHeaders {
    fn before(world: &World, status: &'static str, lines: &'static str) -> Arc<Self> {
        let upstream = world.server.domain().rsplit("://").next().unwrap();
        let upstream = upstream.trim_end_matches('/').to_owned();
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        thread::spawn(move || {
            for client in listener.incoming() {
                let (client, server) = (client.unwrap(), TcpStream::connect(&upstream).unwrap());
                let (mut from, mut to) = (client.try_clone().unwrap(), server.try_clone().unwrap());
                thread::spawn(move || {
                    let _ = std::io::copy(&mut from, &mut to);
                    let _ = to.shutdown(Shutdown::Both);
                });
                thread::spawn(move || add_lines(server, client, status, lines));
            }
        });
        let network = HttpTransport::new();
        Arc::new(Self { network, port })
    }
}

fn add_lines(mut server: TcpStream, mut client: TcpStream, status: &str, lines: &str) {
    let mut buffer = [0; 65_536];
    while let Ok(read @ 1..) = server.read(&mut buffer) {
        let mut bytes = buffer[..read].to_vec();
        if bytes.starts_with(format!("HTTP/1.1 {status}").as_bytes()) {
            let end = bytes.windows(2).position(|two| two == b"\r\n").unwrap() + 2;
            bytes.splice(end..end, lines.bytes());
        }
        if client.write_all(&bytes).is_err() {
            break;
        }
    }
    let _ = client.shutdown(Shutdown::Both);
}

impl Transport for AddingHeaders {
    fn send(&self, mut request: HttpRequest) -> BoxFuture<'_, Result<HttpAnswer, TransportError>> {
        request.url.set_port(Some(self.port)).unwrap();
        self.network.send(request)
    }
}

#[tokio::test]
async fn no_header_costs_the_rotated_refresh_token() {
    let many: &str = Box::leak(
        (0..300)
            .map(|number| format!("x-{number}: a\r\n"))
            .collect::<String>()
            .into_boxed_str(),
    );
    for lines in [
        "content-security-policy: default-src 'self';\r\n  script-src 'none'\r\n",
        "X-Powered By: PHP\r\n",
        "x-name : value\r\n",
        "no colon\r\n",
        ": no name\r\n",
        "x-(name): value\r\n",
        "x-control: a\u{1}b\r\n",
        many,
    ] {
        let world = World::new().await;
        drop(world.signed_in().await);
        let session = world.session_over(world.configuration(), AddingHeaders::before(&world, "200", lines));
        session.restore().await.unwrap();
        session
            .access_token(forced())
            .await
            .unwrap_or_else(|error| panic!("{lines:?}: {error}"));
        let counters = world.control().counters();
        assert_eq!(
            (counters.refresh_grants_honoured, counters.families_killed),
            (1, 0),
            "{lines:?}"
        );
        let later = world.session();
        later.restore().await.unwrap();
        assert_renews(&later).await;
    }
}

/// The rest of the header still counts (RFC 9110 5.5): the token is renewed, and the userinfo endpoint asked again.
#[tokio::test]
async fn a_description_that_is_not_ascii_does_not_hide_the_error_code() {
    let lines = "www-authenticate: Bearer error=\"invalid_token\", error_description=\"Token ung\u{fc}ltig\"\r\n";
    let world = World::new().await;
    drop(world.signed_in().await);
    world.control().fault(Endpoint::Userinfo, Fault::status(400));
    let session = world.session_over(world.configuration(), AddingHeaders::before(&world, "400", lines));
    session.restore().await.unwrap();
    session.profile(true).await.unwrap();
    assert_eq!(world.control().counters().refresh_grants_honoured, 1);
}

/// A device whose clock is a day ahead signs in by the server's clock, also where a cache on the way adds an `Age`.
#[tokio::test]
async fn an_answer_that_is_not_old_tells_the_time() {
    for age in ["0", "2"] {
        let world = World::new().await;
        world
            .control()
            .fault(Endpoint::Any, Fault::headers(&[("age", age)]).for_ever());
        world.clock.set_wall(86_400);
        let session = world.session();
        let callback = world.callback(&session, ADA).await;
        session.complete_sign_in(&callback).await.unwrap();
    }
}
