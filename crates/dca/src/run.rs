//! Each command: arguments in, library call, text out.

use crate::args::{self, Ask, Cli, Command, ConfigCommand, Enroll, Format, LprCommand, Output, ProfileCommand};
use crate::terminal::{Bar, agrees, complain, look, many, print};
use anyhow::{Context, Result};
use dca_agent::poll::Memory;
use dca_agent::report::{self, json, reading_text, readings_csv, scan_csv, scan_table, unread_table};
use dca_agent::{
    Also, Detail, Doctor, Ended, EnrolError, Enrolment, Form, InputError, Keyring, Network, Oid, Profiles, Proposal,
    QUEUE_PORT, Queue, Read, Run, Scope, Success, Targets, recording,
};
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

pub(crate) async fn run(cli: Cli) -> Result<Success> {
    let quiet = cli.verbose > 0;
    match cli.command {
        Command::Scan { targets, all, profile, state, output, ask } => {
            scan(&targets, all, &profile, state.as_deref(), output, &ask, quiet).await
        }
        Command::Read { walk, sources, profile, output, .. } if !walk.is_empty() => {
            read_walks(&walk, sources, &profile, output).await
        }
        Command::Read { targets, all, also, pins, sources, profile, state, output, ask, .. } => {
            let also = (also.as_slice(), pins.as_deref());
            read(&targets, all, also, sources, &profile, state.as_deref(), output, &ask, quiet).await
        }
        Command::Walk { target, oid, format, ask } => walk(&target, &oid, format, &ask).await,
        Command::Record { target, output, profile, ask } => record(&target, &output, &profile, &ask).await,
        Command::Ping { target, timeout } => ping(&target, timeout).await,
        Command::Lpr(LprCommand::State { target, queue, long, timeout }) => {
            queue_state(&target, &queue, long, timeout).await
        }
        Command::Lpr(LprCommand::Send { target, file, queue, yes }) => send_job(&target, &file, queue, yes).await,
        Command::Decode { form, files } => decode(&form, &files),
        Command::Run { config } => crate::service::run(&config).await,
        Command::Status { config, json } => crate::service::status(&config, json),
        Command::Enroll(typed) => enroll(typed).await,
        Command::Doctor(typed) => doctor(typed).await,
        Command::Config(ConfigCommand::Check { config }) => config_check(&config),
        Command::Profile(ProfileCommand::Check { files }) => profile_check(&files),
        Command::Profile(ProfileCommand::Try { file, walk, json }) => profile_try(&file, &walk, json).await,
        Command::Profile(ProfileCommand::New { walk }) => {
            print(&dca_agent::draft(&walk).await?)?;
            Ok(Success::All)
        }
    }
}

async fn scan(
    targets: &[String],
    all: bool,
    profiles: &[PathBuf],
    state: Option<&Path>,
    output: Output,
    ask: &Ask,
    quiet: bool,
) -> Result<Success> {
    let profiles = load(profiles)?;
    let (network, scope) = open(targets, &[], ask, profiles.clone()).await?;
    let mut bar = Bar::new(quiet);
    let (network, mut memory) = remember(network, state, &profiles)?;
    let run = network.scan(&scope, &mut bar, interrupted()).await;
    bar.finish();
    let printers = run.answered.iter().filter(|device| device.is_printer).count();
    let shown: Vec<_> = run.answered.iter().filter(|device| all || device.is_printer).collect();
    print(&match output {
        Output { json: true, .. } => json(&shown),
        Output { csv: true, .. } => scan_csv(&run.answered, all),
        _ => scan_table(&run.answered, all, look(false)),
    })?;
    tell(&run, &network);
    take_stock(&network, &scope, memory.as_mut(), run.interrupted).await?;
    let others = run.answered.len() - printers;
    let hint = if others > 0 && !all { " (--all lists them)" } else { "" };
    complain(&format!(
        "{}, {}{hint}, {} of {} silent",
        many(printers as u64, "printer"),
        many(others as u64, "other device"),
        run.silent,
        if run.asked == 1 { "1 address".to_owned() } else { format!("{} addresses", run.asked) },
    ));
    Ok(run.success(|found| found.complete))
}

#[expect(clippy::too_many_arguments, reason = "the options of the command")]
async fn read(
    targets: &[String],
    all: bool,
    (also, pins): (&[Also], Option<&Path>),
    sources: bool,
    profiles: &[PathBuf],
    state: Option<&Path>,
    output: Output,
    ask: &Ask,
    quiet: bool,
) -> Result<Success> {
    let profiles = load(profiles)?;
    let (network, scope) = open(targets, also, ask, profiles.clone()).await?;
    let mut bar = Bar::new(quiet);
    let (network, mut memory) = remember(network, state, &profiles)?;
    pins.map_or(Ok(()), |file| network.pins().load(file))?;
    let run = network.read(&scope, all, &mut bar, interrupted()).await;
    bar.finish();
    pins.map_or(Ok(()), |file| network.pins().save(file))?;
    show(&run.answered, sources, output)?;
    tell(&run, &network);
    take_stock(&network, &scope, memory.as_mut(), run.interrupted).await?;
    Ok(run.success(|read| read.complete))
}

