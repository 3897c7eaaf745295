//! A printer's own web server and its IPP service, asked read-only over HTTP/1.1, with or without TLS.
//!
//! What can be sent is fixed: a GET of a path that the caller names, and one POST, an IPP Get-Printer-Attributes. No
//! cookie, no credentials, no proxy, no name resolution: the connection goes to an [`Allowed`] and nowhere else. Of a
//! redirect only scheme and port are taken, and only to the same address, if the caller's fence admits that port; the path
//! stays the caller's own, so a device cannot make the agent ask for a page.
//!
//! A device is hostile: time and octets of an answer are bounded as a whole, headers too, and compressed answers are
//! refused, since they were not asked for.

mod exchange;
mod redirect;
mod tls;

pub use tls::{Pin, PinError};

use dca_fence::Allowed;
use exchange::{Answer, Line};
use redirect::Redirect;
use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;

/// How much patience one answer gets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WebSettings {
    /// For one answer as a whole: connecting, TLS, redirects, all octets.
    pub timeout: Duration,
    /// Octets of one answer's body.
    pub most_octets: usize,
}

/// Embedded web servers need seconds for a page or a TLS handshake; pages have up to 70,000 octets.
impl Default for WebSettings {
    fn default() -> Self {
        Self { timeout: Duration::from_secs(10), most_octets: 1 << 20 }
    }
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WebFailure {
    /// Nobody takes the connection.
    #[error("cannot connect: {0}")]
    Connect(#[source] io::Error),
    /// It was not all there in time.
    #[error("no whole answer within {:.1} s", .0.as_secs_f32())]
    Timeout(Duration),
    /// No TLS connection comes about: old devices speak versions, ciphers or keys that are not safe any more.
    #[error("no TLS connection: {0}")]
    Tls(String),
    /// The device shows another certificate than before. It has a new one, or it is another device.
    #[error("the certificate is another one than before: expected {expected}, found {found}")]
    PinChanged {
        /// The one that was remembered.
        expected: Pin,
        /// The one that it showed.
        found: Pin,
    },
    /// What came is not HTTP, or broke off.
    #[error("no HTTP answer: {0}")]
    Http(String),
    /// The body is larger than is read.
    #[error("the answer has more than {0} octets")]
    TooLarge(usize),
    /// The body is compressed although that was not asked for.
    #[error("the answer is encoded ({0}), which was not asked for")]
    Encoded(String),
    /// A redirect that is not followed.
    #[error("a redirect that is not followed: {0}")]
    Elsewhere(String),
    /// A status that is no success.
    #[error("HTTP status {0}")]
    Status(u16),
    /// What was to be sent is no Get-Printer-Attributes request, or no path.
    #[error("only pages and Get-Printer-Attributes can be asked for")]
    NotReadOnly,
}

/// Redirects that are followed for one answer: to HTTPS, and to a port.
const MOST_REDIRECTS: usize = 2;
/// IPP's operation Get-Printer-Attributes (RFC 8011 §5.4.15), as octets 2 and 3 of a request have it.
const GET_PRINTER_ATTRIBUTES: [u8; 2] = [0x00, 0x0b];

/// One device's web server. A connection is kept between questions, so that TLS is set up once.
#[derive(Debug)]
pub struct Web {
    at: Allowed,
    secure: bool,
    pins: BTreeMap<u16, Pin>,
    settings: WebSettings,
    line: Option<Line>,
    asked: u32,
}

impl Web {
    /// A web server, with TLS if `secure`. `pins` are the certificates that this address showed before, by port; where none
    /// is remembered the first that it shows is taken, and [`pins`](Self::pins) tells it.
    ///
    /// Nothing is sent yet.
    pub fn new(at: Allowed, secure: bool, pins: BTreeMap<u16, Pin>, settings: WebSettings) -> Self {
        Self { at, secure, pins, settings, line: None, asked: 0 }
    }

    /// The certificates that this address shows, by port, for the caller to remember.
    pub fn pins(&self) -> &BTreeMap<u16, Pin> {
        &self.pins
    }

    /// Where it is asked by now: a redirect may have led to another port.
    pub fn at(&self) -> Allowed {
        self.at
    }

    /// Requests sent so far: devices count them.
    pub fn asked(&self) -> u32 {
        self.asked
    }

    /// GETs a page. `admit` is the fence: it decides whether a redirect to another port of the same address is followed.
    ///
    /// # Errors
    /// Where there is no whole answer with a status of success.
    pub async fn page(
        &mut self,
        path: &str,
        admit: impl Fn(SocketAddr) -> Option<Allowed>,
    ) -> Result<Vec<u8>, WebFailure> {
        self.ask(path, None, admit).await
    }

    /// POSTs an IPP request, which must be a Get-Printer-Attributes.
    ///
    /// # Errors
    /// As [`Web::page`], and for any other request.
    pub async fn printer_attributes(
        &mut self,
        path: &str,
        request: Vec<u8>,
        admit: impl Fn(SocketAddr) -> Option<Allowed>,
    ) -> Result<Vec<u8>, WebFailure> {
        if request.get(2..4) != Some(&GET_PRINTER_ATTRIBUTES) {
            return Err(WebFailure::NotReadOnly);
        }
        self.ask(path, Some(request), admit).await
    }

    async fn ask(
        &mut self,
        path: &str,
        request: Option<Vec<u8>>,
        admit: impl Fn(SocketAddr) -> Option<Allowed>,
    ) -> Result<Vec<u8>, WebFailure> {
        if !path.starts_with('/') || path.starts_with("//") {
            return Err(WebFailure::NotReadOnly);
        }
        let timeout = self.settings.timeout;
        match tokio::time::timeout(timeout, self.follow(path, request, admit)).await {
            Ok(answer) => {
                if answer.is_err() {
                    self.line = None;
                }
                answer
            }
            Err(_) => {
                self.line = None;
                Err(WebFailure::Timeout(timeout))
            }
        }
    }

    async fn follow(
        &mut self,
        path: &str,
        request: Option<Vec<u8>>,
        admit: impl Fn(SocketAddr) -> Option<Allowed>,
    ) -> Result<Vec<u8>, WebFailure> {
        for _ in 0..=MOST_REDIRECTS {
            let location = match self.once(path, request.clone()).await? {
                Answer::Body(body) => return Ok(body),
                Answer::Moved(location) => location,
                // RFC 8010 §8.2 by way of RFC 2817: IPP on this port, but only with TLS.
                Answer::UpgradeRequired if !self.secure => {
                    self.secure = true;
                    self.line = None;
                    continue;
                }
                Answer::UpgradeRequired => return Err(WebFailure::Status(426)),
            };
            let Redirect { port, secure } = redirect::read(&location, self.at.addr(), self.secure)?;
            let to = SocketAddr::new(self.at.addr().ip(), port);
            let outside = || WebFailure::Elsewhere(format!("port {port} is not among what may be asked"));
            self.at = admit(to).filter(|allowed| allowed.addr() == to).ok_or_else(outside)?;
            self.secure = secure;
            self.line = None;
        }
        Err(WebFailure::Elsewhere("one leads to the next".to_owned()))
    }

    /// One request on the connection that is there, or a new one where the device has closed it meanwhile.
    async fn once(&mut self, path: &str, request: Option<Vec<u8>>) -> Result<Answer, WebFailure> {
        if let Some(line) = self.line.as_mut().filter(|line| line.is_open()) {
            self.asked += 1;
            match line.ask(path, request.clone(), self.settings.most_octets).await {
                // Closed between two requests, as RFC 9112 §9.3.1 allows: once more on a new one.
                Err(WebFailure::Http(_)) => {}
                answer => return answer,
            }
        }
        let port = self.at.addr().port();
        let (mut line, pin) = Line::open(self.at, self.secure, self.pins.get(&port).copied()).await?;
        self.pins.extend(pin.map(|pin| (port, pin)));
        self.asked += 1;
        let answer = line.ask(path, request, self.settings.most_octets).await;
        self.line = Some(line);
        answer
    }
}
