//! Our queue client (RFC 1179) against LPRng's lpd, which is run with a configuration of the test's own.
//!
//! lpd reads /etc/lprng and nothing else, so it is started in a mount namespace where that folder is the test's. That
//! takes root; elsewhere the test says that it skipped.

#![allow(clippy::unwrap_used, clippy::print_stderr, clippy::panic, reason = "a test")]

use dca_conformance::{Running, witness};
use dca_fence::{Allowed, Fence};
use dca_lan::Patience;
use dca_lan::lpr::{self, Detail, Job, JobError, Queue};
use std::fs;
use std::net::{SocketAddr, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

/// A file or folder that lpd's own user may write.
fn open_to_all(path: &Path) {
    fs::set_permissions(path, fs::Permissions::from_mode(0o777)).unwrap();
}

fn may_mount() -> bool {
    let tried = Command::new("unshare").args(["--mount", "--pid", "--fork", "true"]).output();
    tried.is_ok_and(|tried| tried.status.success())
}

/// lpd with one queue, `lp`, that prints into `printed`.
fn lpd(folder: &Path, port: u16) -> Running {
    let (etc, spool, printed) = (folder.join("etc"), folder.join("spool"), folder.join("printed"));
    fs::create_dir(&etc).unwrap();
    fs::create_dir(&spool).unwrap();
    fs::write(&printed, "").unwrap();
    [folder, &spool, &printed].into_iter().for_each(open_to_all);
    let place = folder.display();
    let configuration = format!(
        "lockfile={place}/lpd.lock\nprintcap_path=/etc/lprng/printcap\nlpd_printcap_path=\n\
         printer_perms_path=/etc/lprng/lpd.perms\ndefault_tmp_dir={place}\nmail_operator_on_error=\n\
         syslog_device=/dev/null\n"
    );
    fs::write(etc.join("lpd.conf"), configuration).unwrap();
    fs::write(etc.join("lpd.perms"), "DEFAULT ACCEPT\n").unwrap();
    let queue = format!("lp:\n :sd={}\n :lp={}\n :sh\n :mx=0\n", spool.display(), printed.display());
    fs::write(etc.join("printcap"), queue).unwrap();
    let start =
        format!("mount --bind {} /etc/lprng && exec lpd -F -p 127.0.0.1%{port} -P {place}/socket", etc.display());
    Running::start(Command::new("unshare").args(["--mount", "--pid", "--fork", "--kill-child", "sh", "-c", &start]))
}

fn wait(what: &str, mut done: impl FnMut() -> bool) {
    for _ in 0..200 {
        if done() {
            return;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    panic!("{what} did not happen");
}

#[test]
fn a_real_lpd_tells_its_queue_and_prints_our_job() {
    if witness("lpd").is_none() {
        return;
    }
    if !may_mount() {
        eprintln!("SKIPPED: 1 test, lpd needs a mount namespace, which takes root");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let port = dca_loopback::free_port();
    let _lpd = lpd(folder.path(), port);
    wait("lpd's start", || TcpStream::connect(("127.0.0.1", port)).is_ok());

    let at: SocketAddr = ([127, 0, 0, 1], port).into();
    let at: Allowed = Fence::parse([at.to_string().as_str()]).unwrap().admit(at).unwrap();
    let (lp, none) = (Queue::named("lp").unwrap(), Queue::named("none").unwrap());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let state = async |detail| {
            let heard = lpr::state(at, &lp, detail, Patience::default()).await.unwrap();
            String::from_utf8_lossy(&heard.octets).into_owned()
        };
        assert!(state(Detail::Short).await.starts_with("lp@"), "{}", state(Detail::Short).await);
        assert!(state(Detail::Long).await.contains("no printable jobs"), "{}", state(Detail::Long).await);

        let octets: Vec<u8> = (0..=255).cycle().take(20_000).collect();
        let job = Job { name: "configuration label".into(), octets: octets.clone() };
        lpr::send(at, &lp, &job).await.unwrap();
        let printed = folder.path().join("printed");
        wait("printing", || fs::read(&printed).unwrap().len() >= octets.len());
        assert_eq!(fs::read(&printed).unwrap(), octets);
        let mut told = String::new();
        for _ in 0..200 {
            told = state(Detail::Long).await;
            if told.contains("configuration label") {
                break;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        assert!(told.contains("configuration label"), "{told}");

        let refused = lpr::send(at, &none, &job).await.unwrap_err();
        assert!(matches!(refused, JobError::Refused { .. } | JobError::Silent(_)), "{refused}");
    });
}
