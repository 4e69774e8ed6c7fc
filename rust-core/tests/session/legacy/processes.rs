//! An app and its extension as separate processes, for both of which the ID token has expired. Everything is real,
//! including the file store and its lock. A process is this test's own program, run for one test.

use std::io::{BufRead as _, BufReader, Lines};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};

use pilotlight_core::adapters::file_store::FileStore;
use pilotlight_core::adapters::off_thread::BlockingStore as _;
use pilotlight_core::ffi::{CoreSession, SessionStorage};
use pilotlight_core::model::configuration::{Provider, SessionConfiguration};
use pilotlight_core::model::secret::SecretBytes;
use pilotlight_identity_server::{Endpoint, Fault};
use serde_json::Value;
use tempfile::TempDir;

use super::{older_tenant, opted_in, session_of_lock};
use crate::world::World;

/// Lock's data, in a file.
struct Stored {
    _folder: TempDir,
    path: PathBuf,
    name: String,
}

impl Stored {
    async fn of(world: &World) -> Self {
        drop(session_of_lock(world).await);
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("store.json");
        let (name, bytes) = world.store.items().pop_first().unwrap();
        FileStore::new(&path).write(&name, &SecretBytes::new(bytes)).unwrap();
        Self {
            _folder: folder,
            path,
            name,
        }
    }

    fn read(&self) -> Value {
        let item = FileStore::new(&self.path).read(&self.name).unwrap().unwrap();
        serde_json::from_slice(item.expose()).unwrap()
    }

    /// The ID token was issued eleven hours ago, and its lifetime is ten.
    fn expire(&self) {
        let mut item = self.read();
        let received = item["credentials"]["received_at"].as_i64().unwrap();
        item["credentials"]["received_at"] = (received - 11 * 3600).into();
        let bytes = SecretBytes::new(item.to_string().into_bytes());
        FileStore::new(&self.path).write(&self.name, &bytes).unwrap();
    }
}

const CHILD: &str = "legacy::processes::child_asks";

struct Process {
    child: Child,
    lines: Option<Lines<BufReader<ChildStdout>>>,
}

impl Process {
    fn that_asks(world: &World, path: &Path) -> Self {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--ignored", "--exact", "--nocapture", CHILD])
            .env("CHILD_ASKS_AT", world.server.domain())
            .env("CHILD_ASKS_WITH", path)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        Self {
            child,
            lines: Some(lines),
        }
    }

    /// What the process reports about `subject`. The server continues meanwhile, because it is in this process.
    async fn says(&mut self, subject: &'static str) -> String {
        let mut lines = self.lines.take().unwrap();
        let read = tokio::task::spawn_blocking(move || {
            let said = lines.find_map(|line| line.unwrap().strip_prefix(subject).map(str::to_owned));
            (said, lines)
        });
        let (said, lines) = read.await.unwrap();
        self.lines = Some(lines);
        said.unwrap_or_else(|| panic!("it ended without a word about {subject}"))
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[tokio::test]
async fn two_processes_renew_at_once_and_one_delegation_is_sent() {
    let world = older_tenant(|_| {}).await;
    let stored = Stored::of(&world).await;
    let refresh_token = stored.read()["credentials"]["refresh_token"].clone();
    for round in 1..=3 {
        stored.expire();
        world.control().fault(Endpoint::Delegation, Fault::hold());
        let mut processes = [(); 2].map(|()| Process::that_asks(&world, &stored.path));
        for process in &mut processes {
            process.says("asks").await;
        }
        world.control().wait_for_held(Endpoint::Delegation, 1).await;
        world.control().release(Endpoint::Delegation);
        for process in &mut processes {
            let announced = process.says("announced ").await;
            assert_eq!(
                stored.read()["credentials"]["id_token"],
                announced,
                "the token that is stored"
            );
        }
        assert_eq!(world.control().counters().delegations_honoured, round);
    }
    let left = stored.read();
    assert_eq!(left["credentials"]["refresh_token"], refresh_token);
    assert!(left.get("ended").is_none());
    assert_eq!(world.control().counters().dead_refresh_tokens_presented, 0);
}

#[tokio::test]
async fn a_process_that_is_killed_within_its_delegation_costs_the_other_nothing() {
    let world = older_tenant(|_| {}).await;
    let stored = Stored::of(&world).await;
    stored.expire();
    world
        .control()
        .fault(Endpoint::Delegation, Fault::hold().after_processing());
    let mut app = Process::that_asks(&world, &stored.path);
    world.control().wait_for_held(Endpoint::Delegation, 1).await;
    let mut extension = Process::that_asks(&world, &stored.path);
    extension.says("asks").await;
    app.child.kill().unwrap();
    assert!(!app.child.wait().unwrap().success());
    let announced = extension.says("announced ").await;
    world.control().release(Endpoint::Delegation);
    assert_eq!(stored.read()["credentials"]["id_token"], announced);
    assert_eq!(world.control().counters().delegations_honoured, 2);
    assert_eq!(world.control().counters().dead_refresh_tokens_presented, 0);
}

#[tokio::test]
#[ignore = "runs as another process of the tests above"]
async fn child_asks() {
    let (Ok(domain), Ok(path)) = (std::env::var("CHILD_ASKS_AT"), std::env::var("CHILD_ASKS_WITH")) else {
        return;
    };
    // A separate world supplies the configuration of such an app; the issuer is the parent's.
    let configuration = SessionConfiguration {
        provider: Provider::Auth0 { domain },
        ..opted_in(&World::new().await)
    };
    let storage = SessionStorage::File { path };
    let session = CoreSession::new(configuration, storage, "default".to_owned(), false, None, None).unwrap();
    session.restore().await.unwrap();
    println!("\nasks");
    match session.id_token(60).await {
        Ok(token) => println!("\nannounced {}", token.expose()),
        Err(error) => println!("\nannounced {error:?}"),
    }
}
