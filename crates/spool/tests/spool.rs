//! What the spool promises, call by call.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test")]

use dca_spool::{Acknowledged, Bounds, Class, Gap, Item, Recovery, Refused, Spool, SpoolError, Stored};
use std::path::{Path, PathBuf};

const DAY: i64 = 86_400_000;
const EPOCH: u64 = u64::MAX - 5;

struct Case {
    folder: tempfile::TempDir,
    bounds: Bounds,
}

impl Case {
    fn new(octets: u64) -> Self {
        let bounds = Bounds { octets, disk_percent: 0, ..Bounds::default() };
        Self { folder: tempfile::tempdir().unwrap(), bounds }
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("spool.db")
    }

    fn open(&self) -> (Spool, Recovery) {
        Spool::open(&self.path(), self.bounds, EPOCH, 1_000).unwrap()
    }
}

fn item(stream: &str, class: Class, device: &str, at_ms: i64, body: &[u8]) -> Item {
    Item { stream: stream.to_owned(), class, device: device.to_owned(), at_ms, body: body.to_owned() }
}

fn reading(at_ms: i64, text: &str) -> Item {
    item("readings", Class::Billing, "one", at_ms, text.as_bytes())
}

/// 400 octets that no compression makes shorter.
fn noise(seed: i64) -> Vec<u8> {
    let mut random = fastrand::Rng::with_seed(seed.cast_unsigned());
    (0..400).map(|_| random.u8(..)).collect()
}

/// What waits in a stream, as `seq:body`.
fn waiting(spool: &Spool, stream: &str) -> Vec<String> {
    let batch = spool.batch(stream, 10_000, 1 << 30).unwrap();
    let entries = batch.into_iter().flat_map(|batch| batch.entries);
    entries.map(|entry| format!("{}:{}", entry.seq, String::from_utf8(entry.body).unwrap())).collect()
}

#[test]
fn what_was_pushed_is_there_in_order_until_it_is_acknowledged() {
    let case = Case::new(Bounds::LEAST);
    {
        let (spool, recovery) = case.open();
        assert_eq!(recovery, Recovery { fresh: true, damage: None });
        assert_eq!(spool.push(vec![reading(1, "a"), reading(2, "b")]).unwrap(), Stored::Disk);
        spool.post(vec![item("notices", Class::Diagnostic, "", 3, b"n")]).unwrap();
    }
    let (spool, recovery) = Spool::open(&case.path(), case.bounds, 7, 0).unwrap();
    assert_eq!(recovery, Recovery { fresh: false, damage: None });
    assert_eq!(waiting(&spool, "readings"), ["1:a", "2:b"]);
    assert_eq!(spool.batch("readings", 1, 1).unwrap().unwrap().entries.len(), 1);
    assert_eq!(spool.batch("readings", 9, 1).unwrap().unwrap().epoch, EPOCH, "the epoch stays that of the making");
    let done = spool.acknowledge("readings", EPOCH, 1, vec![], 0).unwrap();
    assert_eq!(done, Acknowledged { removed: 1, ..Acknowledged::default() });
    assert_eq!(waiting(&spool, "readings"), ["2:b"]);
    assert_eq!(waiting(&spool, "notices"), ["1:n"], "streams do not wait for each other");
    // A number is never given twice, not even when nothing waits any more.
    spool.acknowledge("readings", EPOCH, 2, vec![], 0).unwrap();
    drop(spool);
    let (spool, _) = case.open();
    spool.push(vec![reading(4, "c")]).unwrap();
    assert_eq!(waiting(&spool, "readings"), ["3:c"]);
    let summary = spool.summary().unwrap();
    let readings = summary.iter().find(|summary| summary.stream == "readings").unwrap();
    assert_eq!((readings.records, readings.octets, readings.oldest_ms, readings.dropped), (1, 1, Some(4), 0));
}

#[test]
fn an_acknowledgement_of_another_epoch_or_of_the_future_removes_nothing() {
    let case = Case::new(Bounds::LEAST);
    let (spool, _) = case.open();
    spool.push(vec![reading(1, "a")]).unwrap();
    assert_eq!(spool.acknowledge("readings", 99, 1, vec![], 0).unwrap(), Acknowledged::default());
    let ahead = spool.acknowledge("readings", EPOCH, 2, vec![], 0).unwrap();
    assert!(ahead.set_back && ahead.removed == 0);
    spool.renew_epoch(8).unwrap();
    spool.push(vec![reading(2, "b")]).unwrap();
    let batch = spool.batch("readings", 9, 99).unwrap().unwrap();
    assert_eq!((batch.epoch, batch.entries.len()), (8, 2));
}

