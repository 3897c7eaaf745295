//! One list of cases, run against every agent that nobody here wrote, with every way of asking.
//!
//! What an agent is known to do otherwise is listed in [`KNOWN`], and must fail: an entry that has become needless fails
//! the test as well.
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stderr, clippy::indexing_slicing, reason = "a test")]
#![allow(clippy::disallowed_methods, clippy::disallowed_types, reason = "a test may use files, sockets and the clock")]

use dca_conformance::agents::{AUTH_PASSWORD, Agent, COMMUNITY, Kind, PRIV_PASSWORD, USERS};
use dca_fence::{Allowed, Fence};
use dca_lan::{Settings, Snmp};
use dca_snmp::{
    AuthProtocol, Binding, Columns, Credentials, Failure, KeyExtension, Oid, OidRef, Plan, PrivProtocol, Request,
    Table, User, UsmReport, Value, Version, Walk, WalkEnd, oid, recording,
};
use std::collections::BTreeMap;
use std::fmt::{Debug, Write as _};
use std::net::SocketAddr;
use std::time::Duration;

const ROOT: OidRef<'static> = oid!("1.3.6.1.4.1.99999");
const TABLE: OidRef<'static> = oid!("1.3.6.1.4.1.99999.3.1.1");

/// Agent, case (or the start of "case, way of asking") that is known to end otherwise, and why.
const KNOWN: &[(Kind, &str, &str)] = &[
    (Kind::Pysnmp, "too high a security level is said", "it drops what is encrypted for a user without a privacy key"),
    (Kind::Snmpsim, "too high a security level is said", "as pysnmp, of which it is made"),
    (Kind::Snmpsim, "an unknown user is said", "it drops the question"),
];

#[tokio::test]
async fn snmpd() {
    check(Kind::Snmpd).await;
}

#[tokio::test]
async fn snmpsim() {
    check(Kind::Snmpsim).await;
}

#[tokio::test]
async fn pysnmp() {
    check(Kind::Pysnmp).await;
}

/// Every type at its edges, a long list, a table with holes, and texts that overfill a datagram.
fn rows() -> String {
    let root = ROOT;
    let mut text = format!(
        "{root}.1.1.0|2|-5\n{root}.1.2.0|4|Office printer\n{root}.1.3.0|6|{root}.4294967295\n{root}.1.4.0|64|192.0.2.1\n\
         {root}.1.5.0|65|4294967295\n{root}.1.6.0|66|3000000000\n{root}.1.7.0|67|100\n{root}.1.8.0|70|18446744073709551615\n\
         {root}.1.9.0|4x|00ff80\n{root}.1.10.0|2|-2147483648\n{root}.1.11.0|2|2147483647\n"
    );
    let mut row = |name: String, tag: &str, value: String| writeln!(text, "{root}.{name}|{tag}|{value}").unwrap();
    (1..=120).for_each(|number| row(format!("2.{number}"), "2", number.to_string()));
    for (column, tag) in [(2, "4"), (3, "2"), (4, "2")] {
        for number in (1..=9).filter(|number| (column, *number) != (3, 4)) {
            row(format!("3.1.1.{column}.1.{number}"), tag, (column * 1000 + number).to_string());
        }
    }
    (1..=30).for_each(|number| row(format!("4.{number}"), "4", format!("{number}-").repeat(30)));
    text
}

struct Case<'a> {
    snmp: &'a Snmp,
    at: Allowed,
    who: &'a Credentials,
    rows: &'a BTreeMap<Oid, Value>,
}

/// What each way of asking must bring.
const CASES: [&str; 9] = [
    "a Get of every type",
    "a Get of names of which some are absent",
    "a GetNext",
    "a GetBulk",
    "a Get of more than a datagram holds",
    "a walk",
    "a walk at 50 rows a message",
    "a table with a hole",
    "a plan",
];

