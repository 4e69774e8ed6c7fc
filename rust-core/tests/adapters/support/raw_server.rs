//! A TCP server that does exactly what its test says, including what no HTTP server would do.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;

/// A server on a free loopback port. Each connection is handled on a separate thread. The server ends with the process.
pub(crate) struct RawServer {
    address: SocketAddr,
    requests: Receiver<SeenRequest>,
}

/// A request that arrived.
pub(crate) struct SeenRequest {
    /// The number of the connection, from 0.
    pub(crate) connection: usize,
    /// The request line and the header lines, as sent.
    pub(crate) head: Vec<String>,
    pub(crate) body: Vec<u8>,
}

/// One connection, controlled by the test's handler.
pub(crate) struct Peer {
    /// Buffers nothing beyond what is read, so that a test can leave bytes unread.
    stream: BufReader<TcpStream>,
    connection: usize,
    seen: Sender<SeenRequest>,
}

impl RawServer {
    pub(crate) fn start(handler: impl Fn(&mut Peer) + Send + Sync + Clone + 'static) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let address = listener.local_addr().unwrap();
        let (seen, requests) = channel();
        thread::spawn(move || {
            for (connection, stream) in listener.incoming().enumerate() {
                let mut peer = Peer {
                    stream: BufReader::with_capacity(1, stream.unwrap()),
                    connection,
                    seen: seen.clone(),
                };
                let handler = handler.clone();
                thread::spawn(move || handler(&mut peer));
            }
        });
        Self { address, requests }
    }

    pub(crate) fn url(&self, path: &str) -> url::Url {
        format!("http://{}{path}", self.address).parse().unwrap()
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// The requests so far, in order.
    pub(crate) fn requests(&self) -> Vec<SeenRequest> {
        self.requests.try_iter().collect()
    }
}

impl Peer {
    /// Reads one request with its body; `false` if the client has closed the connection.
    pub(crate) fn read_request(&mut self) -> bool {
        let Some(head) = self.read_head() else {
            return false;
        };
        let length = header(&head, "content-length").map_or(0, |length| length.parse().unwrap());
        let mut body = vec![0; length];
        if self.stream.read_exact(&mut body).is_err() {
            return false;
        }
        self.seen
            .send(SeenRequest {
                connection: self.connection,
                head,
                body,
            })
            .is_ok()
    }

    /// Reads up to the empty line and not a byte further; `None` if the client has closed the connection.
    pub(crate) fn read_head(&mut self) -> Option<Vec<String>> {
        let mut head = Vec::new();
        loop {
            let mut line = String::new();
            match self.stream.read_line(&mut line) {
                Ok(0) | Err(_) => return None,
                Ok(_) if line == "\r\n" => return Some(head),
                Ok(_) => head.push(line.trim_end_matches("\r\n").to_owned()),
            }
        }
    }

    /// The same, and records the request.
    pub(crate) fn read_head_seen(&mut self) -> Option<Vec<String>> {
        let head = self.read_head()?;
        let seen = SeenRequest {
            connection: self.connection,
            head: head.clone(),
            body: Vec::new(),
        };
        self.seen.send(seen).is_ok().then_some(head)
    }

    /// Waits for bytes and leaves them unread, so that closing the connection resets it.
    pub(crate) fn leave_unread(&mut self) {
        let _ = self.stream.get_ref().peek(&mut [0]);
    }

    /// Sends bytes unchanged. It does not matter if the client is gone.
    pub(crate) fn send(&mut self, bytes: impl AsRef<[u8]>) -> bool {
        let stream = self.stream.get_mut();
        stream.write_all(bytes.as_ref()).and_then(|()| stream.flush()).is_ok()
    }

    /// The socket, for other protocols on it.
    pub(crate) fn stream(&mut self) -> &mut TcpStream {
        self.stream.get_mut()
    }

    /// Waits until the client closes the connection.
    pub(crate) fn wait_for_close(&mut self) {
        let _ = self.stream.read_to_end(&mut Vec::new());
    }
}

/// The value of the first header with that name, which must be in lower case.
pub(crate) fn header<'a>(head: &'a [String], name: &str) -> Option<&'a str> {
    head.iter().skip(1).find_map(|line| {
        let (key, value) = line.split_once(':')?;
        (key.to_ascii_lowercase() == name).then_some(value.trim())
    })
}
