//! A server as a child process: it starts in a separate process group, reports when it is ready, and is stopped as a
//! whole.

use std::fmt;
use std::io::{BufRead, BufReader, Read};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process_group};

/// The time that a server has to end by itself and remove its temporary files, before it is killed.
const STOP_TIMEOUT: Duration = Duration::from_secs(10);
/// How many bytes of a server's log are kept, from its end.
const MAX_LOG: usize = 64 * 1024;

pub(crate) enum StartError {
    Run(std::io::Error),
    /// Contains the end of its log.
    NotReady(String),
}

pub(crate) struct ServerProcess {
    child: Child,
    log: Arc<Mutex<Vec<u8>>>,
}

impl fmt::Debug for ServerProcess {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServerProcess")
            .field("pid", &self.child.id())
            .finish_non_exhaustive()
    }
}

impl ServerProcess {
    /// Runs `program` and waits for a line on its standard output that starts with `ready`; returns that line's rest.
    pub(crate) async fn start(
        program: &Path,
        arguments: &[String],
        ready: &'static str,
        timeout: Duration,
    ) -> Result<(String, Self), StartError> {
        let mut command = Command::new(program);
        command
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = command.process_group(0).spawn().map_err(StartError::Run)?;
        let log = Arc::new(Mutex::new(Vec::new()));
        let logged = child.stderr.take().map(|stderr| keep(stderr, Arc::clone(&log)));
        let answer = child.stdout.take().map(|stdout| first_line(stdout, ready));
        // From here on, a failure or a caller that stops waiting stops the child through Drop.
        let server = Self { child, log };
        let answer = wait(answer, timeout).await;
        match answer {
            Some(line) => Ok((line, server)),
            None => {
                let log = Arc::clone(&server.log);
                drop(server);
                // The end of its log gives the reason; it is complete when the pipe is closed.
                wait(logged, STOP_TIMEOUT).await;
                Err(StartError::NotReady(text(&log)))
            }
        }
    }

    pub(crate) fn log(&self) -> String {
        text(&self.log)
    }

    /// Stops the server and all its processes; returns when they are gone.
    pub(crate) async fn stop(&mut self) {
        self.ask_to_stop();
        let deadline = Instant::now() + STOP_TIMEOUT;
        while self.is_running() && Instant::now() < deadline {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        self.kill();
    }

    fn ask_to_stop(&mut self) {
        drop(self.child.stdin.take());
        self.signal(Signal::TERM);
    }

    fn kill(&mut self) {
        self.signal(Signal::KILL);
        // Fails only if it was already waited for.
        let _ = self.child.wait();
    }

    fn signal(&mut self, signal: Signal) {
        // Once it was waited for, its id may belong to another process group.
        if self.is_running()
            && let Some(group) = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw)
        {
            // Fails only if the group has ended meanwhile.
            let _ = kill_process_group(group, signal);
        }
    }

    fn is_running(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }
}

impl Drop for ServerProcess {
    fn drop(&mut self) {
        self.ask_to_stop();
        let deadline = Instant::now() + STOP_TIMEOUT;
        while self.is_running() && Instant::now() < deadline {
            std::thread::sleep(Duration::from_millis(10));
        }
        self.kill();
    }
}

type Answer<T> = mpsc::Receiver<T>;

/// Polls instead of blocking: a test's own servers may run in the same single-threaded runtime.
async fn wait<T>(answer: Option<Answer<T>>, timeout: Duration) -> Option<T> {
    let answer = answer?;
    let deadline = Instant::now() + timeout;
    loop {
        match answer.try_recv() {
            Ok(value) => return Some(value),
            Err(mpsc::TryRecvError::Disconnected) => return None,
            Err(mpsc::TryRecvError::Empty) if Instant::now() > deadline => return None,
            Err(mpsc::TryRecvError::Empty) => tokio::time::sleep(Duration::from_millis(10)).await,
        }
    }
}

/// Reads the whole pipe, so that the server never blocks on a full one.
fn first_line(stdout: impl Read + Send + 'static, ready: &'static str) -> Answer<String> {
    let (sender, receiver) = mpsc::channel();
    std::thread::spawn(move || {
        for line in BufReader::new(stdout).lines().map_while(Result::ok) {
            if let Some(rest) = line.strip_prefix(ready) {
                // The caller may have stopped waiting.
                let _ = sender.send(rest.to_owned());
            }
        }
    });
    receiver
}

fn keep(mut stderr: impl Read + Send + 'static, log: Arc<Mutex<Vec<u8>>>) -> Answer<()> {
    let (sender, receiver) = mpsc::channel();
    std::thread::spawn(move || {
        let mut buffer = [0; 4096];
        while let Ok(length @ 1..) = stderr.read(&mut buffer) {
            let mut log = log.lock().unwrap_or_else(PoisonError::into_inner);
            log.extend_from_slice(&buffer[..length]);
            let excess = log.len().saturating_sub(MAX_LOG);
            log.drain(..excess);
        }
        let _ = sender.send(());
    });
    receiver
}

fn text(log: &Mutex<Vec<u8>>) -> String {
    String::from_utf8_lossy(&log.lock().unwrap_or_else(PoisonError::into_inner)).into_owned()
}
