//! The tables, as a list of steps that are taken once each.
//!
//! One text for both databases: numbers are BIGINT (times in milliseconds since 1970, UTC), texts TEXT, octets BYTEA.
//! Each table of a tenant carries its dealer: that is what a larger installation would be split by.

use super::StoreError;
use super::connection::Connection;

const STEPS: &[&str] = &[
    "
CREATE TABLE node (id BIGINT PRIMARY KEY, parent BIGINT NOT NULL, dealer BIGINT NOT NULL, kind TEXT NOT NULL,
  path TEXT NOT NULL UNIQUE, name TEXT NOT NULL, config TEXT, config_revision BIGINT NOT NULL);
CREATE UNIQUE INDEX node_name ON node (parent, name);
CREATE TABLE dealer_key (dealer BIGINT PRIMARY KEY, public BYTEA NOT NULL, sealed BYTEA NOT NULL);
CREATE TABLE activation_code (selector TEXT PRIMARY KEY, digest BYTEA NOT NULL, dealer BIGINT NOT NULL, site BIGINT NOT NULL,
  created BIGINT NOT NULL, expires BIGINT NOT NULL, wrong BIGINT NOT NULL, used_by TEXT);
CREATE TABLE agent (id TEXT PRIMARY KEY, dealer BIGINT NOT NULL, site BIGINT NOT NULL, status TEXT NOT NULL,
  key BYTEA NOT NULL, previous_key BYTEA, failures BIGINT NOT NULL, host TEXT NOT NULL, system TEXT NOT NULL,
  version TEXT NOT NULL, enrolled BIGINT NOT NULL, certificate_ends BIGINT NOT NULL, last_seen BIGINT,
  config TEXT, config_revision BIGINT NOT NULL, reported_revision BIGINT NOT NULL, health BYTEA);
CREATE INDEX agent_site ON agent (site);
CREATE TABLE stream (agent TEXT NOT NULL, stream TEXT NOT NULL, epoch BIGINT NOT NULL, acked BIGINT NOT NULL,
  PRIMARY KEY (agent, stream, epoch));
CREATE TABLE device (id BIGINT PRIMARY KEY, dealer BIGINT NOT NULL, site BIGINT NOT NULL, agent TEXT NOT NULL,
  identity TEXT NOT NULL, vendor TEXT, model TEXT, serial TEXT, mac TEXT, hostname TEXT, address TEXT, asset TEXT,
  location TEXT, firmware TEXT, first_seen BIGINT NOT NULL, merged_into BIGINT);
CREATE UNIQUE INDEX device_identity ON device (dealer, identity);
CREATE TABLE device_alias (agent TEXT NOT NULL, name TEXT NOT NULL, device BIGINT NOT NULL, PRIMARY KEY (agent, name));
CREATE TABLE device_state (device BIGINT PRIMARY KEY, read_at BIGINT NOT NULL, summary BYTEA NOT NULL);
CREATE TABLE template (id BIGINT PRIMARY KEY, dealer BIGINT NOT NULL, shape TEXT NOT NULL, record BYTEA NOT NULL);
CREATE UNIQUE INDEX template_shape ON template (dealer, shape);
CREATE TABLE reading_hot (device BIGINT NOT NULL, at BIGINT NOT NULL, delta BYTEA NOT NULL, PRIMARY KEY (device, at)) {rowless};
CREATE TABLE reading_day (device BIGINT NOT NULL, day BIGINT NOT NULL, readings BIGINT NOT NULL, chunk BYTEA NOT NULL,
  PRIMARY KEY (device, day)) {rowless};
CREATE TABLE event (id BIGINT PRIMARY KEY, dealer BIGINT NOT NULL, agent TEXT NOT NULL, device BIGINT, at BIGINT NOT NULL,
  kind TEXT NOT NULL, text TEXT NOT NULL);
CREATE INDEX event_at ON event (at);
CREATE INDEX event_device ON event (device, at);
CREATE TABLE command (id BYTEA PRIMARY KEY, dealer BIGINT NOT NULL, agent TEXT NOT NULL, counter BIGINT NOT NULL,
  kind TEXT NOT NULL, body BYTEA NOT NULL, signature BYTEA NOT NULL, state TEXT NOT NULL, created BIGINT NOT NULL,
  not_after BIGINT NOT NULL, done_at BIGINT, outcome TEXT, finding TEXT, author TEXT NOT NULL);
CREATE UNIQUE INDEX command_counter ON command (agent, counter);
CREATE INDEX command_created ON command (created);
CREATE TABLE diagnostics (command BYTEA PRIMARY KEY, agent TEXT NOT NULL, at BIGINT NOT NULL, bundle BYTEA NOT NULL);
CREATE TABLE audit (seq BIGINT PRIMARY KEY, at BIGINT NOT NULL, dealer BIGINT NOT NULL, actor TEXT NOT NULL,
  action TEXT NOT NULL, object TEXT NOT NULL, detail TEXT NOT NULL, previous BYTEA NOT NULL, hash BYTEA NOT NULL);
CREATE TABLE change (id BIGINT PRIMARY KEY, at BIGINT NOT NULL, kind TEXT NOT NULL, subject TEXT NOT NULL);
",
    // What a contract is billed by outlives the readings. Months count from year 0.
    "
CREATE TABLE meter_month (device BIGINT NOT NULL, month BIGINT NOT NULL, at BIGINT NOT NULL, total BIGINT NOT NULL,
  unit TEXT NOT NULL, PRIMARY KEY (device, month)) {rowless};
",
    // A state is replaced with each report: with room beside it its place in the index stays.
    "{postgres}ALTER TABLE device_state SET (fillfactor = 50)",
    // Rows of a report beside each other: by device each of them would be a page that is written for itself.
    "{sqlite}
ALTER TABLE reading_hot RENAME TO reading_hot_1;
CREATE TABLE reading_hot (device BIGINT NOT NULL, at BIGINT NOT NULL, delta BYTEA NOT NULL, PRIMARY KEY (device, at));
INSERT INTO reading_hot SELECT device, at, delta FROM reading_hot_1;
DROP TABLE reading_hot_1;
",
];
/// In front of a step that one of them alone takes.
const POSTGRES: &str = "{postgres}";
const SQLITE: &str = "{sqlite}";

