//! The only way to the network.
//!
//! **Promises.** Adds the configured headers, learns the server's time, logs the outcome, and returns every answer
//! whatever its status. **Needs** the context and the network's port.

use std::sync::{Arc, Mutex, PoisonError};

use super::super::context::Context;
use super::super::metering::{MeasuredResult, Operation};
use crate::machine::error::Error;
use crate::model::time::{Instant, Timestamp};
use crate::ports::{LogLevel, Transport};
use crate::protocol::content_coding::decoded;
use crate::protocol::endpoint::{Endpoint, Server, host_of};
use crate::protocol::message::{HttpAnswer, HttpRequest};
use crate::protocol::server_time::server_date;

#[derive(Debug)]
pub(super) struct Exchange {
    context: Arc<Context>,
    transport: Arc<dyn Transport>,
    server_clock: ServerClock,
}

/// The difference between the server's clock and ours in seconds, according to the server's answers. The device's clock
/// may be wrong by years. Times that the server's clock wrote (an ID token's `exp` and `iat`) must be compared with the
/// server's clock.
#[derive(Debug, Default)]
struct ServerClock(Mutex<Option<i64>>);

impl ServerClock {
    fn learn(&self, date: Timestamp, now: Instant) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(date.seconds_since(now.wall));
    }

    /// The server's time now; the device's time if no answer has contained it.
    fn read(&self, now: Instant) -> Timestamp {
        let ahead = self.0.lock().unwrap_or_else(PoisonError::into_inner).unwrap_or(0);
        now.wall.plus(ahead)
    }
}

impl Exchange {
    pub(super) fn new(context: Arc<Context>, transport: Arc<dyn Transport>) -> Self {
        Self {
            context,
            transport,
            server_clock: ServerClock::default(),
        }
    }

    /// Sends `request` to `endpoint` and returns the answer, whatever its status.
    ///
    /// # Errors
    /// [`Error::Transport`] when there is no answer.
    pub(super) async fn call(&self, endpoint: Endpoint, request: HttpRequest) -> Result<HttpAnswer, Error> {
        let context = &self.context;
        let configuration = context.configuration();
        // A discovery document can name endpoints on any host.
        let headers = configuration.headers_for(&request.url).iter();
        let request = headers.fold(request, |request, (name, value)| request.with_header(name, value));
        let request = request.with_header("accept-encoding", "identity");
        let host = host_of(&request.url);
        let sent = context.now();
        let outcome = self.transport.send(request).await;
        let status = outcome.as_ref().ok().map(|answer| answer.status);
        let result = status.map_or(MeasuredResult::NetworkFailed, MeasuredResult::of_status);
        context.measure(Operation::Request { endpoint, status }, result, sent);
        match outcome {
            Ok(answer) => {
                let answer = decoded(answer.from_host(host));
                context.log(LogLevel::Debug, &format!("{endpoint}: status {}", answer.status));
                if let Some(date) = server_date(&answer) {
                    self.server_clock.learn(date, context.now());
                }
                Ok(answer)
            }
            Err(error) => {
                let server = Server::new(endpoint, host);
                context.log(LogLevel::Warning, &format!("{server}: {error}"));
                Err(Error::Transport { server, error })
            }
        }
    }

    /// The server's time now, as far as it is known.
    pub(super) fn server_now(&self) -> Timestamp {
        self.server_clock.read(self.context.now())
    }
}
