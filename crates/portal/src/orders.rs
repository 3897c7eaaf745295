//! What the portal asks of agents. An order is encoded and signed once, when it is given; it waits in memory and in the
//! database until the agent says what came of it, or until its time is over.

use crate::Portal;
use crate::agents::Agent;
use crate::audit::Entry;
use crate::keys::{KeyError, Keys};
use crate::store::{Batch, Store, StoreError, sql};
use crate::tenancy::{PlaceError, command_key};
use dca_wire::AgentId;
use dca_wire::v1::{Order, OrderResult, SignedOrder, order::What, order_result::Outcome};
use std::sync::Arc;
use tonic::Status as Refusal;

/// Orders in one answer.
const AT_ONCE: usize = 8;
/// How often a number is looked for that nobody else takes.
const TRIES: u32 = 20;
/// Agents whose clock is behind take an order as well.
const BEFORE_MS: i64 = 5 * 60_000;

/// Gives an order to an agent. The answer is its number. An agent that is connected learns it at once, any other with its
/// next check-in.
///
/// # Errors
/// If there is no such agent, or the database or the keys folder fails.
pub(crate) async fn give(
    store: &Store,
    keys: &Keys,
    agent: &AgentId,
    what: What,
    life_ms: i64,
    actor: &str,
) -> Result<[u8; 16], PlaceError> {
    let row = store.row(sql::AGENT, &[agent.as_str().into()]).await?.ok_or(StoreError::Conflict)?;
    let dealer = row.int(1)?;
    let pair = command_key(store, keys, dealer).await?;
    let (id, now, kind) = (uuid::Uuid::now_v7(), store.now_ms(), kind(&what));
    let not_after_ms = now.saturating_add(life_ms);
    let mut order = Order {
        id: id.as_bytes().to_vec(),
        agent_id: agent.to_string(),
        not_before_ms: now.saturating_sub(BEFORE_MS),
        not_after_ms,
        counter: 0,
        what: Some(what),
    };
    for _ in 0..TRIES {
        // Time as a number that rises; two in one millisecond, or a clock that was set back, count on from the last.
        let last = store.row(sql::COMMAND_LAST, &[agent.as_str().into()]).await?.map_or(Ok(0), |row| row.int(0))?;
        let counter = now.max(last.saturating_add(1));
        order.counter = u64::try_from(counter).unwrap_or(0);
        let body = dca_wire::encode(&order).map_err(|_| KeyError::Crypto)?;
        let signature = pair.sign(&body).as_ref().to_vec();
        let mut batch = Batch::new();
        batch.run(
            sql::COMMAND_ADD,
            [
                id.as_bytes().as_slice().into(),
                dealer.into(),
                agent.as_str().into(),
                counter.into(),
                kind.into(),
                body.into(),
                signature.into(),
                now.into(),
                not_after_ms.into(),
                actor.into(),
            ],
        );
        batch.run(sql::CHANGE_ADD, [now.into(), "order".into(), agent.as_str().into()]);
        batch.audit(Entry {
            dealer,
            actor: actor.to_owned(),
            action: "command.give",
            object: agent.to_string(),
            detail: format!("{kind} {id}"),
        });
        match store.commit(batch).await {
            // Somebody else, in this process or another, took the same number or the same line of the audit at the same moment.
            Err(error) if error.is_taken() => {}
            done => return done.map(|_| *id.as_bytes()).map_err(Into::into),
        }
    }
    Err(StoreError::Conflict.into())
}

impl Portal {
    /// What an agent should do: the orders whose time is not over.
    pub(crate) fn orders(&self, agent: &Agent, now_ms: i64) -> Vec<SignedOrder> {
        let mut known = agent.known();
        known.waiting.retain(|order| order.not_after_ms > now_ms);
        known.waiting.iter().take(AT_ONCE).map(|waiting| waiting.order.clone()).collect()
    }

    /// What came of orders, as the agent says.
    pub(crate) async fn results(&self, agent: &Arc<Agent>, results: &[OrderResult]) -> Result<(), Refusal> {
        let done: Vec<&OrderResult> = results
            .iter()
            .filter(|result| !matches!(result.outcome(), Outcome::Running | Outcome::Unspecified))
            .filter(|result| agent.known().waiting.iter().any(|waiting| waiting.id == result.order_id))
            .collect();
        if done.is_empty() {
            return Ok(());
        }
        let mut batch = Batch::new();
        for result in &done {
            let state = match result.outcome() {
                Outcome::Done => "done",
                Outcome::Refused => "refused",
                Outcome::Expired => "expired",
                _ => "failed",
            };
            let text: String = result.text.chars().take(2_000).collect();
            batch.run(
                sql::COMMAND_DONE,
                [
                    result.order_id.clone().into(),
                    agent.id.as_str().into(),
                    state.into(),
                    self.clock.now_ms().into(),
                    text.into(),
                ],
            );
        }
        self.write(batch).await?;
        agent.known().waiting.retain(|waiting| !done.iter().any(|result| result.order_id == waiting.id));
        Ok(())
    }

    /// Gives an order to an agent. One that is connected over MQTT to the portal that runs learns it within a second, any other
    /// with its next check-in.
    ///
    /// # Errors
    /// If the agent is not known, or the store refuses.
    pub async fn order(&self, agent: &AgentId, what: What, life_ms: i64, actor: &str) -> Result<[u8; 16], PlaceError> {
        let id = give(&self.store, &self.keys, agent, what, life_ms, actor).await?;
        self.agents.reload(&self.store, agent.as_str()).await?;
        Ok(id)
    }
}

/// What an order is called.
fn kind(what: &What) -> &'static str {
    match what {
        What::Scan(_) => "scan",
        What::Read(_) => "read",
        What::Ping(_) => "ping",
        What::Walk(_) => "walk",
        What::Diagnose(_) => "diagnose",
        What::OpenTunnel(_) => "open_tunnel",
        What::CloseTunnel(_) => "close_tunnel",
        What::Update(_) => "update",
    }
}
