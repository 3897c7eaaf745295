//! A device's own pages (LEDM) and its IPP service.
//!
//! Devices count visits to their pages, so one reading makes one sweep: the list of pages, and those that are read.

use super::gate::Gate;
use super::pins::Pins;
use dca_fence::{Allowed, Fence};
use dca_lan::{Web, WebFailure, WebSettings};
use dca_printer::{Reading, ipp, ledm};
use std::net::{IpAddr, SocketAddr};

/// What a visit needs to know.
pub(super) struct Visit<'a> {
    pub(super) fence: &'a Fence,
    pub(super) pins: &'a Pins,
    pub(super) gate: &'a Gate,
}

/// A port that may be asked, and whether by TLS.
type Door = (Allowed, bool);
/// Makes the IPP request for a place.
type Question = fn(SocketAddr) -> Option<Vec<u8>>;

/// The ways to try a port in.
pub(super) fn doors(at: Allowed) -> Vec<Door> {
    match at.addr().port() {
        80 => vec![(at, false)],
        443 => vec![(at, true)],
        _ => vec![(at, false), (at, true)],
    }
}

impl Visit<'_> {
    /// The pages of a device, as far as it has them.
    pub(super) async fn ledm(&self, doors: &[Door]) -> Result<Reading, String> {
        let (mut web, tree) = self.knock(doors, ledm::DISCOVERY, None).await?;
        let named = match &tree {
            Some(tree) => ledm::pages(tree).ok_or("its web server lists no pages in the form of LEDM")?,
            None => Vec::new(),
        };
        let paths = if named.is_empty() {
            vec![ledm::LARGE_FORMAT_STATUS.to_owned()]
        } else {
            named.into_iter().map(ledm::path).collect()
        };
        let (mut pages, mut troubles) = (Vec::new(), Vec::new());
        for path in &paths {
            self.gate.pass().await;
            match web.page(path, |at| self.fence.admit(at)).await {
                Ok(page) => pages.push(page),
                Err(why) => {
                    troubles.push(format!("{path}: {why}"));
                    // A device that has not answered in time is left alone.
                    if matches!(why, WebFailure::Timeout(_)) {
                        break;
                    }
                }
            }
        }
        if pages.is_empty() {
            return Err(troubles.into_iter().next().unwrap_or_else(|| "no page was read".to_owned()));
        }
        let mut reading = ledm::read(&pages.iter().map(Vec::as_slice).collect::<Vec<_>>());
        reading.doubts.extend(troubles);
        Ok(reading)
    }

    /// The printer attributes of a device.
    pub(super) async fn ipp(&self, doors: &[Door]) -> Result<Reading, String> {
        let (_, answer) = self.knock(doors, ipp::PATH, Some(question)).await?;
        let reading = ipp::read(&answer.ok_or("there is no printer at /ipp/print")?);
        if reading.is_printer { Ok(reading) } else { Err(reading.doubts.join("; ")) }
    }

    /// Asks at the first door where somebody speaks HTTP; no answer where there is no such page.
    async fn knock(
        &self,
        doors: &[Door],
        path: &str,
        question: Option<Question>,
    ) -> Result<(Web, Option<Vec<u8>>), String> {
        let mut closed = "no port is open to be asked".to_owned();
        for (at, secure) in doors {
            let mut web = Web::new(*at, *secure, self.pins.of(at.addr().ip()), WebSettings::default());
            let admit = |at| self.fence.admit(at);
            self.gate.pass().await;
            let answer = match question.map(|question| question(at.addr())) {
                None => web.page(path, admit).await,
                Some(Some(question)) => web.printer_attributes(path, question, admit).await,
                Some(None) => continue,
            };
            self.pins.learn(&web);
            match answer {
                Ok(answer) => return Ok((web, Some(answer))),
                Err(WebFailure::Status(404)) => return Ok((web, None)),
                // Nobody, or somebody who speaks otherwise. The most telling is the first.
                Err(why @ (WebFailure::Connect(_) | WebFailure::Http(_) | WebFailure::Tls(_))) => {
                    tracing::debug!(%at, secure, %why, "no HTTP there");
                    closed = format!("TCP {at}: {why}");
                }
                Err(why) => return Err(format!("TCP {at}: {why}")),
            }
        }
        Err(closed)
    }
}

fn question(at: SocketAddr) -> Option<Vec<u8>> {
    let host = match at.ip() {
        IpAddr::V4(ip) => ip.to_string(),
        IpAddr::V6(ip) => format!("[{ip}]"),
    };
    ipp::question(&host, at.port())
}
