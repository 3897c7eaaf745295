//! The codec beside its peers: one v2c answer of 40 bindings decoded, one Get of 40 names encoded.
//!
//! `bench-codec` prints medians in nanoseconds. `bench-codec one NAME COUNT` runs one decoder COUNT times, for
//! `valgrind --tool=callgrind`: the difference between two counts is the cost of a decode in instructions.
#![allow(clippy::print_stdout, clippy::indexing_slicing, reason = "a benchmark on its own data")]

mod decode;
mod encode;
mod message;

use std::hint::black_box;
use std::time::Instant;

const ROUNDS: usize = 41;
const REPEATS: u32 = 2_000;

fn main() -> anyhow::Result<()> {
    let answer = message::answer();
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [one, name, count] = arguments.as_slice()
        && one == "one"
    {
        let (_, decoder) =
            decode::DECODERS.iter().find(|(known, _)| known == name).ok_or(anyhow::anyhow!("no {name}"))?;
        for _ in 0..count.parse()? {
            black_box(decoder(black_box(&answer)));
        }
        return Ok(());
    }
    println!("decode {} octets, 40 bindings: median of {ROUNDS} rounds of {REPEATS}", answer.len());
    table(decode::DECODERS.iter().map(|(name, decoder)| {
        let answer = &answer;
        (*name, Box::new(move || decoder(black_box(answer))) as Box<dyn FnMut() -> u64>)
    }));
    println!("encode a request for 40 names");
    table(encode::encoders().into_iter());
    Ok(())
}

/// Runs all in turn, so that a busy moment of the machine hits all of them.
fn table<'a>(contestants: impl Iterator<Item = (&'a str, Box<dyn FnMut() -> u64 + 'a>)>) {
    let mut contestants: Vec<_> = contestants.map(|(name, run)| (name, run, Vec::new())).collect();
    for _ in 0..ROUNDS {
        for (_, run, times) in &mut contestants {
            let start = Instant::now();
            for _ in 0..REPEATS {
                black_box(run());
            }
            times.push(start.elapsed() / REPEATS);
        }
    }
    for (name, _, times) in &mut contestants {
        times.sort();
        println!("  {name:<14} {:>8} ns", times[ROUNDS / 2].as_nanos());
    }
}
