//! Crash points on the path push, send, acknowledge.
//!
//! A child process pushes, sends to its parent, which plays the portal, and acknowledges; the parent kills it, or tears its
//! files as a power cut would, and looks at what is there. Nothing whose push was answered may be missing, nothing may
//! arrive twice under different numbers, the files may never be above their bound.
//!
//! `DCA_CRASH_POINTS` sets how many points; `cargo xtask soak spool` runs 10,000.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::panic,
    reason = "a test"
)]

mod child;
mod portal;
mod torn;

use portal::{Portal, Run};
use std::time::Duration;

fn points(short: u32) -> u32 {
    std::env::var("DCA_CRASH_POINTS").ok().and_then(|text| text.parse().ok()).unwrap_or(short)
}

/// The child's entry: the parent starts this very program with a folder to work in.
#[test]
fn child() {
    if let Ok(folder) = std::env::var("DCA_CRASH_FOLDER") {
        child::run(std::path::Path::new(&folder));
    }
}

/// Killed at a random moment, or at a chosen step of the exchange: while it opens, when it has sent but has no answer, when
/// the answer is on its way.
#[test]
fn killed() {
    let folder = tempfile::tempdir().unwrap();
    let mut portal = Portal::new(folder.path());
    let mut random = fastrand::Rng::with_seed(0x0dca);
    let points = points(200);
    for point in 0..points {
        match point % 4 {
            0 => portal.run(Run::ForTime(Duration::from_micros(random.u64(..40_000))), point.into()),
            1 => portal.run(Run::UntilSent(random.u32(..8)), point.into()),
            2 => portal.run(Run::UntilAnswered(random.u32(..8)), point.into()),
            _ => portal.run(Run::UntilPushed(random.u32(..40)), point.into()),
        }
        if point % 50 == 49 {
            portal.settle();
        }
    }
    portal.settle();
    println!("{points} kills: {portal}");
    assert!(portal.delivered() > u64::from(points));
}

/// As if the power were cut: the log's end that was not synced is cut off, zeroed or garbled, and pages of the file that are
/// being written back from the log are torn.
#[test]
fn torn() {
    let points = points(200) / 2;
    let mut random = fastrand::Rng::with_seed(0xdca0);
    let kinds = torn::run(points, &mut random);
    println!("{points} power cuts: {kinds:?}");
    assert!(points < 50 || kinds.iter().all(|(_, count)| *count > 0), "every kind was tried: {kinds:?}");
}

/// No file may grow beyond a limit that lies below the spool's bound: what a full disk does. It says so, keeps the newest in
/// memory, and all is well when there is room again.
#[test]
fn no_room() {
    let points = points(200) / 10;
    for point in 0..points {
        let folder = tempfile::tempdir().unwrap();
        let mut portal = Portal::new(folder.path());
        // In blocks of 512 octets: 200 KiB to 2 MiB.
        let blocks = 400 + (u64::from(point) * 977) % 4000;
        portal.run(Run::Limited { blocks, pushes: 400 }, point.into());
        portal.settle();
        if point == 0 {
            println!("file size limited to {blocks} blocks: {portal}");
            assert!(portal.in_memory() > 0, "the limit was met");
        }
    }
}
