//! A user at one engine: its keys, localized and prepared, and the two things done with them.

use super::{AuthKey, BadDigest, BadPrivacy, PrivacyKey};
use crate::ber::{Fault, Reader, Writer, tag};
use crate::credentials::{AuthProtocol, KeyExtension, PrivProtocol, User};
use crate::message::{Flags, Outgoing3, Payload, ScopedPdu, V3Message, decode_scoped_pdu, encode_v3};
use crate::quirk::{Quirk, Quirks};
use std::sync::Arc;

/// A [`User`] whose keys are bound to one engine. Made once per user and engine, then used for every message.
#[derive(Debug, Clone)]
pub struct LocalizedUser {
    name: Arc<[u8]>,
    engine_id: Arc<[u8]>,
    auth: Option<AuthKey>,
    privacy: Option<PrivacyKey>,
}

/// What a message says besides its scoped PDU, its user and its engine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Header {
    /// Pairs answer and request (0..2^31-1).
    pub msg_id: i32,
    /// The largest message the sender takes, in octets (at least 484).
    pub max_size: u32,
    /// The receiver may answer with a Report: set in requests only.
    pub reportable: bool,
    /// snmpEngineBoots of the authoritative engine, the agent's.
    pub boots: u32,
    /// snmpEngineTime of the authoritative engine, in seconds.
    pub time: u32,
    /// A salt from [`Salts`](super::Salts), fresh for every message that is encrypted; unused otherwise.
    pub salt: u64,
}

/// Why a received message is not believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// Fewer protections than the user has, or one that the user has no key for. Reports may arrive so.
    #[error("the message's security level is not the user's")]
    OtherLevel,
    /// The digest is wrong: another passphrase or protocol, or octets that were changed on the way.
    #[error("the digest is wrong")]
    BadDigest,
    /// What decryption gives is no scoped PDU: another passphrase, protocol or key extension.
    #[error("the scoped PDU cannot be decrypted")]
    BadPrivacy,
    /// Decrypted to a scoped PDU whose PDU cannot be understood.
    #[error("the PDU cannot be understood: {0}")]
    Garbled(Fault),
}

impl User {
    /// The key extensions worth trying at an engine, in that order: one, unless the protocol leaves it open and the
    /// hash is shorter than the cipher's key.
    pub fn extensions(&self) -> &'static [KeyExtension] {
        let (Some(auth), Some(privacy)) = (&self.auth, &self.privacy) else {
            return &[KeyExtension::Blumenthal];
        };
        match privacy.protocol {
            PrivProtocol::Aes192(KeyExtension::Reeder) | PrivProtocol::Aes256(KeyExtension::Reeder) => {
                &[KeyExtension::Reeder]
            }
            PrivProtocol::Aes192(KeyExtension::Either) | PrivProtocol::Aes256(KeyExtension::Either)
                if auth.protocol.key_length() < privacy.protocol.key_length() =>
            {
                &[KeyExtension::Blumenthal, KeyExtension::Reeder]
            }
            _ => &[KeyExtension::Blumenthal],
        }
    }
}

impl LocalizedUser {
    /// Localizes the user's keys. `extension` is one of [`User::extensions`]; only Reeder's costs more than
    /// microseconds.
    pub fn new(user: &User, engine_id: &[u8], extension: KeyExtension) -> Self {
        let auth =
            user.auth.as_ref().map(|auth| AuthKey::new(auth.protocol, &auth.key.localize(auth.protocol, engine_id)));
        let privacy = user.privacy.as_ref().zip(user.auth.as_ref()).and_then(|(privacy, auth)| {
            let key = privacy.key.localize(auth.protocol, engine_id);
            let length = privacy.protocol.key_length();
            PrivacyKey::new(privacy.protocol, key.extend(auth.protocol, engine_id, length, extension))
        });
        Self { name: user.name.clone(), engine_id: engine_id.into(), auth, privacy }
    }

    /// msgUserName.
    pub fn name(&self) -> &[u8] {
        &self.name
    }

    /// The engine its keys are bound to.
    pub fn engine_id(&self) -> &[u8] {
        &self.engine_id
    }

    /// The user's security level as message flags.
    pub fn flags(&self, reportable: bool) -> Flags {
        Flags { auth: self.auth.is_some(), privacy: self.privacy.is_some(), reportable }
    }

