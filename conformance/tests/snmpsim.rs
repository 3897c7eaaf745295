//! Recorded walks served by snmpsim and read over UDP: the rows are those of the file.
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stderr, clippy::indexing_slicing, reason = "a test")]
#![allow(clippy::disallowed_methods, clippy::disallowed_types, reason = "a test may use files, sockets and the clock")]

use dca_conformance::snmpsim::{AUTH_PASSWORD, PRIV_PASSWORD, Snmpsim, USER};
use dca_conformance::{shared, witness};
use dca_fence::Fence;
use dca_lan::{Settings, Snmp};
use dca_snmp::{AuthProtocol, Credentials, Oid, PrivProtocol, User, Value, Walk, WalkEnd, recording};
use std::net::SocketAddr;
use std::path::PathBuf;
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

#[tokio::test]
async fn rows_over_udp_are_the_rows_of_the_file() {
    let (Some(program), Some(walks)) = (witness("snmpsimd"), shared("walks")) else { return };
    let files: Vec<PathBuf> = WALKS.iter().map(|walk| walks.join(format!("{walk}.snmprec"))).collect();
    let snmpsim = Snmpsim::serve(&program, &files).unwrap();

    let at: SocketAddr = ([127, 0, 0, 1], snmpsim.port).into();
    let at = Fence::parse([at.to_string().as_str()]).unwrap().admit(at).unwrap();
    let snmp = Snmp::bind(Settings { timeout: Duration::from_secs(10), ..Settings::default() }).unwrap();
    let user = User::new(USER).unwrap().auth(AuthProtocol::Sha256, AUTH_PASSWORD.as_bytes()).unwrap();
    let user = user.privacy(PrivProtocol::Aes128, PRIV_PASSWORD.as_bytes()).unwrap();
    for (number, (walk, file)) in WALKS.iter().zip(&files).enumerate() {
        let text = std::fs::read_to_string(file).unwrap();
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
                .iter()
                .map(|row| {
                    let value = row.value().unwrap_or_else(|| panic!("{walk} {version}: {row:?}"));
                    (row.oid.to_oid(), value.to_value())
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
