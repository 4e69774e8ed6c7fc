//! The cost of sessions by their number, as an app opens them: the first of a process, the thousandth, and the memory
//! of a hundred that have renewed.
//!
//! `cargo bench -p pilotlight-core --bench sessions`. The memory is the process's resident set, read on Linux only; the
//! server runs in a separate process.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a benchmark tells by printing, and fails loudly"
)]

use std::collections::HashMap;
use std::env;
use std::fs;
use std::hint::black_box;
use std::io::{self, BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use pilotlight_core::ffi::{CoreSession, SessionObserver, SessionStorage};
use pilotlight_core::machine::event::SessionEvent;
use pilotlight_core::model::configuration::SessionConfiguration;
use pilotlight_core::model::state::SessionState;
use pilotlight_core::session::SignInOptions;
use pilotlight_identity_server::{IdentityServer, Options};
use reqwest::Client;
use support::{Comparison, runtime, written_configuration};

mod support;

/// The variable with the role of a process that this benchmark starts.
const ROLE: &str = "PILOTLIGHT_BENCH_ROLE";
const PROCESSES: usize = 101;
const OPENED: usize = 1000;
const SESSIONS: usize = 100;

fn main() {
    match env::var(ROLE).as_deref() {
        Ok("first") => first_of_this_process(),
        Ok("server") => serve(),
        _ => {
            first_opening();
            nth_opening();
            memory();
        }
    }
}

#[derive(Debug)]
struct Observer;

impl SessionObserver for Observer {
    fn state_changed(&self, _: SessionState) {}
    fn happened(&self, _: SessionEvent) {}
}

fn open(domain: &str, storage: SessionStorage, name: String) -> Arc<CoreSession> {
    let configuration: SessionConfiguration = written_configuration(domain);
    CoreSession::new(configuration, storage, name, false, Some(Arc::new(Observer)), None).unwrap()
}

fn file(folder: &Path) -> SessionStorage {
    SessionStorage::File {
        path: folder.join("sessions").display().to_string(),
    }
}

fn timed<T>(work: impl FnOnce() -> T) -> Duration {
    let start = Instant::now();
    let kept = black_box(work());
    let taken = start.elapsed();
    drop(kept);
    taken
}

// The first session.

/// The second session shows the cost of the work itself; for the first, each page of code and heap is touched for the
/// first time.
fn first_opening() {
    let (mut first, mut second) = (Comparison::default(), Comparison::default());
    for _ in 0..PROCESSES {
        let output = Command::new(env::current_exe().unwrap())
            .env(ROLE, "first")
            .output()
            .unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        let mut times = text
            .split_whitespace()
            .map(|time| Duration::from_nanos(time.parse().unwrap()));
        let [opened, opened_then, thread] = [times.next(), times.next(), times.next()].map(Option::unwrap);
        first.add(opened, thread);
        second.add(opened_then, thread);
    }
    first.print(
        "the first session of a process beside a thread that is started and ends",
        1,
    );
    second.print(
        "the second session of a process beside a thread that is started and ends",
        1,
    );
}

fn first_of_this_process() {
    let folder = tempfile::tempdir().unwrap();
    let thread = || thread::spawn(|| black_box(1)).join().unwrap();
    thread();
    let plain = timed(thread);
    let storage = [(); 2].map(|()| file(folder.path()));
    let [first, second] = storage.map(|storage| timed(|| open("tenant.example.com", storage, "main".to_owned())));
    println!("{} {} {}", first.as_nanos(), second.as_nanos(), plain.as_nanos());
}

// The thousandth session.

fn nth_opening() {
    let folder = tempfile::tempdir().unwrap();
    let mut times = Vec::new();
    let mut kept = Vec::new();
    for index in 0..OPENED {
        let start = Instant::now();
        kept.push(open("tenant.example.com", file(folder.path()), format!("user-{index}")));
        times.push(start.elapsed());
    }
    let mut comparison = Comparison::default();
    for (late, early) in times[OPENED - 100..].iter().zip(&times[1..101]) {
        comparison.add(*late, *early);
    }
    comparison.print("a session beside 900 others, beside one of the first 100", 1);
}

// A hundred sessions that have renewed.

fn memory() {
    if resident().is_none() {
        println!("the memory is not measured on this system");
        return;
    }
    let mut server = Server::start();
    let runtime = runtime();
    // Allocations that a process makes only once happen before the measurement.
    let mut kept = vec![runtime.block_on(signed_in(&mut server, 0))];
    let before = resident().unwrap();
    for index in 1..=SESSIONS {
        kept.push(runtime.block_on(signed_in(&mut server, index)));
    }
    let ours = (resident().unwrap() - before) / SESSIONS;

    let url = format!("{}/.well-known/openid-configuration", server.domain);
    let mut clients = vec![runtime.block_on(client_in_use(&url))];
    let before = resident().unwrap();
    for _ in 0..SESSIONS {
        clients.push(runtime.block_on(client_in_use(&url)));
    }
    let plain = (resident().unwrap() - before) / SESSIONS;
    println!(
        "memory of a session that has renewed, one of {SESSIONS}: {:.1} KB beside {:.1} KB of an HTTP client, {:.2} times",
        ours as f64 / 1000.0,
        plain as f64 / 1000.0,
        ours as f64 / plain as f64
    );
}

async fn signed_in(server: &mut Server, index: usize) -> Arc<CoreSession> {
    let session = open(&server.domain, SessionStorage::Memory, format!("user-{index}"));
    let begun = session.begin_sign_in(SignInOptions::default()).await.unwrap();
    let callback = server.authorize(&begun.url);
    session.complete_sign_in(callback).await.unwrap();
    session.refresh(Vec::new(), HashMap::new()).await.unwrap();
    session
}

async fn client_in_use(url: &str) -> Client {
    let tls = pilotlight_core::adapters::tls::client_config().unwrap();
    let client = Client::builder()
        .tls_backend_preconfigured(tls)
        .http1_only()
        .no_proxy()
        .build()
        .unwrap();
    client.get(url).send().await.unwrap().bytes().await.unwrap();
    client
}

fn resident() -> Option<usize> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmRSS:"))?;
    Some(1024 * line.split_whitespace().nth(1)?.parse::<usize>().ok()?)
}

/// The identity server in a separate process, which answers each URL with its callback.
struct Server {
    process: Child,
    to: ChildStdin,
    from: BufReader<ChildStdout>,
    domain: String,
}

impl Server {
    fn start() -> Self {
        let mut process = Command::new(env::current_exe().unwrap())
            .env(ROLE, "server")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let (to, from) = (process.stdin.take().unwrap(), process.stdout.take().unwrap());
        let mut server = Self {
            process,
            to,
            from: BufReader::new(from),
            domain: String::new(),
        };
        server.domain = server.line();
        server
    }

    fn authorize(&mut self, url: &str) -> String {
        writeln!(self.to, "{url}").unwrap();
        self.line()
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        self.from.read_line(&mut line).unwrap();
        line.trim_end().to_owned()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn serve() {
    let runtime = runtime();
    let server = runtime.block_on(IdentityServer::start(Options::default())).unwrap();
    println!("{}", server.domain());
    for url in io::stdin().lines() {
        let callback = runtime
            .block_on(server.authorize(&url.unwrap(), "ada@example.com"))
            .unwrap();
        println!("{callback}");
    }
}
