//! Signals that ask the process to stop.

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio_util::sync::CancellationToken;

/// What a shell reports for a process ended by SIGINT.
const EXIT_INTERRUPTED: i32 = 130;

/// A token that is cancelled by the first SIGTERM or SIGINT; a second one ends the
/// process at once. Call it once, within a tokio runtime.
///
/// # Errors
/// The system refused to register a handler.
pub fn shutdown_token() -> std::io::Result<CancellationToken> {
    let token = CancellationToken::new();
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let stop = token.clone();
    tokio::spawn(async move {
        let name = next(&mut terminate, &mut interrupt).await;
        ::tracing::info!(signal = name, "stopping; a second signal stops at once");
        stop.cancel();
        let name = next(&mut terminate, &mut interrupt).await;
        ::tracing::warn!(signal = name, "stopped at once");
        std::process::exit(EXIT_INTERRUPTED);
    });
    Ok(token)
}

async fn next(terminate: &mut Signal, interrupt: &mut Signal) -> &'static str {
    tokio::select! {
        _ = terminate.recv() => "SIGTERM",
        _ = interrupt.recv() => "SIGINT",
    }
}
