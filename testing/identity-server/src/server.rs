//! Starting and stopping.

use std::io;
use std::sync::Arc;

use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use crate::control::Control;
use crate::endpoints;
use crate::options::Options;
use crate::scripted;
use crate::state::Shared;
use crate::wire::{Wires, listen, serve};

/// A running server. Stops when it is dropped.
#[derive(Debug)]
pub struct IdentityServer {
    shared: Arc<Shared>,
    control: Control,
    domain: String,
    tasks: [JoinHandle<()>; 2],
}

impl IdentityServer {
    /// Listens on 127.0.0.1 and serves on the current tokio runtime. A second port, for control alone, stays open
    /// while the server is [offline](Control::go_offline).
    ///
    /// # Errors
    /// If a port cannot be opened.
    pub async fn start(options: Options) -> io::Result<Self> {
        let listener = listen(options.port)?;
        let control_listener = listen(0)?;
        let domain = match &options.public_url {
            Some(url) => url.trim_end_matches('/').to_owned(),
            None => format!("http://{}", listener.local_addr()?),
        };
        let control_url = format!("http://{}/_control/", control_listener.local_addr()?);
        let (wires, commands) = Wires::new();
        let shared = Arc::new(Shared::new(format!("{domain}/"), control_url, options, wires.clone()));
        let main = serve(listener, endpoints::router(shared.clone()), wires, commands);
        // The sender is dropped, so nothing can take this port offline.
        let (_, no_commands) = mpsc::unbounded_channel();
        let control_wires = Wires::new().0;
        let aside = serve(
            control_listener,
            endpoints::control_router(shared.clone()),
            control_wires,
            no_commands,
        );
        let tasks = [tokio::spawn(main), tokio::spawn(aside)];
        Ok(Self {
            control: Control::new(shared.clone()),
            shared,
            domain,
            tasks,
        })
    }

    /// `http://127.0.0.1:PORT/`, as in tokens and discovery.
    #[must_use]
    pub fn issuer(&self) -> &str {
        &self.shared.issuer
    }

    /// `http://127.0.0.1:PORT`, the form for an Auth0 configuration.
    #[must_use]
    pub fn domain(&self) -> &str {
        &self.domain
    }

    /// The audience of the Management API: `http://127.0.0.1:PORT/api/v2/`.
    #[must_use]
    pub fn management_audience(&self) -> String {
        self.shared.management_audience()
    }

    #[must_use]
    pub fn control(&self) -> &Control {
        &self.control
    }

    /// Plays the browser of a user who signs in at once: requests the URL that a client would open, and returns the URL
    /// to which the browser would be redirected (with the code, or with an error).
    ///
    /// # Errors
    /// If the server answers with anything but a redirect (the text is in the error), or not at all.
    pub async fn authorize(&self, url: &str, email: &str) -> io::Result<String> {
        scripted::authorize(url, email).await
    }

    /// Returns when the end was requested: by [`Control::shut_down`], or by `POST /_control/shutdown`.
    pub async fn stopped(&self) {
        let mut stop = self.shared.stop.subscribe();
        // The sender lives as long as `self`.
        let _ = stop.wait_for(|stop| *stop).await;
    }

    /// Closes the port and all connections. The connection that requested this gets its answer first.
    pub async fn stop(self) {
        // An error means that it has already stopped.
        let _ = self.control.go_offline().await;
    }
}

impl Drop for IdentityServer {
    fn drop(&mut self) {
        self.tasks.iter().for_each(JoinHandle::abort);
    }
}