#[test]
fn a_refused_record_waits_longer_each_time_and_is_dead_after_five() {
    let case = Case::new(Bounds::LEAST);
    let (spool, _) = case.open();
    spool.push(vec![reading(1, "bad"), reading(2, "good")]).unwrap();
    let mut now = 0;
    for (seq, wait) in [(1, 60_000), (3, 600_000), (4, 3_600_000), (5, 21_600_000)] {
        let through = seq.max(2);
        let done = spool.acknowledge("readings", EPOCH, through, vec![Refused { seq, later: false }], now).unwrap();
        assert_eq!(done.dead, 0);
        assert_eq!(waiting(&spool, "readings"), Vec::<String>::new());
        assert_eq!(spool.summary().unwrap()[0].records, 1, "it still waits");
        spool.tend(now + wait - 1).unwrap();
        assert!(waiting(&spool, "readings").is_empty());
        now += wait;
        spool.tend(now).unwrap();
        assert_eq!(waiting(&spool, "readings"), [format!("{}:bad", through + 1)]);
    }
    let done = spool.acknowledge("readings", EPOCH, 6, vec![Refused { seq: 6, later: false }], now).unwrap();
    assert_eq!(done.dead, 1);
    let summary = &spool.summary().unwrap()[0];
    assert_eq!((summary.records, summary.dead, summary.dropped), (0, 1, 1));
    let gaps = spool.gaps().unwrap();
    assert_eq!((gaps[0].why.as_str(), gaps[0].records, gaps[0].first_seq), ("dead", 1, 6));
    spool.tend(i64::MAX).unwrap();
    assert!(waiting(&spool, "readings").is_empty());
}

#[test]
fn a_record_that_is_told_to_come_later_is_not_counted_as_refused() {
    let case = Case::new(Bounds::LEAST);
    let (spool, _) = case.open();
    spool.push(vec![reading(1, "a")]).unwrap();
    for seq in 1..20 {
        let done = spool.acknowledge("readings", EPOCH, seq, vec![Refused { seq, later: true }], 0).unwrap();
        assert_eq!(done.dead, 0);
        spool.tend(60_000).unwrap();
        assert_eq!(waiting(&spool, "readings"), [format!("{}:a", seq + 1)]);
    }
}

/// Fills a spool of the least size with 40 devices that are read every hour, and alerts; nobody fetches them.
#[test]
fn a_full_spool_keeps_the_last_reading_of_each_device_and_day_and_counts_the_rest() {
    let case = Case::new(Bounds::LEAST);
    let (spool, _) = case.open();
    let mut pushed = [0_u64; 3];
    for hour in 0..24 * 20 {
        let at = hour * 3_600_000;
        let mut items: Vec<Item> = (0..40)
            .map(|device| {
                let body = [format!("{device}/{hour}/").as_bytes(), &noise(hour * 40 + device)].concat();
                item("readings", Class::Billing, &format!("device {device}"), at, &body)
            })
            .collect();
        items.push(item("alerts", Class::Alert, "", at, &noise(-hour)));
        pushed[0] += 40;
        pushed[1] += 1;
        assert_eq!(spool.push(items).unwrap(), Stored::Disk);
        let size = spool.size().unwrap();
        assert!(size.most <= Bounds::LEAST, "{} octets at hour {hour}", size.most);
    }
    let batch = spool.batch("readings", 1_000_000, usize::MAX).unwrap().unwrap();
    let kept: Vec<(i64, i64)> = batch
        .entries
        .iter()
        .map(|entry| {
            let text = String::from_utf8_lossy(&entry.body[..20]).into_owned();
            let mut parts = text.split('/').map(|part| part.parse().unwrap_or(-1));
            (parts.next().unwrap(), parts.next().unwrap())
        })
        .collect();
    for device in 0..40 {
        for day in 0..20 {
            assert!(kept.contains(&(device, day * 24 + 23)), "the last of day {day} of device {device}");
        }
    }
    assert!(batch.entries.is_sorted_by_key(|entry| entry.seq));
    let gaps = spool.gaps().unwrap();
    let dropped: u64 = gaps.iter().filter(|gap| gap.stream == "readings").map(|gap| gap.records).sum();
    assert_eq!(dropped + kept.len() as u64, pushed[0], "every reading is here or counted");
    assert!(gaps.iter().all(|gap| gap.why == "thinned"), "{gaps:?}");
    assert_eq!(spool.batch("alerts", 1_000_000, usize::MAX).unwrap().unwrap().entries.len() as u64, pushed[1]);
}

