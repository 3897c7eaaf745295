//! The life of an agent's certificate, and clocks that are wrong: the agent and the portal in one process, each on a clock of
//! its own.

use dca_agent::config::RawConfig;
use dca_agent::service::{Status, Watcher, run_enrolled};
use dca_agent::vault::Vault;
use dca_agent::{Enrolment, Membership};
use dca_portal::{Clock, Config, Portal, Server};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};

const HOUR: i64 = 3_600_000;
const DAY: i64 = 24 * HOUR;
const PATIENCE: Duration = Duration::from_secs(60);

/// A portal on a clock that the test turns, and an agent that was enrolled by it.
struct House {
    portal: Arc<Portal>,
    clock: Clock,
    config: Config,
    stop: oneshot::Sender<()>,
    serving: JoinHandle<()>,
    folder: TempDir,
}

impl House {
    /// The agent was enrolled `ago_ms` before the machine's clock; since then the portal's went on to be `ahead_ms` of it.
    async fn build(ago_ms: i64, ahead_ms: i64) -> anyhow::Result<Self> {
        let folder = tempfile::tempdir()?;
        let clock = Clock::manual(Clock::system().now_ms() - ago_ms);
        let mut config = Config::local(folder.path());
        config.period_s = 30;
        let (portal, stop, serving) = serve(&config, &clock).await?;
        let site = portal.site("Dealer", "Customer", "Site", "test").await?;
        let code = portal.code(&site, HOUR, "test").await?;
        let state = folder.path().join("agent");
        Enrolment::new(portal.public(), &code, None, dca_agent::proxy(Some("none"))?, false)?.run(&state, None).await?;
        // The agent looks for it there again.
        config.public = portal.public().to_owned();
        config.listen = config.public.trim_start_matches("https://").parse()?;
        let mut house = Self { portal, clock, config, stop, serving, folder };
        house.clock.advance(ago_ms + ahead_ms);
        house.restart(|_| Ok(())).await?;
        Ok(house)
    }

    /// Stops the portal, does something in its folder, and starts it.
    async fn restart(&mut self, meanwhile: impl FnOnce(&Path) -> std::io::Result<()>) -> anyhow::Result<()> {
        let (stop, _) = oneshot::channel();
        drop(std::mem::replace(&mut self.stop, stop));
        (&mut self.serving).await?;
        meanwhile(&self.config.state)?;
        (self.portal, self.stop, self.serving) = serve(&self.config, &self.clock).await?;
        Ok(())
    }

    fn state(&self) -> std::path::PathBuf {
        self.folder.path().join("agent")
    }

    /// Until when the certificate is good that the agent has.
    fn valid_until_ms(&self) -> anyhow::Result<i64> {
        let membership = Membership::load(&Vault::open(&self.state(), None)?)?;
        Ok(membership.map(|known| known.identity().valid_until_ms()).unwrap_or_default())
    }

    fn agent(&self) -> anyhow::Result<String> {
        let membership = Membership::load(&Vault::open(&self.state(), None)?)?;
        Ok(membership.map(|known| known.identity().agent().to_string()).unwrap_or_default())
    }

    /// Runs the agent until `done` says so of it, and stops it.
    async fn run_until(&self, done: impl Fn(&Status) -> bool) -> anyhow::Result<Status> {
        let path = self.folder.path().join("dca.toml");
        std::fs::write(self.folder.path().join("community"), "public")?;
        let text = format!(
            "state_dir = {:?}\n[portal]\nproxy = \"none\"\nspread = 1\n[[range]]\ntargets = [\"127.88.5.1:9\"]\ntry = [{{ community = {{ file = \"community\" }} }}]\n",
            self.state()
        );
        let config = RawConfig::parse(&path, &text)?.resolve(None)?;
        let (stop, stopped) = watch::channel(false);
        let (_reload, reloaded) = mpsc::channel(1);
        let watching = async {
            let seen = timeout(PATIENCE, async {
                loop {
                    sleep(Duration::from_millis(100)).await;
                    if let Some(status) = Status::read(&self.state()).ok().filter(&done) {
                        return status;
                    }
                }
            });
            let seen = seen.await;
            stop.send_replace(true);
            seen
        };
        let (ended, seen) = tokio::join!(run_enrolled(config, stopped, reloaded, Watcher::default()), watching);
        ended?;
        let seen = seen.map_err(|_| anyhow::anyhow!("not so: {:?}", Status::read(&self.state())))?;
        Ok(seen)
    }
}

