//! Secured messages: sealed and opened, and as they come to an engine.

use dca_snmp::ber::Writer;
use dca_snmp::message::{Body, Message, Payload, decode_scoped_pdu};
use dca_snmp::responder::{Responder, ResponderSettings};
use dca_snmp::usm::{Header, LocalizedUser};
use dca_snmp::{AuthProtocol, Binding, KeyExtension, Oid, PrivProtocol, Quirks, User, Value, VarBind};
use std::collections::BTreeMap;
use std::sync::LazyLock;
use std::time::Instant;

const ENGINE: &[u8] = b"\x80\x00\x1f\x88\x04fuzz";
const PASSWORD: &[u8] = b"fuzz password";

/// Keys cost a megabyte of hashing each: made once.
static USERS: LazyLock<Vec<User>> = LazyLock::new(|| {
    let auths = [AuthProtocol::Md5, AuthProtocol::Sha1, AuthProtocol::Sha256, AuthProtocol::Sha512];
    let privacies = [PrivProtocol::Des, PrivProtocol::Aes128, PrivProtocol::Aes256(KeyExtension::Reeder)];
    let signed = auths.map(|auth| User::new("fuzz").and_then(|user| user.auth(auth, PASSWORD)));
    let signed: Vec<User> = signed.into_iter().flatten().collect();
    let sealed = signed.iter().zip(privacies.iter().cycle());
    let sealed: Vec<User> = sealed.filter_map(|(user, cipher)| user.clone().privacy(*cipher, PASSWORD).ok()).collect();
    [signed, sealed].concat()
});

/// The first octet picks the keys; the rest is a scoped PDU to be sealed, and a datagram to an engine.
pub fn usm(octets: &[u8]) {
    let Some((&pick, octets)) = octets.split_first() else { return };
    let user = &USERS[usize::from(pick) % USERS.len()];
    seal_and_open(user, octets);
    let settings = ResponderSettings { users: vec![user.clone()], engine_id: ENGINE.to_vec(), ..Default::default() };
    let mut responder = Responder::new(settings, [7; 32]);
    let mib: BTreeMap<Oid, Value> = [(dca_snmp::oid!("1.3.6.1.2.1.1.3.0").to_oid(), Value::TimeTicks(1))].into();
    if let Some(answer) = responder.handle(octets, &mib, Instant::now()) {
        assert!(Message::decode(&answer).is_ok(), "an answer that nobody reads");
    }
}

fn seal_and_open(user: &User, scoped: &[u8]) {
    let keys = LocalizedUser::new(user, ENGINE, KeyExtension::Reeder);
    let mut writer = Writer::new();
    let header =
        Header { msg_id: 1, max_size: 65_507, reportable: true, boots: 3, time: 99, salt: 0x0102_0304_0506_0708 };
    keys.protect(&mut writer, scoped, &header);
    let sealed = writer.octets();
    let Ok(Message::V3(message)) = Message::decode(sealed) else { return };
    let (mut plain, mut quirks) = (Vec::new(), Quirks::NONE);
    let opened = keys.open(sealed, &message, &mut plain, &mut quirks);
    // A block cipher fills up with zeros, which may complete what was cut off.
    let mut filled = scoped.to_vec();
    if let Payload::Encrypted(text) = &message.payload {
        filled.resize(text.len(), 0);
    }
    let direct = decode_scoped_pdu(&filled, &mut Quirks::default());
    match (opened, direct) {
        (Ok(opened), Ok(direct)) => {
            assert_eq!(opened.context_engine_id, direct.context_engine_id);
            assert_eq!(opened.context_name, direct.context_name);
            assert_eq!(bindings(&opened.body), bindings(&direct.body));
        }
        (Ok(_), Err(fault)) => panic!("opened what is none: {fault}"),
        _ => {}
    }
    let mut broken = sealed.to_vec();
    broken[message.usm.auth_range.start] ^= 1;
    let Ok(Message::V3(message)) = Message::decode(&broken) else { return };
    assert!(
        keys.open(&broken, &message, &mut Vec::new(), &mut Quirks::default()).is_err(),
        "a wrong digest is accepted"
    );
}

/// All bindings. A fault's offset counts from the start of the datagram or of the plaintext: left out.
fn bindings(body: &Body<'_>) -> Vec<VarBind> {
    let list = match body {
        Body::Pdu(pdu) => pdu.varbinds(),
        Body::TrapV1(trap) => trap.varbinds(),
    };
    list.map(|varbind| {
        let mut varbind = varbind.to_varbind();
        if let Binding::Malformed(bad) = &mut varbind.binding {
            bad.fault.offset = 0;
        }
        varbind
    })
    .collect()
}