#[test]
fn when_thinning_does_not_help_alerts_go_then_diagnostics_then_readings() {
    let case = Case::new(Bounds::LEAST);
    let (spool, _) = case.open();
    let mut random = fastrand::Rng::with_seed(1);
    let mut body = |octets: usize| (0..octets).map(|_| random.u8(..)).collect::<Vec<u8>>();
    let mut at = 0;
    let mut push = |class, stream: &str, count: i64| {
        for _ in 0..count {
            // A day of its own for each: nothing can be thinned.
            at += 1;
            spool.push(vec![item(stream, class, "one", at * DAY, &body(50_000))]).unwrap();
        }
        let count = |stream: &str| {
            spool.summary().unwrap().iter().find(|it| it.stream == stream).map_or(0, |summary| summary.records)
        };
        (count("readings"), count("alerts"), count("diagnostics"))
    };
    assert_eq!(push(Class::Alert, "alerts", 20), (0, 20, 0));
    assert_eq!(push(Class::Diagnostic, "diagnostics", 20), (0, 20, 20));
    let (readings, alerts, diagnostics) = push(Class::Billing, "readings", 25);
    assert!(readings == 25 && alerts < 20 && diagnostics == 20, "{readings} {alerts} {diagnostics}");
    let (readings, alerts, diagnostics) = push(Class::Billing, "readings", 25);
    assert!(readings == 50 && alerts == 0 && diagnostics < 20, "{readings} {alerts} {diagnostics}");
    let (readings, _, diagnostics) = push(Class::Billing, "readings", 50);
    assert!(readings < 100 && diagnostics == 0, "{readings} {diagnostics}");
    let gaps = spool.gaps().unwrap();
    let full = |stream: &str| gaps.iter().find(|gap| gap.stream == stream && gap.why == "full").unwrap().records;
    assert_eq!((full("alerts"), full("diagnostics"), full("readings") + readings), (20, 20, 100));
    assert!(spool.size().unwrap().most <= Bounds::LEAST);
}

#[test]
fn what_is_too_old_goes_and_is_counted_and_a_gap_becomes_a_record() {
    let case = Case::new(Bounds::LEAST);
    let (spool, _) = case.open();
    spool.push((0..100).map(|day| reading(day * DAY, "r")).collect()).unwrap();
    assert_eq!(spool.expire(10 * DAY + 1).unwrap(), 11);
    let gaps = spool.gaps().unwrap();
    let expected = Gap {
        id: gaps[0].id,
        stream: "readings".into(),
        epoch: EPOCH,
        why: "too_old".into(),
        first_seq: 1,
        last_seq: 11,
        records: 11,
        from_ms: 0,
        to_ms: 10 * DAY,
    };
    assert_eq!(gaps, [expected]);
    spool.tell(vec![gaps[0].id], vec![item("gaps", Class::Diagnostic, "", 5, b"eleven are gone")]).unwrap();
    assert_eq!(spool.gaps().unwrap(), []);
    assert_eq!(waiting(&spool, "gaps"), ["1:eleven are gone"]);
}

#[test]
fn a_smaller_bound_is_kept_to_and_room_is_given_back() {
    let mut case = Case::new(64 << 20);
    let noise: Vec<u8> = (0..250).flat_map(noise).collect();
    let (spool, _) = case.open();
    for at in 0..100 {
        spool.push(vec![item("alerts", Class::Alert, "", at, &noise)]).unwrap();
    }
    assert!(spool.size().unwrap().octets > 10_000_000);
    drop(spool);
    case.bounds.octets = Bounds::LEAST;
    let (spool, _) = case.open();
    spool.tend(0).unwrap();
    let size = spool.size().unwrap();
    assert!(size.octets <= Bounds::LEAST, "{}", size.octets);
    assert_eq!(spool.push(vec![reading(1, "a")]).unwrap(), Stored::Disk);
}

