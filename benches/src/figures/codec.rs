//! 1 to 4: an answer of 40 bindings decoded, a question for 40 names encoded.

use crate::contest::answer;
use crate::line::{Line, Measured, Target};
use crate::run::{Contestant, number, side_by_side};
use crate::witness;

const DECODES: u64 = 20_000;
const ENCODES: u64 = 20_000;
/// Operations under valgrind: the difference counts.
const FEW: u64 = 200;
const MANY: u64 = 1_200;

pub(crate) fn decode(runs: usize, wanted: &dyn Fn(u8) -> bool, tell: &mut dyn FnMut(Line)) -> anyhow::Result<()> {
    let file = std::env::current_exe()?.with_file_name("bench-answer.bin");
    std::fs::write(&file, answer())?;
    let net_snmp = witness::compile("netsnmp", "-lnetsnmp", "libsnmp-dev");
    let ours = Contestant::here("dca-snmp", "decode");
    let snmp2 = Contestant::here("snmp2", "decode");
    let contestants = [
        ours.clone(),
        snmp2.clone(),
        Contestant::here("async-snmp", "decode"),
        Contestant::here("snmp-parser", "decode"),
        Contestant::program("net-snmp", net_snmp, "decode").with([file.display()]),
    ];
    if wanted(1) || wanted(2) {
        let times: Vec<_> =
            side_by_side(runs, DECODES, &contestants).iter().map(|numbers| number(numbers, "ns")).collect();
        let [us, second, rest @ ..] = times.as_slice() else { return Ok(()) };
        if wanted(1) {
            beside_snmp2("decode 40 varbinds, OIDs left as octets", [us, second], [&ours, &snmp2], tell);
            let both = ["dca-snmp", "snmp2"].map(|name| Contestant::here(name, "decode-arcs"));
            let times = side_by_side(runs, DECODES, &both);
            if let ([us, second], [a, b]) = (times.as_slice(), &both) {
                let times = [&number(us, "ns"), &number(second, "ns")];
                beside_snmp2("decode 40 varbinds, OIDs read to arcs", times, [a, b], tell);
            }
        }
        if wanted(2) {
            for (contestant, theirs) in contestants.iter().skip(2).zip(rest) {
                let peer = (contestant.name, theirs);
                tell(Line::beside(2, "decode 40 varbinds", "ns", us, peer, Target::TimesAtMost(0.08)));
            }
        }
    }
    if wanted(3) {
        for peer in &contestants[1..] {
            let (us, theirs) = (ours.allocations(FEW, MANY), peer.allocations(FEW, MANY));
            tell(Line::beside(3, "decode 40 varbinds", "allocs", &us, (peer.name, &theirs), Target::Exactly(0.0)));
        }
    }
    Ok(())
}

pub(crate) fn encode(runs: usize, wanted: &dyn Fn(u8) -> bool, tell: &mut dyn FnMut(Line)) {
    let contestants = ["dca-snmp", "snmp", "async-snmp"].map(|name| Contestant::here(name, "encode"));
    let [ours, peers @ ..] = &contestants;
    if wanted(3) {
        for peer in peers {
            let (us, theirs) = (ours.allocations(FEW, MANY), peer.allocations(FEW, MANY));
            tell(Line::beside(3, "encode GET of 40 OIDs", "allocs", &us, (peer.name, &theirs), Target::Exactly(0.0)));
        }
    }
    if wanted(4) {
        let times: Vec<_> =
            side_by_side(runs, ENCODES, &contestants).iter().map(|numbers| number(numbers, "ns")).collect();
        let Some((us, rest)) = times.split_first() else { return };
        let targets = [Target::TimesAtMost(0.5), Target::TimesAtMost(0.1)];
        for ((peer, theirs), target) in peers.iter().zip(rest).zip(targets) {
            tell(Line::beside(4, "encode GET of 40 OIDs", "ns", us, (peer.name, theirs), target));
        }
    }
}

fn beside_snmp2(what: &str, times: [&Measured; 2], [ours, snmp2]: [&Contestant; 2], tell: &mut dyn FnMut(Line)) {
    let [us, second] = times;
    tell(Line::beside(1, what, "ns", us, ("snmp2", second), Target::TimesAtMost(0.35)));
    let (us, theirs) = (ours.instructions(FEW, MANY), snmp2.instructions(FEW, MANY));
    tell(Line::beside(1, what, "instr", &us, ("snmp2", &theirs), Target::TimesAtMost(0.6)));
}
