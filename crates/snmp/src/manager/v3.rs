//! What v3 adds to an exchange: finding the engine, keeping its time, and reading its reports.
//!
//! ```text
//! no engine ── discovery ──► engine id, boots, time ──► question ──► answer
//!     ▲                             ▲                      │
//!     └──── unknownEngineIds ◄──────┼──────────────────────┤
//!                                   └── notInTimeWindows ◄─┤   (signed, if the user signs)
//!                     the other key extension ◄────────────┘   decryptionErrors, silence
//! ```
//!
//! Each way back is taken a bounded number of times. Reports without a digest are the rule for all but
//! notInTimeWindows (RFC 3414 §3.2), so they are believed only for the msgID of a try in the present state, which nobody
//! off the path can know. A message with a wrong digest ends nothing: the true answer may still come.

use super::flight::{Flight, Incoming, Question, Stage};
use crate::ber::{Fault, FaultKind, Writer};
use crate::credentials::{KeyExtension, User};
use crate::message::{
    Body, ErrorStatus, Flags, Outgoing3, Payload, Pdu, PduFields, PduKind, V3Message, VarBinds, encode_scoped_pdu,
    encode_v3,
};
use crate::oid::OidRef;
use crate::quirk::Quirks;
use crate::request::{Failure, UsmReport};
use crate::usm::{Header, LocalizedUser, OpenError, RemoteClock};
use crate::value::BindingRef;
use core::ops::Range;
use std::time::Instant;

/// How often one exchange starts over because of the engine's id or time.
const MOST_RESTARTS: u32 = 3;
/// Users whose keys are kept for one engine.
const MOST_USERS: usize = 8;
/// RFC 3411 §5 says 5 to 32 octets; shorter ones are seen.
const ENGINE_ID_OCTETS: core::ops::RangeInclusive<usize> = 1..=32;
/// The least msgMaxSize (RFC 3412 §6).
const LEAST_MESSAGE: u32 = 484;

/// What is known of an agent's engine.
#[derive(Debug)]
pub(super) struct Engine {
    id: Vec<u8>,
    clock: RemoteClock,
    /// The largest message it takes.
    pub(super) max_size: usize,
    users: Vec<Local>,
}

/// A user with its keys for this engine.
#[derive(Debug)]
struct Local {
    user: User,
    keys: LocalizedUser,
    extension: KeyExtension,
    /// An answer was decrypted with this extension.
    proven: bool,
}

/// What an answer says, and where its bindings lie.
#[derive(Debug)]
pub(super) struct Answer {
    status: ErrorStatus,
    index: u32,
    list: Range<usize>,
    /// They lie in what was deciphered, not in the datagram.
    deciphered: bool,
}

impl Answer {
    pub(super) fn incoming<'a>(self, datagram: &'a [u8], pens: &'a Pens) -> Incoming<'a> {
        let Self { status, index, list, deciphered } = self;
        let octets = if deciphered { &pens.plain } else { datagram };
        Incoming { status, index, varbinds: VarBinds::at(octets, list), size: datagram.len() }
    }
}

/// What a received message means for its flight.
#[derive(Debug)]
pub(super) enum Verdict {
    Reply(Answer),
    /// The engine is known: whoever waits for it may go on.
    Discovered,
    /// Ask again: what stood in the way has changed.
    Restart,
    Fail(Failure),
    /// Not it. Told if nothing better comes.
    Wait(Option<Failure>),
}

impl Engine {
    fn new(message: &V3Message<'_>, now: Instant) -> Self {
        Self {
            id: message.usm.engine_id.to_vec(),
            clock: RemoteClock::unproven(message.usm.boots, message.usm.time, now),
            max_size: size(message.max_size),
            users: Vec::new(),
        }
    }

    /// The user's keys, made on first use.
    fn local(&mut self, user: &User) -> Option<&mut Local> {
        let at = match self.users.iter().position(|local| same(&local.user, user)) {
            Some(at) => at,
            None => {
                if self.users.len() >= MOST_USERS {
                    self.users.remove(0);
                }
                let extension = user.extensions().first().copied().unwrap_or_default();
                let keys = LocalizedUser::new(user, &self.id, extension);
                self.users.push(Local { user: user.clone(), keys, extension, proven: false });
                self.users.len() - 1
            }
        };
        self.users.get_mut(at)
    }

    /// Turns to the user's other key extension. `false` if there is none or this one has proven right.
    pub(super) fn switch_extension(&mut self, user: &User) -> bool {
        let id = self.id.clone();
        let Some(local) = self.local(user).filter(|local| !local.proven) else { return false };
        let Some(other) = user.extensions().iter().copied().find(|other| *other != local.extension) else {
            return false;
        };
        local.keys = LocalizedUser::new(user, &id, other);
        local.extension = other;
        true
    }

