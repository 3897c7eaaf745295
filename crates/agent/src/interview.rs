//! From the answers of discovery to a reading: the same questions whether a device answers or a recording of one, so
//! both give the same figures.
//!
//! ```text
//! discovery rows ──► verdict ──no──► a look for marker and supply rows ──no──► not a printer
//!                       └─yes──► profile ──► plan ──► GETs, columns ──► reading
//! ```

use dca_printer::{Care, Plan, Profiles, Reading, Rows, Verdict, verdict};
use dca_snmp::{Oid, OidRef, Quirks, Value, oid};
use std::future::Future;

/// Something that answers one question at a time: a device on the network, a recording, a simulated device.
pub trait Device: Send {
    /// The values of these instances.
    fn get(&mut self, oids: Vec<Oid>) -> impl Future<Output = Part> + Send;
    /// The first row behind each of these names.
    fn next(&mut self, oids: Vec<Oid>) -> impl Future<Output = Part> + Send;
    /// The rows of columns, of each at most so many.
    fn columns(&mut self, columns: Vec<Oid>, max_rows: usize) -> impl Future<Output = Part> + Send;
    /// Asks in small questions with pauses from here on.
    fn gently(&mut self) {}
    /// Asks for no more bindings in one answer than it is known to bear; 0: without GETBULK.
    fn spare(&mut self, _bears: u32) {}
    /// The same device, asked in this SNMP context; none for a recording, which holds one context only.
    fn in_context(&self, _name: &str) -> Option<Self>
    where
        Self: Sized,
    {
        None
    }
    /// True if no question can harm it: a recording.
    fn bears_all(&self) -> bool {
        false
    }
}

/// What one question brought.
#[derive(Debug, Default)]
pub struct Part {
    /// The rows.
    pub rows: Vec<(Oid, Value)>,
    /// What was forgiven.
    pub quirks: Quirks,
    /// Why it is not everything, one sentence.
    pub trouble: Option<String>,
    /// Nothing came back at all.
    pub silent: bool,
    /// What came back says that we are not let in: user, password, community or context.
    pub refused: bool,
    /// The network says that nobody listens there.
    pub unreachable: bool,
    /// Bindings that it bears in one answer, where that was found out.
    pub bears: Option<u32>,
}

impl Part {
    /// Adds what a further question brought.
    pub(crate) fn merge(&mut self, more: Self) {
        self.rows.extend(more.rows);
        self.quirks.merge(more.quirks);
        self.silent |= more.silent;
        self.refused |= more.refused;
        self.unreachable |= more.unreachable;
        self.bears = self.bears.into_iter().chain(more.bears).min();
        self.trouble = match (self.trouble.take(), more.trouble) {
            (Some(first), Some(second)) => Some(format!("{first}; {second}")),
            (first, second) => first.or(second),
        };
    }
}

/// How much is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Depth {
    /// Identity, total and status: what a line of a table shows.
    Line,
    /// Everything.
    Full,
}

/// What came out.
#[derive(Debug, Clone)]
pub(crate) struct Interview {
    pub(crate) verdict: Verdict,
    pub(crate) reading: Reading,
    /// What it was made of.
    pub(crate) rows: Rows,
    /// False if the device went silent before all was asked.
    pub(crate) complete: bool,
    /// The SNMP context that had what the usual one did not.
    pub(crate) context: Option<String>,
    /// Bindings that it bears in one answer, where that was found out.
    pub(crate) bears: Option<u32>,
}

/// Instances in one GET: with text values of usual length the answer stays below 1,472 octets.
const GET_SIZE: usize = 24;
/// A device that leaves this many questions running unanswered is asked no more.
pub(crate) const PATIENCE: u32 = 2;

