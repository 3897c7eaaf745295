//! The profiles that come with the crate, and what is said about wrong ones.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test ends by panicking")]

use dca_printer::Profiles;
use std::collections::BTreeMap;
use std::path::Path;

fn folder() -> BTreeMap<String, String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("profiles");
    let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    files
        // brands.toml is a table of names, not a profile.
        .filter(|path| path.file_name().is_some_and(|name| name != "brands.toml"))
        .map(|path| (path.file_name().unwrap().to_str().unwrap().to_owned(), std::fs::read_to_string(&path).unwrap()))
        .collect()
}

#[test]
fn every_file_is_read_and_built_in() {
    let files = folder();
    let read = Profiles::parse(files.iter().map(|(name, text)| (name.as_str(), text.as_str())));
    let read = read.unwrap_or_else(|error| panic!("{error}"));
    let names: Vec<_> = read.iter().map(|profile| profile.name().to_owned()).collect();
    let builtin = Profiles::builtin();
    assert_eq!(builtin.iter().map(|profile| profile.name().to_owned()).collect::<Vec<_>>(), names);
    assert!(names.len() >= 16);
}

#[test]
fn every_profile_extends_the_base_and_has_a_way_to_be_told() {
    for (name, text) in folder().iter().filter(|(name, _)| *name != "printer-mib.toml") {
        assert!(text.contains("extends = "), "{name}");
        assert!(text.contains("[[match]]"), "{name}");
    }
}

#[test]
fn a_plan_asks_for_columns_only_and_for_nothing_denied() {
    for profile in Profiles::builtin().iter() {
        let plan = profile.plan();
        for asked in plan.gets.iter().chain(&plan.walks) {
            assert!(!plan.denies(asked.as_ref()), "{}: {asked} is denied", profile.name());
        }
        for denied in &plan.deny {
            let within = plan.walks.iter().find(|root| denied.starts_with(root.as_ref()));
            assert_eq!(within, None, "{}: a walk runs through {denied}", profile.name());
        }
        for walk in &plan.walks {
            let private = walk.to_string().starts_with("1.3.6.1.4.1.");
            // enterprises.N.x.y is a product's tree, not a column.
            assert!(!private || walk.as_ref().len() >= 11, "{}: {walk} is too much to walk", profile.name());
        }
        let questions = plan.gets.len() + plan.walks.len();
        assert!(questions <= 120, "{}: {questions} questions", profile.name());
    }
}

#[test]
fn what_is_wrong_is_told_with_its_line() {
    let check = |text: &str, wanted: &str| {
        let error = Profiles::parse([("dir/acme.toml", text)]).unwrap_err().to_string();
        assert!(error.starts_with("dir/acme.toml:"), "{error}");
        assert!(error.contains(wanted), "{error} does not say {wanted:?}");
    };
    let meter = |line: &str| {
        format!("\n[[meter]]\noid = \"1.3.6.1\"\nis = \"print\"\nconfidence = \"A\"\nsource = \"x\"\n{line}")
    };
    check("extends = \"nothing\"", "acme.toml:1: no profile `nothing`: expected one of acme");
    check("\n\nextends = \"acme\"", "acme.toml:3: `acme` extends itself: acme > acme");
    check("[[match]]\nsys_object_id = \"1.3.x\"", ":2: `1.3.x`: not an OID: expected dotted decimal");
    check("[[match]]\nwrods = \"x\"", ":2: unknown field `wrods`, expected one of `sys_object_id`, `words`");
    check(&meter("is_not = 1"), "unknown field `is_not`");
    check(&meter("").replace("print", "printt"), ":4: `printt` names no meter: expected system_totals print copy");
    check(&meter("").replace("print", "mono"), ":4: expected a service");
    check(&meter("").replace("\"A\"", "\"D\""), ":5: confidence D");
    check(&meter("").replace("\"A\"", "\"R\""), ":5: `R`: expected confidence A, B or C");
    check(&meter("").replace("\"x\"", "\" \""), ":6: expected a sentence");
    check(&meter("sum = [\"1.3\", \"1.3.6\"]"), ":4: expected one of `oid` and `sum`");
    check(
        "[[records]]\noid = \"1.3\"\nform = \"any\"\n",
        ":3: unknown variant `any`, expected one of `brother-records`, `epson-page-counts`, `epson-error`",
    );
    let table = "[[meter_table]]\nvalues = \"1.3.6\"\nconfidence = \"B\"\nsource = \"x\"\n";
    check(table, ":2: expected `labels`, `codes`, `places` or `only_row`");
    check(&format!("{table}[[meter_table.places]]\narc = 1\nmeaning = {{ 1 = \"mono\" }}"), ":2: no dimension tells");
    check(&format!("{table}[[meter_table.places]]\narc = 0\nmeaning = {{ 1 = \"print\" }}"), "counted from 1");
    let better = "[[meter_table.places]]\narc = 1\nmeaning = { 1 = { is = \"print\", confidence = \"A\" } }";
    check(&format!("{table}{better}"), "known less well");
    let count = "[[count]]\noid = \"1.3.6\"\nwhat = \"jam\"\nconfidence = \"C\"\nsource = \"x\"";
    check(count, ":2: expected confidence A or B here");
    let events = "[[count_table]]\nvalues = \"1.3.6\"\nconfidence = \"A\"\nsource = \"x\"\n";
    check(events, ":2: expected `codes` with `meaning`, or `texts` with `begins`");
    check(&format!("{events}texts = \"1.3\"\ncodes = \"1.3\""), "expected `codes` with");
    let table = |line: &str, confidence: &str| {
        format!("[[alert_table]]\n{line}\npast = true\nconfidence = \"{confidence}\"\nsource = \"x\"")
    };
    check(&table("code = \"1.3.6\"", "C"), ":2: expected confidence A or B here");
    check(&table("group = \"jam\"", "A"), ":1: expected `text` or `code`: what does a row say?");
    check(&meter("[[deny]]\noid = \"1.3.6\"\nwhy = \"x\""), ":8: denies 1.3.6.1, which this profile asks for");
}

#[test]
fn a_longer_cycle_is_refused() {
    let files = [("a.toml", "extends = \"b\""), ("b.toml", "extends = \"c\""), ("c.toml", "extends = \"a\"")];
    assert!(Profiles::parse(files).unwrap_err().to_string().contains("a > b > c > a"));
}

#[test]
fn a_users_profile_goes_before_the_built_in_one() {
    let mine = "[[match]]\nsys_object_id = \"1.3.6.1.4.1.99999\"\n[[deny]]\noid = \"1.3.6.1.2.1.43.18\"\nwhy = \"x\"";
    let profiles = Profiles::with([("acme.toml", mine), ("sharp.toml", mine)]).unwrap();
    assert_eq!(profiles.iter().count(), Profiles::builtin().iter().count() + 1);
    let plan = profiles.named("sharp").unwrap().plan();
    // Its own deny-list takes even a standard table away.
    assert!(!plan.covers("1.3.6.1.2.1.43.18.1.1.8.1.1".parse::<dca_snmp::Oid>().unwrap().as_ref()));
}
