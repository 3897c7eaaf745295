//! Going through a subtree step by step: rows are handed over as they come, so that an interrupted walk is worth
//! something, and subtrees on a deny-list are stepped over without ever being named.
//!
//! A device answers "what is next" without knowing of the deny-list, so the last step before a denied subtree may bring a
//! row of it; that row is dropped unseen. Near such an edge one row at a time is asked for, so it is one row at most.

use crate::live::Live;
use crate::network::{Failed, Network};
use dca_fence::Allowed;
use dca_snmp::{Binding, Failure, Oid, OidRef, Request, Value};
use std::future::Future;
use std::pin::pin;

/// How a walk ended.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Ended {
    /// At the end of the subtree.
    Complete,
    /// It was stopped.
    Interrupted,
    /// The device gave a name that does not come after the one before it.
    Backward(Oid),
    /// At 200,000 rows.
    TooManyRows,
    /// The device stopped answering, or answered with an error.
    Failed(String),
}

/// Rows after which a walk stops: the largest printer recorded has a few thousand.
pub(crate) const MAX_ROWS: usize = 200_000;

/// Rows asked for at a time.
const STEP: u32 = 24;

impl Network {
    /// Walks a subtree and hands the rows over as they come. Fails if the device does not answer at all.
    pub async fn walk(
        &self,
        at: Allowed,
        root: &Oid,
        stop: impl Future<Output = ()>,
        mut row: impl FnMut(Oid, Value),
    ) -> Result<Ended, Failed> {
        let mut stop = pin!(stop);
        let (device, _) = tokio::select! {
            () = &mut stop => return Ok(Ended::Interrupted),
            met = self.greet(at) => met?,
        };
        Ok(walk(&device, root, &[], stop, &mut row).await)
    }
}

pub(crate) async fn walk(
    device: &Live,
    root: &Oid,
    deny: &[Oid],
    stop: impl Future<Output = ()>,
    row: &mut dyn FnMut(Oid, Value),
) -> Ended {
    let mut stop = pin!(stop);
    let mut steps = Steps::new(root.clone(), deny);
    while let Some(request) = steps.ask() {
        let answer = tokio::select! {
            () = &mut stop => return Ended::Interrupted,
            answer = device.ask(request) => answer,
        };
        match answer {
            Ok(response) => {
                let rows = response.varbinds.into_iter().map(|varbind| (varbind.oid, varbind.binding));
                steps.take(rows, row);
            }
            // Where GETBULK fails GETNEXT may work.
            Err(failure) if steps.bulk && !failure.is_silence() && !matches!(failure, Failure::Unreachable(_)) => {
                steps.bulk = false;
            }
            // An instance whose answer is an error (a v1 agent says noSuchName at the end of its MIB).
            Err(Failure::Agent { .. }) => return Ended::Complete,
            Err(failure) => return Ended::Failed(failure.to_string()),
        }
    }
    steps.ended
}

/// Where a walk stands.
struct Steps<'a> {
    root: Oid,
    at: Oid,
    deny: &'a [Oid],
    bulk: bool,
    rows: usize,
    done: bool,
    ended: Ended,
}

impl<'a> Steps<'a> {
    fn new(root: Oid, deny: &'a [Oid]) -> Self {
        let done = deny.iter().any(|denied| root.starts_with(denied.as_ref()));
        Self { at: root.clone(), root, deny, bulk: true, rows: 0, done, ended: Ended::Complete }
    }

    /// The next question, `None` at the end.
    fn ask(&self) -> Option<Request> {
        if self.done {
            return None;
        }
        if self.bulk && !self.near_the_edge() {
            return Some(Request::get_bulk(STEP, [self.at.clone()]));
        }
        Some(Request::get_next([self.at.clone()]))
    }

    fn take(&mut self, rows: impl IntoIterator<Item = (Oid, Binding)>, row: &mut dyn FnMut(Oid, Value)) {
        let mut any = false;
        for (oid, binding) in rows {
            any = true;
            if matches!(binding, Binding::EndOfMibView | Binding::NoSuchObject) || !oid.starts_with(self.root.as_ref())
            {
                self.done = true;
                return;
            }
            if oid <= self.at {
                self.end(Ended::Backward(oid));
                return;
            }
            if let Some(denied) = self.deny.iter().find(|denied| oid.starts_with(denied.as_ref())) {
                match behind(denied.as_ref()) {
                    Some(next) => self.at = next,
                    None => self.done = true,
                }
                return;
            }
            self.at = oid.clone();
            if let Binding::Found(value) = binding {
                if self.rows >= MAX_ROWS {
                    self.end(Ended::TooManyRows);
                    return;
                }
                self.rows += 1;
                row(oid, value);
            }
        }
        if !any {
            self.done = true;
        }
    }

