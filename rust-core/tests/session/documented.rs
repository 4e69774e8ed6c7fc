//! Tables that tests generate and docs/reliability.md shows. If they differ, the test fails.

use std::path::PathBuf;
use std::sync::Mutex;

use pilotlight_core::ffi::{RetryReason, SessionError, SignInReason};

/// Tests run in parallel, but there is only one document.
static WRITING: Mutex<()> = Mutex::new(());

/// Compares the document's part between `<!-- name -->` and `<!-- /name -->` with `table`. With
/// `PILOTLIGHT_WRITE_TABLES=1` in the environment it writes the table there instead.
pub(crate) fn assert_documented(name: &str, table: &str) {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../docs/reliability.md");
    let _writing = WRITING.lock().unwrap();
    let document = std::fs::read_to_string(&path).unwrap();
    let (begin, end) = (format!("<!-- {name} -->\n"), format!("<!-- /{name} -->"));
    let parts = document.split_once(&begin).and_then(|(before, rest)| {
        let (shown, after) = rest.split_once(&end)?;
        Some((before, shown, after))
    });
    let Some((before, shown, after)) = parts else {
        panic!("docs/reliability.md has no place for the table {name}");
    };
    if std::env::var_os("PILOTLIGHT_WRITE_TABLES").is_some() {
        std::fs::write(&path, format!("{before}{begin}{table}{end}{after}")).unwrap();
        return;
    }
    for (line, (shown, seen)) in shown.lines().zip(table.lines()).enumerate() {
        assert_eq!(
            shown,
            seen,
            "docs/reliability.md, line {} of the table {name}",
            line + 1
        );
    }
    assert_eq!(shown, table, "docs/reliability.md, the table {name}");
}

/// What an app should do, in the words of the tables.
pub(crate) fn in_words(error: SessionError) -> String {
    match error {
        SessionError::RetryLater {
            reason,
            retry_after_seconds,
            ..
        } => {
            let reason = match reason {
                RetryReason::Network => "network",
                RetryReason::RateLimited => "rate limited",
                RetryReason::ServerFault => "server fault",
                RetryReason::UnexpectedAnswer => "unexpected answer",
                RetryReason::UntrustedConnection => "untrusted connection",
                RetryReason::AnotherProcess => "another process",
                RetryReason::NoBackgroundTime => "no background time",
            };
            let after = retry_after_seconds.map_or_else(String::new, |seconds| format!(", after {seconds} s"));
            format!("retry later ({reason}{after})")
        }
        SessionError::SignIn {
            reason: SignInReason::RefreshTokenRejected,
            ..
        } => "**the session has ended**".to_owned(),
        SessionError::SignIn {
            reason: SignInReason::InteractionRequired,
            ..
        } => "the issuer wants to see the user".to_owned(),
        SessionError::SignIn {
            reason: SignInReason::AccessDenied,
            ..
        } => "denied by the issuer's rules".to_owned(),
        SessionError::MfaRequired { .. } => "a second factor is needed".to_owned(),
        SessionError::MfaRejected { .. } => "another answer or challenge is needed".to_owned(),
        SessionError::FixArgument { argument, .. } => format!("choose another `{argument}`"),
        SessionError::FixConfiguration { field, .. } => format!("fix the configuration (`{field}`)"),
        SessionError::RestartSignIn { .. } => "begin another sign-in".to_owned(),
        other => panic!("{other:?}"),
    }
}
