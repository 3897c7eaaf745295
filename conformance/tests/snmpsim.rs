//! Recorded walks served by snmpsim and read over UDP: the rows are those of the file.
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stderr, clippy::indexing_slicing, reason = "a test")]
#![allow(clippy::disallowed_methods, clippy::disallowed_types, reason = "a test may use files, sockets and the clock")]

use dca_conformance::{Running, free_port, shared, wait_until_answered, witness};
use dca_fence::Fence;
use dca_lan::{Settings, Snmp};
use dca_snmp::{AuthProtocol, Credentials, Oid, PrivProtocol, User, Value, Walk, WalkEnd, recording};
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

/// Recordings of different makers: many rows, octet strings of every kind, few rows.
const WALKS: [&str; 6] = [
    "kyocera/ecosys-p2040dw",
    "sharp/mx-m266nv",
    "hp/color-laserjet-m252dw",
    "zebra/zebranet-wired-ps",
    "brother/dcp-1618w",
    "_not-printers/unifi-ap",
];

/// v2c Get of sysUpTime.0; the community names the recording.
const ARE_YOU_THERE: &[u8] =
    b"\x30\x25\x02\x01\x01\x04\x02w0\xa0\x1c\x02\x04\x01\x00\x00\x00\x02\x01\x00\x02\x01\x00\x30\x0e\x30\x0c\x06\x08\x2b\x06\x01\x02\x01\x01\x03\x00\x05\x00";

#[tokio::test]
async fn rows_over_udp_are_the_rows_of_the_file() {
    let (Some(program), Some(walks)) = (witness("snmpsimd"), shared("walks")) else { return };
    let folder = tempfile::tempdir().unwrap();
    let (data, cache) = (folder.path().join("data"), folder.path().join("cache"));
    for open in [folder.path(), &data, &cache] {
        std::fs::create_dir_all(open).unwrap();
        std::fs::set_permissions(open, std::fs::Permissions::from_mode(0o777)).unwrap();
    }
    for (at, walk) in WALKS.iter().enumerate() {
        std::fs::copy(walks.join(format!("{walk}.snmprec")), data.join(format!("w{at}.snmprec"))).unwrap();
    }
    let port = free_port();
    let mut command = Command::new(program);
    command.arg(option("--data-dir", &data)).arg(option("--cache-dir", &cache));
    command.arg(format!("--agent-udpv4-endpoint=127.0.0.1:{port}"));
    command.args(["--v3-user=reader", "--v3-auth-proto=SHA256", "--v3-auth-key=first password"]);
    command.args(["--v3-priv-proto=AES128", "--v3-priv-key=second password"]);
    if std::fs::metadata("/proc/self").is_ok_and(|own| std::os::unix::fs::MetadataExt::uid(&own) == 0) {
        command.args(["--process-user=nobody", "--process-group=nogroup"]);
    }
    let _running = Running::start(&mut command);
    wait_until_answered(port, ARE_YOU_THERE, Duration::from_secs(60));

    let at: SocketAddr = ([127, 0, 0, 1], port).into();
    let at = Fence::parse([at.to_string().as_str()]).unwrap().admit(at).unwrap();
    let snmp = Snmp::bind(Settings { timeout: Duration::from_secs(10), ..Settings::default() }).unwrap();
    let user = User::new("reader").unwrap().auth(AuthProtocol::Sha256, b"first password").unwrap();
    let user = user.privacy(PrivProtocol::Aes128, b"second password").unwrap();
    for (number, walk) in WALKS.iter().enumerate() {
        let text = std::fs::read_to_string(walks.join(format!("{walk}.snmprec"))).unwrap();
        let recorded = recording::parse(&text);
        assert_eq!(recorded.problems, [], "{walk}");
        let name = format!("w{number}");
        for (version, who) in [
            ("v1", Credentials::v1(name.as_str())),
            ("v2c", Credentials::v2c(name.as_str())),
            ("v3", Credentials::V3(user.clone().context(&name))),
        ] {
            let root: Oid = "1.3.6.1".parse().unwrap();
            let walked = snmp.walk(Walk::new(root.clone()), at, &who).await;
            assert_eq!(walked.end, WalkEnd::Complete, "{walk} {version}");
            let rows: Vec<(Oid, Value)> = walked
                .varbinds
                .into_iter()
                .map(|row| {
                    let value = row.value().cloned().unwrap_or_else(|| panic!("{walk} {version}: {row:?}"));
                    (row.oid, value)
                })
                .collect();
            // v1 has no Counter64 (RFC 3584 §4.2.2.1).
            let visible = |value: &Value| version != "v1" || !matches!(value, Value::Counter64(_));
            let below = |oid: &Oid| oid.starts_with(root.as_ref());
            let wanted: Vec<&(Oid, Value)> =
                recorded.rows.iter().filter(|(oid, value)| below(oid) && visible(value)).collect();
            for (read, wanted) in rows.iter().zip(&wanted) {
                assert_eq!(read, *wanted, "{walk} {version}");
            }
            assert_eq!(rows.len(), wanted.len(), "{walk} {version}");
        }
    }
}

fn option(name: &str, path: &Path) -> String {
    format!("{name}={}", path.display())
}