    /// Encodes a message into a cleared writer with every protection the user has: `scoped`, an encoded scoped PDU, is
    /// encrypted and the whole signed.
    pub fn protect(&self, writer: &mut Writer, scoped: &[u8], header: &Header) {
        let Some(privacy) = &self.privacy else {
            return self.sign(writer, scoped, header);
        };
        let length = privacy.padded(scoped.len());
        let mut filled;
        let scoped = if length == scoped.len() {
            scoped
        } else {
            filled = scoped.to_vec();
            filled.resize(length, 0);
            &filled
        };
        let salt = header.salt.to_be_bytes();
        self.encode(writer, scoped, header, &salt, |octets| {
            // The scoped PDU is the last element, and the ciphertext as long as the plaintext.
            let start = octets.len().saturating_sub(length);
            let text = octets.get_mut(start..).unwrap_or_default();
            if privacy.encrypt(text, header.boots, header.time, header.salt).is_err() {
                // Cannot be: key and length fit. Were it to be, nothing may leave in the clear.
                text.fill(0);
            }
        });
    }

    /// Encodes a message as [`protect`](Self::protect) does, but signed only: for a Report about a message that could
    /// not be decrypted or was too old (RFC 3414 §3.2 steps 7 and 8).
    pub fn sign(&self, writer: &mut Writer, scoped: &[u8], header: &Header) {
        self.encode(writer, scoped, header, &[], |_| {});
    }

    /// Verifies the digest alone. For a Report that is signed but not encrypted; everything else goes through
    /// [`open`](Self::open). Without authentication no message passes.
    pub fn verify(&self, datagram: &[u8], message: &V3Message<'_>) -> Result<(), OpenError> {
        let auth = self.auth.as_ref().filter(|_| message.flags.auth).ok_or(OpenError::OtherLevel)?;
        auth.verify(signed(datagram, message), message.usm.auth_range.clone()).map_err(|BadDigest| OpenError::BadDigest)
    }

    /// Verifies and decrypts a message decoded from `datagram`, which must have exactly the user's security level.
    /// `plain` is a buffer that is reused from message to message and holds the plaintext if there was encryption.
    ///
    /// Engine id, user name, msgID and the time window are the caller's to check.
    pub fn open<'a>(
        &self,
        datagram: &[u8],
        message: &V3Message<'a>,
        plain: &'a mut Vec<u8>,
        quirks: &mut Quirks,
    ) -> Result<ScopedPdu<'a>, OpenError> {
        self.check_level(message)?;
        if self.auth.is_some() {
            self.verify(datagram, message)?;
        }
        self.unseal(message, plain, quirks)
    }

    /// Fails unless the message has exactly the user's security level.
    pub(crate) fn check_level(&self, message: &V3Message<'_>) -> Result<(), OpenError> {
        let same = message.flags.auth == self.auth.is_some() && message.flags.privacy == self.privacy.is_some();
        if same { Ok(()) } else { Err(OpenError::OtherLevel) }
    }

    /// The second half of [`open`](Self::open), for a responder that looks at the time window in between.
    pub(crate) fn unseal<'a>(
        &self,
        message: &V3Message<'a>,
        plain: &'a mut Vec<u8>,
        quirks: &mut Quirks,
    ) -> Result<ScopedPdu<'a>, OpenError> {
        match (&message.payload, &self.privacy) {
            (Payload::Plain(scoped), None) => Ok(scoped.clone()),
            (Payload::Encrypted(text), Some(privacy)) => {
                plain.clear();
                plain.extend_from_slice(text);
                privacy
                    .decrypt(plain, message.usm.boots, message.usm.time, message.usm.privacy)
                    .map_err(|BadPrivacy| OpenError::BadPrivacy)?;
                if !is_scoped(plain) {
                    return Err(OpenError::BadPrivacy);
                }
                decode_scoped_pdu(plain, quirks).map_err(OpenError::Garbled)
            }
            _ => Err(OpenError::OtherLevel),
        }
    }

    fn encode(
        &self,
        writer: &mut Writer,
        scoped: &[u8],
        header: &Header,
        salt: &[u8],
        encrypt: impl FnOnce(&mut [u8]),
    ) {
        let flags = Flags { auth: self.auth.is_some(), privacy: !salt.is_empty(), reportable: header.reportable };
        let auth_length = self.auth.as_ref().map(AuthKey::protocol).map_or(0, AuthProtocol::digest_length);
        let message = Outgoing3 {
            msg_id: header.msg_id,
            max_size: header.max_size,
            flags,
            engine_id: &self.engine_id,
            boots: header.boots,
            time: header.time,
            user: &self.name,
            auth_length,
            salt,
            scoped,
        };
        let encoded = encode_v3(writer, &message);
        encrypt(writer.octets_mut());
        if let Some(auth) = &self.auth {
            auth.sign(writer.octets_mut(), encoded.auth);
        }
    }
}

