//! TLS of the one port, asked for by a program that nobody here wrote.

use super::place::Place;
use std::process::{Command, Stdio};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn openssl_gets_tls_1_2_and_1_3_and_nothing_older() {
    let Some(place) = Place::open().await else { return };
    if Command::new("openssl").arg("version").stdout(Stdio::null()).status().is_err() {
        assert!(std::env::var_os("CI").is_none_or(|ci| ci != "true"), "CI=true and openssl is not installed");
        eprintln!("SKIPPED: 1 test, openssl is not installed");
        return;
    }
    let at = place.address.to_string();
    let ask = async |version: &'static str| {
        let at = at.clone();
        let output = tokio::task::spawn_blocking(move || {
            // Level 0, or openssl itself would not ask for what is old.
            let arguments = ["s_client", "-brief", version, "-cipher", "ALL:@SECLEVEL=0", "-connect", &at];
            Command::new("openssl").args(arguments).stdin(Stdio::null()).output().unwrap()
        });
        let output = output.await.unwrap();
        (output.status.success(), String::from_utf8_lossy(&output.stderr).into_owned())
    };
    for (version, says) in [("-tls1_2", "Protocol version: TLSv1.2"), ("-tls1_3", "Protocol version: TLSv1.3")] {
        let (well, told) = ask(version).await;
        assert!(well && told.contains(says), "{version}: {told}");
    }
    for version in ["-tls1", "-tls1_1"] {
        let (well, told) = ask(version).await;
        assert!(!well && told.contains("SSL alert number"), "{version}: {told}");
    }
}