/// What tells a printer whatever else the device says: rows that only marks on paper have.
const MARKS: [OidRef<'static>; 2] = [oid!("1.3.6.1.2.1.43.10.2.1"), oid!("1.3.6.1.2.1.43.11.1.1")];

/// prtMarkerSuppliesTable.
const SUPPLIES: OidRef<'static> = oid!("1.3.6.1.2.1.43.11.1.1");

/// Tables that say nothing about identity, meters or status; [`Depth::Line`] leaves them out.
const DETAILS: [OidRef<'static>; 7] = [
    oid!("1.3.6.1.2.1.43.6"),
    oid!("1.3.6.1.2.1.43.8"),
    oid!("1.3.6.1.2.1.43.9"),
    oid!("1.3.6.1.2.1.43.11"),
    oid!("1.3.6.1.2.1.43.12"),
    oid!("1.3.6.1.2.1.43.16"),
    oid!("1.3.6.1.2.1.43.18"),
];

/// Asks a device that has answered discovery what it is and, if it is a printer, the rest.
pub(crate) async fn interview<D: Device>(
    device: &mut D,
    profiles: &Profiles,
    discovered: Part,
    depth: Depth,
) -> Interview {
    let mut heard = Heard::default();
    heard.take(discovered);
    let profile = profiles.pick(&heard.rows);
    if !verdict(&heard.rows).is_printer {
        let marks = device.next(MARKS.map(OidRef::to_oid).to_vec()).await;
        let rows = marks.rows.into_iter().filter(|(oid, _)| MARKS.iter().any(|mark| oid.starts_with(*mark))).collect();
        // A device without the Printer-MIB may answer this with an error or not at all: that is no trouble.
        heard.take(Part { rows, quirks: marks.quirks, ..Part::default() });
    }
    let verdict = verdict(&heard.rows);
    let mut context = None;
    let care = profile.care(&heard.rows);
    if care != Care::Usual {
        device.gently();
    }
    if let Care::Never { why } = &care
        && !device.bears_all()
    {
        heard.troubles.push(format!("this model is asked nothing but who it is: {why}"));
    } else if verdict.is_printer {
        let plan = profile.plan();
        let asked: Vec<Oid> = plan.gets.iter().filter(|oid| heard.rows.get(oid.as_ref()).is_none()).cloned().collect();
        for some in asked.chunks(GET_SIZE) {
            if heard.has_patience() {
                heard.take(device.get(some.to_vec()).await);
            }
        }
        let columns = plan.walks.iter().filter(|column| depth == Depth::Full || !is_detail(column)).cloned().collect();
        if heard.has_patience() {
            heard.take(within(device.columns(columns, plan.max_rows).await, &plan));
        }
        if depth == Depth::Full
            && heard.has_patience()
            && heard.rows.under(SUPPLIES).next().is_none()
            && let Some(name) = profile.context()
            && let Some(mut inside) = device.in_context(name)
            && fill_in(&mut inside, &plan, &mut heard).await
        {
            context = Some(name.to_owned());
        }
    }
    let mut reading = profile.read(&heard.rows);
    reading.is_printer = verdict.is_printer;
    reading.quirks.extend(heard.quirks.iter().map(|quirk| quirk.text().to_owned()));
    reading.doubts.extend(heard.troubles);
    Interview { verdict, reading, rows: heard.rows, complete: heard.silences == 0, context, bears: heard.bears }
}

/// Asks what is missing of a device in another context, if it has marker or supply rows there: true if so. Most have not, and
/// a device that does not know the context says nothing: neither is a trouble.
async fn fill_in<D: Device>(device: &mut D, plan: &Plan, heard: &mut Heard) -> bool {
    let marks = device.next(MARKS.map(OidRef::to_oid).to_vec()).await;
    if !marks.rows.iter().any(|(oid, _)| MARKS.iter().any(|mark| oid.starts_with(*mark))) {
        return false;
    }
    let missing: Vec<Oid> = plan.gets.iter().filter(|oid| heard.rows.get(oid.as_ref()).is_none()).cloned().collect();
    for some in missing.chunks(GET_SIZE) {
        if heard.has_patience() {
            heard.take(device.get(some.to_vec()).await);
        }
    }
    let missing =
        plan.walks.iter().filter(|column| heard.rows.under(column.as_ref()).next().is_none()).cloned().collect();
    if heard.has_patience() {
        heard.take(within(device.columns(missing, plan.max_rows).await, plan));
    }
    true
}

fn is_detail(root: &Oid) -> bool {
    DETAILS.iter().any(|table| root.starts_with(*table))
}

/// Drops what the plan denies, wherever it turned up.
fn within(mut part: Part, plan: &Plan) -> Part {
    part.rows.retain(|(oid, _)| !plan.denies(oid.as_ref()));
    part
}

#[derive(Default)]
struct Heard {
    rows: Rows,
    quirks: Quirks,
    troubles: Vec<String>,
    silences: u32,
    in_a_row: u32,
    bears: Option<u32>,
}

impl Heard {
    fn take(&mut self, part: Part) {
        self.rows.extend(part.rows);
        self.quirks.merge(part.quirks);
        self.troubles.extend(part.trouble);
        self.bears = self.bears.into_iter().chain(part.bears).min();
        self.silences += u32::from(part.silent);
        self.in_a_row = if part.silent { self.in_a_row + 1 } else { 0 };
    }

    fn has_patience(&self) -> bool {
        self.in_a_row < PATIENCE
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    /// A print server, with the printer behind it in a context of its own.
    pub(crate) struct Server {
        pub(crate) here: Rows,
        pub(crate) context: Option<(&'static str, Rows)>,
        /// Questions, of all contexts.
        pub(crate) asked: Arc<AtomicUsize>,
    }

    impl Device for Server {
        async fn get(&mut self, oids: Vec<Oid>) -> Part {
            self.asked.fetch_add(1, Ordering::Relaxed);
            let rows =
                oids.into_iter().filter_map(|oid| self.here.get(oid.as_ref()).cloned().map(|value| (oid, value)));
            Part { rows: rows.collect(), ..Part::default() }
        }

        async fn next(&mut self, oids: Vec<Oid>) -> Part {
            self.asked.fetch_add(1, Ordering::Relaxed);
            let first = |oid: &Oid| self.here.under(oid.as_ref()).next();
            let rows = oids.iter().filter_map(first).map(|(oid, value)| (oid.clone(), value.clone()));
            Part { rows: rows.collect(), ..Part::default() }
        }

        async fn columns(&mut self, columns: Vec<Oid>, max_rows: usize) -> Part {
            self.asked.fetch_add(1, Ordering::Relaxed);
            let rows = columns.iter().flat_map(|column| self.here.under(column.as_ref()).take(max_rows));
            Part { rows: rows.map(|(oid, value)| (oid.clone(), value.clone())).collect(), ..Part::default() }
        }

        fn in_context(&self, name: &str) -> Option<Self> {
            let (known, inside) = self.context.as_ref()?;
            let here = if *known == name { inside.clone() } else { Rows::new() };
            Some(Self { here, context: None, asked: self.asked.clone() })
        }
    }

    pub(crate) fn rows(text: &str) -> Rows {
        dca_snmp::recording::parse(text).rows.into_iter().collect()
    }

    async fn supplies(context: Option<(&'static str, &str)>) -> usize {
        let here = "1.3.6.1.2.1.1.1.0|4|HP ETHERNET MULTI-ENVIRONMENT\n1.3.6.1.2.1.1.2.0|6|1.3.6.1.4.1.11.2.3.9.1\n";
        let context = context.map(|(name, text)| (name, rows(text)));
        let mut server = Server { here: rows(here), context, asked: Arc::default() };
        let profiles = Profiles::builtin();
        let discovered = server.get(profiles.discovery()).await;
        let interview = interview(&mut server, &profiles, discovered, Depth::Full).await;
        assert!(interview.reading.is_printer && interview.complete);
        interview.reading.supplies.len()
    }

    #[tokio::test]
    async fn a_printer_behind_a_print_server_is_read_in_its_context() {
        let toner = "1.3.6.1.2.1.43.11.1.1.8.1.1|2|100\n1.3.6.1.2.1.43.11.1.1.9.1.1|2|40\n";
        assert_eq!(supplies(Some(("Jetdirect", toner))).await, 1);
        assert_eq!(supplies(Some(("another", toner))).await, 0);
        assert_eq!(supplies(None).await, 0);
    }
}
