//! The recorded messages beside the repository.

use std::path::PathBuf;

/// One recorded datagram.
pub struct Recorded {
    pub name: String,
    pub octets: Vec<u8>,
    /// 1 = v1, 2 = v2c, 3 = v3; none where the recorders could not tell.
    pub version: Option<i64>,
    /// Decoders and whether they accepted it.
    pub peers: Vec<(String, bool)>,
}

/// All recorded messages; `None`, loudly, where the folder is absent. Under CI its absence is a failure.
pub fn recorded() -> Option<Vec<Recorded>> {
    let folder = std::env::var_os("DCA_SHARED")
        .map_or_else(|| PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared")), PathBuf::from);
    let path = folder.join("snmp-vectors/messages.jsonl");
    let Ok(text) = std::fs::read_to_string(&path) else {
        assert!(std::env::var_os("CI").is_none_or(|ci| ci != "true"), "CI=true and no {}", path.display());
        eprintln!("SKIPPED: no recorded messages at {} (set DCA_SHARED)", path.display());
        return None;
    };
    Some(text.lines().map(read).collect())
}

fn read(line: &str) -> Recorded {
    let json: serde_json::Value = serde_json::from_str(line).unwrap();
    let peers = json["peers"].as_object().into_iter().flatten();
    Recorded {
        name: json["name"].as_str().unwrap().to_owned(),
        octets: super::unhex(json["hex"].as_str().unwrap()),
        version: json["version"].as_i64(),
        peers: peers.map(|(peer, verdict)| (peer.clone(), verdict == "A")).collect(),
    }
}
