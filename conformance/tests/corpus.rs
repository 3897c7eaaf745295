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
    for (number, reply) in ZEBRA.iter().enumerate() {
        write("zebra", number, reply.as_bytes());
    }
    for (number, page) in PAGES.iter().chain([&PAGES.join("\0").as_str()]).enumerate() {
        write("ledm", number, page.as_bytes());
    }
    write("ipp", 0, &attributes());
    let profiles = Path::new(env!("CARGO_MANIFEST_DIR")).join("../crates/printer/profiles");
    for (number, file) in files(&profiles).iter().enumerate() {
        write("profile", number, &std::fs::read(file).unwrap());
    }
}

const ZEBRA: [&str; 4] = [
    "\x02ZT999-200dpi,V1.2.3Z,8,8176KB\x03\r\n\x022048,1024,900\x03\r\n",
    "\x02030,0,0,1245,000,0,0,0,000,0,0,0\x03\r\n\x02000,0,0,0,0,2,4,0,00000000,1,000\x03\r\n\x021234,0\x03\r\n",
    "\x02\r\n  PRINTER STATUS\r\n   ERRORS:         1 00000000 00000005\r\n   WARNINGS:       0 00000000 00000000\r\n\x03\
     \x02\r\n  PRINT METERS\r\n    TOTAL NONRESETTABLE:           8560 \"\r\n\x03",
    "LAST CLEANED:   257 \"\r\nHEAD LIFE HISTORY\r\n#  DISTANCE\r\n1:    257 \"\r\n! U1 getvar \"odometer.total_label_count\"\r\n\"120\"\r\n",
];

const PAGES: [&str; 3] = [
    "<u:ProductUsageDyn xmlns:u='u' xmlns:d='d'><u:PrinterSubunit><d:TotalImpressions PEID='1'>90</d:TotalImpressions>\
     <d:MonochromeImpressions>60</d:MonochromeImpressions><d:ColorImpressions>30</d:ColorImpressions></u:PrinterSubunit>\
     <u:ConsumableSubunit><u:Consumable><d:MarkerColor>Cyan</d:MarkerColor><d:ConsumableTypeEnum>toner</d:ConsumableTypeEnum>\
     <d:ConsumableRawPercentageLevelRemaining>40</d:ConsumableRawPercentageLevelRemaining></u:Consumable></u:ConsumableSubunit></u:ProductUsageDyn>",
    "<c:ConsumableConfigDyn xmlns:c='c' xmlns:d='d'><c:ConsumableInfo><d:ConsumableLabelCode>K</d:ConsumableLabelCode>\
     <d:ConsumableTypeEnum>ink</d:ConsumableTypeEnum><d:ConsumablePercentageLevelRemaining>20</d:ConsumablePercentageLevelRemaining>\
     <d:ConsumableLifeState><d:ConsumableState>low</d:ConsumableState></d:ConsumableLifeState></c:ConsumableInfo></c:ConsumableConfigDyn>",
    "<p:ProductConfigDyn xmlns:p='p' xmlns:d='d'><p:ProductInformation><d:MakeAndModel>HP SYN 1</d:MakeAndModel>\
     <d:SerialNumber>SYN0001</d:SerialNumber></p:ProductInformation></p:ProductConfigDyn>",
];

/// A response with one attribute of each kind that is read.
fn attributes() -> Vec<u8> {
    let mut octets = vec![2, 0, 0, 0, 0, 0, 0, 1, 4];
    for (tag, name, value) in [
        (0x41_u8, "printer-make-and-model", &b"HP SYN 1"[..]),
        (0x23, "printer-state", &[0, 0, 0, 3]),
        (0x44, "printer-state-reasons", b"toner-low-warning"),
        (0x30, "printer-supply", b"type=toner;maxcapacity=100;level=40;unit=percent;colorantname=cyan;"),
        (0x42, "marker-names", b"Cyan"),
        (0x21, "marker-levels", &[0, 0, 0, 40]),
        (0x21, "printer-impressions-completed", &[0, 0, 1, 0]),
    ] {
        octets.push(tag);
        octets.extend((name.len() as u16).to_be_bytes());
        octets.extend(name.bytes());
        octets.extend((value.len() as u16).to_be_bytes());
        octets.extend(value);
    }
    octets.push(3);
    octets
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
