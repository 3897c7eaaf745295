//! Which orders were carried out, so that a repetition is answered from memory and an old one is known as a replay.

use crate::error::SpoolError;
use crate::store::Store;

/// So many orders are remembered.
const MOST: i64 = 500;

/// An order that was seen before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// What it brought, if it is done.
    pub result: Option<Vec<u8>>,
}

impl Store {
    pub(crate) fn order(&self, id: &[u8]) -> Result<Option<Seen>, SpoolError> {
        let mut query = self.db.prepare_cached("SELECT result FROM orders WHERE id = ?1")?;
        Ok(query.query_map([id], |row| Ok(Seen { result: row.get(0)? }))?.next().transpose()?)
    }

    /// The answer is whether the order is new: its counter higher than that of all before.
    pub(crate) fn take_order(&mut self, id: &[u8], counter: u64, at_ms: i64) -> Result<bool, SpoolError> {
        let counter = i64::try_from(counter).unwrap_or(i64::MAX);
        self.transaction(|db, _| {
            let highest = db
                .prepare_cached("SELECT value FROM number WHERE name = 'order'")?
                .query_map([], |row| row.get::<_, i64>(0))?
                .next()
                .transpose()?;
            if highest.is_some_and(|highest| counter <= highest) {
                return Ok(false);
            }
            db.execute("INSERT OR REPLACE INTO number VALUES ('order', ?1)", [counter])?;
            db.execute("INSERT OR REPLACE INTO orders VALUES (?1, ?2, ?3, 0, NULL)", (id, counter, at_ms))?;
            db.execute(
                "DELETE FROM orders WHERE id NOT IN (SELECT id FROM orders ORDER BY counter DESC LIMIT ?1)",
                [MOST],
            )?;
            Ok(true)
        })
    }

    pub(crate) fn finish_order(&mut self, id: &[u8], result: &[u8]) -> Result<(), SpoolError> {
        self.transaction(|db, _| {
            db.execute("UPDATE orders SET result = ?2, told = 0 WHERE id = ?1", (id, result))?;
            Ok(())
        })
    }

    /// Orders whose result was not told yet; one without a result was cut off.
    pub(crate) fn untold_orders(&self, most: usize) -> Result<Vec<(Vec<u8>, Seen)>, SpoolError> {
        let mut query =
            self.db.prepare_cached("SELECT id, result FROM orders WHERE told = 0 ORDER BY counter LIMIT ?1")?;
        let rows = query.query_map([most as i64], |row| Ok((row.get(0)?, Seen { result: row.get(1)? })))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Whether the result of an order is still to be told.
    pub(crate) fn mark_told(&mut self, ids: &[Vec<u8>], told: bool) -> Result<(), SpoolError> {
        self.transaction(|db, _| {
            for id in ids {
                db.execute("UPDATE orders SET told = ?2 WHERE id = ?1", (id, told))?;
            }
            Ok(())
        })
    }

    /// Adds to a number that outlives a restart, and gives it.
    pub(crate) fn add(&mut self, name: &str, by: u64) -> Result<u64, SpoolError> {
        let by = i64::try_from(by).unwrap_or(i64::MAX);
        self.transaction(|db, _| {
            db.execute(
                "INSERT INTO number VALUES ('n.' || ?1, ?2) ON CONFLICT (name) DO UPDATE SET value = value + ?2",
                (name, by),
            )?;
            let value: i64 =
                db.query_row("SELECT value FROM number WHERE name = 'n.' || ?1", [name], |row| row.get(0))?;
            Ok(value.cast_unsigned())
        })
    }
}
