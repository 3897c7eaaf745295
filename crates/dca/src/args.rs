//! The command line. Its shape is a contract: scripts of users depend on it.

use clap::builder::{PossibleValue, PossibleValuesParser};
use clap::{Args, Parser, Subcommand, ValueEnum};
use dca_agent::{Also, Asking, Form, InputError, Keyring, Queue, UserOptions, Versions};
use std::path::PathBuf;
use std::time::Duration;

/// Finds printers by SNMP in the ranges you name and reads identity, page meters, supplies, status and alerts.
///
/// It only ever reads, and it only touches the addresses you type.
#[derive(Debug, Parser)]
#[command(name = "dca", version, propagate_version = true, after_help = EXAMPLES, max_term_width = 100)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
    /// Log to standard error; -vv also every step, with addresses
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    pub(crate) verbose: u8,
}

const EXAMPLES: &str = "\
Examples:
  dca scan 192.168.10.0/24                  every printer in the range, one line each
  dca scan @ranges.txt -c office --csv      ranges from a file, community \"office\", as CSV
  dca read 192.168.10.20                    everything one printer says
  dca read 192.168.10.20 --sources          ... and the OID behind each figure
  dca read 10.0.0.5 --user reader --auth sha256 --auth-pass-file pass.txt --json
  dca record 192.168.10.20 -o printer.snmprec    a walk for support, without serials and names

Profiles of your own lie in $XDG_CONFIG_HOME/dca/profiles (or ~/.config/dca/profiles) and win over built-in ones of the
same name; --profile FILE wins over both.

Exit codes: 0 all answered, 1 some failed, 2 nothing answered, 64 bad usage or configuration.";

const TARGETS: &str = "\
A TARGET is an address, a host name, a block (192.168.10.0/24) or a range (10.0.0.5-10.0.0.90 or 10.0.0.5-90), each \
with \":port\" if it is not 161. \"!\" in front excludes. @FILE reads targets from a file, one a line.

Nothing else is touched. Loopback, link-local and multicast addresses are asked only if written literally.";

const ALSO: &str = "\
A further way to ask a printer; repeat it for several. Off unless it is named:
  zebra   the raw port (TCP 9100) of a device that has named itself a Zebra: host queries, nothing that prints or changes
  ledm    the web server (TCP 80, 443, 8080) of a brand with LEDM pages: GETs of five pages at most
  ipp     IPP (TCP 631): one Get-Printer-Attributes, also to targets that do not answer SNMP
