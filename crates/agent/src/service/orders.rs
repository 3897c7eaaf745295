//! The portal's orders: who may give them, which are carried out, and how they are answered.
//!
//! ```text
//! signature ─► this agent? ─► seen before? ─► in time? ─► counter higher? ─► permitted? ─► carried out ─► result
//! ```
//!
//! An order is remembered before it is carried out; a repetition is answered from memory, a replay with an old counter is
//! not answered at all.

use super::desk::{Desk, Draft, NOTICES};
use super::fleet::{Done, Want};
use crate::config::Errand;
use aws_lc_rs::signature::{ED25519, UnparsedPublicKey};
use dca_spool::Class;
use dca_wire::v1::order::What;
use dca_wire::v1::order_result::Outcome;
use dca_wire::v1::record::What as RecordWhat;
use dca_wire::v1::{Order, OrderFinding, OrderResult, SignedOrder};
use prost::Message;
use std::collections::BTreeSet;
use tokio::sync::{mpsc, oneshot};

/// The most results in one check-in.
pub(super) const TOLD_AT_ONCE: usize = 100;
/// Most letters of a result's sentence.
const TEXT: usize = 1_000;

/// Who gives orders, and what may be ordered.
#[derive(Clone)]
pub(super) struct Orders {
    pub(super) desk: Desk,
    pub(super) agent_id: String,
    pub(super) command_key: Vec<u8>,
    pub(super) permitted: BTreeSet<Errand>,
    pub(super) wants: mpsc::Sender<Want>,
    /// For what only the service itself can do; it is given the order's id.
    pub(super) diagnose: mpsc::Sender<(Vec<u8>, oneshot::Sender<Done>)>,
    /// A result is there to be told.
    pub(super) finished: mpsc::Sender<()>,
}

impl Orders {
    /// Takes in orders as they came: several of one check-in in the order of their counters.
    pub(super) async fn take(&self, signed: Vec<SignedOrder>) {
        let mut orders = Vec::new();
        for one in signed {
            match self.verified(&one) {
                Ok(order) => orders.push(order),
                Err(why) => self.desk.notice("order_refused", why).await,
            }
        }
        orders.sort_by_key(|order| order.counter);
        for order in orders {
            self.take_one(order).await;
        }
    }

    fn verified(&self, signed: &SignedOrder) -> Result<Order, String> {
        UnparsedPublicKey::new(&ED25519, &self.command_key)
            .verify(&signed.order, &signed.signature)
            .map_err(|_| "an order whose signature is not of the key that this agent was enrolled with".to_owned())?;
        let order = dca_wire::decode::<Order>(&signed.order).map_err(|error| error.to_string())?;
        if order.agent_id != self.agent_id {
            return Err(format!("an order for {:?}", order.agent_id));
        }
        Ok(order)
    }

