//! Several issuers in one app (RFC 9700 4.4.2): if they share a redirect URI and callbacks do not identify their
//! issuer, the log warns.

use std::sync::{Arc, Mutex};

use pilotlight_core::ffi::{CoreSession, LogSink, SessionStorage};
use pilotlight_core::model::configuration::SessionConfiguration;
use pilotlight_core::ports::LogLevel;
use pilotlight_core::session::SignInOptions;
use pilotlight_identity_server::Options;

use crate::world::World;

#[derive(Debug, Default)]
struct Lines(Mutex<Vec<String>>);

impl LogSink for Lines {
    fn log(&self, level: LogLevel, message: String) {
        self.0.lock().unwrap().push(format!("{level:?} {message}"));
    }
}

impl Lines {
    fn warnings_of_mix_up(&self) -> usize {
        let lines = self.0.lock().unwrap();
        let warned =
            |line: &&String| line.starts_with("Warning ") && line.contains("another issuer has the same redirect URI");
        lines.iter().filter(warned).count()
    }
}

fn open(configuration: SessionConfiguration, folder: &tempfile::TempDir, name: &str) -> (Arc<CoreSession>, Arc<Lines>) {
    let path = folder.path().join(name).to_str().unwrap().to_owned();
    let log = Arc::new(Lines::default());
    let storage = SessionStorage::File { path };
    let session = CoreSession::new(
        configuration,
        storage,
        "default".to_owned(),
        false,
        None,
        Some(log.clone()),
    );
    (session.unwrap(), log)
}

/// The number of warnings for sign-ins at both issuers, one after the other.
async fn warnings(one: SessionConfiguration, other: SessionConfiguration) -> [usize; 2] {
    let folder = tempfile::tempdir().unwrap();
    let (first, of_first) = open(one, &folder, "one");
    let (second, of_second) = open(other, &folder, "other");
    for session in [&first, &second] {
        session.begin_sign_in(SignInOptions::default()).await.unwrap();
    }
    [of_first.warnings_of_mix_up(), of_second.warnings_of_mix_up()]
}

/// Each test uses its own redirect URIs, because other sessions of this process are open at the same time.
fn at(world: &World, redirect_uri: &str) -> SessionConfiguration {
    SessionConfiguration {
        redirect_uri: redirect_uri.to_owned(),
        ..world.oidc_configuration()
    }
}

async fn issuers(iss: [bool; 2]) -> [World; 2] {
    let [one, other] = iss.map(|iss| Options::default().with(|s| s.iss_in_authorization_response = iss));
    [World::with(one).await, World::with(other).await]
}

#[tokio::test]
async fn an_issuer_that_names_itself_nowhere_is_warned_of_where_another_shares_its_redirect_uri() {
    let shared = "com.example.mixup.shared://callback";
    for (iss, expected) in [
        ([true, false], [0, 1]),
        ([false, false], [1, 1]),
        ([true, true], [0, 0]),
    ] {
        let [one, other] = issuers(iss).await;
        assert_eq!(
            warnings(at(&one, shared), at(&other, shared)).await,
            expected,
            "{iss:?}"
        );
    }
}

#[tokio::test]
async fn redirect_uris_of_their_own_and_clients_of_one_issuer_are_not() {
    let [one, other] = issuers([false, false]).await;
    let (mine, yours) = (
        at(&one, "com.example.mixup.a://callback"),
        at(&other, "com.example.mixup.b://callback"),
    );
    assert_eq!(warnings(mine, yours).await, [0, 0]);
    let client = at(&one, "com.example.mixup.c://callback");
    let another_client = SessionConfiguration {
        client_id: "another-app".to_owned(),
        ..client.clone()
    };
    assert_eq!(warnings(client, another_client).await, [0, 0]);
}
