//! SNMPv3 as an authoritative engine (RFC 3412 §7.2, RFC 3414 §3.2).

use super::answer::Answer;
use super::{MIN_MESSAGE, Mib, ResponderSettings};
use crate::ber::Writer;
use crate::message::{
    Body, Flags, Outgoing3, Payload, PduFields, PduKind, ScopedPdu, V3Message, Version, encode_scoped_pdu, encode_v3,
};
use crate::oid;
use crate::oid::OidRef;
use crate::quirk::Quirks;
use crate::request::UsmReport;
use crate::usm::{EngineClock, Header, LocalizedUser, OpenError, Salts};
use crate::value::{BindingRef, ValueRef};
use std::collections::BTreeMap;
use std::time::Instant;

/// The engine of one agent.
#[derive(Debug)]
pub(super) struct Engine {
    users: Vec<LocalizedUser>,
    boots: u32,
    /// Starts with the first v3 datagram.
    clock: Option<EngineClock>,
    salts: Salts,
    /// What each Report's counter stands at.
    counters: BTreeMap<OidRef<'static>, u32>,
    plain: Vec<u8>,
    scoped: Writer,
    writer: Writer,
}

impl Engine {
    pub(super) fn new(settings: &ResponderSettings, seed: [u8; 32]) -> Self {
        let localized = settings.users.iter().map(|user| {
            let extension = user.extensions().first().copied().unwrap_or_default();
            LocalizedUser::new(user, &settings.engine_id, extension)
        });
        let first = seed.first_chunk().copied().unwrap_or_default();
        Self {
            users: localized.collect(),
            boots: settings.boots,
            clock: None,
            salts: Salts::new(u64::from_be_bytes(first)),
            counters: BTreeMap::new(),
            plain: Vec::new(),
            scoped: Writer::new(),
            writer: Writer::new(),
        }
    }

    pub(super) fn reboot(&mut self, boots: u32, now: Instant) {
        self.clock = Some(EngineClock::new(boots, now));
        self.counters.clear();
    }

    pub(super) fn time(&self, now: Instant) -> (u32, u32) {
        self.clock.as_ref().map_or((self.boots, 0), |clock| clock.read(now))
    }

    pub(super) fn reported(&self, report: UsmReport) -> u32 {
        self.counters.get(&report.oid()).copied().unwrap_or(0)
    }

    pub(super) fn handle(
        &mut self,
        datagram: &[u8],
        message: &V3Message<'_>,
        settings: &ResponderSettings,
        mib: &dyn Mib,
        now: Instant,
    ) -> Option<Vec<u8>> {
        let Self { users, boots, clock, salts, counters, plain, scoped, writer } = self;
        let clock = clock.get_or_insert_with(|| EngineClock::new(*boots, now));
        let (boots, time) = clock.read(now);
        let header = Header {
            msg_id: message.msg_id,
            max_size: u32::try_from(settings.max_message).unwrap_or(u32::MAX),
            reportable: false,
            boots,
            time,
            salt: salts.draw(),
        };
        let (user, question) = match judge(users, settings, datagram, message, clock, now, plain) {
            Ok(accepted) => accepted,
            Err(Refusal::Silence) => return None,
            Err(Refusal::Report { counter, request_id, protection }) => {
                let count = counters.entry(counter).or_insert(0);
                *count = count.wrapping_add(1);
                let value = BindingRef::Found(ValueRef::Counter32(*count));
                if !message.flags.reportable {
                    return None;
                }
                let fields = PduFields::ask(PduKind::Report, request_id);
                encode_scoped_pdu(scoped, &settings.engine_id, &[], fields, [(counter, value)].into_iter());
                match protection {
                    Protection::None => unprotected(writer, settings, message, &header, scoped.octets()),
                    Protection::Signed(user) => user.sign(writer, scoped.octets(), &header),
                    Protection::Full(user) => user.protect(writer, scoped.octets(), &header),
                }
                return Some(writer.octets().to_vec());
            }
        };
        let Body::Pdu(pdu) = &question.body else { return None };
        let theirs = usize::try_from(message.max_size).unwrap_or(usize::MAX).max(MIN_MESSAGE);
        let limit = settings.max_message.min(theirs);
        let mut answer = Answer::to(pdu, Version::V3, mib, limit)?;
        loop {
            let (fields, varbinds) = (answer.fields(), answer.varbinds());
            encode_scoped_pdu(scoped, question.context_engine_id, question.context_name, fields, varbinds);
            // One salt for several tries is well: only the last of them leaves.
            user.protect(writer, scoped.octets(), &header);
            if answer.fits(writer.octets().len(), limit) {
                return Some(writer.octets().to_vec());
            }
            if !answer.shorten() {
                return None;
            }
        }
    }
}