    /// Encodes a question.
    pub(super) fn encode(
        &mut self,
        pens: &mut Pens,
        user: &User,
        question: &Question,
        ask: Ask,
        now: Instant,
    ) -> Option<()> {
        let fields = fields(question, ask.id);
        let names = question.names.iter().map(|name| (name.as_ref(), BindingRef::Found(crate::ValueRef::Null)));
        encode_scoped_pdu(&mut pens.scoped, &self.id, &user.context, fields, names);
        let (boots, time) = self.clock.read(now);
        let Ask { id: msg_id, max_size, salt } = ask;
        let header = Header { msg_id, max_size, reportable: true, boots, time, salt };
        self.local(user)?.keys.protect(&mut pens.message, pens.scoped.octets(), &header);
        Some(())
    }
}

/// What changes from try to try.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ask {
    pub(super) id: i32,
    pub(super) max_size: u32,
    pub(super) salt: u64,
}

/// Buffers that are reused from message to message.
#[derive(Debug, Default)]
pub(super) struct Pens {
    pub(super) message: Writer,
    scoped: Writer,
    plain: Vec<u8>,
}

pub(super) fn fields(question: &Question, id: i32) -> PduFields {
    PduFields {
        kind: question.kind,
        request_id: id,
        error_status: question.non_repeaters.into(),
        error_index: question.max_repetitions,
    }
}

/// Encodes the empty question that makes an engine name itself (RFC 3414 §4).
pub(super) fn encode_discovery(pens: &mut Pens, id: i32, max_size: u32) {
    let none = core::iter::empty::<(OidRef<'_>, BindingRef<'_>)>();
    encode_scoped_pdu(&mut pens.scoped, &[], &[], PduFields::ask(PduKind::Get, id), none);
    let message = Outgoing3 {
        msg_id: id,
        max_size,
        flags: Flags { auth: false, privacy: false, reportable: true },
        engine_id: &[],
        boots: 0,
        time: 0,
        user: &[],
        auth_length: 0,
        salt: &[],
        scoped: pens.scoped.octets(),
    };
    encode_v3(&mut pens.message, &message);
}

/// A message, the datagram it was decoded from, and when it came.
#[derive(Debug, Clone, Copy)]
pub(super) struct Received<'a> {
    pub(super) datagram: &'a [u8],
    pub(super) message: &'a V3Message<'a>,
    pub(super) now: Instant,
}

