//! The transport under test: the core's own HTTP client or, if `PILOTLIGHT_TEST_TRANSPORT` names a program, the app's
//! client in that program. The same tests apply to both (scripts/url-session.sh).

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Write};
use std::process::{ChildStdin, Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock};
use std::thread;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use pilotlight_core::adapters::app_transport::{
    AppHttpTransport, AppTransport, TransportHeader, TransportReply, TransportRequest,
};
use pilotlight_core::adapters::http::{HttpLimits, HttpTransport};
use pilotlight_core::ports::{Transport, TransportErrorKind};
use serde_json::{Value, json};

const PROGRAM: &str = "PILOTLIGHT_TEST_TRANSPORT";

/// A transport with these limits.
pub(crate) fn transport_with(limits: HttpLimits) -> Arc<dyn Transport> {
    match the_program() {
        Some(program) => Arc::new(AppHttpTransport::with_limits(program.client(), limits)),
        None => Arc::new(HttpTransport::with_limits(limits)),
    }
}

/// Whether the transport is the app's client in a program.
pub(crate) fn is_the_apps() -> bool {
    the_program().is_some()
}

fn the_program() -> Option<&'static Arc<Program>> {
    static RUNNING: OnceLock<Option<Arc<Program>>> = OnceLock::new();
    let start = || Some(Program::start(&std::env::var_os(PROGRAM)?));
    RUNNING.get_or_init(start).as_ref()
}

/// Takes requests on its standard input and reports on its standard output, one JSON object per line. It ends with this
/// process.
#[derive(Debug)]
struct Program {
    input: Mutex<ChildStdin>,
    waiting: Mutex<HashMap<u64, Arc<TransportReply>>>,
    clients: AtomicU64,
}

/// A separate client, like a session's.
#[derive(Debug)]
struct Client {
    program: Arc<Program>,
    number: u64,
}

impl Program {
    fn start(path: &std::ffi::OsStr) -> Arc<Self> {
        let mut command = Command::new(path);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let program = Arc::new(Self {
            input: Mutex::new(child.stdin.take().unwrap()),
            waiting: Mutex::default(),
            clients: AtomicU64::new(0),
        });
        let (output, reader) = (child.stdout.take().unwrap(), Arc::clone(&program));
        thread::spawn(move || {
            for line in BufReader::new(output).lines() {
                reader.report(&serde_json::from_str(&line.unwrap()).unwrap());
            }
            // Requests that it leaves unanswered count as broken off.
            reader.waiting.lock().unwrap().clear();
            child.wait().unwrap();
        });
        program
    }

    fn client(self: &Arc<Self>) -> Arc<dyn AppTransport> {
        let number = self.clients.fetch_add(1, Ordering::Relaxed);
        let program = Arc::clone(self);
        Arc::new(Client { program, number })
    }

    fn write(&self, line: &Value) {
        writeln!(self.input.lock().unwrap(), "{line}").unwrap();
    }

    fn report(&self, report: &Value) {
        let waiting = self.waiting.lock().unwrap().remove(&report["id"].as_u64().unwrap());
        let Some(reply) = waiting else { return };
        if let Some(kind) = report["kind"].as_str() {
            let may_have_been_processed = report["mayHaveBeenProcessed"].as_bool().unwrap();
            return reply.failed(kind_called(kind), may_have_been_processed);
        }
        let header = |pair: &Value| TransportHeader {
            name: pair[0].as_str().unwrap().to_owned(),
            value: pair[1].as_str().unwrap().to_owned(),
        };
        let status = u16::try_from(report["status"].as_u64().unwrap()).unwrap();
        let headers = report["headers"].as_array().unwrap().iter().map(header).collect();
        let body = STANDARD.decode(report["body"].as_str().unwrap()).unwrap();
        reply.answered(status, headers, body);
    }
}

impl Client {
    /// A different number for each request of all clients.
    fn number_of(&self, id: u64) -> u64 {
        self.number << 32 | id
    }
}

impl AppTransport for Client {
    fn send(&self, request: TransportRequest, reply: Arc<TransportReply>) {
        let id = self.number_of(request.id);
        let headers: Vec<_> = request
            .headers
            .iter()
            .map(|header| [&header.name, &header.value])
            .collect();
        self.program.waiting.lock().unwrap().insert(id, reply);
        self.program.write(&json!({
            "id": id, "method": request.method, "url": request.url, "headers": headers,
            "body": request.body.map(|body| STANDARD.encode(body)), "connect": request.connect_timeout,
            "total": request.total_timeout, "longest": request.longest_body,
        }));
    }

    fn cancel(&self, id: u64) {
        let id = self.number_of(id);
        self.program.waiting.lock().unwrap().remove(&id);
        self.program.write(&json!({ "cancel": id }));
    }
}

/// The kind with this name in Swift.
fn kind_called(name: &str) -> TransportErrorKind {
    let kinds = [
        ("unreachable", TransportErrorKind::Unreachable),
        ("tls", TransportErrorKind::Tls),
        ("timeout", TransportErrorKind::Timeout),
        ("interrupted", TransportErrorKind::Interrupted),
        ("tooLarge", TransportErrorKind::TooLarge),
        ("notHttp", TransportErrorKind::NotHttp),
    ];
    kinds.into_iter().find(|(known, _)| *known == name).unwrap().1
}
