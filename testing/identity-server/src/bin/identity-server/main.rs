//! The identity server as a program, for demos and for tests in other languages.
#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a program speaks to its terminal"
)]

use std::io::{self, Write as _};
use std::process::ExitCode;

use pilotlight_identity_server::IdentityServer;
use tokio::io::AsyncReadExt as _;
use tokio::signal::unix::{SignalKind, signal};

use crate::flags::{Command, Flags};

mod flags;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let flags = match flags::parse(lexopt::Parser::from_env()) {
        Ok(Command::Serve(flags)) => flags,
        Ok(Command::Help) => {
            print!("{}", flags::HELP);
            return ExitCode::SUCCESS;
        }
        Err(error) => {
            eprintln!("identity-server: {error}. See --help.");
            return ExitCode::from(2);
        }
    };
    match run(*flags).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("identity-server: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(flags: Flags) -> io::Result<()> {
    // Before anybody can know of the server and ask it to end.
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    let server = IdentityServer::start(flags.options).await?;
    server.control().set_clock_offset(flags.clock_offset);
    // The program that reads the first line may close the pipe; that is no reason to end.
    let _ = write!(
        io::stdout(),
        "listening: {}\ncontrol: {}\n",
        server.issuer(),
        server.control().url()
    );
    if let Some(path) = flags.ready_file {
        // Renamed into place, so that a program that waits for the file never reads half of it.
        let draft = path.with_extension("partial");
        std::fs::write(&draft, server.issuer())?;
        std::fs::rename(&draft, &path)?;
    }
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
        () = server.stopped() => {}
        () = stdin_closed(), if flags.until_stdin_closes => {}
    }
    // Lets the answer to the shutdown request get out.
    server.stop().await;
    // Does not wait for the thread that reads standard input.
    std::process::exit(0)
}

/// Ignores the contents of standard input; its end means that the parent has ended.
async fn stdin_closed() {
    let mut stdin = tokio::io::stdin();
    let mut ignored = [0; 1024];
    while stdin.read(&mut ignored).await.is_ok_and(|count| count > 0) {}
}
