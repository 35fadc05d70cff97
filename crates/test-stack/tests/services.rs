//! Services as processes: started, awaited, killed and stopped.

#![expect(clippy::unwrap_used, reason = "a test helper may panic as a test may")]

use std::path::Path;
use std::time::Duration;

use test_stack::{Service, free_port};

fn pretend_service() -> Service {
    let program = Path::new(env!("CARGO_BIN_EXE_pretend-service"));
    Service::new("pretend", program, free_port().unwrap())
}

#[tokio::test]
async fn a_service_is_awaited_killed_restarted_and_stopped() {
    let service = pretend_service().start().await.unwrap();
    let first = service.pid().unwrap();
    assert!(
        service
            .log()
            .contains(&format!("listening on {}", service.port()))
    );

    service.kill();
    assert_eq!(service.pid(), None);
    service.start().await.unwrap();
    assert_ne!(service.pid(), Some(first));
    // The log runs on over a restart.
    assert_eq!(service.log().matches("listening").count(), 2);

    let status = service.terminate(Duration::from_secs(5)).await.unwrap();
    assert!(
        !status.success(),
        "SIGTERM is not caught by the pretended service"
    );
    assert!(service.terminate(Duration::from_secs(5)).await.is_err());

    let log = service.log_path();
    drop(service);
    assert!(!log.exists());
}

#[tokio::test]
async fn a_service_that_ends_early_is_reported_with_its_log() {
    let error = pretend_service()
        .env("PRETEND", "broken")
        .start()
        .await
        .unwrap_err();
    assert!(
        error.to_string().contains("pretending to be broken"),
        "{error:#}"
    );
}

#[tokio::test]
async fn a_service_that_is_never_ready_is_given_up() {
    // `sleep` listens on nothing.
    let service = Service::new("sleeper", Path::new("/bin/sleep"), free_port().unwrap())
        .arg("60")
        .ready_within(Duration::from_millis(300));
    let error = service.start().await.unwrap_err();
    assert!(
        error.to_string().contains("is not ready after 300ms"),
        "{error:#}"
    );
}

#[tokio::test]
async fn logs_stay_in_a_given_folder() {
    let folder = tempfile::tempdir().unwrap();
    let service = pretend_service()
        .in_folder(folder.path())
        .start()
        .await
        .unwrap();
    let pid = service.pid().unwrap();
    drop(service);
    assert!(!Path::new(&format!("/proc/{pid}")).exists());
    assert!(folder.path().join("pretend.log").exists());
    assert!(!folder.path().join("pretend.pid").exists());
}