async fn read_walks(files: &[PathBuf], sources: bool, profiles: &[PathBuf], output: Output) -> Result<Success> {
    let profiles = load(profiles)?;
    let mut reads = Vec::new();
    for file in files {
        let from_file = dca_agent::read_walk(file, &profiles).await?;
        for problem in from_file.problems {
            complain(&format!("{}, {problem}; the line is left out", file.display()));
        }
        reads.push(from_file.read);
    }
    show(&reads, sources, output)?;
    Ok(Success::All)
}

fn show(reads: &[Read], sources: bool, output: Output) -> Result<()> {
    let text = match output {
        Output { json: true, .. } => json(&reads),
        Output { csv: true, .. } => readings_csv(reads),
        _ => {
            let pages: Vec<String> = reads.iter().map(|read| reading_text(read, look(sources))).collect();
            pages.join("\n")
        }
    };
    Ok(print(&text)?)
}

async fn walk(target: &str, oid: &str, format: Format, ask: &Ask) -> Result<Success> {
    let root: Oid = oid.parse().map_err(|error| InputError::argument(format!("OID {oid:?}: {error}")))?;
    let (network, at, _scope) = one(target, &[], ask).await?;
    let mut broken = None;
    let mut rows = 0_u64;
    let walked = network.walk(at, &root, interrupted(), |oid, value| {
        let line = match format {
            Format::Snmprec => recording::snmprec_line(&oid, &value),
            Format::Snmpwalk => Some(recording::snmpwalk_line(&oid, &value)),
        };
        match line {
            Some(line) if broken.is_none() => {
                rows += 1;
                broken = print(&(line + "\n")).err();
            }
            Some(_) => {}
            None => complain(&format!("{oid}: a value of a type that .snmprec has no tag for is left out")),
        }
    });
    match walked.await {
        Err(failed) => Ok(failure(&failed.address, &failed.why)),
        Ok(ended) => {
            if let Some(error) = broken {
                return Err(error.into());
            }
            Ok(how_it_ended(&ended, rows))
        }
    }
}

async fn record(target: &str, file: &Path, profiles: &[PathBuf], ask: &Ask) -> Result<Success> {
    let (network, at, _scope) = one(target, profiles, ask).await?;
    match network.record(at, interrupted(), |_| {}).await {
        Err(failed) => Ok(failure(&failed.address, &failed.why)),
        Ok(recorded) => {
            std::fs::write(file, &recorded.text)
                .map_err(|error| InputError::file(file, format!("cannot be written: {error}")))?;
            let (rows, redacted) = (recorded.rows, recorded.redacted);
            complain(&format!("{rows} rows written to {}, {redacted} of them redacted", file.display()));
            complain("look through it before you send it: what a vendor hides in private objects cannot be known");
            Ok(how_it_ended(&recorded.ended, rows as u64))
        }
    }
}

async fn ping(target: &str, timeout: Duration) -> Result<Success> {
    let scope = Targets::parse([target])?.resolve().await?;
    let at = only(&scope, target)?;
    match dca_agent::ping(at, timeout).await {
        Ok(took) => {
            print(&format!("{}: echo in {:.1} ms\n", at.addr().ip(), took.as_secs_f64() * 1000.0))?;
            Ok(Success::All)
        }
        Err(error) => Ok(failure(&at.addr().ip().to_string(), &error.to_string())),
    }
}

async fn queue_state(target: &str, queue: &Queue, long: bool, timeout: Duration) -> Result<Success> {
    let scope = Targets::parse([target])?.on_port(QUEUE_PORT).resolve().await?;
    let at = only(&scope, target)?;
    let detail = if long { Detail::Long } else { Detail::Short };
    match dca_agent::queue_state(at, queue, detail, timeout).await {
        Ok(lines) => {
            print(&(lines.join("\n") + "\n"))?;
            Ok(Success::All)
        }
        Err(why) => Ok(failure(&at.to_string(), &why)),
    }
}