/// Judges a message whose msgID is one of the flight's.
pub(super) fn judge(
    known: &mut Option<Engine>,
    user: &User,
    flight: &mut Flight,
    received: Received<'_>,
    pens: &mut Pens,
    quirks: &mut Quirks,
) -> Verdict {
    let Received { datagram, message, now } = received;
    let current = flight.is_current(message.msg_id);
    let named = ENGINE_ID_OCTETS.contains(&message.usm.engine_id.len());
    if flight.stage == Stage::Discover {
        if !current || !named || !matches!(message.payload, Payload::Plain(_)) {
            return Verdict::Wait(None);
        }
        *known = Some(Engine::new(message, now));
        flight.restart();
        return Verdict::Discovered;
    }
    let Some(engine) = known else { return Verdict::Wait(None) };
    let id = engine.id.clone();
    let Some(local) = engine.local(user) else { return Verdict::Wait(None) };
    let mut authentic = user.auth.is_none();
    let mut opened = local.keys.open(datagram, message, &mut pens.plain, quirks);
    if matches!(opened, Err(OpenError::BadPrivacy)) && engine.switch_extension(user) {
        // An answer to a try with the other extension; if it is none, that changes nothing.
        let other = engine.local(user).map(|local| local.keys.clone());
        match other.as_ref().map(|keys| keys.open(datagram, message, &mut pens.plain, quirks)) {
            Some(Ok(scoped)) => opened = Ok(scoped),
            _ => {
                engine.switch_extension(user);
                opened = Err(OpenError::BadPrivacy);
            }
        }
    }
    let Some(local) = engine.local(user) else { return Verdict::Wait(None) };
    let opened = match opened {
        Ok(scoped) => {
            authentic = true;
            Ok(scoped)
        }
        Err(OpenError::OtherLevel) => match &message.payload {
            Payload::Plain(scoped) => {
                if message.flags.auth {
                    if local.keys.verify(datagram, message).is_err() {
                        return Verdict::Wait(Some(Failure::BadDigest));
                    }
                    authentic = true;
                }
                Ok(scoped.clone())
            }
            Payload::Encrypted(_) => return Verdict::Wait(None),
        },
        Err(OpenError::BadDigest) => return Verdict::Wait(Some(Failure::BadDigest)),
        Err(OpenError::Garbled(fault)) => Err(Failure::Garbled(fault)),
        // The digest was right by then.
        Err(OpenError::BadPrivacy) => Err(Failure::BadPrivacy),
    };
    let same_engine = message.usm.engine_id == id;
    let scoped = match opened {
        Ok(scoped) => scoped,
        Err(Failure::BadPrivacy) if same_engine && current => {
            return other_extension(engine, user, flight, Failure::BadPrivacy);
        }
        Err(trouble) => return Verdict::Wait(Some(trouble)),
    };
    let Body::Pdu(pdu) = &scoped.body else { return Verdict::Wait(None) };
    if pdu.kind == PduKind::Report {
        return match report(pdu) {
            Some(report) if current => on_report(known, user, flight, report, message, authentic, now),
            Some(_) => Verdict::Wait(None),
            None => Verdict::Wait(Some(garbled(FaultKind::UnknownPdu(PduKind::Report as u8)))),
        };
    }
    let full_level = message.flags.auth == user.auth.is_some() && message.flags.privacy == user.privacy.is_some();
    if pdu.kind != PduKind::Response || !full_level || !same_engine || pdu.request_id != message.msg_id {
        return Verdict::Wait(None);
    }
    if message.usm.user != &*user.name {
        return Verdict::Wait(None);
    }
    local.proven |= user.privacy.is_some();
    if user.auth.is_some() && !engine.clock.receive(message.usm.boots, message.usm.time, now) {
        return Verdict::Wait(Some(Failure::Usm(UsmReport::NotInTimeWindow)));
    }
    engine.max_size = size(message.max_size);
    let deciphered = matches!(message.payload, Payload::Encrypted(_));
    Verdict::Reply(Answer { status: pdu.error_status, index: pdu.error_index, list: pdu.list_at(), deciphered })
}

fn on_report(
    known: &mut Option<Engine>,
    user: &User,
    flight: &mut Flight,
    report: UsmReport,
    message: &V3Message<'_>,
    authentic: bool,
    now: Instant,
) -> Verdict {
    let failure = Failure::Usm(report);
    let Some(engine) = known else { return Verdict::Wait(None) };
    match report {
        UsmReport::UnknownEngineId => {
            if flight.restarts >= MOST_RESTARTS {
                return Verdict::Fail(failure);
            }
            *known = None;
        }
        UsmReport::NotInTimeWindow => {
            if !authentic || message.usm.engine_id != engine.id {
                return Verdict::Wait(Some(failure));
            }
            if flight.restarts >= MOST_RESTARTS {
                return Verdict::Fail(failure);
            }
            engine.clock.resynchronise(message.usm.boots, message.usm.time, now);
        }
        UsmReport::DecryptionError => return other_extension(engine, user, flight, failure),
        UsmReport::UnknownContext if !authentic => return Verdict::Wait(Some(failure)),
        _ => return Verdict::Fail(failure),
    }
    flight.restarts += 1;
    flight.restart();
    Verdict::Restart
}

fn other_extension(engine: &mut Engine, user: &User, flight: &mut Flight, failure: Failure) -> Verdict {
    if flight.switched >= 2 || !engine.switch_extension(user) {
        return Verdict::Fail(failure);
    }
    flight.switched += 1;
    flight.restart();
    Verdict::Restart
}

fn report(pdu: &Pdu<'_>) -> Option<UsmReport> {
    pdu.varbinds().next().and_then(|varbind| UsmReport::from_oid(varbind.oid))
}

fn garbled(kind: FaultKind) -> Failure {
    Failure::Garbled(Fault { kind, offset: 0 })
}

fn size(octets: u32) -> usize {
    usize::try_from(octets.max(LEAST_MESSAGE)).unwrap_or(usize::MAX)
}

/// True for clones of one user. Keys are never compared by their octets.
fn same(a: &User, b: &User) -> bool {
    let auth = match (&a.auth, &b.auth) {
        (None, None) => true,
        (Some(a), Some(b)) => a.protocol == b.protocol && a.key.is_clone_of(&b.key),
        _ => false,
    };
    let privacy = match (&a.privacy, &b.privacy) {
        (None, None) => true,
        (Some(a), Some(b)) => a.protocol == b.protocol && a.key.is_clone_of(&b.key),
        _ => false,
    };
    a.name == b.name && auth && privacy
}
