//! Version 3: from passwords to keys, and an answer verified and decrypted.

use crate::contest::message::names;
use anyhow::{Context, bail};
use dca_snmp::ber::Writer;
use dca_snmp::message::{Message, PduFields, PduKind, encode_scoped_pdu};
use dca_snmp::usm::{Header, LocalizedUser, MasterKey};
use dca_snmp::{AuthProtocol, BindingRef, PrivProtocol, Quirks, User, ValueRef};
use std::hint::black_box;

type Run = Box<dyn FnMut() -> u64>;

const PASSWORD: &[u8] = b"maplesyrup";
const ENGINE: &[u8] = b"\x80\x00\x1f\x88\x80\x01\x02\x03\x04\x05\x06\x07";
/// Octets of the answer.
const ANSWER: usize = 1_400;

/// The password hashed to a key (RFC 3414 A.2).
pub(crate) fn password_to_key(who: &str, hash: &str) -> anyhow::Result<Run> {
    let sha1 = hash == "sha1";
    Ok(match who {
        "dca-snmp" => {
            let protocol = if sha1 { AuthProtocol::Sha1 } else { AuthProtocol::Sha256 };
            let engine = ENGINE;
            Box::new(move || {
                drop(black_box(MasterKey::derive(protocol, PASSWORD).localize(protocol, engine)));
                1
            })
        }
        "async-snmp" => {
            let protocol = if sha1 { async_snmp::AuthProtocol::Sha1 } else { async_snmp::AuthProtocol::Sha256 };
            Box::new(move || {
                let key = async_snmp::v3::LocalizedKey::from_password(protocol, PASSWORD, ENGINE);
                key.map_or(0, |key| key.as_bytes().len() as u64)
            })
        }
        _ => bail!("{who} derives no keys here"),
    })
}

/// A datagram verified and decrypted to its PDU; SHA-256, AES-128.
pub(crate) fn open(who: &str) -> anyhow::Result<Run> {
    if who != "dca-snmp" {
        bail!("{who} opens nothing here");
    }
    let (user, datagram) = (localized()?, signed_and_encrypted()?);
    let mut plain = Vec::new();
    Ok(Box::new(move || {
        let mut quirks = Quirks::NONE;
        let Ok(Message::V3(message)) = Message::decode(&datagram) else { return 0 };
        user.open(&datagram, &message, &mut plain, &mut quirks)
            .map_or(0, |scoped| scoped.context_engine_id.len() as u64)
    }))
}

/// The answer that is opened.
pub(crate) fn signed_and_encrypted() -> anyhow::Result<Vec<u8>> {
    let user = localized()?;
    let header = Header { msg_id: 77_777_777, max_size: 65_507, reportable: false, boots: 3, time: 4_321, salt: 99 };
    let (mut scoped, mut writer, filler) = (Writer::new(), Writer::new(), [b'x'; ANSWER]);
    // Values grow until the message is as long as wanted.
    for length in 0..ANSWER {
        let names = names();
        let values = names.iter().take(10).enumerate().map(|(at, name)| {
            let room = if at == 0 { length } else { 21 };
            (name.as_ref(), BindingRef::Found(ValueRef::OctetString(filler.get(..room).unwrap_or_default())))
        });
        encode_scoped_pdu(&mut scoped, ENGINE, b"", PduFields::ask(PduKind::Response, 77_777_777), values);
        user.protect(&mut writer, scoped.octets(), &header);
        if writer.octets().len() >= ANSWER {
            return Ok(writer.octets().to_vec());
        }
    }
    bail!("no such answer")
}

fn localized() -> anyhow::Result<LocalizedUser> {
    let user = User::new("monitor")?.auth(AuthProtocol::Sha256, PASSWORD)?.privacy(PrivProtocol::Aes128, PASSWORD)?;
    let extension = user.extensions().first().copied().context("an extension")?;
    Ok(LocalizedUser::new(&user, ENGINE, extension))
}