async fn send_job(target: &str, file: &Path, queue: Queue, yes: bool) -> Result<Success> {
    let scope = Targets::parse([target])?.on_port(QUEUE_PORT).resolve().await?;
    let at = only(&scope, target)?;
    let proposal = Proposal::of_file(at, queue, file)?;
    complain(&proposal.text());
    if !yes && !agrees()? {
        return Err(InputError::argument("nothing was sent: expected \"yes\" on a terminal, or --yes").into());
    }
    match dca_agent::send_job(&proposal.agreed()).await {
        Ok(()) => {
            complain("the device took it");
            Ok(Success::All)
        }
        Err(why) => Ok(failure(&at.to_string(), &why)),
    }
}

fn decode(form: &str, files: &[PathBuf]) -> Result<Success> {
    let form = Form::named(form).ok_or_else(|| InputError::argument(format!("{form:?} is no form of reply")))?;
    if let Some(decoded) = dca_agent::decode_together(form, files) {
        print(&json(&[decoded?]))?;
        return Ok(Success::All);
    }
    let (mut decoded, mut refused) = (Vec::new(), Vec::new());
    for file in files {
        match dca_agent::decode(form, file) {
            Ok(replies) => decoded.extend(replies),
            Err(error) => refused.push(error),
        }
    }
    if let (true, Some(first)) = (decoded.is_empty(), refused.first()) {
        return Err(first.clone().into());
    }
    print(&json(&decoded))?;
    refused.iter().for_each(|error| complain(&error.to_string()));
    Ok(if refused.is_empty() { Success::All } else { Success::Some })
}

async fn doctor(typed: args::Doctor) -> Result<Success> {
    let args::Doctor { portal, ca, proxy, state, config, json: as_json } = typed;
    let checkup = Doctor { portal, ca, proxy, state, credentials: credentials(), config }.check_up().await?;
    print(&if as_json { json(&checkup) } else { checkup.text() })?;
    Ok(if checkup.is_well() { Success::All } else { Success::Some })
}

/// Where a service manager lays secrets ready.
pub(crate) fn credentials() -> Option<PathBuf> {
    std::env::var_os("CREDENTIALS_DIRECTORY").map(PathBuf::from)
}

async fn enroll(typed: Enroll) -> Result<Success> {
    let proxy = dca_agent::proxy(typed.proxy.as_deref())?;
    let code = if typed.code == "-" { std::io::read_to_string(std::io::stdin().take(1_000))? } else { typed.code };
    let enrolment = Enrolment::new(&typed.url, &code, typed.ca, proxy, typed.again)?;
    match enrolment.run(&typed.state, credentials().as_deref()).await {
        Ok(membership) => {
            let agent = membership.identity().agent();
            print(&format!("enrolled as {agent} at {}\nnext: dca run\n", membership.portal()))?;
            Ok(Success::All)
        }
        Err(EnrolError::Input(error)) => Err(error.into()),
        Err(error @ EnrolError::Cloud(_)) => {
            complain(&format!("not enrolled: {error}"));
            Ok(Success::Nothing)
        }
        Err(error) => Err(anyhow::Error::from(error).context("not enrolled")),
    }
}

fn config_check(file: &Path) -> Result<Success> {
    let config = dca_agent::config::check(file, credentials())?;
    let ranges = config.ranges.join(", ");
    let asking = config.asking;
    let rate = asking.rate.map_or("no limit of packets".to_owned(), |rate| format!("at most {rate} packets/s"));
    let text = format!(
        "{}: good\n  ranges: {}\n  profiles: {}\n  asking: {} s until a device counts as silent, {} retries, {rate}\n",
        file.display(),
        report::clean::terminal(&ranges),
        config.profiles.iter().count(),
        asking.timeout.as_secs_f64(),
        asking.retries,
    );
    print(&text)?;
    Ok(Success::All)
}

fn profile_check(files: &[PathBuf]) -> Result<Success> {
    let mut success = Success::All;
    for checked in dca_agent::check_profiles(files)? {
        let file = checked.file.display();
        let found: Vec<String> = checked.recordings.iter().map(|path| path.display().to_string()).collect();
        let (many_oids, beside) = (many(checked.oids as u64, "OID"), found.join(", "));
        if found.is_empty() {
            print(&format!("{file}: good; {many_oids}, and no recording next to it to look for them in\n"))?;
        } else if checked.missing.is_empty() {
            print(&format!("{file}: good; {many_oids}, all of them in {beside}\n"))?;
        } else {
            success = Success::Some;
            let lines: String = checked.missing.iter().map(|(oid, entry)| format!("  {oid} ({entry})\n")).collect();
            print(&format!("{file}: good; but {} of {many_oids} not in {beside}:\n{lines}", checked.missing.len()))?;
        }
    }
    Ok(success)
}

