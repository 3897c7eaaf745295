//! What a report adds to the history. It goes on from the newest record of each of its devices, which it has for itself
//! meanwhile.

use super::frame::{self, Base};
use super::heads::Head;
use super::news::{News, news};
use super::rows::Rows;
use super::{History, Template, day_of};
use crate::store::Batch;
use bytes::Bytes;
use std::collections::HashMap;

/// Writes the readings of one report.
#[derive(Debug)]
pub(crate) struct Pen<'a> {
    history: &'a History,
    rows: Rows,
    /// The newest of each device that the report spoke of so far.
    heads: HashMap<i64, Option<Head>>,
}

impl<'a> Pen<'a> {
    pub(crate) fn new(history: &'a History) -> Self {
        Self { history, rows: Rows::default(), heads: HashMap::new() }
    }

    fn head(&mut self, device: i64) -> &mut Option<Head> {
        self.heads.entry(device).or_insert_with(|| self.history.heads.take(device))
    }

    /// Adds a record of a device.
    pub(crate) fn add(&mut self, device: i64, at: i64, record: &Bytes, template: Option<&Template>) {
        let head = self.head(device);
        let framed = match head {
            Some(head) if head.at < at && day_of(head.at) == day_of(at) => {
                let mut base = head.record.to_vec();
                frame::move_on(&mut base, at - head.at);
                frame::frame(record, Base::Earlier(at - head.at, &base))
            }
            _ => alone(record, template),
        };
        // What comes late is not what the next one goes on from.
        if head.as_ref().is_none_or(|head| head.at < at) {
            *head = Some(Head { at, record: record.clone() });
        }
        self.rows.alone(device, at, &framed);
    }

    /// The same, if the newest record of the device is at hand and of the time `newest`, and this one goes on from it: the
    /// answer is what is new. Else nothing is added.
    pub(crate) fn add_news<'r>(
        &mut self,
        (device, newest): (i64, i64),
        at: i64,
        record: &'r Bytes,
        template: Option<&Template>,
    ) -> Option<News<'r>> {
        let head = self.head(device).as_mut().filter(|head| head.at == newest && head.at < at)?;
        let back = at - head.at;
        let (news, delta) = news(&head.record, back, record)?;
        let framed =
            if day_of(head.at) == day_of(at) { frame::follows(record, back, &delta) } else { alone(record, template) };
        *head = Head { at, record: record.clone() };
        self.rows.newest(device, at, &framed);
        Some(news)
    }

    /// Hands what was written to a batch.
    pub(crate) fn write(&mut self, batch: &mut Batch) {
        std::mem::take(&mut self.rows).write(batch);
    }

    /// It was committed: whoever comes next may go on from it.
    pub(crate) fn keep(self) {
        for (device, head) in self.heads {
            if let Some(head) = head {
                self.history.heads.put(device, head);
            }
        }
    }

    /// It was not committed: nobody goes on from it.
    pub(crate) fn forget(self) {
        self.heads.keys().for_each(|device| self.history.heads.forget(*device));
    }
}

/// The frame of a record that does not lean on another of its device.
fn alone(record: &[u8], template: Option<&Template>) -> Vec<u8> {
    frame::frame(record, template.map_or(Base::Alone, |(id, template)| Base::Template(*id, template)))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Another agent may read the same device: what leans on a report that fails in the end could never be read.
    #[test]
    fn nobody_goes_on_from_what_is_not_committed() {
        let history = History::default();
        let record = |at: u8| Bytes::from(vec![0x08, at, 0x12, 0]);
        let mut first = Pen::new(&history);
        first.add(1, 50, &record(50), None);
        first.write(&mut Batch::new());
        assert!(history.heads.take(1).is_none(), "not committed yet");
        first.keep();
        let mut second = Pen::new(&history);
        second.add(1, 60, &record(60), None);
        second.write(&mut Batch::new());
        second.forget();
        assert!(
            history.heads.take(1).is_none(),
            "neither the one that failed nor the one before, which was taken for it"
        );
    }
}
