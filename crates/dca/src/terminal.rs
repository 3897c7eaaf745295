//! Where results, complaints and progress go: results to standard output, all else to standard error.

use dca_agent::{Progress, report::Look, report::clean};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::io::{self, IsTerminal, Write};
use std::net::SocketAddr;
use std::time::Duration;

/// Writes a result.
pub(crate) fn print(text: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes())?;
    out.flush()
}

/// Says something that is not a result. Names and messages may come from a device or a resolver.
pub(crate) fn complain(text: &str) {
    // Without standard error there is nobody to tell.
    let _ = writeln!(io::stderr().lock(), "dca: {}", clean::terminal(text));
}

/// True if a person at a terminal types "yes". In a pipe nobody is there to ask.
pub(crate) fn agrees() -> io::Result<bool> {
    if !io::stdin().is_terminal() {
        return Ok(false);
    }
    write!(io::stderr().lock(), "Type \"yes\" to do it: ")?;
    let mut answer = String::new();
    io::stdin().read_line(&mut answer)?;
    Ok(answer.trim() == "yes")
}

/// `1 printer`, `2 printers`.
pub(crate) fn many(count: u64, what: &str) -> String {
    if count == 1 { format!("1 {what}") } else { format!("{count} {what}s") }
}

/// True if whoever read our output has gone: `dca scan ... | head`.
pub(crate) fn is_closed_pipe(error: &anyhow::Error) -> bool {
    let kind = |cause: &(dyn std::error::Error + 'static)| cause.downcast_ref::<io::Error>().map(io::Error::kind);
    error.chain().filter_map(kind).any(|kind| kind == io::ErrorKind::BrokenPipe)
}

/// How tables on standard output look.
pub(crate) fn look(sources: bool) -> Look {
    let is_terminal = io::stdout().is_terminal();
    let width = if is_terminal { comfy_table::Table::new().width() } else { None };
    Look { width, color: is_terminal && colors_wanted(), sources }
}

pub(crate) fn stderr_color() -> bool {
    io::stderr().is_terminal() && colors_wanted()
}

/// <https://no-color.org>, and terminals that know no colours.
fn colors_wanted() -> bool {
    std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
        && std::env::var_os("TERM").is_none_or(|term| term != "dumb")
}

/// A progress bar on standard error; draws nothing if that is no terminal.
pub(crate) struct Bar {
    bar: ProgressBar,
    found: u64,
    /// Nobody would see it, or a log is written to the same place.
    hidden: bool,
}

impl Bar {
    pub(crate) fn new(quiet: bool) -> Self {
        let bar = ProgressBar::hidden();
        let style = ProgressStyle::with_template("{bar:24} {pos} of {len} asked, {msg} found, {eta} left");
        if let Ok(style) = style {
            bar.set_style(style.progress_chars("##-"));
        }
        bar.set_message("0 printers");
        Self { bar, found: 0, hidden: quiet || !io::stderr().is_terminal() }
    }

    pub(crate) fn finish(self) {
        self.bar.finish_and_clear();
    }
}

impl Progress for Bar {
    fn begin(&mut self, addresses: u64) {
        self.bar.set_length(addresses);
        // A single device is read before a bar would be seen.
        if !self.hidden && addresses > 1 {
            self.bar.set_draw_target(ProgressDrawTarget::stderr());
            // The first addresses are done after a time-out: until then, too, somebody is looking.
            self.bar.enable_steady_tick(Duration::from_millis(250));
        }
    }

    fn done(&mut self, _: SocketAddr, found: bool) {
        self.bar.inc(1);
        if found {
            self.found += 1;
            self.bar.set_message(many(self.found, "printer"));
        }
    }
}
