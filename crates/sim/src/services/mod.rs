//! What devices answer beside SNMP: the raw port (TCP 9100) and the print queue (RFC 1179, TCP 515), on a port for all of
//! them. A device tells there the same figures at the same time as over SNMP.
//!
//! What a port prints is kept ([`Job`]), so a test can show that nothing was printed.

mod labels;
mod queue;

use crate::device::Face;
use socket2::{Domain, Protocol, Socket, Type};
use std::collections::HashMap;
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

/// Something that a device has printed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Job {
    /// The device.
    pub at: IpAddr,
    /// The queue, or `raw`.
    pub queue: String,
    /// As it arrived.
    pub octets: Vec<u8>,
}

/// What the devices of a fleet have printed.
#[derive(Debug, Clone, Default)]
pub(crate) struct Printed(Arc<Mutex<Vec<Job>>>);

/// Jobs that are kept, and octets of each.
const MOST_JOBS: usize = 256;
const MOST_OCTETS: usize = 1 << 20;

impl Printed {
    pub(crate) fn jobs(&self) -> Vec<Job> {
        self.0.lock().map(|jobs| jobs.clone()).unwrap_or_default()
    }

    fn add(&self, job: Job) {
        if let Ok(mut jobs) = self.0.lock()
            && jobs.len() < MOST_JOBS
        {
            jobs.push(job);
        }
    }
}

/// One of the services.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Service {
    Raw,
    Queue,
}

/// Listens for all devices; the port as it was given, or a free one.
pub(crate) fn open(
    service: Service,
    port: u16,
    faces: Arc<HashMap<IpAddr, Face>>,
    printed: Printed,
    tasks: &mut JoinSet<()>,
) -> io::Result<u16> {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, Some(Protocol::TCP))?;
    // Without the right to do so the addresses of each connection still decide.
    #[cfg(target_os = "linux")]
    let _ = socket.bind_device(Some(b"lo"));
    socket.set_reuse_address(true)?;
    socket.bind(&SocketAddr::from((Ipv4Addr::UNSPECIFIED, port)).into())?;
    socket.listen(128)?;
    socket.set_nonblocking(true)?;
    let listener = TcpListener::from_std(socket.into())?;
    let port = listener.local_addr()?.port();
    tasks.spawn(async move {
        let mut clients = JoinSet::new();
        loop {
            let Ok((stream, from)) = listener.accept().await else { continue };
            let Ok(to) = stream.local_addr() else { continue };
            if let (true, Some(face)) = (from.ip().is_loopback(), faces.get(&to.ip())) {
                clients.spawn(serve(service, stream, to.ip(), face.clone(), printed.clone()));
            }
            while clients.try_join_next().is_some() {}
        }
    });
    Ok(port)
}

async fn serve(service: Service, stream: TcpStream, at: IpAddr, face: Face, printed: Printed) {
    // Printers serve one client at a time; the next one waits.
    let _turn = face.turn.lock().await;
    let ended = match service {
        Service::Raw => labels::serve(stream, at, &face, &printed).await,
        Service::Queue => queue::serve(stream, at, &face, &printed).await,
    };
    // Whoever asks may have gone.
    drop(ended);
}
