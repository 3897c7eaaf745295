//! `dca run` under a service manager: what it tells over the socket that systemd gives it (sd_notify(3)).

use anyhow::bail;
use dca_e2e::{Agent, Portal, Programs};
use std::io::ErrorKind;
use std::os::unix::net::UnixDatagram;
use std::path::Path;
use std::time::{Duration, Instant};
use tempfile::TempDir;

const PATIENCE: Duration = Duration::from_secs(30);

/// The socket of a service manager.
struct Manager {
    socket: UnixDatagram,
    folder: TempDir,
}

impl Manager {
    fn new() -> anyhow::Result<Self> {
        let folder = tempfile::tempdir()?;
        let socket = UnixDatagram::bind(folder.path().join("notify"))?;
        socket.set_read_timeout(Some(Duration::from_millis(100)))?;
        Ok(Self { socket, folder })
    }

    fn start(&self, agent: &mut Agent) -> anyhow::Result<()> {
        let place = self.folder.path().join("notify");
        agent.start_with(&[("NOTIFY_SOCKET", place.as_os_str()), ("WATCHDOG_USEC", "2000000".as_ref())])
    }

    /// The next message, or nothing if none comes in the time.
    fn hear(&self, patience: Duration) -> anyhow::Result<Option<String>> {
        let end = Instant::now() + patience;
        let mut octets = [0; 4096];
        while Instant::now() < end {
            match self.socket.recv(&mut octets) {
                Ok(length) => {
                    let said = octets.get(..length).unwrap_or_default();
                    return Ok(Some(String::from_utf8_lossy(said).into_owned()));
                }
                Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(None)
    }

    /// Waits for a message with this line. The answer is all of it, and what came before.
    fn until(&self, line: &str) -> anyhow::Result<(String, Vec<String>)> {
        let (start, mut before) = (Instant::now(), Vec::new());
        while start.elapsed() < PATIENCE {
            match self.hear(PATIENCE)? {
                Some(message) if message.lines().any(|said| said == line) => return Ok((message, before)),
                Some(message) => before.push(message),
                None => break,
            }
        }
        bail!("no {line} among {before:?}")
    }
}

fn enrolled(folder: &Path) -> anyhow::Result<(Portal, Agent)> {
    let programs = Programs::beside_this_test()?;
    let portal = Portal::start(&programs, &folder.join("portal"), 30)?;
    let agent = Agent::new(&programs, &folder.join("agent"), &["127.88.5.1:16101".to_owned()])?;
    agent.enroll(&portal.url(), &portal.code("Customer", "Site")?)?;
    Ok((portal, agent))
}

#[test]
fn it_says_when_it_is_ready_lives_reloads_and_stops() -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let (_portal, mut agent) = enrolled(folder.path())?;
    let manager = Manager::new()?;
    manager.start(&mut agent)?;

    let (_, before) = manager.until("READY=1")?;
    assert!(before.is_empty(), "the first word is that it is ready: {before:?}");
    assert!(agent.state().join("spool.db").exists(), "what it keeps is open by then");
    let (alive, _) = manager.until("WATCHDOG=1")?;
    assert!(alive.contains("STATUS=portal "), "{alive}");
    manager.until("WATCHDOG=1")?;

    let settled = |manager: &Manager| -> anyhow::Result<()> {
        let (reloading, _) = manager.until("RELOADING=1")?;
        let time = reloading.lines().find_map(|line| line.strip_prefix("MONOTONIC_USEC="));
        assert!(time.is_some_and(|time| time.parse::<u64>().is_ok()), "{reloading}");
        manager.until("READY=1").map(drop)
    };
    agent.signal("HUP")?;
    settled(&manager)?;
    // What cannot be used changes nothing, and the service goes on.
    let good = std::fs::read_to_string(agent.config())?;
    std::fs::write(agent.config(), "nonsense = 1\n")?;
    agent.signal("HUP")?;
    settled(&manager)?;
    std::fs::write(agent.config(), good)?;
    manager.until("WATCHDOG=1")?;

    agent.signal("TERM")?;
    manager.until("STOPPING=1")?;
    agent.stop(Duration::from_secs(5))
}

#[test]
fn one_that_cannot_start_is_never_ready() -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let programs = Programs::beside_this_test()?;
    let mut agent = Agent::new(&programs, folder.path(), &["127.88.5.1:16101".to_owned()])?;
    let manager = Manager::new()?;
    manager.start(&mut agent)?;
    assert_eq!(manager.hear(Duration::from_secs(3))?, None);
    let error = agent.check().unwrap_err().to_string();
    assert!(error.contains("not enrolled"), "{error}");
    Ok(())
}