It goes to its usual port at targets that name no port, with a PORT of its own to that port at all targets.";

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Find printers: one line per device
    #[command(after_help = TARGETS)]
    Scan {
        /// Where to look
        #[arg(required = true, value_name = "TARGET")]
        targets: Vec<String>,
        /// Also list devices that answer but are no printers, and say why
        #[arg(long)]
        all: bool,
        /// Further profiles (TOML files or folders of them), which win over built-in ones of the same name
        #[arg(long, value_name = "FILE")]
        profile: Vec<PathBuf>,
        /// Remember devices in this folder: says who is new, moved, replaced or missing, and asks each first as whom it
        /// answered before. Holds no secrets; without it nothing is kept
        #[arg(long, value_name = "DIR")]
        state: Option<PathBuf>,
        #[command(flatten)]
        output: Output,
        #[command(flatten)]
        ask: Ask,
    },
    /// Read printers in full: meters, supplies, trays, status, alerts
    #[command(after_help = TARGETS)]
    Read {
        /// Whom to read
        #[arg(required_unless_present = "walk", value_name = "TARGET")]
        targets: Vec<String>,
        /// Read recorded walks instead (.snmprec, or the text of snmpwalk -On); touches no network
        #[arg(long, num_args = 1.., value_name = "FILE", conflicts_with = "targets")]
        walk: Vec<PathBuf>,
        /// Also show devices of blocks and ranges that are no printers
        #[arg(long)]
        all: bool,
        /// A further way to ask a printer: zebra, ledm or ipp; repeat it for several
        #[arg(long, value_name = "WAY[:PORT]", long_help = ALSO)]
        also: Vec<Also>,
        /// Remember the certificates that web servers show in this file, and ask nothing of one that shows another
        #[arg(long, value_name = "FILE", requires = "also")]
        pins: Option<PathBuf>,
        /// Show the OID and the confidence (A to D) behind each figure
        #[arg(long)]
        sources: bool,
        /// Further profiles (TOML files or folders of them), which win over built-in ones of the same name
        #[arg(long, value_name = "FILE")]
        profile: Vec<PathBuf>,
        /// Remember devices in this folder: says who is new, moved, replaced or missing, and asks each first as whom it
        /// answered before. Holds no secrets; without it nothing is kept
        #[arg(long, value_name = "DIR", conflicts_with = "walk")]
        state: Option<PathBuf>,
        #[command(flatten)]
        output: Output,
        #[command(flatten)]
        ask: Ask,
    },
    /// Print a subtree as it is, secrets and names included
    Walk {
        /// One device
        target: String,
        /// Where to begin
        #[arg(default_value = ".1.3.6.1")]
        oid: String,
        /// How to print it
        #[arg(long, value_enum, default_value = "snmprec")]
        format: Format,
        #[command(flatten)]
        ask: Ask,
    },
    /// Record a walk for support: serials, MACs, names and communities replaced by text of the same shape
    Record {
        /// One device
        target: String,
        /// Where to write it
        #[arg(short, long, value_name = "FILE")]
        output: PathBuf,
        /// Further profiles (TOML files or folders of them): what they deny is not recorded
        #[arg(long, value_name = "FILE")]
        profile: Vec<PathBuf>,
        #[command(flatten)]
        ask: Ask,
    },
    /// Ask for an ICMP echo, for diagnosis
    Ping {
        /// One device
        target: String,
        /// Seconds to wait
        #[arg(long, value_name = "SECONDS", default_value = "4", value_parser = seconds)]
        timeout: Duration,
    },
    /// Ask a print queue for its state, or send it a file (RFC 1179, TCP 515)
    #[command(subcommand)]
    Lpr(LprCommand),
    /// Say what recorded replies mean, as JSON; touches no network
    Decode {
        /// The form of the replies
        #[arg(value_name = "FORM", value_parser = forms())]
        form: String,
        /// The replies as they were received, each by itself
        #[arg(required = true, value_name = "FILE")]
        files: Vec<PathBuf>,
    },
    /// Run as a service: read the configured printers and report to the portal
    #[command(after_help = RUN)]
    Run {
        /// Configuration file
        #[arg(short, long, value_name = "FILE", default_value = "dca.toml")]
        config: PathBuf,
    },
    /// Say how the service is
    Status {
        /// Configuration file
        #[arg(short, long, value_name = "FILE", default_value = "dca.toml")]
        config: PathBuf,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Make this agent a member of a portal, with the activation code that the portal shows
    #[command(after_help = ENROLL)]
    Enroll(Enroll),
    /// Look at all that the agent needs, and say what helps where something is missing; takes 10 seconds at most
    Doctor(Doctor),
    /// Work with the configuration file
    #[command(subcommand)]
    Config(ConfigCommand),
    /// Write a profile for a printer model: a text file that says what its counters mean
    #[command(subcommand)]
    Profile(ProfileCommand),
}

const RUN: &str = "\
It listens on no port. What it reads is kept on disk until the portal has it; what the portal asks for is done only inside \
the file's [permit]. Enrol first: dca enroll URL CODE.

SIGTERM or Ctrl-C ends it, SIGHUP has it read the file again. Under systemd it says when it is ready, and that it is alive.";

const ENROLL: &str = "\
The key is made here and never leaves this machine; the portal's own CA gives a certificate for it. Both are kept sealed in \
the state folder.

A code may be followed by a dot and 32 hexadecimal digits: then the portal is known by its own CA, and nothing else needs to \
be installed. After five wrong attempts a code is void.";

