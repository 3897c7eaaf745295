//! Every example runs to its end with no device at hand, and prints what it promises.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests may panic")]

#[allow(dead_code, reason = "its main is the program's")]
#[path = "../examples/agent.rs"]
mod agent;
#[allow(dead_code, reason = "its main is the program's")]
#[path = "../examples/get_many.rs"]
mod get_many;
#[allow(dead_code, reason = "its main is the program's")]
#[path = "../examples/sans_io.rs"]
mod sans_io;
#[allow(dead_code, reason = "its main is the program's")]
#[path = "../examples/simulated_office.rs"]
mod simulated_office;
#[allow(dead_code, reason = "its main is the program's")]
#[path = "../examples/table.rs"]
mod table;
#[allow(dead_code, reason = "its main is the program's")]
#[path = "../examples/v3.rs"]
mod v3;
#[allow(dead_code, reason = "its main is the program's")]
#[path = "../examples/walk.rs"]
mod walk;

/// What an example printed.
fn printed(run: impl AsyncFnOnce(&mut Vec<u8>) -> anyhow::Result<()>) -> String {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let mut out = Vec::new();
    runtime.block_on(run(&mut out)).unwrap();
    String::from_utf8(out).unwrap()
}

#[test]
fn walk_prints_rows() {
    let text = printed(async |out| walk::run(out, &[]).await);
    assert!(text.contains("1.3.6.1.2.1.43.10.2.1.4.1.1 = Found(Counter32("), "{text}");
    assert!(text.contains(" rows in ") && !text.contains("it ended"), "{text}");
}

#[test]
fn get_many_finds_every_device_that_knows_the_community() {
    let text = printed(async |out| get_many::run(out, None).await);
    // One kind in 16 knows version 3 alone, one version 1 alone; a sleeping one may take longer than the time-out.
    let found: usize = text.lines().last().unwrap().split(' ').next().unwrap().parse().unwrap();
    assert!((240..=300).contains(&found) && text.contains("of 510 addresses"), "{text}");
}

#[test]
fn table_prints_supplies_and_trays() {
    let text = printed(async |out| table::run(out, None).await);
    assert!(text.lines().filter(|line| line.starts_with("supply ") && line.ends_with(" %")).count() >= 4, "{text}");
    assert!(text.contains("sheets") && text.contains("Complete"), "{text}");
}

#[test]
fn v3_tells_what_is_wrong() {
    let text = printed(async |out| v3::run(out).await);
    let told: Vec<&str> = text.lines().map(|line| line.split_at(21).1).collect();
    assert!(told[0].ends_with(", 2 datagrams") && told[1].ends_with(", 1 datagrams"), "{text}");
    assert!(told[2].contains("wrong authentication password"), "{text}");
    assert!(told[3].contains("does not know this user"), "{text}");
    assert!(told[4].contains("security level"), "{text}");
    assert!(told[5].starts_with("no answer after 1 tries"), "{text}");
}

#[test]
fn simulated_office_reads_its_printers() {
    let text = printed(async |out| simulated_office::run(out, 32).await);
    assert!(text.lines().count() > 20, "{text}");
    assert!(text.lines().last().unwrap().contains("printers among 32 devices and 254 addresses"), "{text}");
}

#[test]
fn agent_prints_totals_and_supplies() {
    let text = printed(async |out| agent::run(out, None, "public").await);
    let (supplies, printers): (Vec<&str>, Vec<&str>) = text.lines().partition(|line| line.starts_with("    "));
    // Of each kind one; one knows version 3 alone, a sleeping one may take longer than the time-outs.
    assert!((9..=11).contains(&printers.len()) && supplies.len() > 20, "{text}");
    assert!(printers.iter().filter(|line| line.contains(" impressions")).count() >= 8, "{text}");
}

#[test]
fn sans_io_asks_without_a_runtime() {
    let mut out = Vec::new();
    sans_io::run(&mut out, None).unwrap();
    let text = String::from_utf8(out).unwrap();
    assert!(text.contains("Toner") && text.contains(" rows in "), "{text}");
}
