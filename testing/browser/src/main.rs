//! `test-browser AUTHORIZE_URL REDIRECT_URI`: signs a test user in and prints the callback URL.

use std::ffi::OsString;
use std::io::Write;
use std::process::ExitCode;

use lexopt::prelude::*;
use pilotlight_test_browser::{Browser, Credentials};

const HELP: &str = "\
Usage: test-browser AUTHORIZE_URL REDIRECT_URI [options]

Plays the user's browser in a sign-in at a server on this machine: follows redirects, keeps cookies, fills login and
consent forms, and prints the callback URL when a redirect starts with REDIRECT_URI.

  --user NAME       what to type as e-mail address or user name (ada@example.com)
  --password WORDS  what to type as password (correct horse)
  --deliver         then request the callback URL too (for http redirect URIs on loopback)
  --help            this text

Exit status: 0 callback printed, 1 the sign-in failed, 2 wrong usage.
";

struct Arguments {
    authorize_url: String,
    redirect_uri: String,
    credentials: Credentials,
    deliver: bool,
}

fn main() -> ExitCode {
    let mut errors = std::io::stderr();
    let arguments = match parse(std::env::args_os().skip(1)) {
        Ok(Some(arguments)) => arguments,
        Ok(None) => return written(std::io::stdout().write_all(HELP.as_bytes())),
        Err(error) => {
            // If standard error is closed, there is no other place for the message; the exit status remains.
            let _ = writeln!(errors, "test-browser: {error}\n\n{HELP}");
            return ExitCode::from(2);
        }
    };
    match run(arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let cause = error.source().map(|cause| format!(" ({cause})")).unwrap_or_default();
            let _ = writeln!(errors, "test-browser: {error}{cause}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: Arguments) -> Result<(), Box<dyn std::error::Error>> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let browser = Browser::new(arguments.credentials)?;
        let callback = browser
            .sign_in(&arguments.authorize_url, &arguments.redirect_uri)
            .await?;
        // Printed first: if the listener is gone, the caller must still get the code.
        writeln!(std::io::stdout(), "{callback}")?;
        if arguments.deliver {
            browser.deliver(&callback).await?;
        }
        Ok(())
    })
}

/// `None` if help was requested.
fn parse(arguments: impl Iterator<Item = OsString>) -> Result<Option<Arguments>, lexopt::Error> {
    let mut parser = lexopt::Parser::from_args(arguments);
    let (mut urls, mut deliver) = (Vec::new(), false);
    let (mut username, mut password) = ("ada@example.com".to_owned(), "correct horse".to_owned());
    while let Some(argument) = parser.next()? {
        match argument {
            Long("user") => username = parser.value()?.string()?,
            Long("password") => password = parser.value()?.string()?,
            Long("deliver") => deliver = true,
            Long("help") | Short('h') => return Ok(None),
            Value(url) => urls.push(url.string()?),
            _ => return Err(argument.unexpected()),
        }
    }
    let [authorize_url, redirect_uri] =
        <[String; 2]>::try_from(urls).map_err(|_| "an authorize URL and a redirect URI are needed")?;
    let credentials = Credentials { username, password };
    Ok(Some(Arguments {
        authorize_url,
        redirect_uri,
        credentials,
        deliver,
    }))
}

fn written(result: std::io::Result<()>) -> ExitCode {
    if result.is_ok() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}