impl Case<'_> {
    async fn run(&self, name: &str) -> Result<(), String> {
        match name {
            "a Get of every type" => self.get(self.below("1")).await,
            "a Get of names of which some are absent" => {
                let absent = ["1.2.1", "1.99.0", "9.1", "2.121"];
                self.get(self.below("1").into_iter().zip(absent.map(under)).flat_map(<[Oid; 2]>::from).collect()).await
            }
            "a GetNext" => {
                let asked = ["1.1", "1.1.0", "1.7", "2", "2.9.5", "3.1.1.3.1.3"].map(under);
                let answer = self.snmp.ask(Request::get_next(asked.clone()), self.at, self.who).await;
                let found = answer.map(|answer| answer.varbinds).map_err(|why| why.to_string())?;
                let wanted: Vec<Oid> =
                    asked.iter().map(|name| self.rows_after(name).next().unwrap().0.clone()).collect();
                same(&found.iter().map(|row| row.oid.clone()).collect::<Vec<_>>(), &wanted)?;
                found.iter().try_for_each(|row| same(&row.value(), &self.rows.get(&row.oid)))
            }
            "a GetBulk" => {
                let answer =
                    self.snmp.ask(Request::get_bulk(6, [under("2"), under("3.1.1.4")]), self.at, self.who).await;
                let found = answer.map(|answer| answer.varbinds).map_err(|why| why.to_string())?;
                // v1 has none: a GetNext is sent.
                same(&found.len(), &if self.who.version() == Version::V1 { 2 } else { 12 })?;
                found.iter().try_for_each(|row| same(&row.value(), &self.rows.get(&row.oid)))
            }
            "a Get of more than a datagram holds" => self.get([self.below("4"), self.below("2")].concat()).await,
            "a walk" => self.walk(Walk::new(ROOT)).await,
            "a walk at 50 rows a message" => {
                self.walk(Walk { max_repetitions: Some(50), ..Walk::new(under("4")) }).await?;
                self.walk(Walk { max_repetitions: Some(50), ..Walk::new(under("2")) }).await
            }
            "a table with a hole" => {
                let columns = [2, 3, 4].map(|column| TABLE.to_oid().join([column]).unwrap());
                let Table { rows, end, .. } = self.snmp.table(Columns::of(columns.clone()), self.at, self.who).await;
                same(&end, &WalkEnd::Complete)?;
                same(&rows.len(), &9)?;
                for (row, number) in rows.iter().zip(1..) {
                    same(&row.index, &vec![1, number])?;
                    for column in &columns {
                        let wanted = self.rows.get(&column.join([1, number]).unwrap());
                        same(&row.cell(column.as_ref()).and_then(|cell| cell.value()), &wanted)?;
                    }
                }
                Ok(())
            }
            "a plan" => self.plan().await,
            other => panic!("no case {other}"),
        }
    }

    async fn get(&self, names: Vec<Oid>) -> Result<(), String> {
        let answer =
            self.snmp.ask(Request::get(names.clone()), self.at, self.who).await.map_err(|why| why.to_string())?;
        same(&answer.varbinds.len(), &names.len())?;
        names.iter().zip(&answer.varbinds).try_for_each(|(name, varbind)| {
            same(&varbind.oid, name)?;
            same(&varbind.value(), &self.rows.get(name).filter(|value| self.shows(value)))?;
            same(&matches!(varbind.binding, Binding::Malformed(_)), &false)
        })
    }

    async fn walk(&self, walk: Walk) -> Result<(), String> {
        let roots = walk.roots.clone();
        let walked = self.snmp.walk(walk, self.at, self.who).await;
        same(&walked.end, &WalkEnd::Complete)?;
        let wanted: Vec<(&Oid, Option<&Value>)> = self
            .rows
            .iter()
            .filter(|(name, value)| roots.iter().any(|root| name.starts_with(root.as_ref())) && self.shows(value))
            .map(|(name, value)| (name, Some(value)))
            .collect();
        let rows = walked.varbinds.to_varbinds();
        same(&rows.iter().map(|row| (&row.oid, row.value())).collect::<Vec<_>>(), &wanted)
    }

    /// Its parts bring the same, in no fewer datagrams.
    async fn plan(&self) -> Result<(), String> {
        let names = [self.below("1"), vec![under("1.99.0"), under("9.1")]].concat();
        let columns = [2, 3, 4].map(|column| TABLE.to_oid().join([column]).unwrap());
        let plan = Plan::new().get(names.clone()).columns(columns.clone());
        let planned = self.snmp.plan(plan, self.at, self.who).await;
        same(&planned.end, &WalkEnd::Complete)?;
        let apart =
            self.snmp.ask(Request::get(names.clone()), self.at, self.who).await.map_err(|why| why.to_string())?;
        let table = self.snmp.table(Columns::of(columns), self.at, self.who).await;
        same(&planned.rows, &table.rows)?;
        let values = planned.values.map_err(|why| why.to_string())?;
        let both = values.iter().zip(&apart.varbinds);
        both.clone()
            .try_for_each(|(packed, apart)| same(&(&packed.oid, packed.value()), &(&apart.oid, apart.value())))?;
        same(&both.count(), &names.len())?;
        let (packed, apart) = (planned.sent, apart.sent + table.sent);
        if packed <= apart { Ok(()) } else { Err(format!("{packed} datagrams, apart {apart}")) }
    }

    /// v1 has no Counter64 (RFC 3584 §4.2.2.1).
    fn shows(&self, value: &Value) -> bool {
        self.who.version() != Version::V1 || !matches!(value, Value::Counter64(_))
    }

    fn below(&self, name: &str) -> Vec<Oid> {
        let root = under(name);
        self.rows.keys().filter(|name| name.starts_with(root.as_ref())).cloned().collect()
    }

    fn rows_after(&self, name: &Oid) -> impl Iterator<Item = (&Oid, &Value)> {
        let name = name.clone();
        self.rows.iter().filter(move |(row, value)| **row > name && self.shows(value))
    }
}

fn under(name: &str) -> Oid {
    format!("{ROOT}.{name}").parse().unwrap()
}

fn same<T: PartialEq + Debug>(found: &T, wanted: &T) -> Result<(), String> {
    if found == wanted { Ok(()) } else { Err(format!("{found:?} is not {wanted:?}")) }
}

