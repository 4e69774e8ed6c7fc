//! The one way to the network: adds the configured headers, learns the server's time, logs the outcome.

use std::sync::{Mutex, PoisonError};

use super::Shared;
use crate::machine::error::Error;
use crate::model::time::{Instant, Timestamp};
use crate::ports::LogLevel;
use crate::protocol::content_coding::decoded;
use crate::protocol::endpoint::{Endpoint, Server};
use crate::protocol::message::{HttpAnswer, HttpRequest};
use crate::protocol::server_time::server_date;

/// The server's time, as far as its answers told: how many seconds its clock is ahead of ours. The device's clock may
/// be wrong by years; what is judged by the server's clock (an ID token's `exp` and `iat`) must be compared with the
/// server's clock.
#[derive(Debug, Default)]
pub(super) struct ServerClock(Mutex<Option<i64>>);

impl ServerClock {
    fn learn(&self, date: Timestamp, now: Instant) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(date.seconds_since(now.wall));
    }

    /// The server's time now; the device's where no answer has told.
    pub(super) fn read(&self, now: Instant) -> Timestamp {
        let ahead = self.0.lock().unwrap_or_else(PoisonError::into_inner).unwrap_or(0);
        now.wall.plus(ahead)
    }
}

impl Shared {
    /// Sends `request` to `endpoint` and gives the answer, whatever its status.
    ///
    /// # Errors
    /// [`Error::Transport`] when there is no answer.
    pub(super) async fn call(&self, endpoint: Endpoint, request: HttpRequest) -> Result<HttpAnswer, Error> {
        let headers = self.configuration.headers.iter();
        let request = headers.fold(request, |request, (name, value)| request.with_header(name, value));
        let request = request.with_header("accept-encoding", "identity");
        let server = Server::at(endpoint, &request.url);
        let outcome = self.dependencies.transport.send(request).await;
        let outcome = outcome.map(|answer| decoded(answer.from_host(&server.host)));
        match &outcome {
            Ok(answer) => {
                self.log(LogLevel::Debug, &format!("{endpoint}: status {}", answer.status));
                if let Some(date) = server_date(answer) {
                    self.server_clock.learn(date, self.now());
                }
            }
            Err(error) => self.log(LogLevel::Warning, &format!("{server}: {error}")),
        }
        outcome.map_err(|error| Error::Transport { server, error })
    }

    /// The server's time now, as well as it is known.
    pub(super) fn server_now(&self) -> Timestamp {
        self.server_clock.read(self.now())
    }
}