/// The message without octets that follow it in the datagram: they are no part of what was signed.
fn signed<'d>(datagram: &'d [u8], message: &V3Message<'_>) -> &'d [u8] {
    if !message.quirks.has(Quirk::TrailingMessage) {
        return datagram;
    }
    let mut reader = Reader::new(datagram);
    let rest = reader.element(&mut Quirks::default()).map_or(0, |_| reader.rest().len());
    datagram.get(..datagram.len() - rest).unwrap_or(datagram)
}

/// True if the plaintext starts as every scoped PDU does. With a wrong key this holds once in some millions.
fn is_scoped(plain: &[u8]) -> bool {
    let quirks = &mut Quirks::default();
    let Ok(whole) = Reader::new(plain).expect(tag::SEQUENCE, quirks) else {
        return false;
    };
    let mut inner = Reader::within(whole);
    inner.octet_string(quirks).is_ok() && inner.octet_string(quirks).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::{Body, Message, PduFields, PduKind, encode_scoped_pdu};
    use crate::oid;
    use crate::value::BindingRef;
    use crate::value::ValueRef;

    const ENGINE: &[u8] = &[0x80, 0, 0, 9, 3, 1, 2, 3, 4, 5, 6];
    const HEADER: Header = Header { msg_id: 77, max_size: 1472, reportable: true, boots: 3, time: 1000, salt: 99 };

    fn scoped() -> Writer {
        let mut writer = Writer::new();
        let ask = PduFields::ask(PduKind::Get, 0x0100_0001);
        let name = (oid!("1.3.6.1.2.1.1.1.0"), BindingRef::Found(ValueRef::Null));
        encode_scoped_pdu(&mut writer, ENGINE, b"floor 2", ask, [name].into_iter());
        writer
    }

    fn v3(datagram: &[u8]) -> V3Message<'_> {
        match Message::decode(datagram).unwrap() {
            Message::V3(message) => message,
            Message::Community(_) => panic!("a v3 message was sent"),
        }
    }

    fn outcome(user: &LocalizedUser, datagram: &[u8]) -> Result<i32, OpenError> {
        let (mut plain, mut quirks) = (Vec::new(), Quirks::NONE);
        let message = v3(datagram);
        let scoped = user.open(datagram, &message, &mut plain, &mut quirks)?;
        assert_eq!((scoped.context_engine_id, scoped.context_name), (ENGINE, b"floor 2".as_slice()));
        match scoped.body {
            Body::Pdu(pdu) => Ok(pdu.request_id),
            Body::TrapV1(_) => panic!("a Get was sent"),
        }
    }

    fn users() -> Vec<LocalizedUser> {
        use KeyExtension::{Blumenthal, Reeder};
        let mut users = vec![LocalizedUser::new(&User::new("nobody").unwrap(), ENGINE, Blumenthal)];
        for auth in [
            AuthProtocol::Md5,
            AuthProtocol::Sha1,
            AuthProtocol::Sha224,
            AuthProtocol::Sha256,
            AuthProtocol::Sha384,
            AuthProtocol::Sha512,
        ] {
            let signer = User::new("signer").unwrap().auth(auth, b"password one").unwrap();
            users.push(LocalizedUser::new(&signer, ENGINE, Blumenthal));
            for privacy in [
                PrivProtocol::Des,
                PrivProtocol::Aes128,
                PrivProtocol::Aes192(KeyExtension::Either),
                PrivProtocol::Aes256(KeyExtension::Either),
            ] {
                let sealer = signer.clone().privacy(privacy, b"password two").unwrap();
                users.extend([Blumenthal, Reeder].map(|extension| LocalizedUser::new(&sealer, ENGINE, extension)));
            }
        }
        users
    }

    #[test]
    fn every_pair_there_and_back() {
        let scoped = scoped();
        for user in users() {
            let mut writer = Writer::new();
            user.protect(&mut writer, scoped.octets(), &HEADER);
            let message = v3(writer.octets());
            assert_eq!((message.msg_id, message.max_size, message.flags), (77, 1472, user.flags(true)));
            assert_eq!((message.usm.boots, message.usm.time, message.usm.engine_id), (3, 1000, ENGINE));
            assert_eq!(outcome(&user, writer.octets()), Ok(0x0100_0001), "{user:?}");
            let shows = writer.octets().windows(7).any(|octets| octets == b"floor 2");
            assert_eq!(shows, !user.flags(true).privacy, "{user:?}");
        }
    }

    #[test]
    fn no_octet_of_a_signed_message_can_be_changed() {
        let scoped = scoped();
        for user in users().into_iter().filter(|user| user.flags(false).auth) {
            let mut writer = Writer::new();
            user.protect(&mut writer, scoped.octets(), &HEADER);
            for at in 0..writer.octets().len() {
                let mut changed = writer.octets().to_vec();
                changed[at] ^= 0x04;
                let Ok(Message::V3(message)) = Message::decode(&changed) else { continue };
                let opened = user.open(&changed, &message, &mut Vec::new(), &mut Quirks::default()).map(|_| ());
                assert!(opened.is_err(), "{user:?} octet {at}");
            }
            let mut longer = writer.octets().to_vec();
            longer.extend([0, 0]);
            assert_eq!(outcome(&user, &longer), Ok(0x0100_0001), "octets after the message are not part of it");
        }
    }

    #[test]
    fn wrong_passphrases_and_levels_are_told_apart() {
        let user = |auth: &[u8], privacy: &[u8]| {
            let user = User::new("u").unwrap().auth(AuthProtocol::Sha1, auth).unwrap();
            let user = user.privacy(PrivProtocol::Aes256(KeyExtension::Either), privacy).unwrap();
            assert_eq!(user.extensions(), [KeyExtension::Blumenthal, KeyExtension::Reeder]);
            user
        };
        let right = user(b"password one", b"password two");
        let local = LocalizedUser::new(&right, ENGINE, KeyExtension::Reeder);
        let (scoped, mut writer) = (scoped(), Writer::new());
        local.protect(&mut writer, scoped.octets(), &HEADER);
        let sealed = writer.octets().to_vec();
        local.sign(&mut writer, scoped.octets(), &HEADER);
        let signed = writer.octets().to_vec();

        assert_eq!(outcome(&local, &sealed), Ok(0x0100_0001));
        for (other, expected) in [
            (LocalizedUser::new(&right, ENGINE, KeyExtension::Blumenthal), OpenError::BadPrivacy),
            (LocalizedUser::new(&right, b"another", KeyExtension::Reeder), OpenError::BadDigest),
            (
                LocalizedUser::new(&user(b"password one", b"password 2.."), ENGINE, KeyExtension::Reeder),
                OpenError::BadPrivacy,
            ),
            (
                LocalizedUser::new(&user(b"password 1..", b"password two"), ENGINE, KeyExtension::Reeder),
                OpenError::BadDigest,
            ),
        ] {
            assert_eq!(outcome(&other, &sealed), Err(expected));
        }
        assert_eq!(outcome(&local, &signed), Err(OpenError::OtherLevel), "never less than the user's level");
        assert_eq!(local.verify(&signed, &v3(&signed)), Ok(()));
        let nobody = LocalizedUser::new(&User::new("u").unwrap(), ENGINE, KeyExtension::Blumenthal);
        assert_eq!(nobody.verify(&signed, &v3(&signed)), Err(OpenError::OtherLevel));
        nobody.protect(&mut writer, scoped.octets(), &HEADER);
        assert_eq!(outcome(&local, writer.octets()), Err(OpenError::OtherLevel));
        assert_eq!(local.verify(writer.octets(), &v3(writer.octets())), Err(OpenError::OtherLevel));
    }

    #[test]
    fn the_extension_is_a_question_only_for_short_hashes() {
        use KeyExtension::{Blumenthal, Either, Reeder};
        for (auth, privacy, expected) in [
            (AuthProtocol::Md5, PrivProtocol::Aes128, &[Blumenthal][..]),
            (AuthProtocol::Sha1, PrivProtocol::Aes192(Either), &[Blumenthal, Reeder]),
            (AuthProtocol::Sha1, PrivProtocol::Aes192(Reeder), &[Reeder]),
            (AuthProtocol::Sha1, PrivProtocol::Aes256(Blumenthal), &[Blumenthal]),
            (AuthProtocol::Sha224, PrivProtocol::Aes192(Either), &[Blumenthal]),
            (AuthProtocol::Sha224, PrivProtocol::Aes256(Either), &[Blumenthal, Reeder]),
            (AuthProtocol::Sha256, PrivProtocol::Aes256(Either), &[Blumenthal]),
        ] {
            let user = User::new("u").unwrap().auth(auth, b"12345678").unwrap().privacy(privacy, b"12345678").unwrap();
            assert_eq!(user.extensions(), expected, "{auth:?} {privacy:?}");
        }
    }
}
