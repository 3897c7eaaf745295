//! Several communities that ask one device in turn, because nobody knows which of them it knows.
//!
//! A device drops a community it does not know without a word, so a silent device and a wrong community look the same.
//! Asking with one after the other would multiply the time-out of every silent address; asking with all at once would
//! cost a device that knows the first one needless datagrams. So each try of one exchange is another one's turn, a
//! short while apart, and the id of the answered try tells who it was.

use crate::credentials::Credentials;
use crate::survey::Survey;
use std::sync::Arc;
use std::time::Duration;

#[derive(Debug)]
pub(super) struct Turns {
    survey: Arc<Survey>,
    winner: Option<usize>,
}

impl Turns {
    pub(super) fn new(survey: Arc<Survey>) -> Self {
        Self { survey, winner: None }
    }

    /// Whose turn the try at this place is; `None` once one has been answered.
    pub(super) fn next(&self, place: usize) -> Option<&Credentials> {
        if self.winner.is_some() {
            return None;
        }
        self.survey.turn(place)
    }

    /// How many take turns at present.
    pub(super) fn in_turn(&self) -> u32 {
        if self.winner.is_some() { 1 } else { self.survey.in_turn() }
    }

    /// Between one turn and the next.
    pub(super) fn stagger(&self) -> Duration {
        self.survey.stagger
    }

    /// The try at this place was answered. The winner, if that decides it.
    pub(super) fn settle(&mut self, place: usize) -> Option<Credentials> {
        let winner = self.next(place)?.clone();
        self.winner = Some(place % self.survey.who.len().max(1));
        Some(winner)
    }

    /// Who was answered.
    pub(super) fn winner(&self) -> Option<usize> {
        self.winner
    }
}
