//! Text that people hand in: recordings, OIDs, targets, profiles.

use dca_fence::Fence;
use dca_printer::{Profiles, Rows};
use dca_snmp::{Oid, Value, recording};

/// A recording: what is read is written back to the same. Each line is also taken as an OID and as a target.
pub fn text(octets: &[u8]) {
    let text = String::from_utf8_lossy(octets);
    let read = recording::parse(&text);
    assert!(read.rows.windows(2).all(|pair| pair[0].0 < pair[1].0), "rows are sorted, each once");
    for (oid, value) in &read.rows {
        let Some(line) = recording::snmprec_line(oid, value) else { continue };
        let again = recording::parse(&line);
        assert_eq!(again.rows, [(oid.clone(), value.clone())], "{line:?}");
        let _ = recording::snmpwalk_line(oid, value);
    }
    for line in text.lines().take(200) {
        if let Ok(oid) = line.parse::<Oid>() {
            assert_eq!(oid.to_string().parse::<Oid>().as_ref(), Ok(&oid));
        }
        if let Ok(fence) = Fence::parse([line]) {
            for at in fence.targets().take(20) {
                assert!(fence.admit(at).is_some(), "{at} is a target and not admitted");
            }
        }
    }
}

/// A profile: an error, or a profile that is picked, plans and reads without a panic.
pub fn profile(octets: &[u8]) {
    let Ok(text) = std::str::from_utf8(octets) else { return };
    let Ok(profiles) = Profiles::parse([("fuzz.toml", text)]) else { return };
    let mut rows = Rows::new();
    for (name, value) in [
        ("1.3.6.1.2.1.1.1.0", Value::OctetString(b"Fuzz Laser 1".to_vec())),
        ("1.3.6.1.2.1.1.2.0", Value::ObjectIdentifier(dca_snmp::oid!("1.3.6.1.4.1.99999.1").to_oid())),
        ("1.3.6.1.2.1.25.3.2.1.3.1", Value::OctetString(b"Fuzz Laser 1".to_vec())),
        ("1.3.6.1.2.1.43.10.2.1.4.1.1", Value::Counter32(1234)),
        ("1.3.6.1.4.1.99999.2.1.0", Value::OctetString(b"a=1;b=22;c=\xff".to_vec())),
        ("1.3.6.1.4.1.99999.2.2.1", Value::Integer(-3)),
    ] {
        if let Ok(oid) = name.parse() {
            rows.insert(oid, value);
        }
    }
    for profile in profiles.iter() {
        let _ = (profile.plan(), profile.read(&rows));
    }
    let _ = profiles.pick(&rows).read(&rows);
}
