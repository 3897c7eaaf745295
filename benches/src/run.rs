//! Running contestants: each run a process, all in turn, the median of each number.

use crate::line::Measured;
use anyhow::{Context, bail};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::{Command, Stdio};

/// Who runs, and how to start it.
#[derive(Debug, Clone)]
pub(crate) struct Contestant {
    pub(crate) name: &'static str,
    /// The program, or why there is none.
    program: Result<PathBuf, String>,
    arguments: Vec<String>,
}

/// What a contestant printed, by name: medians over its runs, of `lost` the worst.
pub(crate) type Numbers = Result<BTreeMap<String, f64>, String>;

impl Contestant {
    /// One that is compiled into this program.
    pub(crate) fn here(name: &'static str, what: &str) -> Self {
        let program = std::env::current_exe().map_err(|error| error.to_string());
        Self { name, program, arguments: vec!["one".into(), what.into(), name.into()] }
    }

    /// A program of its own.
    pub(crate) fn program(name: &'static str, program: Result<PathBuf, String>, what: &str) -> Self {
        Self { name, program, arguments: vec![what.into()] }
    }

    /// Further arguments, which stand after the count.
    pub(crate) fn with(mut self, arguments: impl IntoIterator<Item = impl ToString>) -> Self {
        self.arguments.extend(arguments.into_iter().map(|argument| argument.to_string()));
        self
    }

    fn words(&self, count: u64) -> Result<Vec<String>, String> {
        let program = self.program.clone()?;
        // `one WHAT WHO COUNT ...` here, `WHAT COUNT ...` there.
        let (head, tail) = match self.arguments.as_slice() {
            [one, what, who, tail @ ..] if one == "one" => (vec![one.clone(), what.clone(), who.clone()], tail),
            [what, tail @ ..] => (vec![what.clone()], tail),
            [] => (Vec::new(), [].as_slice()),
        };
        let words = [vec![program.display().to_string()], head, vec![count.to_string()], tail.to_vec()];
        Ok(words.concat())
    }

    fn run(&self, count: u64) -> Result<BTreeMap<String, f64>, String> {
        let words = self.words(count)?;
        let text = output(&words, &[]).map_err(|error| format!("{}: {error:#}", self.name))?.0;
        Ok(text.split_whitespace().filter_map(|word| word.split_once('=')).filter_map(read).collect())
    }

    /// Instructions of one operation: what `many` cost more than `few`, by `valgrind --tool=callgrind`.
    pub(crate) fn instructions(&self, few: u64, many: u64) -> Measured {
        self.under_valgrind(&["--tool=callgrind", "--callgrind-out-file=/dev/null"], "Collected :", few, many)
    }

    /// Heap allocations of one operation, by the same difference.
    pub(crate) fn allocations(&self, few: u64, many: u64) -> Measured {
        self.under_valgrind(
            &["--tool=memcheck", "--leak-check=no", "--undef-value-errors=no"],
            "heap usage:",
            few,
            many,
        )
    }

    fn under_valgrind(&self, tool: &[&str], label: &str, few: u64, many: u64) -> Measured {
        let mut totals = [0.0; 2];
        for (total, count) in totals.iter_mut().zip([few, many]) {
            let words = self.words(count)?;
            let valgrind: Vec<String> = ["valgrind"].iter().chain(tool).map(|word| (*word).to_owned()).collect();
            let (_, report) = output(&[valgrind, words].concat(), &[]).map_err(|error| format!("{error:#}"))?;
            let number = report.lines().find_map(|line| line.split_once(label)?.1.split_whitespace().next());
            let number = number.ok_or_else(|| format!("valgrind did not say \"{label}\""))?;
            *total = number.replace(',', "").parse().map_err(|_| format!("valgrind said {number}"))?;
        }
        let [few_cost, many_cost] = totals;
        Ok((many_cost - few_cost) / (many - few) as f64)
    }
}

/// Runs all in turn, `runs` times each.
pub(crate) fn side_by_side(runs: usize, count: u64, contestants: &[Contestant]) -> Vec<Numbers> {
    let mut samples: Vec<Result<Vec<BTreeMap<String, f64>>, String>> = contestants.iter().map(|_| Ok(vec![])).collect();
    for _ in 0..runs {
        for (contestant, samples) in contestants.iter().zip(&mut samples) {
            if let Ok(sofar) = samples {
                match contestant.run(count) {
                    Ok(numbers) => sofar.push(numbers),
                    Err(why) => *samples = Err(why),
                }
            }
        }
    }
    samples.into_iter().map(|samples| samples.map(|samples| medians(&samples))).collect()
}

/// One number of those, or why it is missing.
pub(crate) fn number(numbers: &Numbers, name: &str) -> Measured {
    numbers.clone()?.get(name).copied().ok_or_else(|| format!("no {name}"))
}

fn medians(samples: &[BTreeMap<String, f64>]) -> BTreeMap<String, f64> {
    let names = samples.first().into_iter().flat_map(BTreeMap::keys);
    let median = |name: &String| {
        let mut values: Vec<f64> = samples.iter().filter_map(|sample| sample.get(name).copied()).collect();
        values.sort_by(f64::total_cmp);
        // Of losses the worst.
        values.get(if name == "lost" { values.len() - 1 } else { values.len() / 2 }).copied().unwrap_or(f64::NAN)
    };
    names.map(|name| (name.clone(), median(name))).collect()
}

fn read((name, value): (&str, &str)) -> Option<(String, f64)> {
    Some((name.to_owned(), value.parse().ok()?))
}

/// Runs a program and gives what it wrote to standard output and standard error.
pub(crate) fn output(words: &[String], env: &[(&str, &str)]) -> anyhow::Result<(String, String)> {
    let [program, arguments @ ..] = words else { bail!("no program") };
    let done = Command::new(program)
        .args(arguments)
        .envs(env.iter().copied())
        .stdin(Stdio::null())
        .output()
        .with_context(|| format!("cannot start {program}"))?;
    let (out, err) = (String::from_utf8_lossy(&done.stdout), String::from_utf8_lossy(&done.stderr));
    if !done.status.success() {
        bail!("{}: {}", done.status, err.lines().last().unwrap_or("no reason given"));
    }
    Ok((out.into_owned(), err.into_owned()))
}
