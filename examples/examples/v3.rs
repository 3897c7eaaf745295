//! SNMPv3 with SHA-256 and AES-128, and what a wrong password, a wrong user and a level too low look like.
//! `cargo run --example v3` asks a simulated printer.

use dca_examples::{builtin, simulated};
use dca_lan::{Settings, Snmp};
use dca_snmp::responder::ResponderSettings;
use dca_snmp::{AuthProtocol, Credentials, OidRef, PrivProtocol, Request, User, Version, oid};
use std::io::{self, Write};
use std::time::Duration;

const SYS_NAME: OidRef<'static> = oid!("1.3.6.1.2.1.1.5.0");

#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<()> {
    run(&mut io::stdout()).await
}

pub(crate) async fn run(out: &mut impl Write) -> anyhow::Result<()> {
    let user = |name: &str, password: &str| -> Result<User, dca_snmp::CredentialsError> {
        let user = User::new(name)?.auth(AuthProtocol::Sha256, password.as_bytes())?;
        user.privacy(PrivProtocol::Aes128, b"battery staple")
    };
    let known = user("monitor", "correct horse")?;
    let settings =
        ResponderSettings { versions: vec![Version::V3], users: vec![known.clone()], ..ResponderSettings::default() };
    let (_device, at) = simulated(builtin("color-mfp")?.with_settings(settings)).await?;

    let snmp = Snmp::bind(Settings { timeout: Duration::from_millis(500), retries: 0, ..Settings::default() })?;
    let asked = [
        ("the right password", Credentials::V3(known.clone())),
        ("the same again", Credentials::V3(known)),
        ("a wrong password", Credentials::V3(user("monitor", "another horse")?)),
        ("an unknown user", Credentials::V3(user("stranger", "correct horse")?)),
        ("no password", Credentials::V3(User::new("monitor")?)),
        ("version 2c", Credentials::v2c("public")),
    ];
    for (what, who) in asked {
        match snmp.ask(Request::get([SYS_NAME]), at, &who).await {
            Ok(answer) => {
                writeln!(out, "{what:<20} {:?}, {} datagrams", answer.get::<&str>(SYS_NAME)?, answer.sent)?;
            }
            Err(why) => writeln!(out, "{what:<20} {why}")?,
        }
    }
    Ok(())
}