/// Brings the database up to date.
pub(super) async fn migrate(connection: &mut Connection) -> Result<(), StoreError> {
    connection.script("CREATE TABLE IF NOT EXISTS schema_version (version BIGINT NOT NULL)").await?;
    let sqlite = matches!(connection, Connection::Sqlite(_));
    let known = i64::try_from(STEPS.len()).unwrap_or(i64::MAX);
    connection.begin().await?;
    let found = match connection.rows(super::sql::SCHEMA_VERSION, &[]).await?.first() {
        Some(row) => row.int(0)?,
        None => 0,
    };
    if found > known {
        return Err(StoreError::Newer { found, known });
    }
    for step in STEPS.iter().skip(usize::try_from(found).unwrap_or(0)) {
        let (mine, other) = if sqlite { (SQLITE, POSTGRES) } else { (POSTGRES, SQLITE) };
        if step.starts_with(other) {
            continue;
        }
        let step = step.strip_prefix(mine).unwrap_or(step);
        // The key is the table: no row numbers beside it.
        let rowless = if sqlite { "WITHOUT ROWID" } else { "" };
        connection.script(&step.replace("{rowless}", rowless)).await?;
    }
    if found < known {
        connection.execute(super::sql::SCHEMA_FORGET, &[]).await?;
        connection.execute(super::sql::SCHEMA_SET, &[known.into()]).await?;
    }
    connection.script("COMMIT").await
}

#[cfg(test)]
mod tests {
    use super::super::{Store, sql};
    use crate::clock::Clock;

    #[tokio::test]
    async fn rows_of_the_first_order_are_taken_along() {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite:{}", folder.path().join("portal.db").display());
        let mut connection = super::super::Place::parse(&url).unwrap().connect().await.unwrap();
        for step in &super::STEPS[..2] {
            connection.script(&step.replace("{rowless}", "WITHOUT ROWID")).await.unwrap();
        }
        let second = "CREATE TABLE schema_version (version BIGINT NOT NULL); INSERT INTO schema_version VALUES (2);
            INSERT INTO reading_hot VALUES (7, 50, x'01'), (7, 60, x'02'), (8, 50, x'03')";
        connection.script(second).await.unwrap();
        drop(connection);
        let store = Store::open(&url, Clock::system()).await.unwrap();
        let rows = store.rows(sql::DAY, &[7.into(), 0.into(), 100.into(), 0.into()]).await.unwrap();
        let found: Vec<_> = rows.iter().map(|row| (row.int(0).unwrap(), row.blob(2).unwrap())).collect();
        assert_eq!(found, [(50, vec![1]), (60, vec![2])]);
        let table = "SELECT COUNT(*) FROM sqlite_master WHERE name LIKE 'reading_hot%' AND sql LIKE '%WITHOUT ROWID%'";
        assert_eq!(store.row(table, &[]).await.unwrap().unwrap().int(0).unwrap(), 0);
        store.close().await;
    }
}
