//! Devices on real loopback addresses: thousands of 127.x.y.z behind one UDP socket.
//!
//! The whole of 127.0.0.0/8 reaches a socket on the unspecified address, which tells each datagram's destination and
//! lets the answer leave from there. The socket is tied to the loopback interface where the system allows it, and
//! answers nothing that does not come from a loopback address to a loopback address.

use crate::device::{Device, Face};
use crate::fault::{Fault, suffer};
use crate::services::{self, Job, Printed, Service};
use quinn_udp::{RecvMeta, Transmit, UdpSocketState};
use socket2::{Domain, Protocol, Socket, Type};
use std::collections::{BTreeMap, HashMap, VecDeque};
use std::io::{self, IoSliceMut};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};
use tokio::io::Interest;
use tokio::net::UdpSocket;
use tokio::task::JoinSet;

/// Running devices. Dropping it switches them off.
#[derive(Debug)]
pub struct Fleet {
    addresses: Vec<SocketAddr>,
    heard: Arc<AtomicU64>,
    answered: Arc<AtomicU64>,
    faces: Arc<HashMap<IpAddr, Face>>,
    printed: Printed,
    tasks: JoinSet<()>,
}

/// Buffers for one system call; each holds several datagrams where the kernel joins them.
const BATCH: usize = 8;
const BUFFER: usize = 65_535;
/// The most questions that wait.
const INBOX: usize = 65_536;
/// An hour: when nothing waits to be sent.
const NEVER: Duration = Duration::from_secs(3_600);

impl Fleet {
    /// Switches the devices on, on a perfect network. Port 0 picks a free port, one for all devices that ask for it;
    /// see [`addresses`](Self::addresses). Fails for an address that is not a loopback address, or a port in use.
    ///
    /// Must be called within a tokio runtime with I/O and time.
    pub async fn on_loopback(devices: impl IntoIterator<Item = (SocketAddr, Device)>) -> io::Result<Self> {
        Self::with_fault(devices, Fault::default(), 0).await
    }

    /// The same on a network with faults, which follow from the seed.
    #[expect(clippy::unused_async, reason = "it needs the caller's runtime, and says so by being awaited")]
    pub async fn with_fault(
        devices: impl IntoIterator<Item = (SocketAddr, Device)>,
        fault: Fault,
        seed: u64,
    ) -> io::Result<Self> {
        let mut sockets: HashMap<(bool, u16), Post> = HashMap::new();
        let (mut addresses, mut faces) = (Vec::new(), HashMap::new());
        let (heard, answered) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicU64::new(0)));
        let now = clock();
        for (at, device) in devices {
            if !at.ip().is_loopback() {
                return Err(io::Error::new(io::ErrorKind::InvalidInput, format!("{at} is not a loopback address")));
            }
            let post = match sockets.entry((at.is_ipv4(), at.port())) {
                std::collections::hash_map::Entry::Occupied(entry) => entry.into_mut(),
                std::collections::hash_map::Entry::Vacant(entry) => {
                    let (socket, state) = open(at)?;
                    entry.insert(Post {
                        port: socket.local_addr()?.port(),
                        socket,
                        state,
                        devices: HashMap::new(),
                        fault,
                        dice: fastrand::Rng::with_seed(seed),
                        inbox: VecDeque::new(),
                        waiting: BTreeMap::new(),
                        sent: 0,
                        heard: heard.clone(),
                        answered: answered.clone(),
                    })
                }
            };
            addresses.push(SocketAddr::new(at.ip(), post.port));
            let device = device.started(now);
            faces.extend(device.face().filter(Face::is_printer).map(|face| (at.ip(), face)));
            post.devices.insert(at.ip(), device);
        }
        let mut tasks = JoinSet::new();
        sockets.into_values().for_each(|post| {
            tasks.spawn(post.run());
        });
        Ok(Self { addresses, heard, answered, faces: Arc::new(faces), printed: Printed::default(), tasks })
    }

    /// Opens the raw port of every printer (usually TCP 9100): label printers answer host queries there, all others
    /// print what arrives. Port 0 picks a free one; the answer is the port. IPv4 only.
    pub fn open_raw_ports(&mut self, port: u16) -> io::Result<u16> {
        services::open(Service::Raw, port, self.faces.clone(), self.printed.clone(), &mut self.tasks)
    }

    /// Opens the print queue of every printer (RFC 1179, usually TCP 515), as [`open_raw_ports`](Self::open_raw_ports).
    pub fn open_queues(&mut self, port: u16) -> io::Result<u16> {
        services::open(Service::Queue, port, self.faces.clone(), self.printed.clone(), &mut self.tasks)
    }

    /// What the devices have printed so far, whichever way it came.
    pub fn printed(&self) -> Vec<Job> {
        self.printed.jobs()
    }

    /// Where the devices are, in the order in which they were given.
    pub fn addresses(&self) -> &[SocketAddr] {
        &self.addresses
    }

    /// Datagrams that reached a device.
    pub fn heard(&self) -> u64 {
        self.heard.load(Ordering::Relaxed)
    }

    /// Datagrams that devices have sent.
    pub fn answered(&self) -> u64 {
        self.answered.load(Ordering::Relaxed)
    }
}

/// One socket and the devices behind it.
struct Post {
    socket: UdpSocket,
    state: UdpSocketState,
    port: u16,
    devices: HashMap<IpAddr, Device>,
    fault: Fault,
    dice: fastrand::Rng,
    /// Questions that nobody has answered yet.
    inbox: VecDeque<Question>,
    /// Answers by the moment at which they are due.
    waiting: BTreeMap<(Instant, u64), Letter>,
    sent: u64,
    heard: Arc<AtomicU64>,
    answered: Arc<AtomicU64>,
}

