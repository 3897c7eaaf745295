//! What can be typed.

use clap::{Parser, Subcommand};
use std::path::PathBuf;

/// eXplorer, the portal that Data Collector Agents report to.
#[derive(Debug, Parser)]
#[command(version)]
pub(crate) struct Arguments {
    /// Say more
    #[arg(short, long, global = true)]
    pub(crate) verbose: bool,
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Serve agents and people until Ctrl-C or SIGTERM
    Serve {
        /// Configuration file
        #[arg(short, long, default_value = "explorer.toml")]
        config: PathBuf,
    },
    /// Serve on a free loopback port out of a temporary folder, and print a line that enrols an agent
    Demo,
    /// Look after a portal, running or not
    Admin {
        /// Configuration file
        #[arg(short, long, default_value = "explorer.toml")]
        config: PathBuf,
        #[command(subcommand)]
        task: Task,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum Task {
    /// Make the database, the keys and the first dealer
    Init {
        /// Name of the dealer
        #[arg(long, default_value = "Dealer")]
        dealer: String,
    },
    /// Make an activation code for one agent and print the line to type on its machine
    EnrollCode {
        /// Name of the dealer; not needed if there is one only
        #[arg(long)]
        dealer: Option<String>,
        /// Name of the customer; made if there is none
        #[arg(long)]
        customer: String,
        /// Name of the site; made if there is none
        #[arg(long)]
        site: String,
        /// Hours for which the code is good
        #[arg(long, default_value_t = 24, value_parser = clap::value_parser!(u32).range(1..=720))]
        hours: u32,
    },
    /// List the agents
    Agents,
    /// Give an order to an agent and print what came of it
    Command {
        /// Name of the agent, or its beginning
        agent: String,
        #[command(subcommand)]
        order: Order,
        /// Seconds in which it has to be done
        #[arg(long, global = true, default_value_t = 900, value_parser = clap::value_parser!(u32).range(1..=604_800))]
        within: u32,
        /// Do not wait for the outcome
        #[arg(long, global = true)]
        no_wait: bool,
    },
    /// Let a deactivated agent speak again
    Reactivate {
        /// Name of the agent, or its beginning
        agent: String,
    },
    /// Set the configuration of a site's agents, of a customer's, of a dealer's or of all, from a TOML file
    Configure {
        /// Names from the dealer down, such as "Dealer/Customer/Site"; or an agent's name
        place: String,
        /// The file
        file: PathBuf,
    },
    /// Print a link that shows the pages once, for half an hour; for a portal that is running
    Link,
    /// Move everything to another database, which has to be new: sqlite:PATH or postgres://USER@HOST/NAME
    MigrateTo {
        /// Where
        url: String,
    },
    /// Check the audit log's chain
    VerifyAudit,
    /// Read every reading that is kept, and say how many cannot be read
    VerifyReadings,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Order {
    /// Look for printers in the configured ranges
    Scan,
    /// Read devices now; all if none is named
    Read {
        /// As the agent calls them
        devices: Vec<String>,
    },
    /// ICMP echo, for diagnosis
    Ping {
        /// Inside the agent's own fence
        address: String,
    },
    /// A subtree of a device, for support
    Walk {
        /// As the agent calls it
        device: String,
        /// Where the subtree begins
        #[arg(default_value = "1.3.6.1.2.1.43")]
        oid: String,
        /// Rows at most
        #[arg(long, default_value_t = 2_000)]
        rows: u32,
    },
    /// A diagnostics bundle
    Diagnose,
}
