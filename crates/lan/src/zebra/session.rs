//! One conversation: question, answer, question. The printer serves one client at a time, so it is short.

use super::{Identified, Question};
use crate::LanError;
use crate::tcp::{Conversation, Ended, Heard, Patience};

/// What came of one question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// What was asked.
    pub question: Question,
    /// As received; empty where nothing came.
    pub octets: Vec<u8>,
    /// Why no more was waited for.
    pub ended: Ended,
}

/// A device that leaves this many questions in a row unanswered is asked no more: some answer nothing while media or
/// ribbon is out or the head is open.
const SILENCES: usize = 2;

/// Asks these questions one after the other over one connection. There are as many answers as questions were sent.
///
/// # Errors
/// Where there is no connection. What a device does after that is told by the answers.
pub async fn ask(device: Identified, questions: &[Question], patience: Patience) -> Result<Vec<Answer>, LanError> {
    let mut conversation = Conversation::open(device.at(), patience).await?;
    let mut answers: Vec<Answer> = Vec::new();
    for question in questions {
        // Nobody can tell which setting an answer out of turn belongs to; the other answers name themselves.
        let is_setting = |question: &Question| matches!(question, Question::Setting(_));
        let lost = answers.iter().any(|answer| is_setting(&answer.question) && answer.ended != Ended::Whole);
        if is_setting(question) && (lost || conversation.has_unasked()) {
            break;
        }
        if conversation.send(&question.octets()).await.is_err() {
            break;
        }
        let Heard { octets, ended } = conversation.hear(whole(*question)).await;
        answers.push(Answer { question: *question, octets, ended });
        let silent = answers.iter().rev().take_while(|answer| answer.octets.is_empty()).count();
        if silent >= SILENCES || matches!(ended, Ended::Closed | Ended::TooLong) {
            break;
        }
    }
    Ok(answers)
}

/// Counts the ends of frames, or the quotes around a setting's value.
fn whole(question: Question) -> impl FnMut(&[u8]) -> bool {
    const ETX: u8 = 0x03;
    let (end, mut left) = match question {
        Question::Setting(_) => (b'"', 2),
        query => (ETX, query.frames()),
    };
    move |new| {
        left = left.saturating_sub(new.iter().filter(|octet| **octet == end).count());
        left == 0
    }
}
