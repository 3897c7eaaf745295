//! One meter: the settled figure, and at most one that is in doubt until the next reading.

use crate::bound::LastSeen;
use crate::judge::{Figure, Verdict, judge};
use crate::{Broke, Cause, Counted, Event, Opened, SetAside, Settings, Text, Time};
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Meter {
    settled: Figure,
    doubted: Option<Figure>,
}

impl Meter {
    /// The first figure of a meter.
    pub(crate) fn open(key: &Text, first: Figure, tell: &mut Vec<Event>) -> Self {
        let opened = Opened { meter: key.clone(), origin: first.origin.clone(), point: first.point };
        tell.push(Event::Opened(opened));
        Self { settled: first, doubted: None }
    }

    /// The next figure. What goes on from the settled one settles at once. What does not is doubted; if the figure after
    /// it goes on from the doubted one, the change is a fact, and if it goes on from the settled one, the doubted one
    /// was none. Where it could go on from both, the smaller growth is taken: never too much.
    pub(crate) fn add(&mut self, key: &Text, next: Figure, settings: &Settings, tell: &mut Vec<Event>) {
        let on = judge(&self.settled, &next, settings);
        let on_from_doubted = self.doubted.as_ref().and_then(|doubted| match judge(doubted, &next, settings) {
            Verdict::Grew(amount) => Some(amount),
            _ => None,
        });
        match (on, on_from_doubted) {
            (Verdict::Grew(amount), less) if less.is_none_or(|less| amount <= less) => {
                self.set_aside(key, settings, tell);
                tell.push(self.counted(key, &next, amount, false));
                self.settled = next;
            }
            (_, Some(amount)) => {
                self.change(key, settings, tell);
                tell.push(self.counted(key, &next, amount, false));
                self.settled = next;
            }
            (_, None) => {
                self.set_aside(key, settings, tell);
                self.doubted = Some(next);
            }
        }
    }

    /// The doubted figure is a fact.
    fn change(&mut self, key: &Text, settings: &Settings, tell: &mut Vec<Event>) {
        let Some(changed) = self.doubted.take() else { return };
        tell.push(match judge(&self.settled, &changed, settings) {
            Verdict::Grew(amount) => self.counted(key, &changed, amount, false),
            Verdict::Wrapped(amount) => self.counted(key, &changed, amount, true),
            Verdict::Broke(cause) => Event::Broke(Broke {
                meter: key.clone(),
                from: self.settled.point,
                to: changed.point,
                origin: changed.origin.clone(),
                cause,
            }),
        });
        self.settled = changed;
    }

    fn set_aside(&mut self, key: &Text, settings: &Settings, tell: &mut Vec<Event>) {
        let Some(doubted) = self.doubted.take() else { return };
        let cause = match judge(&self.settled, &doubted, settings) {
            Verdict::Broke(cause) => cause,
            Verdict::Wrapped(_) | Verdict::Grew(_) => Cause::Rollback,
        };
        tell.push(Event::SetAside(SetAside { meter: key.clone(), point: doubted.point, cause }));
    }

    fn counted(&self, key: &Text, next: &Figure, amount: u64, wrapped: bool) -> Event {
        let (from, to) = (self.settled.point, next.point);
        Event::Counted(Counted { meter: key.clone(), origin: next.origin.clone(), from, to, amount, wrapped })
    }
}

impl Meter {
    /// Whether a figure of this very reading was taken.
    pub(crate) fn took(&self, at: Time) -> bool {
        self.last_seen() == at
    }
}

impl LastSeen for Meter {
    fn last_seen(&self) -> Time {
        self.doubted.as_ref().unwrap_or(&self.settled).point.at
    }
}
