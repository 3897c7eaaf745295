//! `scan`: which printers are in a range, one line each.

use crate::interview::{Depth, Interview};
use crate::network::{Network, Run, address};
use crate::progress::Progress;
use crate::scope::Scope;
use dca_fence::Allowed;
use dca_printer::{Identity, Status, Total};
use serde::Serialize;
use std::future::Future;

/// A device that answered.
#[derive(Debug, Clone, Serialize)]
pub struct Found {
    /// Address and port.
    pub address: String,
    /// The decision.
    pub is_printer: bool,
    /// The evidence, one sentence.
    pub why: String,
    /// Who it is.
    pub identity: Identity,
    /// Its billed page count; the same figure as in a full reading.
    #[serde(skip)]
    pub total: Option<Total>,
    /// What it is doing.
    #[serde(skip)]
    pub status: Status,
    /// False if the device went silent before all was asked.
    #[serde(skip)]
    pub complete: bool,
}

impl Network {
    /// Asks every address of the scope and gives a line per device that answers.
    ///
    /// A printer is asked its identity, meters and status as in a full reading, without its supplies, trays and alerts:
    /// what stands in the table is the same figure that [`Network::read`] gives.
    pub async fn scan(&self, scope: &Scope, progress: &mut dyn Progress, stop: impl Future<Output = ()>) -> Run<Found> {
        self.sweep(scope, Depth::Line, progress, stop, found).await
    }
}

fn found(at: Allowed, interview: Interview) -> Found {
    let Interview { verdict, reading, complete, .. } = interview;
    Found {
        address: address(at),
        is_printer: verdict.is_printer,
        why: verdict.why,
        identity: reading.identity,
        total: reading.total,
        status: reading.status,
        complete,
    }
}
