//! Keys and messages that other programs made (snmp-vectors/usm-keys.json, usm-messages.json).
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stderr,
    reason = "the helpers of a test fail as the test does"
)]

use dca_snmp::message::{Message, V3Message};
use dca_snmp::usm::{AuthKey, LocalizedKey, LocalizedUser, MasterKey, PrivacyKey};
use dca_snmp::{AuthProtocol, KeyExtension, PrivProtocol, Quirks, User};
use serde_json::Value;
use std::path::PathBuf;

#[test]
fn keys() {
    let Some(vectors) = load("usm-keys.json") else { return };
    let vectors: Value = serde_json::from_str(&vectors).unwrap();
    for vector in vectors.as_array().unwrap() {
        let protocol = hash(text(vector, "hash"));
        let engine_id = unhex(text(vector, "engine_id"));
        let key = MasterKey::derive(protocol, text(vector, "password").as_bytes()).localize(protocol, &engine_id);
        // Keys do not show themselves, so they are compared by what they sign.
        let (key, expected) = match text(vector, "kind") {
            "password-to-key" => (key, text(vector, "kul")),
            "key-extension-reeder" => {
                let length = vector["length"].as_u64().unwrap() as usize;
                (key.extend(protocol, &engine_id, length, KeyExtension::Reeder), text(vector, "key"))
            }
            other => panic!("unknown kind of vector: {other}"),
        };
        assert_eq!(mark(&key), mark(&LocalizedKey::from_octets(&unhex(expected))), "{vector}");
    }
}

#[test]
fn messages() {
    let (Some(vectors), Some(messages)) = (load("usm-messages.json"), load("messages.jsonl")) else { return };
    let vectors: Value = serde_json::from_str(&vectors).unwrap();
    for vector in vectors.as_array().unwrap() {
        let name = text(vector, "name");
        let message = messages
            .lines()
            .map(|line| serde_json::from_str::<Value>(line).unwrap())
            .find(|message| message["name"] == name)
            .unwrap_or_else(|| panic!("{name} is not in messages.jsonl"));
        let datagram = unhex(text(&message, "hex"));
        let Message::V3(message) = Message::decode(&datagram).unwrap() else { panic!("{name} is not v3") };
        let auth = hash(text(vector, "auth"));
        if let Some(key) = vector["auth_key_localized"].as_str() {
            let key = AuthKey::new(auth, &LocalizedKey::from_octets(&unhex(key)));
            assert_eq!(key.verify(&datagram, message.usm.auth_range.clone()), Ok(()), "{name}");
        }
        if vector["auth_password"].is_string() {
            decrypts(vector, auth, &datagram, &message);
        }
    }
}

fn decrypts(vector: &Value, auth: AuthProtocol, datagram: &[u8], message: &V3Message<'_>) {
    let privacy = match text(vector, "priv") {
        "des-cbc" => PrivProtocol::Des,
        "aes128-cfb" => PrivProtocol::Aes128,
        other => panic!("unknown cipher: {other}"),
    };
    let user = User::new(core::str::from_utf8(message.usm.user).unwrap()).unwrap();
    let user = user.auth(auth, text(vector, "auth_password").as_bytes()).unwrap();
    let user = user.privacy(privacy, text(vector, "priv_password").as_bytes()).unwrap();
    let user = LocalizedUser::new(&user, message.usm.engine_id, KeyExtension::Either);
    let mut plain = Vec::new();
    user.open(datagram, message, &mut plain, &mut Quirks::default()).map(|_| ()).unwrap();
    assert_eq!(plain, unhex(text(vector, "scoped_pdu_hex")));
}

/// What a key makes of a fixed message: as a digest, which takes every octet of it, and as a cipher.
fn mark(key: &LocalizedKey) -> Vec<u8> {
    let mut message = vec![0; 100];
    AuthKey::new(AuthProtocol::Sha512, key).sign(&mut message, 0..48);
    if let Some(cipher) = PrivacyKey::new(PrivProtocol::Aes256(KeyExtension::Reeder), key.clone()) {
        cipher.encrypt(&mut message[48..], 1, 2, 3).unwrap();
    }
    message
}

fn hash(name: &str) -> AuthProtocol {
    match name.to_ascii_lowercase().as_str() {
        "md5" => AuthProtocol::Md5,
        "sha1" => AuthProtocol::Sha1,
        "sha224" => AuthProtocol::Sha224,
        "sha256" => AuthProtocol::Sha256,
        "sha384" => AuthProtocol::Sha384,
        "sha512" => AuthProtocol::Sha512,
        other => panic!("unknown hash: {other}"),
    }
}

fn text<'v>(value: &'v Value, field: &str) -> &'v str {
    value[field].as_str().unwrap_or_else(|| panic!("no text {field:?} in {value}"))
}

fn unhex(text: &str) -> Vec<u8> {
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap()).collect()
}

/// The shared vectors, which lie outside the repository. Without them the test is skipped, except in CI.
fn load(name: &str) -> Option<String> {
    let shared = std::env::var_os("DCA_SHARED")
        .map_or_else(|| PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared")), PathBuf::from);
    let path = shared.join("snmp-vectors").join(name);
    match std::fs::read_to_string(&path) {
        Ok(text) => Some(text),
        Err(error) if std::env::var("CI").is_ok_and(|ci| ci == "true") => panic!("{}: {error}", path.display()),
        Err(error) => {
            eprintln!("SKIPPED: {}: {error}", path.display());
            None
        }
    }
}
