//! A device on the network that has answered: asked one question at a time with the credentials it knows.

use crate::asking::{POLITE_COLUMNS, POLITE_PAUSE};
use crate::credentials::Named;
use crate::interview::{Device, PATIENCE, Part};
use dca_fence::Allowed;
use dca_lan::Snmp;
use dca_snmp::{Binding, Columns, Failure, Oid, Quirks, Request, Response, Table, VarBind, Walk, WalkEnd};

pub(crate) struct Live {
    pub(crate) snmp: Snmp,
    pub(crate) at: Allowed,
    pub(crate) who: Named,
    /// With a pause before each question, and few columns in one.
    pub(crate) polite: bool,
    /// Bindings that it is known to bear in one answer.
    pub(crate) bears: Option<u32>,
}

impl Live {
    pub(crate) async fn ask(&self, request: Request) -> Result<Response, Failure> {
        self.pause().await;
        self.snmp.ask(request, self.at, &self.who.credentials).await
    }

    async fn pause(&self) {
        if self.polite {
            tokio::time::sleep(POLITE_PAUSE).await;
        }
    }
}

impl Device for Live {
    fn gently(&mut self) {
        self.polite = true;
    }

    fn spare(&mut self, bears: u32) {
        self.bears = Some(bears);
    }

    async fn get(&mut self, oids: Vec<Oid>) -> Part {
        let first = oids.first().map(ToString::to_string).unwrap_or_default();
        Part::answer(&format!("GET of {first} and others"), self.ask(Request::get(oids)).await)
    }

    async fn next(&mut self, oids: Vec<Oid>) -> Part {
        Part::answer("GETNEXT", self.ask(Request::get_next(oids)).await)
    }

    /// Side by side. What a device does not bear so it may bear one after the other, and where it goes silent in one
    /// column the others may still be had.
    async fn columns(&mut self, columns: Vec<Oid>, max_rows: usize) -> Part {
        let mut all = Part::default();
        for some in columns.chunks(if self.polite { POLITE_COLUMNS } else { columns.len().max(1) }) {
            self.pause().await;
            all.merge(self.side_by_side(some.to_vec(), max_rows).await);
            if all.silent {
                break;
            }
        }
        all
    }

    fn in_context(&self, name: &str) -> Option<Self> {
        let who = Named { credentials: self.who.credentials.in_context(name), ..self.who.clone() };
        Some(Self { snmp: self.snmp.clone(), at: self.at, who, polite: self.polite, bears: self.bears })
    }
}

impl Live {
    async fn side_by_side(&self, columns: Vec<Oid>, max_rows: usize) -> Part {
        let ask = Columns { columns: columns.clone(), max_rows, bears: self.bears };
        let table = self.snmp.table(ask, self.at, &self.who.credentials).await;
        let mut part = Part::table("the columns", table);
        if !part.silent {
            return part;
        }
        let mut silences = 1;
        (part.trouble, part.silent) = (None, false);
        for column in columns {
            let one = self.column(column, max_rows).await;
            silences = if one.silent { silences + 1 } else { 0 };
            part.merge(one);
            if silences >= PATIENCE {
                break;
            }
        }
        part
    }

    async fn column(&self, root: Oid, max_rows: usize) -> Part {
        let mut walk = Walk::new(root.clone());
        walk.max_rows = max_rows;
        let walked = self.snmp.walk(walk, self.at, &self.who.credentials).await;
        ended(&format!("walk of {root}"), walked.varbinds.to_varbinds(), walked.quirks, walked.end)
    }
}

impl Part {
    /// What a question brought; `what` names it where it failed.
    pub fn answer(what: &str, answer: Result<Response, Failure>) -> Self {
        answer.map_or_else(|failure| failed(what, &failure), part)
    }

    /// What columns brought; `what` names them where they failed.
    pub fn table(what: &str, table: Table) -> Self {
        let cells = table.rows.into_iter().flat_map(|row| row.cells).collect();
        Self { bears: table.bears, ..ended(what, cells, table.quirks, table.end) }
    }
}

/// What was read, and what is to be said of its end.
fn ended(what: &str, varbinds: Vec<VarBind>, quirks: Quirks, end: WalkEnd) -> Part {
    let mut part = rows(varbinds);
    part.quirks.merge(quirks);
    match end {
        WalkEnd::Complete => {}
        WalkEnd::Failed { at, why } => {
            let end = failed(&format!("{what}, at {at}"), &why);
            part.silent = end.silent;
            part.trouble = end.trouble;
        }
        end => part.trouble = Some(format!("{what}: {}", why_it_ended(&end))),
    }
    part
}

/// Why a walk stopped before its end.
pub(crate) fn why_it_ended(end: &WalkEnd) -> String {
    match end {
        WalkEnd::Complete => "complete".into(),
        WalkEnd::Loop { at } => format!("the device goes round in circles at {at}"),
        WalkEnd::Backward { at } => format!("the device steps backwards at {at}"),
        WalkEnd::RowLimit => "more rows than are read".into(),
        WalkEnd::Failed { at, why } => format!("stopped at {at}: {why}"),
        _ => "ended early".into(),
    }
}

/// What a response holds.
pub(crate) fn part(response: Response) -> Part {
    let mut part = rows(response.varbinds);
    part.quirks.merge(response.quirks);
    part
}

fn rows(varbinds: Vec<VarBind>) -> Part {
    let mut part = Part::default();
    let mut malformed = Vec::new();
    for VarBind { oid, binding } in varbinds {
        match binding {
            Binding::Found(value) => part.rows.push((oid, value)),
            Binding::Malformed(bad) => malformed.push(format!("{oid} ({})", bad.fault)),
            _ => {}
        }
    }
    if let Some(first) = malformed.first() {
        part.trouble = Some(match malformed.len() {
            1 => format!("a value cannot be decoded: {first}"),
            more => format!("{more} values cannot be decoded, the first at {first}"),
        });
    }
    part
}

fn failed(what: &str, failure: &Failure) -> Part {
    let unreachable = matches!(failure, Failure::Unreachable(_));
    let silent = unreachable || failure.is_silence() || matches!(failure, Failure::Cancelled);
    let refused =
        matches!(failure, Failure::Usm(_) | Failure::BadDigest | Failure::BadPrivacy | Failure::Dropped { .. });
    Part { trouble: Some(format!("{what}: {failure}")), silent, refused, unreachable, ..Part::default() }
}
