//! Making room, in the order that [`crate::Bounds`] states.

use crate::bounds::{PAGE, Room};
use crate::error::SpoolError;
use crate::gaps;
use crate::item::Class;
use crate::lanes::lane_of;
use crate::schema;
use crate::store::{DAY_MS, Leaving, Store};

/// Rows of the index that are looked at in one step.
const STEP: usize = 500;
/// Room is made for more than what is needed at once, in parts of the file, so that it need not be made for each record.
const AHEAD: u64 = 20;

impl Store {
    /// Makes room for `need` octets, if there is not enough.
    pub(crate) fn make_room(&mut self, need: u64) -> Result<(), SpoolError> {
        if self.used()?.saturating_add(need) <= self.in_file() {
            return Ok(());
        }
        let goal = (self.in_file() - self.in_file() / AHEAD).saturating_sub(need);
        let before = self.used()?;
        for step in
            [Self::forget_aside, Self::bury, Self::thin, Self::drop_alerts, Self::drop_diagnostics, Self::drop_readings]
        {
            loop {
                if self.used()? <= goal {
                    tracing::warn!(octets = before - goal, "the spool is full: room was made");
                    return Ok(());
                }
                if step(self)? == 0 {
                    break;
                }
            }
        }
        Ok(())
    }

    /// Drops what happened before `before_ms`, of every class. The answer is how many records.
    pub(crate) fn expire(&mut self, before_ms: i64) -> Result<u64, SpoolError> {
        let mut all = 0;
        for class in [Class::Billing, Class::Alert, Class::Diagnostic] {
            loop {
                let old = self.oldest(class, before_ms.div_euclid(DAY_MS))?;
                let old: Vec<Leaving> = old.into_iter().filter(|record| record.at_ms < before_ms).collect();
                if old.is_empty() {
                    break;
                }
                all += old.len() as u64;
                self.drop_records(&old, gaps::TOO_OLD)?;
            }
        }
        Ok(all)
    }

    /// Looks at the disk again, gives back what is free in the file, and keeps to a bound that became smaller.
    pub(crate) fn fit(&mut self) -> Result<(), SpoolError> {
        self.measure();
        self.room = Room::of(self.bounds, self.path.parent().unwrap_or(&self.path), self.size.octets);
        self.make_room(0)?;
        // A tenth of free pages is kept: what is given back must be taken again.
        let pages = |store: &Self, what| store.db.pragma_query_value(None, what, |row| row.get::<_, u64>(0));
        let mut gave = false;
        loop {
            let (all, free) = (pages(self, "page_count")?, pages(self, "freelist_count")?);
            if free == 0 || (free <= all / 10 && all * PAGE <= self.in_file()) {
                break;
            }
            // It gives a row for each page.
            let mut vacuum = self.db.prepare(&format!("PRAGMA incremental_vacuum({})", self.room.records() * 2))?;
            let mut rows = vacuum.query([])?;
            while rows.next()?.is_some() {}
            drop(rows);
            drop(vacuum);
            self.measure();
            gave = true;
        }
        schema::limit(&self.db, self.room)?;
        if gave {
            // The file becomes shorter only when the log is written back.
            self.db.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?;
        }
        self.measure();
        Ok(())
    }

    /// What the file may take beside what a damaged one left behind.
    fn in_file(&self) -> u64 {
        let left = self.left_behind.iter().filter_map(|path| std::fs::metadata(path).ok()).map(|file| file.len());
        self.room.file().saturating_sub(left.sum())
    }

    /// Removes what a damaged file left behind.
    fn forget_aside(&mut self) -> Result<usize, SpoolError> {
        let gone = self.left_behind.len();
        for path in std::mem::take(&mut self.left_behind) {
            std::fs::remove_file(&path)?;
        }
        Ok(gone)
    }

    /// Drops readings that are not the last of their device and day, among the next few in the order of the index.
    fn thin(&mut self) -> Result<usize, SpoolError> {
        let (day, device, id) = self.thinned.clone();
        let mut query = self.db.prepare_cached(
            "SELECT id, day, device, at_ms, length(body) FROM record INDEXED BY record_use
             WHERE class = ?1 AND (day, device, id) > (?2, ?3, ?4) ORDER BY day, device, id LIMIT ?5",
        )?;
        let rows: Vec<(Leaving, i64, String)> = query
            .query_map((Class::Billing.number(), day, device, id, STEP as i64), |row| {
                let record = Leaving { id: row.get(0)?, at_ms: row.get(3)?, octets: row.get(4)? };
                Ok((record, row.get(1)?, row.get(2)?))
            })?
            .collect::<Result<_, _>>()?;
        drop(query);
        let superseded: Vec<Leaving> = rows
            .array_windows()
            .filter(|[one, next]| (one.1, &one.2, lane_of(one.0.id)) == (next.1, &next.2, lane_of(next.0.id)))
            .map(|[one, _]| one.0)
            .collect();
        self.drop_records(&superseded, gaps::THINNED)?;
        let Some((last, day, device)) = rows.last() else { return Ok(0) };
        // The last one is looked at again, it may not be the last of its day. At the end the days before are done with.
        self.thinned = if rows.len() < STEP { (*day, String::new(), 0) } else { (*day, device.clone(), last.id - 1) };
        Ok(if rows.len() < STEP && superseded.is_empty() { 0 } else { rows.len() })
    }

    fn drop_alerts(&mut self) -> Result<usize, SpoolError> {
        self.drop_oldest(Class::Alert)
    }

    fn drop_diagnostics(&mut self) -> Result<usize, SpoolError> {
        self.drop_oldest(Class::Diagnostic)
    }

    fn drop_readings(&mut self) -> Result<usize, SpoolError> {
        self.drop_oldest(Class::Billing)
    }

    fn drop_oldest(&mut self, class: Class) -> Result<usize, SpoolError> {
        let oldest = self.oldest(class, i64::MAX)?;
        self.drop_records(&oldest, gaps::FULL)?;
        Ok(oldest.len())
    }

    /// The oldest records of a class, up to a day.
    fn oldest(&self, class: Class, day: i64) -> Result<Vec<Leaving>, SpoolError> {
        let mut query = self.db.prepare_cached(
            "SELECT id, at_ms, length(body) FROM record INDEXED BY record_use WHERE class = ?1 AND day <= ?2
             ORDER BY class, day, device, id LIMIT ?3",
        )?;
        let rows = query.query_map((class.number(), day, self.room.records() as i64), |row| {
            Ok(Leaving { id: row.get(0)?, at_ms: row.get(1)?, octets: row.get(2)? })
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }
}