struct Question {
    from: SocketAddr,
    to: IpAddr,
    bytes: Vec<u8>,
}

struct Letter {
    from: IpAddr,
    to: SocketAddr,
    bytes: Vec<u8>,
}

impl Post {
    async fn run(mut self) {
        let mut space = vec![vec![0_u8; BUFFER]; BATCH];
        loop {
            let due = self.waiting.first_key_value().map_or_else(|| clock() + NEVER, |((due, _), _)| *due);
            tokio::select! {
                ready = self.socket.readable() => if ready.is_err() { return },
                () = tokio::time::sleep_until(due.into()) => {}
            }
            // The kernel's buffer holds some hundred questions, a sweep brings thousands: it is emptied before anything
            // is answered, and again after every few answers.
            while self.receive(&mut space) > 0 {}
            while !self.inbox.is_empty() {
                for question in self.inbox.drain(..BATCH.min(self.inbox.len())).collect::<Vec<_>>() {
                    self.hear(&question);
                }
                self.send_due().await;
                // Whoever asks may live in the same thread, and must come to read the answers.
                tokio::task::yield_now().await;
                while self.receive(&mut space) > 0 {}
            }
            self.send_due().await;
        }
    }

    /// Takes what has arrived, up to a batch, and tells how much there was.
    fn receive(&mut self, space: &mut [Vec<u8>]) -> usize {
        let mut metas = [RecvMeta::default(); BATCH];
        let got = {
            let mut buffers: Vec<IoSliceMut<'_>> = space.iter_mut().map(|buffer| IoSliceMut::new(buffer)).collect();
            let receive = || self.state.recv((&self.socket).into(), &mut buffers, &mut metas);
            // WouldBlock, or an ICMP error of an earlier answer: there is nothing to take.
            self.socket.try_io(Interest::READABLE, receive).unwrap_or(0)
        };
        for (meta, buffer) in metas.iter().zip(&*space).take(got) {
            let Some(to) = meta.dst_ip.map(|ip| ip.to_canonical()) else { continue };
            let between = meta.addr.ip().to_canonical().is_loopback() && to.is_loopback();
            if !between || !self.devices.contains_key(&to) || self.inbox.len() >= INBOX {
                continue;
            }
            // The kernel may join datagrams of one sender; `stride` is where they part.
            let whole = buffer.get(..meta.len).unwrap_or_default();
            let parts = whole.chunks(meta.stride.max(1));
            self.inbox.extend(parts.map(|part| Question { from: meta.addr, to, bytes: part.to_vec() }));
        }
        got
    }

    fn hear(&mut self, question: &Question) {
        let Some(device) = self.devices.get_mut(&question.to) else { return };
        let now = clock();
        self.heard.fetch_add(1, Ordering::Relaxed);
        for (there, bytes) in suffer(&self.fault, &question.bytes, &mut self.dice) {
            let Some(answer) = device.respond(&bytes, now) else { continue };
            for (back, bytes) in suffer(&self.fault, &answer.bytes, &mut self.dice) {
                self.sent += 1;
                let due = now + there + answer.after + back;
                self.waiting.insert((due, self.sent), Letter { from: question.to, to: question.from, bytes });
            }
        }
    }

    async fn send_due(&mut self) {
        let now = clock();
        while let Some((&(due, _), _)) = self.waiting.first_key_value()
            && due <= now
            && let Some((_, letter)) = self.waiting.pop_first()
        {
            let transmit = Transmit {
                destination: letter.to,
                ecn: None,
                contents: &letter.bytes,
                segment_size: None,
                src_ip: Some(letter.from),
            };
            let sent =
                self.socket.async_io(Interest::WRITABLE, || self.state.try_send((&self.socket).into(), &transmit));
            // An answer that cannot be sent is an answer lost on the way.
            if sent.await.is_ok() {
                self.answered.fetch_add(1, Ordering::Relaxed);
            }
        }
    }
}

/// A socket for all loopback addresses of `at`'s family, on its port.
fn open(at: SocketAddr) -> io::Result<(UdpSocket, UdpSocketState)> {
    let (domain, any) = match at {
        SocketAddr::V4(_) => (Domain::IPV4, IpAddr::V4(Ipv4Addr::UNSPECIFIED)),
        SocketAddr::V6(_) => (Domain::IPV6, IpAddr::V6(Ipv6Addr::UNSPECIFIED)),
    };
    let socket = Socket::new(domain, Type::DGRAM, Some(Protocol::UDP))?;
    if domain == Domain::IPV6 {
        socket.set_only_v6(true)?;
    }
    // Without the right to do so the addresses of each datagram still decide.
    #[cfg(target_os = "linux")]
    let _ = socket.bind_device(Some(b"lo"));
    // A sweep of thousands arrives at once.
    let _ = socket.set_recv_buffer_size(4 << 20);
    let _ = socket.set_send_buffer_size(4 << 20);
    socket.bind(&SocketAddr::new(any, at.port()).into())?;
    socket.set_nonblocking(true)?;
    let socket = UdpSocket::from_std(socket.into())?;
    let state = UdpSocketState::new((&socket).into())?;
    Ok((socket, state))
}

/// The runtime's clock: a test that stops it lets weeks of pages pass in seconds.
fn clock() -> Instant {
    tokio::time::Instant::now().into_std()
}
