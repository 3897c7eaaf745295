//! The database: every statement on every engine, migrations, one at fault does not hurt the others.

use dca_portal::Clock;
use dca_portal::store::{Batch, Store, StoreError, sql};

/// A new database, its address, and the folder it lies in.
async fn open() -> Option<(Store, String, tempfile::TempDir)> {
    let folder = tempfile::tempdir().unwrap();
    let url = if crate::server::wanted() {
        crate::server::database()?
    } else {
        format!("sqlite:{}", folder.path().join("a.db").display())
    };
    Some((Store::open(&url, Clock::manual(5)).await.unwrap(), url, folder))
}

#[tokio::test]
async fn every_statement_is_one() {
    let Some((store, _, _folder)) = open().await else { return };
    store.prepare_all().await.unwrap();
}

#[tokio::test]
async fn a_later_schema_is_left_alone() {
    let Some((store, url, _folder)) = open().await else { return };
    let mut batch = Batch::new();
    batch.run(sql::SCHEMA_FORGET, []).run(sql::SCHEMA_SET, [99.into()]);
    store.commit(batch).await.unwrap();
    assert!(matches!(Store::open(&url, Clock::manual(5)).await, Err(StoreError::Newer { found: 99, .. })));
}

#[tokio::test]
async fn who_is_at_fault_fails_alone() {
    let Some((store, _, _folder)) = open().await else { return };
    let row = |id: i64| {
        let mut batch = Batch::new();
        batch.row(&sql::STATES, vec![id.into(), 1.into(), vec![1_u8].into()]);
        batch
    };
    let mut bad = row(2);
    bad.must(sql::AGENT_STATUS, ["nobody".into(), "active".into()]);
    let answers = [store.enqueue(row(1)).await, store.enqueue(bad).await, store.enqueue(row(3)).await];
    let mut outcomes = Vec::new();
    for answer in answers {
        outcomes.push(answer.unwrap().await.unwrap().is_ok());
    }
    assert_eq!(outcomes, [true, false, true]);
    for (id, there) in [(1_i64, true), (2, false), (3, true)] {
        assert_eq!(store.row(sql::STATE, &[id.into()]).await.unwrap().is_some(), there, "{id}");
    }
}

/// A row of readings may hold a whole day: it does not give way to a single one of the same moment.
#[tokio::test]
async fn of_two_rows_with_one_key_the_right_one_counts() {
    let Some((store, _, _folder)) = open().await else { return };
    let written = |value: u8| {
        let mut batch = Batch::new();
        for value in [value, value + 1] {
            batch.row(&sql::READINGS, vec![1.into(), 5.into(), vec![value].into()]);
            batch.row(&sql::STATES, vec![1.into(), 5.into(), vec![value].into()]);
        }
        batch
    };
    for value in [1, 7] {
        store.commit(written(value)).await.unwrap();
        let row = store.row("SELECT at, delta FROM reading_hot WHERE device = $1", &[1.into()]).await.unwrap().unwrap();
        assert_eq!(row.blob(1).unwrap(), [1], "the first of all");
        let row = store.row(sql::STATE, &[1.into()]).await.unwrap().unwrap();
        assert_eq!(row.blob(1).unwrap(), [value + 1], "the last of all");
    }
}

#[tokio::test]
async fn an_altered_audit_log_is_told() {
    let Some((store, _, _folder)) = open().await else { return };
    for number in 0..3 {
        let mut batch = Batch::new();
        batch.audit(dca_portal::audit::Entry {
            dealer: 0,
            actor: "test".to_owned(),
            action: "test",
            object: number.to_string(),
            detail: String::new(),
        });
        store.commit(batch).await.unwrap();
    }
    assert_eq!(dca_portal::audit::verify(&store).await.unwrap(), 3);
    let rows = store.rows(sql::AUDIT_AFTER, &[0.into(), 10.into()]).await.unwrap();
    // The middle one taken out, and put back with another object.
    let mut batch = Batch::new();
    batch.run("DELETE FROM audit WHERE seq = 2", []);
    store.commit(batch).await.unwrap();
    assert!(dca_portal::audit::verify(&store).await.is_err());
    let mut values: Vec<_> = (0..9).map(|column| rows[1].any(column).unwrap()).collect();
    values[5] = "other".into();
    let mut batch = Batch::new();
    batch.run(sql::AUDIT_ADD, values);
    store.commit(batch).await.unwrap();
    assert!(dca_portal::audit::verify(&store).await.is_err());
}