async fn serve(config: &Config, clock: &Clock) -> anyhow::Result<(Arc<Portal>, oneshot::Sender<()>, JoinHandle<()>)> {
    let portal = Portal::open(config.clone(), clock.clone()).await?;
    let server = Server::bind(portal.clone()).await?;
    let (stop, stopped) = oneshot::channel::<()>();
    Ok((portal, stop, tokio::spawn(server.run(async move { drop(stopped.await) }))))
}

/// The portal has answered, since this start.
fn is_well(status: &Status) -> bool {
    status.portal == "well" && status.answered_ms.is_some()
}

/// Enrolled so long ago, with a portal so far ahead of the agent: it gets a new certificate, or keeps the one it has.
async fn check(ago_ms: i64, ahead_ms: i64, renewed: bool) -> anyhow::Result<()> {
    let house = House::build(ago_ms, ahead_ms).await?;
    let before = house.valid_until_ms()?;
    let what = format!("enrolled {} h ago, portal {} h ahead", ago_ms / HOUR, ahead_ms / HOUR);
    let until = || house.valid_until_ms().unwrap_or_default();
    house.run_until(|status| is_well(status) && (!renewed || until() != before)).await?;
    anyhow::ensure!((until() != before) == renewed, "{what}");
    if renewed {
        anyhow::ensure!(until() == house.clock.now_ms() / 1_000 * 1_000 + 30 * DAY, "{what}: {}", until());
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_certificate_is_renewed_at_two_thirds_of_its_life() -> anyhow::Result<()> {
    check(DAY, 0, false).await?;
    check(19 * DAY, 0, false).await?;
    check(20 * DAY, 0, true).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_that_ran_out_is_renewed_by_a_signature() -> anyhow::Result<()> {
    check(31 * DAY, 0, true).await?;
    check(300 * DAY, 0, true).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_clock_that_is_off_is_corrected_for() -> anyhow::Result<()> {
    // TLS goes by the machine's clock, which the test cannot turn: what it thinks of certificates is crates/cloud/tests/link.rs.
    for ahead_ms in [HOUR, -HOUR] {
        let house = House::build(DAY, ahead_ms).await?;
        let near = |status: &Status| is_well(status) && (status.skew_ms - ahead_ms).abs() < HOUR / 2;
        house.run_until(near).await?;
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_clock_that_is_two_years_behind_is_named() -> anyhow::Result<()> {
    let house = House::build(0, 730 * DAY).await?;
    let status = house.run_until(|status| status.trouble.is_some()).await?;
    let trouble = status.trouble.unwrap_or_default();
    anyhow::ensure!(trouble.contains("what this machine's clock says: set it right"), "{trouble}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_is_not_wanted_is_told_what_helps() -> anyhow::Result<()> {
    // Its certificate ran out as well.
    let mut house = House::build(40 * DAY, 0).await?;
    let agent = house.agent()?;
    house.portal.set_status(&agent, dca_portal::Status::Deactivated, "test").await?;
    let told =
        |words: &'static str| move |status: &Status| status.trouble.iter().any(|trouble| trouble.contains(words));
    house.run_until(told("has to re-activate it in the portal")).await?;
    house.portal.set_status(&agent, dca_portal::Status::Active, "test").await?;
    house.run_until(is_well).await?;
    // The portal came back without its database.
    house
        .restart(|state| {
            ["explorer.db", "explorer.db-wal", "explorer.db-shm"].iter().try_for_each(|name| {
                let file = state.join(name);
                if file.exists() { std::fs::remove_file(file) } else { Ok(()) }
            })
        })
        .await?;
    house.run_until(told("enrol it anew: dca enroll URL CODE --again")).await?;
    Ok(())
}