async fn check(kind: Kind) {
    let text = rows();
    let Some(agent) = Agent::start(kind, &text) else { return };
    let rows: BTreeMap<Oid, Value> = recording::parse(&text).rows.into_iter().collect();
    let at: SocketAddr = ([127, 0, 0, 1], agent.port).into();
    let at = Fence::parse([at.to_string().as_str()]).unwrap().admit(at).unwrap();
    let settings = Settings { timeout: Duration::from_secs(3), retries: 1, ..Settings::default() };
    let snmp = Snmp::bind(settings.clone()).unwrap();
    let hasty = Snmp::bind(Settings { timeout: Duration::from_secs(1), ..settings }).unwrap();
    let mut verdicts = Vec::new();
    for (way, who) in ways(agent.context()) {
        let case = Case { snmp: &snmp, at, who: &who, rows: &rows };
        for name in CASES {
            verdicts.push((format!("{name}, {way}"), case.run(name).await));
        }
    }
    for (name, who, wanted) in refusals(agent.context()) {
        let answer = hasty.ask(Request::get([under("1.1.0")]), at, &who).await.map(|answer| answer.varbinds);
        let verdict = match &answer {
            Err(failure) if wanted(failure) => Ok(()),
            other => Err(format!("{other:?}")),
        };
        verdicts.push((name.to_owned(), verdict));
    }
    let known = |name: &str| KNOWN.iter().find(|(of, prefix, _)| *of == kind && name.starts_with(prefix));
    let mut wrong = String::new();
    for (name, verdict) in &verdicts {
        match (verdict, known(name)) {
            (Err(told), None) => writeln!(wrong, "{name}: {told}").unwrap(),
            (Ok(()), Some((_, entry, _))) => {
                writeln!(wrong, "{name}: succeeds, the entry {entry:?} is needless").unwrap()
            }
            _ => {}
        }
    }
    assert!(wrong.is_empty(), "{kind:?}, {} cases:\n{wrong}", verdicts.len());
}

/// Every version and security level.
fn ways(context: &str) -> Vec<(&'static str, Credentials)> {
    let [nobody, signer, reader, strong] = USERS.map(|user| User::new(user.name).unwrap().context(context));
    let signed = |user: User, hash| user.auth(hash, AUTH_PASSWORD.as_bytes()).unwrap();
    let sealed = |user: User, cipher| user.privacy(cipher, PRIV_PASSWORD.as_bytes()).unwrap();
    let (sha256, sha512) = (AuthProtocol::Sha256, AuthProtocol::Sha512);
    vec![
        ("v1", Credentials::v1(COMMUNITY)),
        ("v2c", Credentials::v2c(COMMUNITY)),
        ("v3", Credentials::V3(nobody)),
        ("v3 SHA-256", Credentials::V3(signed(signer, sha256))),
        ("v3 SHA-256 AES-128", Credentials::V3(sealed(signed(reader, sha256), PrivProtocol::Aes128))),
        (
            "v3 SHA-512 AES-256",
            Credentials::V3(sealed(signed(strong, sha512), PrivProtocol::Aes256(KeyExtension::Either))),
        ),
    ]
}

type Wanted = fn(&Failure) -> bool;

/// What must be refused, and what must be said.
fn refusals(context: &str) -> Vec<(&'static str, Credentials, Wanted)> {
    let user = |name: &str, auth: &str| {
        let user = User::new(name).unwrap().context(context);
        user.auth(AuthProtocol::Sha256, auth.as_bytes()).unwrap()
    };
    let sealed = |user: User, password: &str| user.privacy(PrivProtocol::Aes128, password.as_bytes()).unwrap();
    let silence: Wanted = Failure::is_silence;
    vec![
        ("another community is met with silence", Credentials::v2c("private"), silence),
        ("an unknown user is said", Credentials::V3(user("stranger", AUTH_PASSWORD)), |failure| {
            *failure == Failure::Usm(UsmReport::UnknownUserName)
        }),
        ("a wrong password is said", Credentials::V3(user("signer", "wrong password")), |failure| {
            // By a report, or by one that is signed with the other key.
            matches!(failure, Failure::Usm(UsmReport::WrongDigest) | Failure::BadDigest)
        }),
        ("too low a security level is said", Credentials::V3(user("reader", AUTH_PASSWORD)), |failure| {
            matches!(failure, Failure::Usm(UsmReport::UnsupportedSecLevel) | Failure::Agent { .. })
        }),
        (
            "too high a security level is said",
            Credentials::V3(sealed(user("signer", AUTH_PASSWORD), PRIV_PASSWORD)),
            |failure| *failure == Failure::Usm(UsmReport::UnsupportedSecLevel),
        ),
        // What a wrong key decrypts to is no PDU; some say so, some drop it.
        (
            "a wrong privacy password gives nothing",
            Credentials::V3(sealed(user("reader", AUTH_PASSWORD), "wrong password")),
            |failure| *failure == Failure::Usm(UsmReport::DecryptionError) || failure.is_silence(),
        ),
    ]
}
