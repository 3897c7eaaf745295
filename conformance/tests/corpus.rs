//! The fuzz corpora replayed: each file through its target, as a plain function.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test")]
#![allow(clippy::disallowed_types, reason = "a test may use files")]

#[path = "../../crates/snmp/tests/support/generate.rs"]
#[allow(dead_code, unreachable_pub, reason = "shared with the codec's own tests")]
mod generate;

use dca_snmp::ber::Writer;
use dca_snmp::message::encode_scoped_pdu;
use dca_snmp::recording;
use std::path::{Path, PathBuf};

#[test]
fn every_file_of_the_corpora_keeps_the_promises() {
    if std::env::var_os("DCA_SEED_CORPUS").is_some() {
        seed();
    }
    for (target, run) in dca_fuzz::TARGETS {
        let files = files(&corpus(target));
        assert!(!files.is_empty(), "no corpus for {target}");
        for file in files {
            run(&std::fs::read(&file).unwrap());
        }
    }
}

/// Inputs for the fuzzer to start from, made by our own code.
fn seed() {
    let mut rng = fastrand::Rng::with_seed(5);
    let mut chance = fastrand::Rng::with_seed(6);
    for number in 0..24 {
        let message = generate::message(&mut rng, 6);
        write("message", number, &message.octets);
        write("opinion", number, &message.octets);
        let decisions: Vec<u8> = (0..number * 12).map(|_| chance.u8(..)).collect();
        write("manager", number, &decisions);
        write("window", number, &decisions);

        let mut scoped = Writer::new();
        let bindings =
            message.varbinds.iter().map(|varbind| (varbind.oid.as_ref(), generate::binding_ref(&varbind.binding)));
        encode_scoped_pdu(&mut scoped, b"engine", b"", message.fields, bindings);
        write("usm", number, &[&[number as u8], scoped.octets()].concat());

        // A device by rule for a walk, a table and a plan; then answers with rows below the walk's root, some of them out
        // of order.
        write("walk", 100 + number, &[&[4 | (number as u8 * 11)], &*decisions].concat());
        let mut answers = vec![number as u8 & !4];
        for answer in 0..4 {
            let mut list = Writer::new();
            for row in (0..3).rev() {
                let arc = if number % 5 == 4 { rng.u32(..9) } else { answer * 3 + row };
                let oid: dca_snmp::Oid = format!("1.3.6.1.2.1.43.11.1.1.9.1.{arc}").parse().unwrap();
                let value = generate::value(&mut rng, dca_snmp::Version::V1);
                list.varbind(oid.as_ref(), dca_snmp::BindingRef::Found(value.as_ref()));
            }
            answers.push(0);
            answers.extend((list.octets().len() as u16).to_be_bytes());
            answers.extend(list.octets());
        }
        write("walk", number, &answers);

        let lines: String = (0..10)
            .filter_map(|_| {
                recording::snmprec_line(&generate::oid(&mut rng), &generate::value(&mut rng, dca_snmp::Version::V2c))
            })
            .map(|line| line + "\n")
            .collect();
        write("text", number, lines.as_bytes());
    }
    for (number, text) in ["10.0.0.0/24\n!10.0.0.7\n10.0.1.5-90\n[fe80::1]:16100\nprinter.example:161\n", ".1.3.6.1.2.1.1.1.0 = STRING: \"a \\\"quoted\\\" text\"\n.1.3.6.1.2.1.1.3.0 = Timeticks: (100) 0:00:01.00\n.1.3.6.1.2.1.2.2.1.6.1 = Hex-STRING: 00 FF 80 \n"]
        .iter()
        .enumerate()
    {
        write("text", 100 + number, text.as_bytes());
    }
    let samples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../crates/wire/samples/1");
    for (number, file) in files(&samples).iter().enumerate() {
        let hex: String = std::fs::read_to_string(file).unwrap().split_whitespace().collect();
        let octets = (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap());
        let which = dca_fuzz::wire_number(file.file_stem().unwrap().to_str().unwrap()).unwrap();
        write("wire", number, &std::iter::once(which).chain(octets).collect::<Vec<u8>>());
    }
    let profiles = Path::new(env!("CARGO_MANIFEST_DIR")).join("../crates/printer/profiles");
    for (number, file) in files(&profiles).iter().enumerate() {
        write("profile", number, &std::fs::read(file).unwrap());
    }
}

fn corpus(target: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/corpus").join(target)
}

fn write(target: &str, number: usize, octets: &[u8]) {
    std::fs::create_dir_all(corpus(target)).unwrap();
    std::fs::write(corpus(target).join(format!("seed-{number:03}")), octets).unwrap();
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).filter(|path| path.is_file()).collect();
    files.sort();
    files
}