    fn end(&mut self, ended: Ended) {
        self.ended = ended;
        self.done = true;
    }

    /// True if the next denied subtree is a near relation of where the walk stands: the same table or group.
    fn near_the_edge(&self) -> bool {
        let next = self.deny.iter().filter(|denied| **denied > self.at).min();
        next.is_some_and(|denied| {
            let shared = denied.arcs().zip(self.at.arcs()).take_while(|(a, b)| a == b).count();
            shared + 1 >= denied.as_ref().len()
        })
    }
}

/// The last name inside a subtree, so that "what is next" is what follows it: the subtree's own name with its last arc
/// one higher would skip an instance of exactly that name.
fn behind(denied: OidRef<'_>) -> Option<Oid> {
    let filler = (0..dca_snmp::MAX_ARCS.saturating_sub(denied.len()).min(4)).map(|_| u32::MAX);
    denied.to_oid().join(filler).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    /// An agent with these rows that answers as many as it is asked.
    fn run(names: &[&str], root: &str, deny: &[&str]) -> (Vec<String>, Vec<Request>, Ended) {
        let mib: BTreeMap<Oid, i64> = names.iter().map(|name| (name.parse().unwrap(), 1)).collect();
        let deny: Vec<Oid> = deny.iter().map(|name| name.parse().unwrap()).collect();
        let mut steps = Steps::new(root.parse().unwrap(), &deny);
        let (mut seen, mut asked) = (Vec::new(), Vec::new());
        while let Some(request) = steps.ask() {
            let many = if matches!(request.operation, dca_snmp::Operation::GetNext) { 1 } else { STEP as usize };
            let after = mib.iter().filter(|(oid, _)| **oid > request.oids[0]).take(many);
            let rows: Vec<_> = after.map(|(oid, n)| (oid.clone(), Binding::Found(Value::Integer(*n)))).collect();
            asked.push(request);
            steps.take(rows, &mut |oid, _| seen.push(oid.to_string()));
        }
        (seen, asked, steps.ended)
    }

    #[test]
    fn denied_subtrees_are_stepped_over_and_never_named() {
        let names = ["1.3.6.1.2.1", "1.3.6.1.2.2.1", "1.3.6.1.2.2.2", "1.3.6.1.2.3", "1.3.6.1.2.3.1", "1.3.6.1.3"];
        let (seen, asked, ended) = run(&names, "1.3.6.1", &["1.3.6.1.2.2"]);
        assert_eq!(seen, ["1.3.6.1.2.1", "1.3.6.1.2.3", "1.3.6.1.2.3.1", "1.3.6.1.3"]);
        assert_eq!(ended, Ended::Complete);
        // Its own name padded with the highest arcs is the step over it; no instance of it is named.
        let inside = asked
            .iter()
            .flat_map(|request| request.oids.iter())
            .filter(|oid| oid.to_string().starts_with("1.3.6.1.2.2"));
        assert!(inside.into_iter().all(|oid| oid.to_string().contains("4294967295")), "{asked:?}");
    }

    #[test]
    fn a_denied_root_is_not_walked() {
        let (seen, asked, _) = run(&["1.3.6.1.2.2.1"], "1.3.6.1.2.2", &["1.3.6.1.2.2"]);
        assert!(seen.is_empty() && asked.is_empty());
    }

    #[test]
    fn the_subtree_ends_where_it_ends() {
        let (seen, _, ended) = run(&["1.3.6.1.2.1", "1.3.6.1.3.1"], "1.3.6.1.2", &[]);
        assert_eq!((seen.as_slice(), ended), (["1.3.6.1.2.1".to_owned()].as_slice(), Ended::Complete));
    }

    #[test]
    fn a_device_that_steps_back_ends_the_walk() {
        let mut steps = Steps::new("1.3.6.1".parse().unwrap(), &[]);
        let row = |name: &str| (name.parse::<Oid>().unwrap(), Binding::Found(Value::Null));
        steps.take([row("1.3.6.1.5"), row("1.3.6.1.4")], &mut |_, _| {});
        assert_eq!(steps.ask(), None);
        assert_eq!(steps.ended, Ended::Backward("1.3.6.1.4".parse().unwrap()));
    }
}
