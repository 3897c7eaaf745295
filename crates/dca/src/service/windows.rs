//! `dca run` as a service of Windows. Started from a console it is an ordinary program that ends with Ctrl-C.
//!
//! `sc.exe create dca binPath= "C:\Program Files\dca\dca.exe run -c C:\ProgramData\dca\dca.toml" start= auto`

use super::load;
use crate::args::{Cli, Command};
use clap::Parser;
use dca_agent::config::Config;
use dca_agent::service::{Watcher, run_enrolled};
use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;
use tokio::sync::{mpsc, watch};
use windows_service::service::{
    ServiceControl, ServiceControlAccept, ServiceExitCode, ServiceState, ServiceStatus, ServiceType,
};
use windows_service::service_control_handler::{self, ServiceControlHandlerResult, ServiceStatusHandle};
use windows_service::{define_windows_service, service_dispatcher};

const NAME: &str = "dca";
/// What the service control manager is told how long a change may take.
const SOON: Duration = Duration::from_secs(10);

define_windows_service!(entry, service);

/// Runs as a service until it is stopped, if the service control manager started this process. False: somebody else did.
pub(crate) fn dispatched() -> bool {
    service_dispatcher::start(NAME, entry).is_ok()
}

/// Nobody hears signs of life: the service control manager knows whether the process is there.
pub(super) fn watcher() -> Watcher {
    Watcher::default()
}

/// From a console.
pub(super) async fn listen(_: PathBuf, stop: watch::Sender<bool>, reload: mpsc::Sender<Config>) {
    let _ = tokio::signal::ctrl_c().await;
    let _ = stop.send(true);
    std::future::pending::<()>().await;
    drop(reload);
}

fn service(_: Vec<OsString>) {
    if let Err(error) = serve() {
        tracing::error!("{error:#}");
    }
}

fn serve() -> anyhow::Result<()> {
    let (stop, stopped) = watch::channel(false);
    let (reload, reloaded) = mpsc::channel(1);
    let Command::Run { config: file } = Cli::parse().command else { return Ok(()) };
    let again = file.clone();
    let status = service_control_handler::register(NAME, move |control| match control {
        ServiceControl::Stop | ServiceControl::Shutdown => {
            let _ = stop.send(true);
            ServiceControlHandlerResult::NoError
        }
        // `sc.exe control dca paramchange` is what a hang-up is elsewhere.
        ServiceControl::ParamChange => {
            match load(&again) {
                Ok(config) => drop(reload.try_send(config)),
                Err(error) => tracing::error!(%error, "what was in force stays in force"),
            }
            ServiceControlHandlerResult::NoError
        }
        ServiceControl::Interrogate => ServiceControlHandlerResult::NoError,
        _ => ServiceControlHandlerResult::NotImplemented,
    })?;
    tell(status, ServiceState::Running, 0)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let ended = load(&file)
        .map_err(anyhow::Error::from)
        .and_then(|config| Ok(runtime.block_on(run_enrolled(config, stopped, reloaded, watcher()))?));
    runtime.shutdown_background();
    // Another code than 0 makes the service control manager start it again, if its recovery says so.
    tell(status, ServiceState::Stopped, u32::from(ended.is_err()))?;
    ended
}

fn tell(handle: ServiceStatusHandle, state: ServiceState, code: u32) -> windows_service::Result<()> {
    let running = state == ServiceState::Running;
    let accepts = ServiceControlAccept::STOP | ServiceControlAccept::SHUTDOWN | ServiceControlAccept::PARAM_CHANGE;
    handle.set_service_status(ServiceStatus {
        service_type: ServiceType::OWN_PROCESS,
        current_state: state,
        controls_accepted: if running { accepts } else { ServiceControlAccept::empty() },
        exit_code: if code == 0 { ServiceExitCode::Win32(0) } else { ServiceExitCode::ServiceSpecific(code) },
        checkpoint: 0,
        wait_hint: SOON,
        process_id: None,
    })
}
