//! Real third-party identity servers on loopback, started through `testing/interop/serve.sh`.

use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use crate::credentials::Credentials;
use crate::process::{ServerProcess, StartError};

/// Long enough for the first start on a machine, which installs the server's packages.
const START_TIMEOUT: Duration = Duration::from_secs(600);

/// The kind of server. `testing/interop/README.md` explains what each one is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ServerKind {
    /// oidc-provider (Node.js): OpenID-certified and strict.
    OidcProvider,
    /// django-oauth-toolkit (Python).
    Django,
    /// LemonLDAP::NG (Perl), an SSO portal that organisations use. Debian 12 only: see [`ServerKind::unavailable`].
    LemonLdap,
}

impl ServerKind {
    /// Why this server cannot run on this machine; `None` if it can. Runs `serve.sh`, which answers at once.
    ///
    /// # Errors
    /// [`InteropError::Run`] when `serve.sh` cannot be run.
    pub fn unavailable(self) -> Result<Option<String>, InteropError> {
        let asked = Command::new(script()).args(["--why-not", self.name()]).output();
        let answer = asked.map_err(|source| InteropError::Run {
            script: script().display().to_string(),
            source,
        })?;
        let reason = String::from_utf8_lossy(&answer.stdout).trim().to_owned();
        Ok((!reason.is_empty()).then_some(reason))
    }

    fn name(self) -> &'static str {
        match self {
            Self::OidcProvider => "oidc-provider",
            Self::Django => "django",
            Self::LemonLdap => "lemonldap",
        }
    }
}

/// How to run the server. Default: the server's own lifetimes, rotation on, no overlap.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ServerOptions {
    /// The lifetime of access tokens and ID tokens, in seconds.
    pub access_token_ttl: Option<u64>,
    /// The rotation overlap in seconds: how long a used refresh token is still accepted. Not for LemonLDAP::NG.
    pub leeway: Option<u64>,
    /// A refresh answers without a new refresh token. LemonLDAP::NG never sends one.
    pub no_rotation: bool,
    /// The userinfo endpoint answers `application/jwt`. Not Django.
    pub userinfo_jwt: bool,
    /// Access tokens are JWTs for the resource `https://api.example.com/`, which the userinfo endpoint refuses.
    /// oidc-provider only.
    pub jwt_access_tokens: bool,
    /// Proofs of possession (DPoP, RFC 9449) need a nonce from the server. oidc-provider only.
    pub dpop_nonce: bool,
}

/// Why a server did not start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum InteropError {
    /// `serve.sh` could not be run.
    #[error("cannot run {script}")]
    Run {
        /// Its path.
        script: String,
        /// The system's error.
        #[source]
        source: std::io::Error,
    },
    /// The server ended, or took more than ten minutes, before it was ready.
    #[error("the server did not start; it wrote:\n{log}")]
    NotReady {
        /// The end of its output.
        log: String,
    },
}

/// A running server with one registered client and one user. Dropping it stops the server and all its processes.
#[derive(Debug)]
pub struct InteropServer {
    kind: ServerKind,
    options: ServerOptions,
    issuer: String,
    process: ServerProcess,
}

impl InteropServer {
    /// Starts a server on a free port of 127.0.0.1 and waits until its discovery document answers. The first start on
    /// a machine installs packages, which takes minutes.
    ///
    /// # Errors
    /// [`InteropError::NotReady`] with the server's output if a tool is missing, if this server does not support an
    /// option, or if nothing answers within ten minutes.
    pub async fn start(kind: ServerKind, options: ServerOptions) -> Result<Self, InteropError> {
        let (issuer, process) = launch(kind, &options, None).await?;
        Ok(Self {
            kind,
            options,
            issuer,
            process,
        })
    }

    /// The issuer, exactly as in the discovery document.
    #[must_use]
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// The public native client that every server has. It must use PKCE. Its redirect URIs are
    /// `com.example.pilotlight://callback`, `http://127.0.0.1/callback` (with any port; at LemonLDAP::NG with 49152)
    /// and `https://app.example.com/callback`.
    #[must_use]
    pub fn client_id(&self) -> &'static str {
        "native-app"
    }

    /// The user that every server has.
    #[must_use]
    pub fn credentials(&self) -> Credentials {
        Credentials {
            username: "ada@example.com".into(),
            password: "correct horse".into(),
        }
    }

    /// The end of the server's output: requests, warnings, stack traces.
    #[must_use]
    pub fn log(&self) -> String {
        self.process.log()
    }

    /// Stops the server. Connections are refused until [`InteropServer::restart`].
    pub async fn stop(&mut self) {
        self.process.stop().await;
    }

    /// Starts the server again on the same port with the same options. Its state is new: it has other signing keys, and
    /// knows no earlier grant, session or refresh token.
    ///
    /// # Errors
    /// As for [`InteropServer::start`], and if another program took the port meanwhile.
    pub async fn restart(&mut self) -> Result<(), InteropError> {
        self.process.stop().await;
        let port = self.issuer.rsplit(':').next().unwrap_or_default();
        let port = port.split('/').next().unwrap_or_default().to_owned();
        (self.issuer, self.process) = launch(self.kind, &self.options, Some(port)).await?;
        Ok(())
    }
}

async fn launch(
    kind: ServerKind,
    options: &ServerOptions,
    port: Option<String>,
) -> Result<(String, ServerProcess), InteropError> {
    let script = script();
    let arguments = arguments(kind, options, port);
    match ServerProcess::start(&script, &arguments, "issuer: ", START_TIMEOUT).await {
        Ok(started) => Ok(started),
        Err(StartError::Run(source)) => Err(InteropError::Run {
            script: script.display().to_string(),
            source,
        }),
        Err(StartError::NotReady(log)) => Err(InteropError::NotReady { log }),
    }
}

fn script() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../interop/serve.sh")
}

fn arguments(kind: ServerKind, options: &ServerOptions, port: Option<String>) -> Vec<String> {
    // This process holds its standard input, so the server stops even if this process is killed and no destructor runs.
    let mut arguments = vec![kind.name().to_owned(), "--until-stdin-closes".to_owned()];
    let values = [
        (
            "--ttl-access",
            options.access_token_ttl.map(|seconds| seconds.to_string()),
        ),
        ("--leeway", options.leeway.map(|seconds| seconds.to_string())),
        ("--port", port),
    ];
    for (flag, value) in values {
        arguments.extend(value.into_iter().flat_map(|value| [flag.to_owned(), value]));
    }
    let switches = [
        ("--no-rotation", options.no_rotation),
        ("--userinfo-jwt", options.userinfo_jwt),
        ("--jwt-access-tokens", options.jwt_access_tokens),
        ("--dpop-nonce", options.dpop_nonce),
    ];
    arguments.extend(
        switches
            .into_iter()
            .filter(|(_, on)| *on)
            .map(|(flag, _)| flag.to_owned()),
    );
    arguments
}
