//! The audit log: who changed what, as a chain in which each line holds the hash of the one before. A line that was altered
//! or taken out breaks the chain from there on.

use crate::store::{Row, Store, StoreError, Value, sql};
use aws_lc_rs::digest::{Context, SHA256};

/// A line that is to be written.
#[derive(Debug, Clone)]
pub struct Entry {
    /// Whose; 0 is the instance's own.
    pub dealer: i64,
    /// A person, an agent, or `portal`.
    pub actor: String,
    /// `agent.enrol`, `command.give` and so on.
    pub action: &'static str,
    /// What was changed.
    pub object: String,
    /// For a person.
    pub detail: String,
}

/// The values of the line that follows `head`.
pub(crate) fn next(head: Option<&Row>, entry: &Entry, at: i64) -> Result<Vec<Value>, StoreError> {
    let (seq, previous) = match head {
        Some(row) => (row.int(0)?.saturating_add(1), row.blob(1)?),
        None => (1, vec![0; 32]),
    };
    // As it comes back from either database.
    let clean = |text: &str| text.replace('\0', "\u{fffd}");
    let (actor, object, detail) = (clean(&entry.actor), clean(&entry.object), clean(&entry.detail));
    let texts = [actor.as_str(), entry.action, object.as_str(), detail.as_str()];
    let hash = hash(&previous, seq, at, entry.dealer, texts);
    let [actor, action, object, detail] = texts.map(Value::from);
    Ok(vec![seq.into(), at.into(), entry.dealer.into(), actor, action, object, detail, previous.into(), hash.into()])
}

/// Reads the whole log and checks the chain. The answer is how many lines there are.
///
/// # Errors
/// If the database does not answer, or the chain is broken: [`StoreError::Damaged`].
pub async fn verify(store: &Store) -> Result<u64, StoreError> {
    const PAGE: i64 = 1_000;
    // What retention took away is the only gap: the chain may begin later, but not break.
    let (mut last, mut expected, mut lines) = (0, None, 0_u64);
    loop {
        let rows = store.rows(sql::AUDIT_AFTER, &[last.into(), PAGE.into()]).await?;
        for row in &rows {
            let (seq, at, dealer) = (row.int(0)?, row.int(1)?, row.int(2)?);
            let texts = [row.text(3)?, row.text(4)?, row.text(5)?, row.text(6)?];
            let (previous, found) = (row.blob(7)?, row.blob(8)?);
            let follows =
                expected.as_ref().is_none_or(|expected| *expected == previous) && (lines == 0 || seq == last + 1);
            if !follows || hash(&previous, seq, at, dealer, texts.each_ref().map(String::as_str)) != found {
                return Err(StoreError::Damaged("the audit log was altered"));
            }
            (last, expected, lines) = (seq, Some(found), lines + 1);
        }
        if rows.is_empty() {
            return Ok(lines);
        }
    }
}

fn hash(previous: &[u8], seq: i64, at: i64, dealer: i64, texts: [&str; 4]) -> Vec<u8> {
    let mut context = Context::new(&SHA256);
    context.update(previous);
    for number in [seq, at, dealer] {
        context.update(&number.to_be_bytes());
    }
    for text in texts {
        // With its length, so that no two lines read the same.
        context.update(&(text.len() as u64).to_be_bytes());
        context.update(text.as_bytes());
    }
    context.finish().as_ref().to_vec()
}
