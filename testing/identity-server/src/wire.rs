//! The sockets: accepting, resetting, going offline and coming back on the same port.

use std::collections::HashMap;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};

use axum::Router;
use axum::body::Body;
use hyper::body::Incoming;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::{Notify, mpsc, oneshot};
use tokio::task::JoinSet;
use tower::ServiceExt as _;

use crate::lock::lock;

/// A connection, as seen by the request on it.
#[derive(Debug, Default)]
pub(crate) struct Wire {
    reset: AtomicBool,
    spared: AtomicBool,
    close: Notify,
}

impl Wire {
    /// Ends the connection with a TCP reset, regardless of what was being sent.
    pub(crate) fn reset(&self) {
        self.reset.store(true, Ordering::Relaxed);
        self.close.notify_one();
    }

    /// Lets this connection survive [`Wires::go_offline`], for the answer to the request that asked for it.
    pub(crate) fn spare(&self) {
        self.spared.store(true, Ordering::Relaxed);
    }
}

/// The server's open connections, and the channel to the task that accepts them.
#[derive(Debug)]
pub(crate) struct Wires {
    open: Mutex<HashMap<u64, Arc<Wire>>>,
    commands: mpsc::UnboundedSender<Command>,
}

#[derive(Debug)]
pub(crate) enum Command {
    Offline(oneshot::Sender<io::Result<()>>),
    Online(oneshot::Sender<io::Result<()>>),
}

impl Wires {
    pub(crate) fn new() -> (Arc<Self>, mpsc::UnboundedReceiver<Command>) {
        let (commands, receiver) = mpsc::unbounded_channel();
        (
            Arc::new(Self {
                open: Mutex::default(),
                commands,
            }),
            receiver,
        )
    }

    /// Closes the listener and all connections. Returns when they are closed.
    pub(crate) async fn go_offline(&self) -> io::Result<()> {
        self.command(Command::Offline).await
    }

    /// Listens again on the same port.
    pub(crate) async fn go_online(&self) -> io::Result<()> {
        self.command(Command::Online).await
    }

    async fn command(&self, command: impl FnOnce(oneshot::Sender<io::Result<()>>) -> Command) -> io::Result<()> {
        let gone = || io::Error::new(io::ErrorKind::NotConnected, "the server has stopped");
        let (done, wait) = oneshot::channel();
        self.commands.send(command(done)).map_err(|_| gone())?;
        wait.await.map_err(|_| gone())?
    }
}

/// Listens on loopback.
pub(crate) fn listen(port: u16) -> io::Result<TcpListener> {
    claim(port)?.listen(1024)
}

/// A port that is bound but not listened on: connections to it are refused.
fn claim(port: u16) -> io::Result<TcpSocket> {
    let socket = TcpSocket::new_v4()?;
    // Earlier connections may linger in TIME_WAIT on the same port.
    socket.set_reuseaddr(true)?;
    socket.bind(SocketAddr::from((Ipv4Addr::LOCALHOST, port)))?;
    Ok(socket)
}

/// Serves until it is dropped; its connections end with it.
pub(crate) async fn serve(
    listener: TcpListener,
    router: Router,
    wires: Arc<Wires>,
    mut commands: mpsc::UnboundedReceiver<Command>,
) {
    let mut connections = JoinSet::new();
    let mut state = match listener.local_addr() {
        Ok(address) => State {
            port: address.port(),
            listener: Some(listener),
            placeholder: None,
        },
        Err(_) => return,
    };
    for id in 0.. {
        let stream = loop {
            tokio::select! {
                Some(command) = commands.recv() => match command {
                    Command::Offline(done) => {
                        let result = state.go_offline();
                        hang_up(&wires, &mut connections).await;
                        // If nobody waits any more, nobody needs the result.
                        let _ = done.send(result);
                    }
                    Command::Online(done) => {
                        let _ = done.send(state.go_online());
                    }
                },
                Some(_) = connections.join_next() => {}
                accepted = accept(state.listener.as_ref()) => if let Ok(stream) = accepted {
                    break stream;
                }
            }
        };
        let wire = Arc::new(Wire::default());
        lock(&wires.open).insert(id, wire.clone());
        connections.spawn(connection(id, stream, wire, router.clone(), wires.clone()));
    }
}

async fn accept(listener: Option<&TcpListener>) -> io::Result<TcpStream> {
    match listener {
        Some(listener) => listener.accept().await.map(|(stream, _)| stream),
        None => std::future::pending().await,
    }
}

/// Either listening, or only keeping the port.
struct State {
    port: u16,
    listener: Option<TcpListener>,
    placeholder: Option<TcpSocket>,
}

impl State {
    fn go_offline(&mut self) -> io::Result<()> {
        if self.listener.take().is_some() {
            self.placeholder = Some(claim(self.port)?);
        }
        Ok(())
    }

    fn go_online(&mut self) -> io::Result<()> {
        if self.listener.is_none() {
            let socket = self.placeholder.take().map_or_else(|| claim(self.port), Ok)?;
            self.listener = Some(socket.listen(1024)?);
        }
        Ok(())
    }
}

/// Closes all connections except the spared ones, and waits until they are closed.
async fn hang_up(wires: &Wires, connections: &mut JoinSet<()>) {
    let spared = {
        let open = lock(&wires.open);
        let (spared, others): (Vec<_>, Vec<_>) = open.values().partition(|wire| wire.spared.load(Ordering::Relaxed));
        others.iter().for_each(|wire| wire.close.notify_one());
        spared.len()
    };
    while connections.len() > spared {
        connections.join_next().await;
    }
}

/// Serves one connection until it ends, is closed or is reset.
async fn connection(id: u64, stream: TcpStream, wire: Arc<Wire>, router: Router, wires: Arc<Wires>) {
    // If this fails, only latency suffers.
    let _ = stream.set_nodelay(true);
    let service = {
        let wire = wire.clone();
        hyper::service::service_fn(move |mut request: hyper::Request<Incoming>| {
            request.extensions_mut().insert(wire.clone());
            let router = router.clone();
            router.oneshot(request.map(Body::new))
        })
    };
    let http = hyper::server::conn::http1::Builder::new()
        // The server sets the date itself, and faults can remove it.
        .auto_date_header(false)
        .timer(TokioTimer::new())
        .serve_connection(
            TokioIo::new(Stream {
                inner: stream,
                wire: wire.clone(),
            }),
            service,
        );
    tokio::select! {
        // An error means that the client hung up, or that a fault took effect.
        _ = http => {}
        () = wire.close.notified() => {}
    }
    lock(&wires.open).remove(&id);
}

/// The socket, which a reset closes without an orderly shutdown.
#[derive(Debug)]
struct Stream {
    inner: TcpStream,
    wire: Arc<Wire>,
}

impl Drop for Stream {
    fn drop(&mut self) {
        if self.wire.reset.load(Ordering::Relaxed) {
            // With a linger time of zero, closing sends RST. If this fails, it is an ordinary close.
            let _ = self.inner.set_zero_linger();
        }
    }
}

impl AsyncRead for Stream {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().inner).poll_read(cx, buf)
    }
}

impl AsyncWrite for Stream {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().inner).poll_write(cx, buf)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().inner).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().inner).poll_shutdown(cx)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().inner).poll_write_vectored(cx, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }
}
