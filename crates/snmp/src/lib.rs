//! SNMP v1, v2c and v3 without sockets, clock or threads: bytes and a time go in; bytes, results and the next deadline
//! come out.
//!
//! One [`Manager`] asks any number of devices at once through whatever carries your datagrams. It splits what is too big
//! for a message, retries, discovers v3 engines and keeps their clocks, learns what each device bears, and looks through
//! the departures from the rules that devices in the field make, each of them a [`Quirk`] in the result. It only reads:
//! there is no Set. For programs on tokio the crate `dca-lan` owns the sockets; its calls are those below with `.await`.
//!
//! # Five minutes
//!
//! ## Get
//!
//! Names are checked when the program is compiled, values come as the type that is asked for.
//!
//! ```rust
//! # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/front_page.rs"));
//! use dca_snmp::{Counter, Credentials, Limits, Manager, OidRef, Outcome, Request, TimeTicks, oid};
//!
//! const SYS_UP_TIME: OidRef<'static> = oid!("1.3.6.1.2.1.1.3.0");
//! const SYS_NAME: OidRef<'static> = oid!("1.3.6.1.2.1.1.5.0");
//! const PAGES: OidRef<'static> = oid!("1.3.6.1.2.1.43.10.2.1.4.1.1"); // prtMarkerLifeCount
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let (mut device, seed, now) = (device(vec![]), [7; 32], Instant::now());
//! let mut manager = Manager::new(Limits::default(), seed); // 32 octets drawn at random
//! let printer = "192.0.2.10:161".parse()?;
//! let ticket = manager.submit(Request::get([SYS_UP_TIME, SYS_NAME, PAGES]), printer, &Credentials::v2c("public"), now);
//!
//! let mut outcomes = run(&mut manager, &mut device); // the driver, see below
//! let Some(Outcome::Answer(answer)) = outcomes.remove(&ticket) else { unreachable!("a submit ends as an answer") };
//! let answer = answer?; // no answer, unreachable, wrong password, ...
//!
//! assert_eq!(answer.get::<&str>(SYS_NAME)?, "PRN-1");
//! assert_eq!(answer.get::<Counter>(PAGES)?, Counter(121_104));
//! assert_eq!(answer.get::<TimeTicks>(SYS_UP_TIME)?.duration().as_secs(), 3_600);
//!
//! let error = answer.get::<Counter>(SYS_NAME).unwrap_err();
//! assert_eq!(
//!     error.to_string(),
//!     "1.3.6.1.2.1.1.5.0: expected Counter32 or Counter64, found OCTET STRING of 5 octets"
//! );
//! # Ok(())
//! # }
//! ```
//!
//! A Get takes any number of names. They are packed into as few messages as names and values fit in, and come back one for
//! one in the order asked; `find` instead of `get` gives `None` for a name that the device does not have. [`FromValue`]
//! lists the types.
//!
//! ## Walk
//!
//! Everything below a name, with GETBULK where the device knows it. What was read before a failure is kept.
//!
//! ```rust
//! # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/front_page.rs"));
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let (mut device, mut manager, now) = (device(vec![]), Manager::new(Limits::default(), [7; 32]), Instant::now());
//! # let (printer, who) = ("192.0.2.10:161".parse()?, Credentials::v2c("public"));
//! use dca_snmp::{Walk, WalkEnd};
//!
//! let ticket = manager.walk(Walk::new(oid!("1.3.6.1.2.1.1")), printer, &who, now);
//! # let mut outcomes = run(&mut manager, &mut device);
//! let Some(Outcome::Walked(walked)) = outcomes.remove(&ticket) else { unreachable!("a walk ends as one") };
//!
//! assert_eq!(walked.end, WalkEnd::Complete); // or the name at which the device looped, went backward or failed
//! assert_eq!(walked.varbinds.len(), 3);
//! for row in walked.varbinds.iter() {
//!     println!("{} {:?}", row.oid, row.value());
//! }
//! # Ok(())
//! # }
//! ```
//!
//! ## Table
//!
//! Columns are read side by side, as many in one datagram as fit; rows are put together by index. A hole is a hole.
//!
//! ```rust
//! # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/front_page.rs"));
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let (mut device, mut manager, now) = (device(vec![]), Manager::new(Limits::default(), [7; 32]), Instant::now());
//! # let (printer, who) = ("192.0.2.10:161".parse()?, Credentials::v2c("public"));
//! use dca_snmp::Columns;
//!
//! const DESCRIPTION: OidRef<'static> = oid!("1.3.6.1.2.1.43.11.1.1.6"); // prtMarkerSuppliesDescription
//! const LEVEL: OidRef<'static> = oid!("1.3.6.1.2.1.43.11.1.1.9"); // prtMarkerSuppliesLevel
//!
//! let ticket = manager.table(Columns::of([DESCRIPTION, LEVEL]), printer, &who, now);
//! # let mut outcomes = run(&mut manager, &mut device);
//! let Some(Outcome::Table(supplies)) = outcomes.remove(&ticket) else { unreachable!("a table ends as one") };
//!
//! assert_eq!(supplies.sent, 1); // datagrams
//! for row in &supplies.rows {
//!     println!("{:?} {}: {:?}", row.index, row.get::<&str>(DESCRIPTION)?, row.find::<i64>(LEVEL)?);
//! }
//! // [1, 1] Black Toner: Some(64)
//! // [1, 2] Waste Box: None
//! # assert_eq!(supplies.rows.len(), 2);
//! # assert_eq!(supplies.row(&[1, 2]).unwrap().find::<i64>(LEVEL)?, None);
//! # Ok(())
//! # }
//! ```
//!
//! ## Many questions, many devices
//!
//! Submit them all; each ticket ends once. Questions to one device wait for each other
//! ([`Limits::in_flight_per_target`]), devices do not.
//!
//! ```rust
//! # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/front_page.rs"));
//! # const SYS_NAME: OidRef<'static> = oid!("1.3.6.1.2.1.1.5.0");
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let (mut device, mut manager, now) = (device(vec![]), Manager::new(Limits::default(), [7; 32]), Instant::now());
//! let who = Credentials::v2c("public");
//! let tickets: HashMap<_, _> = (1..=250)
//!     .map(|n| SocketAddr::from(([192, 0, 2, n], 161)))
//!     .map(|at| (manager.submit(Request::get([SYS_NAME]), at, &who, now), at))
//!     .collect();
//! # let outcomes = run(&mut manager, &mut device);
//! # assert_eq!(outcomes.len(), 250);
//! for (ticket, outcome) in outcomes {
//!     match outcome {
//!         Outcome::Answer(Ok(answer)) => println!("{} is {}", tickets[&ticket], answer.get::<&str>(SYS_NAME)?),
//!         Outcome::Answer(Err(why)) => println!("{}: {why}", tickets[&ticket]),
//!         _ => {}
//!     }
//! }
//! # Ok(())
//! # }
//! ```
//!
//! ## Many questions, one device
//!
//! A plan packs single values and columns, of however many tables, into the fewest datagrams that hold the answers.
//!
//! ```rust
//! # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/front_page.rs"));
//! # const SYS_NAME: OidRef<'static> = oid!("1.3.6.1.2.1.1.5.0");
//! # const PAGES: OidRef<'static> = oid!("1.3.6.1.2.1.43.10.2.1.4.1.1");
//! # const DESCRIPTION: OidRef<'static> = oid!("1.3.6.1.2.1.43.11.1.1.6");
//! # const LEVEL: OidRef<'static> = oid!("1.3.6.1.2.1.43.11.1.1.9");
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let (mut device, mut manager, now) = (device(vec![]), Manager::new(Limits::default(), [7; 32]), Instant::now());
//! # let (printer, who) = ("192.0.2.10:161".parse()?, Credentials::v2c("public"));
//! use dca_snmp::Plan;
//!
//! let plan = Plan::new().get([SYS_NAME, PAGES]).columns([DESCRIPTION, LEVEL]);
//! let ticket = manager.plan(plan, printer, &who, now);
//! # let mut outcomes = run(&mut manager, &mut device);
//! let Some(Outcome::Planned(printer)) = outcomes.remove(&ticket) else { unreachable!("a plan ends as one") };
//!
//! assert_eq!(printer.sent, 1); // datagrams
//! assert_eq!(printer.get::<&str>(SYS_NAME)?, "PRN-1");
//! for supply in printer.rows_of(oid!("1.3.6.1.2.1.43.11")) {
//!     println!("{}: {:?}", supply.get::<&str>(DESCRIPTION)?, supply.find::<i64>(LEVEL)?);
//! }
//! # assert_eq!(printer.rows.len(), 2);
//! # Ok(())
//! # }
//! ```
//!
//! ## Version 3
//!
//! A user instead of a community. Keys are derived once, when the user is made; discovery of the engine, its clock and its
//! reboots are the manager's business.
//!
//! ```rust
//! # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/front_page.rs"));
//! # const SYS_NAME: OidRef<'static> = oid!("1.3.6.1.2.1.1.5.0");
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use dca_snmp::{AuthProtocol, PrivProtocol, User};
//!
//! let user = User::new("monitor")?
//!     .auth(AuthProtocol::Sha256, b"correct horse")?
//!     .privacy(PrivProtocol::Aes128, b"battery staple")?;
//! # let (mut device, printer) = (device(vec![user.clone()]), "192.0.2.10:161".parse()?);
//! # let (mut manager, now) = (Manager::new(Limits::default(), [7; 32]), Instant::now());
//! let ticket = manager.submit(Request::get([SYS_NAME]), printer, &Credentials::V3(user), now);
//! # let mut outcomes = run(&mut manager, &mut device);
//! # let Some(Outcome::Answer(answer)) = outcomes.remove(&ticket) else { unreachable!() };
//! let answer = answer?;
//! assert_eq!(answer.get::<&str>(SYS_NAME)?, "PRN-1");
//! assert_eq!(answer.sent, 2); // discovery and the question; from here on the question alone
//! # Ok(())
//! # }
//! ```
//!
//! # The driver
//!
//! Four calls tell the manager what happened, three ask what is to be done. This loop is all there is to it; the example
//! `sans_io` runs it over a `std::net::UdpSocket`.
//!
//! ```rust
//! use dca_snmp::{Manager, Outcome, Ticket};
//! use std::net::SocketAddr;
//! use std::time::{Duration, Instant};
//!
//! /// What carries datagrams: a socket with a read time-out, a tunnel, a test.
//! trait Link {
//!     fn send(&mut self, bytes: &[u8], to: SocketAddr);
//!     /// Waits for a datagram, at most so long.
//!     fn receive(&mut self, wait: Duration) -> Option<(Vec<u8>, SocketAddr)>;
//! }
//!
//! fn run(manager: &mut Manager, link: &mut impl Link) -> Vec<(Ticket, Outcome)> {
//!     let mut done = Vec::new();
//!     loop {
//!         while let Some(datagram) = manager.poll_transmit() {
//!             link.send(&datagram.bytes, datagram.to);
//!             manager.handle_timeout(Instant::now()); // its time-out starts here
//!         }
//!         done.extend(std::iter::from_fn(|| manager.poll_done()));
//!         let Some(due) = manager.poll_timeout() else { return done };
//!         match link.receive(due.saturating_duration_since(Instant::now())) {
//!             Some((bytes, from)) => manager.handle_datagram(&bytes, from, Instant::now()),
//!             None => manager.handle_timeout(Instant::now()),
//!         }
//!     }
//! }
//! ```
//!
//! # What else is here
//!
//! - [`message`] and [`ber`]: the codec alone; decoding borrows from the datagram and allocates nothing.
//! - [`tolerance`]: what the decoder forgives, case by case, beside seven other implementations.
//! - [`responder`]: the agent's half, for simulated devices and tests.
//! - [`recording`]: `.snmprec` files and the text of `snmpwalk`.
//! - [`usm`]: the user-based security model alone.
//!
//! No feature flags. No type of another crate occurs in the public API. Needs Rust 1.95.