/// snmpUnknownPDUHandlers (RFC 3412 §5): nobody here speaks for the context engine that was asked.
const UNKNOWN_PDU_HANDLERS: OidRef<'static> = oid!("1.3.6.1.6.3.11.2.1.3.0");

/// What becomes of a message that is not answered.
enum Refusal<'u> {
    Silence,
    Report { counter: OidRef<'static>, request_id: i32, protection: Protection<'u> },
}

/// How a Report is protected: as far as its receiver has proven to hold the keys.
enum Protection<'u> {
    None,
    Signed(&'u LocalizedUser),
    Full(&'u LocalizedUser),
}

/// The steps of RFC 3414 §3.2 in their order, then the context (RFC 3413 §3.2).
fn judge<'u, 'a>(
    users: &'u [LocalizedUser],
    settings: &ResponderSettings,
    datagram: &[u8],
    message: &V3Message<'a>,
    clock: &EngineClock,
    now: Instant,
    plain: &'a mut Vec<u8>,
) -> Result<(&'u LocalizedUser, ScopedPdu<'a>), Refusal<'u>> {
    if message.flags.privacy && !message.flags.auth {
        return Err(Refusal::Silence); // RFC 3412 §7.2 step 5d
    }
    let request_id = match &message.payload {
        Payload::Plain(scoped) => request_id(scoped),
        Payload::Encrypted(_) => 0,
    };
    let report = |report: UsmReport, protection| Refusal::Report { counter: report.oid(), request_id, protection };
    if message.usm.engine_id != settings.engine_id {
        return Err(report(UsmReport::UnknownEngineId, Protection::None));
    }
    let user = users
        .iter()
        .find(|user| user.name() == message.usm.user)
        .ok_or_else(|| report(UsmReport::UnknownUserName, Protection::None))?;
    user.check_level(message).map_err(|_| report(UsmReport::UnsupportedSecLevel, Protection::None))?;
    if message.flags.auth {
        user.verify(datagram, message).map_err(|_| report(UsmReport::WrongDigest, Protection::None))?;
        if !clock.accepts(message.usm.boots, message.usm.time, now) {
            return Err(report(UsmReport::NotInTimeWindow, Protection::Signed(user)));
        }
    }
    let scoped = user.unseal(message, plain, &mut Quirks::default()).map_err(|error| match error {
        OpenError::BadPrivacy => report(UsmReport::DecryptionError, Protection::None),
        _ => Refusal::Silence,
    })?;
    let request_id = self::request_id(&scoped);
    let report = |counter| Refusal::Report { counter, request_id, protection: Protection::Full(user) };
    if scoped.context_engine_id != settings.engine_id {
        return Err(report(UNKNOWN_PDU_HANDLERS));
    }
    if !scoped.context_name.is_empty() && !settings.contexts.iter().any(|name| name == scoped.context_name) {
        return Err(report(UsmReport::UnknownContext.oid()));
    }
    Ok((user, scoped))
}

fn request_id(scoped: &ScopedPdu<'_>) -> i32 {
    match &scoped.body {
        Body::Pdu(pdu) => pdu.request_id,
        Body::TrapV1(_) => 0,
    }
}

fn unprotected(
    writer: &mut Writer,
    settings: &ResponderSettings,
    message: &V3Message<'_>,
    header: &Header,
    scoped: &[u8],
) {
    let message = Outgoing3 {
        msg_id: header.msg_id,
        max_size: header.max_size,
        flags: Flags::default(),
        engine_id: &settings.engine_id,
        boots: header.boots,
        time: header.time,
        user: message.usm.user,
        auth_length: 0,
        salt: &[],
        scoped,
    };
    encode_v3(writer, &message);
}