#[derive(Debug, Args)]
pub(crate) struct Enroll {
    /// The portal: https://HOST or https://HOST:PORT
    pub(crate) url: String,
    /// The activation code; "-" reads it from standard input
    pub(crate) code: String,
    /// A PEM file with certificates of authorities to trust as well: of a portal of one's own, or of a proxy that opens TLS
    #[arg(long, value_name = "FILE")]
    pub(crate) ca: Option<PathBuf>,
    /// The proxy, as http://, https:// or socks5://HOST:PORT (USER:PASSWORD@ before HOST), or "none" [default: HTTPS_PROXY, ALL_PROXY
    /// and NO_PROXY]
    #[arg(long, value_name = "URL")]
    pub(crate) proxy: Option<String>,
    /// Where the agent keeps its state
    #[arg(long, value_name = "DIR", default_value = dca_agent::config::STATE)]
    pub(crate) state: PathBuf,
    /// Forget an identity that is there
    #[arg(long)]
    pub(crate) again: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Doctor {
    /// The portal, where this agent is not enrolled yet
    #[arg(long, value_name = "URL")]
    pub(crate) portal: Option<String>,
    /// A PEM file with certificates of authorities to trust as well
    #[arg(long, value_name = "FILE")]
    pub(crate) ca: Option<PathBuf>,
    /// The proxy, or "none" [default: as the configuration says, else HTTPS_PROXY, ALL_PROXY and NO_PROXY]
    #[arg(long, value_name = "URL")]
    pub(crate) proxy: Option<String>,
    /// Where the agent keeps its state [default: as the configuration says, else as `dca enroll` has it]
    #[arg(long, value_name = "DIR")]
    pub(crate) state: Option<PathBuf>,
    /// The service's configuration: its printers are asked for a sign of life
    #[arg(short, long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum LprCommand {
    /// Print what the queue says of itself, in the device's own words
    State {
        /// One device, with ":port" if it is not 515
        target: String,
        /// The queue; most devices take any name
        #[arg(long, value_name = "NAME", default_value = "lp", value_parser = queue)]
        queue: Queue,
        /// All that the device tells, not only a line per job
        #[arg(long)]
        long: bool,
        /// Seconds to wait
        #[arg(long, value_name = "SECONDS", default_value = "4", value_parser = seconds)]
        timeout: Duration,
    },
    /// Send a file as a job: it is printed, and the commands in it are obeyed. Asks before it does
    Send {
        /// One device, with ":port" if it is not 515
        target: String,
        /// What to send, as it is
        file: PathBuf,
        /// The queue; most devices take any name
        #[arg(long, value_name = "NAME", default_value = "lp", value_parser = queue)]
        queue: Queue,
        /// Do not ask
        #[arg(long)]
        yes: bool,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum ConfigCommand {
    /// Check a configuration: its form, its ranges, that its secrets are there
    Check {
        /// The file
        #[arg(short, long, value_name = "FILE", default_value = "dca.toml")]
        config: PathBuf,
    },
}

/// None of these touches the network.
#[derive(Debug, Subcommand)]
pub(crate) enum ProfileCommand {
    /// Check profiles: their form, their words, what they extend, and that the recordings next to them have their OIDs
    Check {
        /// The profiles, or folders of them
        #[arg(required = true, value_name = "FILE")]
        files: Vec<PathBuf>,
    },
    /// Read a recorded walk with a profile, and list what no rule used
    Try {
        /// The profile
        #[arg(value_name = "FILE")]
        file: PathBuf,
        /// The recorded walk (.snmprec, or the text of snmpwalk -On)
        #[arg(long, value_name = "FILE")]
        walk: PathBuf,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Print a first draft of a profile, made of what a recorded walk says of itself
    New {
        /// The recorded walk (.snmprec, or the text of snmpwalk -On)
        #[arg(long, value_name = "FILE")]
        walk: PathBuf,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// OID|tag|value, as snmpsim reads it
    Snmprec,
    /// As net-snmp's snmpwalk -On prints it
    Snmpwalk,
}

#[derive(Debug, Clone, Copy, Args)]
pub(crate) struct Output {
    /// Print JSON
    #[arg(long, conflicts_with = "csv")]
    pub(crate) json: bool,
    /// Print CSV: for scan a row per device, for read a row per figure
    #[arg(long)]
    pub(crate) csv: bool,
}

/// As whom, and how patiently.
#[derive(Debug, Args)]
pub(crate) struct Ask {
    /// Community of SNMP v1 and v2c; repeat it to try several in order [default: public]
    #[arg(short, long, value_name = "NAME", help_heading = "Credentials")]
    community: Vec<String>,
    /// SNMPv3 user
    #[arg(long, value_name = "NAME", help_heading = "Credentials")]
    user: Option<String>,
    /// Authentication of the user: md5, sha, sha224, sha256, sha384, sha512
    #[arg(long, value_name = "PROTOCOL", requires = "user", value_parser = dca_agent::auth_protocol, help_heading = "Credentials")]
    auth: Option<dca_agent::AuthProtocol>,
    /// File with the authentication password (or set DCA_AUTH_PASS)
    #[arg(long, value_name = "FILE", requires = "auth", help_heading = "Credentials")]
    auth_pass_file: Option<PathBuf>,
    /// Privacy of the user: des, aes128, aes192, aes256
    #[arg(long = "priv", value_name = "PROTOCOL", requires = "auth", value_parser = dca_agent::priv_protocol, help_heading = "Credentials")]
    privacy: Option<dca_agent::PrivProtocol>,
    /// File with the privacy password (or set DCA_PRIV_PASS)
    #[arg(long, value_name = "FILE", requires = "privacy", help_heading = "Credentials")]
    priv_pass_file: Option<PathBuf>,
    /// SNMPv3 context
    #[arg(long, value_name = "NAME", requires = "user", help_heading = "Credentials")]
    context: Option<String>,
    /// Credentials by range, from a TOML file
    #[arg(long, value_name = "FILE", conflicts_with_all = ["community", "user"], help_heading = "Credentials")]
    credentials: Option<PathBuf>,
    /// SNMPv1 only
    #[arg(short = '1', group = "snmp_version", help_heading = "Credentials")]
    v1: bool,
    /// SNMPv2c only
    #[arg(short = '2', group = "snmp_version", help_heading = "Credentials")]
    v2c: bool,
    /// SNMPv3 only
    #[arg(short = '3', group = "snmp_version", help_heading = "Credentials")]
    v3: bool,
    /// Seconds until a device counts as silent, retries included
    #[arg(long, value_name = "SECONDS", default_value = "4", value_parser = seconds, help_heading = "Asking")]
    timeout: Duration,
    /// How often a question is repeated within that time
    #[arg(long, value_name = "N", default_value = "1", value_parser = retries, help_heading = "Asking")]
    retries: u32,
    /// Packets a second over all devices, at most [default: no limit]
    #[arg(long, value_name = "N", value_parser = rate, help_heading = "Asking")]
    rate: Option<u32>,
    /// Small datagrams, pauses between questions to one device, at most 50 packets a second
    #[arg(long, help_heading = "Asking")]
    polite: bool,
}

impl Ask {
    pub(crate) fn asking(&self) -> Asking {
        Asking { timeout: self.timeout, retries: self.retries, rate: self.rate, polite: self.polite }
    }

    /// Reads the credentials that the options name. Passwords come from files or the environment, never from arguments:
    /// those are visible to every user of the system.
    pub(crate) fn keyring(&self) -> Result<Keyring, InputError> {
        let versions = match (self.v1, self.v2c, self.v3) {
            (true, ..) => Versions::Only(dca_agent::Version::V1),
            (_, true, _) => Versions::Only(dca_agent::Version::V2c),
            (_, _, true) => Versions::Only(dca_agent::Version::V3),
            _ => Versions::Any,
        };
        if let Some(file) = &self.credentials {
            return Keyring::from_file(file, versions);
        }
        let auth_pass = password(self.auth.is_some(), self.auth_pass_file.as_ref(), "auth", "DCA_AUTH_PASS")?;
        let priv_pass = password(self.privacy.is_some(), self.priv_pass_file.as_ref(), "priv", "DCA_PRIV_PASS")?;
        let user = self.user.as_deref().map(|name| UserOptions {
            name,
            auth: self.auth.zip(auth_pass.as_deref()),
            privacy: self.privacy.zip(priv_pass.as_deref()),
            context: self.context.as_deref().unwrap_or_default(),
        });
        Keyring::typed(self.community.iter().map(String::as_str), user, versions)
    }
}

fn password(wanted: bool, file: Option<&PathBuf>, what: &str, variable: &str) -> Result<Option<Vec<u8>>, InputError> {
    match (wanted, file) {
        (false, _) => Ok(None),
        (true, Some(file)) => dca_agent::secret_file(file).map(Some),
        (true, None) => match std::env::var(variable) {
            Ok(pass) if !pass.is_empty() => Ok(Some(pass.into_bytes())),
            _ => {
                let what = format!("--{what} needs a password: expected --{what}-pass-file FILE or {variable}");
                Err(InputError::argument(what))
            }
        },
    }
}

/// The forms of replies that can be decoded, with what they are.
fn forms() -> PossibleValuesParser {
    Form::all().iter().map(|form| PossibleValue::new(form.name).help(form.about)).collect::<Vec<_>>().into()
}

fn queue(text: &str) -> Result<Queue, String> {
    Queue::named(text).ok_or_else(|| "expected 1 to 64 visible ASCII characters without blanks".to_owned())
}

fn seconds(text: &str) -> Result<Duration, String> {
    let number: f64 = text.parse().map_err(|_| "expected a number of seconds, such as 1.5".to_owned())?;
    dca_agent::seconds(number)
}

fn retries(text: &str) -> Result<u32, String> {
    dca_agent::retries(text.parse().map_err(|_| "expected a whole number".to_owned())?)
}

fn rate(text: &str) -> Result<u32, String> {
    dca_agent::rate(text.parse().map_err(|_| "expected a whole number of packets a second".to_owned())?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        use clap::CommandFactory;
        Cli::command().debug_assert();
    }

    #[test]
    fn nothing_that_is_not_built_is_offered() {
        use clap::CommandFactory;
        let names: Vec<String> =
            Cli::command().get_subcommands().map(|command| command.get_name().to_owned()).collect();
        assert_eq!(
            names,
            [
                "scan", "read", "walk", "record", "ping", "lpr", "decode", "run", "status", "enroll", "doctor",
                "config", "profile"
            ]
        );
    }
}