#[test]
fn a_damaged_file_is_set_aside_and_what_can_be_read_is_taken_over() {
    let case = Case::new(64 << 20);
    {
        let (spool, _) = case.open();
        for at in 0..400_u32 {
            let body = [&at.to_be_bytes()[..], &noise(at.into())].concat();
            spool.push(vec![item("readings", Class::Billing, "one", at.into(), &body)]).unwrap();
        }
        spool.acknowledge("readings", EPOCH, 100, vec![], 0).unwrap();
        assert!(spool.take_order(b"order", 5, 0).unwrap());
    }
    // A block in the middle of the file turns to rubbish.
    let mut octets = std::fs::read(case.path()).unwrap();
    let middle = octets.len() / 2 / 4096 * 4096;
    octets[middle..middle + 8192].fill(0xa5);
    std::fs::write(case.path(), octets).unwrap();

    let (spool, recovery) = Spool::open(&case.path(), case.bounds, 77, 123).unwrap();
    let damage = recovery.damage.unwrap();
    assert!(damage.aside.ends_with("spool.db.corrupt-123") && damage.aside.exists());
    assert_eq!(damage.salvaged + damage.lost.unwrap(), 300);
    assert!(damage.salvaged > 100, "{damage:?}");
    let batch = spool.batch("readings", 10_000, usize::MAX).unwrap().unwrap();
    assert_eq!(batch.epoch, EPOCH, "salvaged records are known to the portal under what they were numbered");
    assert_eq!(batch.entries.len() as u64, damage.salvaged);
    for entry in &batch.entries {
        assert_eq!(entry.body[..4], (entry.seq as u32 - 1).to_be_bytes());
    }
    let gaps = spool.gaps().unwrap();
    let lost: u64 = gaps.iter().filter(|gap| gap.why == "damaged").map(|gap| gap.records).sum();
    assert_eq!(lost, damage.lost.unwrap());
    // New records come after the old ones, under the new epoch; and an order is still known.
    spool.push(vec![reading(1, "new")]).unwrap();
    spool.acknowledge("readings", EPOCH, 400, vec![], 0).unwrap();
    let batch = spool.batch("readings", 10, 100).unwrap().unwrap();
    assert_eq!((batch.epoch, batch.entries[0].seq), (77, 1));
    assert!(!spool.take_order(b"again", 5, 0).unwrap());
}

#[test]
fn rubbish_or_another_program_s_file_is_set_aside() {
    for (name, content) in
        [("text", b"not a database, but long enough to be read as one ".repeat(100)), ("zeros", vec![0; 9000])]
    {
        let case = Case::new(Bounds::LEAST);
        std::fs::write(case.path(), content).unwrap();
        let (spool, recovery) = case.open();
        let damage = recovery.damage.unwrap_or_else(|| panic!("{name}"));
        assert_eq!((damage.salvaged, damage.lost), (0, None), "{name}");
        assert_eq!(spool.gaps().unwrap().len(), 1, "{name}: that something may be missing is told");
        spool.push(vec![reading(1, "a")]).unwrap();
        assert_eq!(waiting(&spool, "readings"), ["1:a"]);
    }
}

#[test]
fn two_agents_cannot_share_a_spool() {
    let case = Case::new(Bounds::LEAST);
    let (_spool, _) = case.open();
    assert!(matches!(Spool::open(&case.path(), case.bounds, 1, 0), Err(SpoolError::InUse)));
}

#[test]
fn the_share_of_the_disk_is_a_bound_too() {
    let case = Case::new(Bounds::LEAST);
    let bounds = Bounds { octets: u64::MAX, disk_percent: 10, ..Bounds::default() };
    let (spool, _) = Spool::open(&case.path(), bounds, 1, 0).unwrap();
    let bound = spool.size().unwrap().bound;
    assert!((Bounds::LEAST..u64::MAX).contains(&bound), "{bound}");
}

#[test]
fn an_order_is_taken_once_and_its_result_told_until_it_is_heard() {
    let case = Case::new(Bounds::LEAST);
    let (spool, _) = case.open();
    assert!(spool.take_order(b"one", 10, 0).unwrap());
    assert!(!spool.take_order(b"two", 10, 0).unwrap(), "the counter has to rise");
    assert_eq!(spool.order(b"two").unwrap(), None);
    assert_eq!(spool.untold_orders(9).unwrap()[0].1.result, None);
    spool.finish_order(b"one", b"done".to_vec()).unwrap();
    assert_eq!(spool.order(b"one").unwrap().unwrap().result.as_deref(), Some(&b"done"[..]));
    spool.mark_told(vec![b"one".to_vec()], true).unwrap();
    assert_eq!(spool.untold_orders(9).unwrap(), []);
    spool.mark_told(vec![b"one".to_vec()], false).unwrap();
    assert_eq!(spool.untold_orders(9).unwrap().len(), 1);
    assert_eq!((spool.add("key_uses", 1).unwrap(), spool.add("key_uses", 2).unwrap()), (1, 3));
}

/// Nothing of the files can be read by others.
#[cfg(unix)]
#[test]
fn files_are_for_the_agent_alone() {
    use std::os::unix::fs::PermissionsExt;
    let case = Case::new(Bounds::LEAST);
    let (spool, _) = case.open();
    spool.push(vec![reading(1, "a")]).unwrap();
    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    for entry in std::fs::read_dir(case.folder.path()).unwrap() {
        let path = entry.unwrap().path();
        assert_eq!(mode(&path), 0o600, "{}", path.display());
    }
}
