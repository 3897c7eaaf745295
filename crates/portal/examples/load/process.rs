//! Processes beside this one: the same program in another role, which is asked line by line, and programs of others. All end
//! with this one.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

/// Enough for all connections of a figure.
const FILES: &str = "--nofile=8192";

/// A process that ends when this is dropped.
pub(crate) struct Process(Child);

impl Process {
    pub(crate) fn start(command: &mut Command) -> Self {
        Self(command.spawn().unwrap_or_else(|error| panic!("{command:?}: {error}")))
    }

    /// Memory that is resident, in KiB.
    pub(crate) fn resident_kib(&self) -> f64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.0.id())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
        line.split_whitespace().next().unwrap().parse().unwrap()
    }

    /// Processor time that it and its children took, in clock ticks.
    pub(crate) fn ticks(&self) -> f64 {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.0.id())).unwrap();
        let (_, fields) = stat.rsplit_once(") ").unwrap();
        let fields: Vec<f64> = fields.split(' ').skip(11).take(2).map(|field| field.parse().unwrap()).collect();
        fields.iter().sum()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// This program in another role.
pub(crate) struct Worker {
    pub(crate) process: Process,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
    /// What it said when it was ready.
    pub(crate) ready: Vec<String>,
}

impl Worker {
    pub(crate) fn start(role: &str, words: &[&str]) -> Self {
        let mut command = Command::new("prlimit");
        command.arg(FILES).arg(std::env::current_exe().unwrap()).arg("role").arg(role).args(words);
        let mut process = Process::start(command.stdin(Stdio::piped()).stdout(Stdio::piped()));
        let (input, output) = (process.0.stdin.take().unwrap(), process.0.stdout.take().unwrap());
        let mut worker = Self { process, input, output: BufReader::new(output), ready: Vec::new() };
        worker.ready = worker.hear();
        worker
    }

    /// Its answer to a line.
    pub(crate) fn ask(&mut self, line: &str) -> Vec<f64> {
        self.tell(line);
        self.heard()
    }

    pub(crate) fn tell(&mut self, line: &str) {
        writeln!(self.input, "{line}").unwrap();
    }

    pub(crate) fn heard(&mut self) -> Vec<f64> {
        self.hear().iter().map(|word| word.parse().unwrap()).collect()
    }

    fn hear(&mut self) -> Vec<String> {
        let mut line = String::new();
        assert_ne!(self.output.read_line(&mut line).unwrap(), 0, "a worker ended");
        line.split_whitespace().map(str::to_owned).collect()
    }
}

/// The other end: lines that are asked, until whoever asks is gone.
pub(crate) struct Questions(tokio::sync::mpsc::UnboundedReceiver<String>);

impl Questions {
    pub(crate) fn open() -> Self {
        let (sender, receiver) = tokio::sync::mpsc::unbounded_channel();
        std::thread::spawn(move || {
            for line in std::io::stdin().lines() {
                sender.send(line.unwrap()).unwrap();
            }
            std::process::exit(0);
        });
        Self(receiver)
    }

    /// The next one, in words.
    pub(crate) async fn next(&mut self) -> Vec<String> {
        let line = self.0.recv().await.unwrap();
        line.split_whitespace().map(str::to_owned).collect()
    }
}

/// Answers.
pub(crate) fn say(line: &str) {
    println!("{line}");
    std::io::stdout().flush().unwrap();
}

/// The share of `a` of both, in percent, of what they took since.
pub(crate) fn share(a: &Process, b: &Process, since: (f64, f64)) -> f64 {
    let (a, b) = (a.ticks() - since.0, b.ticks() - since.1);
    a / (a + b) * 100.0
}

pub(crate) fn median(mut numbers: Vec<f64>) -> f64 {
    numbers.sort_by(f64::total_cmp);
    numbers[numbers.len() / 2]
}