async fn profile_try(file: &Path, walk: &Path, as_json: bool) -> Result<Success> {
    let trial = dca_agent::try_profile(file, walk).await?;
    for problem in &trial.from_file.problems {
        complain(&format!("{}, {problem}; the line is left out", walk.display()));
    }
    let read = &trial.from_file.read;
    print(&match as_json {
        true => json(&trial),
        false => reading_text(read, look(true)) + "\n" + &unread_table(&trial.unread, look(false)),
    })?;
    if trial.is_picked() {
        return Ok(Success::All);
    }
    complain(&format!(
        "the profile {:?} does not read this device, {:?} does: look at its [[match]]",
        trial.name, read.reading.profile
    ));
    Ok(Success::Some)
}

async fn open(targets: &[String], also: &[Also], ask: &Ask, profiles: Profiles) -> Result<(Network, Scope)> {
    let targets = Targets::parse(targets.iter().map(String::as_str))?;
    let keyring: Keyring = ask.keyring()?;
    let mut scope = targets.resolve().await?;
    scope.also(also);
    let network = Network::open(ask.asking(), keyring, profiles, &scope).context("cannot ask anybody")?;
    Ok((network, scope))
}

/// For commands about one device.
async fn one(target: &str, profiles: &[PathBuf], ask: &Ask) -> Result<(Network, dca_agent::Allowed, Scope)> {
    let (network, scope) = open(&[target.to_owned()], &[], ask, load(profiles)?).await?;
    let at = only(&scope, target)?;
    Ok((network, at, scope))
}

fn only(scope: &Scope, target: &str) -> Result<dca_agent::Allowed, InputError> {
    if let Some((host, why)) = scope.unresolved.first() {
        return Err(InputError::argument(format!("host name {host:?}: {why}")));
    }
    let what = || format!("target {target:?}: expected one device, found {} addresses", scope.count());
    scope.only().ok_or_else(|| InputError::argument(what()))
}

/// The built-in profiles, over them the user's own folder, over that what the arguments name.
fn load(files: &[PathBuf]) -> Result<Profiles, InputError> {
    let variable = |name| std::env::var_os(name).map(PathBuf::from);
    let own = dca_agent::own_profiles(variable("XDG_CONFIG_HOME"), variable("HOME"));
    let places: Vec<PathBuf> = own.into_iter().chain(files.iter().cloned()).collect();
    dca_agent::profiles(&places)
}

/// The memory in a folder, if one is named.
fn remember(network: Network, folder: Option<&Path>, profiles: &Profiles) -> Result<(Network, Option<Memory>)> {
    let Some(folder) = folder else { return Ok((network, None)) };
    let memory = Memory::open(folder, profiles)?;
    for problem in &memory.problems {
        complain(problem);
    }
    Ok((network.remembering(&memory), Some(memory)))
}

/// Says what a run means for the devices that are known.
async fn take_stock(network: &Network, scope: &Scope, memory: Option<&mut Memory>, interrupted: bool) -> Result<()> {
    let Some(memory) = memory else { return Ok(()) };
    let news = network.take_stock(scope, memory, !interrupted).await?;
    for one in &news {
        if let Some(known) = memory.get(one.device()) {
            complain(&one.sentence(known));
        }
    }
    Ok(())
}

fn tell<T>(run: &Run<T>, network: &Network) {
    for failed in &run.failed {
        complain(&format!("{}: {}", failed.address, failed.why));
    }
    if run.interrupted {
        complain(&format!("interrupted after {} addresses; this is what was known by then", run.asked));
    }
    let counters = network.counters();
    tracing::info!(sent = counters.sent, received = counters.received, silent = run.silent, "done");
}

fn failure(address: &str, why: &str) -> Success {
    complain(&format!("{address}: {why}"));
    Success::Nothing
}

fn how_it_ended(ended: &Ended, rows: u64) -> Success {
    let why = match ended {
        Ended::Complete if rows > 0 => return Success::All,
        Ended::Complete => "the device has no rows there".to_owned(),
        Ended::Interrupted => format!("interrupted after {rows} rows"),
        Ended::Backward(oid) => format!("stopped after {rows} rows: the device steps backwards at {oid}"),
        Ended::TooManyRows => format!("stopped after {rows} rows: there are more than are read"),
        Ended::Failed(why) => format!("stopped after {rows} rows: {why}"),
        _ => format!("stopped after {rows} rows"),
    };
    complain(&why);
    Success::Some
}

/// Ends at Ctrl-C. A second one ends the program as usual.
async fn interrupted() {
    if tokio::signal::ctrl_c().await.is_err() {
        std::future::pending::<()>().await;
    }
    // What is known is being printed; whoever presses the keys again wants out.
    tokio::spawn(async {
        if tokio::signal::ctrl_c().await.is_ok() {
            std::process::exit(1);
        }
    });
}