    async fn take_one(&self, order: Order) {
        let id = order.id.clone();
        let seen = self.desk.spool(move |spool| spool.order(&id)).await;
        match seen {
            Ok(Some(_)) => {
                // It is told again; what still runs is told when it is done.
                let ids = vec![order.id];
                let _ = self.desk.spool(move |spool| spool.mark_told(ids, false)).await;
                return;
            }
            Ok(None) => {}
            Err(error) => return tracing::error!(%error, "an order is left until the disk is well"),
        }
        let (id, counter, now) = (order.id.clone(), order.counter, self.desk.now_ms());
        match self.desk.spool(move |spool| spool.take_order(&id, counter, now)).await {
            Ok(true) => {}
            Ok(false) => return self.desk.notice("order_refused", "an order with the counter of an older one").await,
            Err(error) => return tracing::error!(%error, "an order is left until the disk is well"),
        }
        if now < order.not_before_ms || now > order.not_after_ms {
            return self.finish(order.id, Done::new(Outcome::Expired, "it came outside its time")).await;
        }
        let (reply, wait) = oneshot::channel();
        let refused = match order.what.clone() {
            Some(What::Scan(_)) => self.ask(Errand::Scan, Want::Scan(reply)).await,
            Some(What::Read(read)) => self.ask(Errand::Read, Want::Read(read.device_ids, reply)).await,
            Some(What::Ping(ping)) => self.ask(Errand::Ping, Want::Ping(ping.address, reply)).await,
            Some(What::Walk(walk)) => {
                let want = Want::Walk { device: walk.device_id, oid: walk.oid, rows: walk.most_rows, reply };
                self.ask(Errand::Walk, want).await
            }
            Some(What::Diagnose(_)) if self.permitted.contains(&Errand::Diagnose) => {
                let sent = self.diagnose.send((order.id.clone(), reply)).await;
                sent.err().map(|_| Done::new(Outcome::Failed, "the agent is stopping"))
            }
            Some(What::Diagnose(_)) => Some(not_permitted()),
            Some(What::OpenTunnel(_) | What::CloseTunnel(_) | What::Update(_)) | None => {
                Some(Done::new(Outcome::Refused, "this version of the agent does not do that"))
            }
        };
        if let Some(done) = refused {
            return self.finish(order.id, done).await;
        }
        let orders = self.clone();
        tokio::spawn(async move {
            let done = wait.await.unwrap_or_else(|_| Done::new(Outcome::Failed, "it was cut off"));
            orders.finish(order.id, done).await;
        });
    }

    /// Passes it on, if it is permitted; otherwise what became of it.
    async fn ask(&self, errand: Errand, want: Want) -> Option<Done> {
        if !self.permitted.contains(&errand) {
            return Some(not_permitted());
        }
        self.wants.send(want).await.err().map(|_| Done::new(Outcome::Failed, "the agent is stopping"))
    }

    async fn finish(&self, id: Vec<u8>, done: Done) {
        let Done { outcome, text, finding } = done;
        tracing::info!(?outcome, text, "an order is done");
        if finding.is_some() {
            let what = RecordWhat::Finding(OrderFinding { order_id: id.clone(), what: finding });
            let draft = Draft { stream: NOTICES, class: Class::Diagnostic, device: String::new(), what };
            self.desk.keep(draft).await;
        }
        let text = text.chars().take(TEXT).collect();
        let result = OrderResult { order_id: id.clone(), outcome: outcome.into(), text, at_ms: self.desk.now_ms() };
        let octets = result.encode_to_vec();
        if let Err(error) = self.desk.spool(move |spool| spool.finish_order(&id, octets)).await {
            tracing::error!(%error, "the result of an order is not kept");
        }
        let _ = self.finished.try_send(());
    }

    /// What was cut off by a restart is told as failed.
    pub(super) async fn bury_cut_off(&self) {
        let untold = self.desk.spool(|spool| spool.untold_orders(TOLD_AT_ONCE)).await.unwrap_or_default();
        for (id, _) in untold.into_iter().filter(|(_, seen)| seen.result.is_none()) {
            self.finish(id, Done::new(Outcome::Failed, "a restart of the agent cut it off")).await;
        }
    }

    /// The results to be told: the ids of those that are done, and all.
    pub(super) async fn results(&self) -> (Vec<Vec<u8>>, Vec<OrderResult>) {
        let untold = self.desk.spool(|spool| spool.untold_orders(TOLD_AT_ONCE)).await.unwrap_or_default();
        let (mut done, mut results) = (Vec::new(), Vec::new());
        for (id, seen) in untold {
            let result = match seen.result {
                Some(octets) => {
                    done.push(id);
                    OrderResult::decode(&*octets).unwrap_or_default()
                }
                None => OrderResult { order_id: id, outcome: Outcome::Running.into(), text: String::new(), at_ms: 0 },
            };
            if !result.order_id.is_empty() {
                results.push(result);
            }
        }
        (done, results)
    }
}

fn not_permitted() -> Done {
    Done::new(Outcome::Refused, "the customer's configuration of this agent does not permit it")
}