pub mod ber;
mod credentials;
mod list;
#[doc(hidden)]
pub mod literal;
mod manager;
pub mod message;
mod oid;
mod plan;
mod quirk;
pub mod recording;
mod request;
pub mod responder;
mod survey;
mod table;
#[doc = include_str!("../TOLERANCE.md")]
pub mod tolerance {}
mod typed;
pub mod usm;
mod value;
mod walk;
mod words;

pub use credentials::{AuthProtocol, Community, Credentials, CredentialsError, KeyExtension, PrivProtocol, User};
pub use list::VarBindList;
pub use manager::{Counters, Limits, Manager, Outcome, Ticket, Transmit};
pub use message::{ErrorStatus, Version};
pub use oid::{MAX_ARCS, MAX_OCTETS, Oid, OidError, OidRef};
pub use plan::{Plan, Planned};
pub use quirk::{Quirk, Quirks};
pub use request::{Failure, Operation, Request, Response, UsmReport};
pub use survey::Survey;
pub use table::{Columns, Row, Table};
pub use typed::{Counter, Found, FromValue, TimeTicks, TypedError};
pub use value::{Binding, BindingRef, Malformed, MalformedRef, Value, ValueRef, VarBind, VarBindRef};
pub use walk::{Walk, WalkEnd, Walked};
