//! One question to each of many devices, without a task for each.
//!
//! The addresses stay with the caller and go to the driver as it takes them in, so what is not asked yet costs nothing; at
//! most as many outcomes wait as questions may be in flight.

use crate::driver::{Ask, Question, Reply, Round, Withdrawal};
use crate::snmp::{Snmp, answer};
use dca_fence::Allowed;
use dca_snmp::{Failure, Outcome, Response, Survey};
use std::sync::Arc;
use tokio::sync::mpsc;
use tokio::sync::mpsc::error::TrySendError;

/// What many devices answer; made by [`Snmp::ask_each`]. Dropping it takes back what has not been answered.
#[derive(Debug)]
pub struct Answers<I> {
    snmp: Snmp,
    survey: Arc<Survey>,
    round: Arc<Round>,
    at: I,
    /// Did not fit between the handles and the driver.
    held: Option<Box<Ask>>,
    /// Handed to the driver and not given to the caller.
    outstanding: usize,
    answers: mpsc::UnboundedReceiver<(Allowed, Outcome)>,
}

impl<I: Iterator<Item = Allowed>> Answers<I> {
    pub(crate) fn new(snmp: Snmp, number: u64, survey: Survey, at: I) -> Self {
        let (sender, answers) = mpsc::unbounded_channel();
        let round = Arc::new(Round { number, answers: sender });
        Self { snmp, survey: Arc::new(survey), round, at, held: None, outstanding: 0, answers }
    }

    /// The next outcome; `None` when every device has had one. Nothing is lost if the future is dropped.
    pub async fn next(&mut self) -> Option<(Allowed, Result<Response, Failure>)> {
        loop {
            self.supply();
            if self.outstanding == 0 && self.held.is_none() {
                return None;
            }
            tokio::select! {
                Some((at, outcome)) = self.answers.recv() => {
                    self.outstanding -= 1;
                    return Some((at, answer(Some(outcome))));
                }
                room = self.snmp.asks.reserve(), if self.held.is_some() => {
                    let ask = self.held.take()?;
                    // Without a driver nobody answers.
                    room.ok()?.send(ask);
                    self.outstanding += 1;
                }
            }
        }
    }

    /// Hands the driver as many questions as it has room for.
    fn supply(&mut self) {
        while self.held.is_none()
            && self.outstanding < self.snmp.shared.in_flight
            && let Some(at) = self.at.next()
        {
            let reply = Reply::Each(at, Arc::clone(&self.round));
            let ask = Ask { question: Question::Survey(Arc::clone(&self.survey)), at, reply };
            match self.snmp.asks.try_send(Box::new(ask)) {
                Ok(()) => self.outstanding += 1,
                Err(TrySendError::Full(ask) | TrySendError::Closed(ask)) => self.held = Some(ask),
            }
        }
    }
}

impl<I> Drop for Answers<I> {
    fn drop(&mut self) {
        // Without a driver there is nothing to take back.
        let _ = self.snmp.withdrawn.send(Withdrawal::All(self.round.number));
    }
}
