//! The interface to Swift: one-line exports over [`crate::session`], the Swift-facing types, the one error conversion,
//! and the runtime.

mod dependencies;
mod error;
#[cfg(test)]
mod examples;
mod exchange;
mod log;
mod metrics;
mod mfa;
mod network;
mod observer;
mod open_sessions;
mod proofs;
mod redirect_uris;
mod runtime;
mod scopes;
mod session;
mod step_up;
mod storage;
mod store_changes;
mod store_identity;
mod stored_sessions;
mod token_lease;
mod token_text;
mod user;
mod waiting_work;

pub use crate::adapters::app_transport::{AppTransport, TransportHeader, TransportReply, TransportRequest};
pub use crate::adapters::keychain::{KeychainAccessConstraint, KeychainAccessControl, KeychainAccessibility};
pub use crate::adapters::proof_keys::{AppProofKey, AppProofKeyError, AppProofKeys};
pub use crate::adapters::proxy::ProxySource;
pub use crate::model::proof_key::TokenBinding;
pub use crate::ports::{LogLevel, TransportErrorKind};
pub use crate::session::{MeasuredResult, SessionCounters};
pub use error::{ErrorMessage, RetryReason, SessionError, SignInReason};
pub use log::LogSink;
pub use metrics::{CoreMeasurement, MeasuredOperation, MetricsSink};
pub use network::{SessionNetwork, core_has_http_client};
pub use observer::SessionObserver;
pub use proofs::BoundKey;
pub use scopes::auth0_metadata_scopes;
pub use session::CoreSession;
pub use step_up::insufficient_authentication;
pub use storage::{KeychainStorage, SessionStorage};
pub use stored_sessions::stored_session_names;
pub use token_lease::{TokenLease, pilotlight_epoch, pilotlight_is_current, pilotlight_steady_nanoseconds};
pub use token_text::TokenText;
