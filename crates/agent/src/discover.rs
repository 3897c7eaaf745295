//! The first questions to an address, as everybody who might be answered.
//!
//! A device drops a community that it does not know without a word (RFC 3584 §5.2.1 and RFC 1157 §4.1), so a silent host
//! and a wrong community look the same, and trying credentials one after the other would multiply the time-out of every
//! silent host. They race instead: each starts a little after the one before it unless somebody has answered by then,
//! which costs a device that answers usually one datagram, and a silent one a time-out and a few staggers in all. The
//! first to be answered is used from then on. Communities take turns within one question; each user races on its own,
//! because finding a v3 engine is an exchange in itself.
//!
//! What races is one GET that tells a printer and who it is; what tells its profile apart is asked of whoever answers, in
//! a second one.

use crate::credentials::Named;
use crate::interview::{Device, Part};
use crate::live::{Live, part};
use dca_fence::Allowed;
use dca_lan::Snmp;
use dca_printer::discovery;
use dca_snmp::{Credentials, Failure, Oid, Request, Response};
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

/// Why nobody won the race, one sentence.
pub(crate) enum Lost {
    /// Something is there, and does not let us in.
    Failed(String),
    Silent(String),
}

type Asked<'a> = Pin<Box<dyn Future<Output = Result<Response, Failure>> + Send + 'a>>;

/// Asks a device that has answered the race what else discovery wants to know.
pub(crate) async fn acquaint(mut device: Live, response: Response, names: &[Oid]) -> (Live, Part) {
    let mut found = part(response);
    let probe = discovery();
    let rest: Vec<Oid> = names.iter().filter(|name| !probe.contains(name)).cloned().collect();
    let more = device.get(rest).await;
    found.rows.extend(more.rows);
    found.quirks.merge(more.quirks);
    found.trouble = found.trouble.or(more.trouble);
    found.silent = more.silent;
    (device, found)
}

/// Who asks in one question, and the answer to come.
type Contestant<'a> = (Vec<Named>, Asked<'a>);

/// Finds the credentials that are answered at an address, with the answer to [`discovery`].
pub(crate) async fn race(
    snmp: &Snmp,
    at: Allowed,
    list: &[Named],
    stagger: Duration,
) -> Result<(Named, Response), Lost> {
    if list.is_empty() {
        return Err(Lost::uncovered());
    }
    let mut race = contestants(snmp, at, list, stagger);
    let mut failures = Failures::default();
    poll_fn(|context| {
        let mut winner = None;
        race.retain_mut(|(who, asked)| {
            if winner.is_some() {
                return true;
            }
            match asked.as_mut().poll(context) {
                Poll::Pending => return true,
                Poll::Ready(Ok(response)) => {
                    winner = who.get(response.who).map(|named| (named.clone(), response));
                }
                Poll::Ready(Err(failure)) => {
                    if let Some(named) = who.first() {
                        failures.add(named.clone(), failure);
                    }
                }
            }
            false
        });
        match winner {
            Some(winner) => Poll::Ready(Ok(winner)),
            None if race.is_empty() => Poll::Ready(Err(std::mem::take(&mut failures).lost())),
            None => Poll::Pending,
        }
    })
    .await
}

/// Credentials that ask in one question: a user, or all communities in turn.
pub(crate) struct Caller {
    /// In the order of the list.
    pub(crate) who: Vec<Named>,
    /// How long after the first of the list they begin.
    pub(crate) wait: Duration,
}

impl Caller {
    /// Everybody of a list.
    pub(crate) fn all(list: &[Named], stagger: Duration) -> Vec<Self> {
        let mut callers: Vec<Self> = Vec::new();
        for (place, named) in (0_u32..).zip(list) {
            let communities = callers.iter_mut().find(|caller| !caller.is_user());
            match communities.filter(|_| !matches!(named.credentials, Credentials::V3(_))) {
                Some(caller) => caller.who.push(named.clone()),
                None => callers.push(Self { who: vec![named.clone()], wait: stagger * place }),
            }
        }
        callers
    }

    /// The user, if it is one.
    pub(crate) fn user(&self) -> Option<&Credentials> {
        self.who.iter().map(|named| &named.credentials).find(|who| matches!(who, Credentials::V3(_)))
    }

    fn is_user(&self) -> bool {
        self.user().is_some()
    }

    /// The communities.
    pub(crate) fn communities(&self) -> Arc<[Credentials]> {
        self.who.iter().map(|named| named.credentials.clone()).collect()
    }
}

fn contestants(snmp: &Snmp, at: Allowed, list: &[Named], stagger: Duration) -> Vec<Contestant<'static>> {
    let contestant = |caller: Caller| {
        let (snmp, wait) = (snmp.clone(), caller.wait);
        let (user, communities) = (caller.user().cloned(), caller.communities());
        let asked = async move {
            match user {
                Some(user) => snmp.ask(Request::get(discovery()), at, &user).await,
                None => snmp.ask_as_any(Request::get(discovery()), at, communities, stagger).await,
            }
        };
        (caller.who, after(wait, asked))
    };
    Caller::all(list, stagger).into_iter().map(contestant).collect()
}

fn after<'a>(wait: Duration, asked: impl Future<Output = Result<Response, Failure>> + Send + 'a) -> Asked<'a> {
    if wait.is_zero() {
        return Box::pin(asked);
    }
    Box::pin(async move {
        tokio::time::sleep(wait).await;
        asked.await
    })
}

impl Lost {
    /// Nobody may ask there.
    pub(crate) fn uncovered() -> Self {
        Self::Failed("no range of the credentials file covers this address".into())
    }
}

/// Why everybody at one address failed, as far as it tells something: thousands of silent addresses keep hardly anything.
#[derive(Default)]
pub(crate) struct Failures {
    pub(crate) count: usize,
    /// Somebody who is no v3 user has failed.
    communities: bool,
    /// The most telling one that is more than silence.
    telling: Option<Box<(Named, Failure)>>,
}

impl Failures {
    pub(crate) fn add(&mut self, who: Named, failure: Failure) {
        let tells = |failure: &Failure| match failure {
            Failure::NoAnswer { .. } | Failure::Cancelled => 0,
            Failure::Unreachable(_) => 1,
            _ => 2,
        };
        self.count += 1;
        self.communities |= !who.label.starts_with("v3");
        if tells(&failure) > self.telling.as_ref().map_or(0, |told| tells(&told.1)) {
            self.telling = Some(Box::new((who, failure)));
        }
    }

    /// All in one.
    pub(crate) fn lost(self) -> Lost {
        match self.telling.map(|told| *told) {
            None if self.count == 0 => Lost::Silent("no answer".into()),
            None => {
                let hint = if self.communities {
                    "it is off, elsewhere, filtered, SNMP is off, or it does not know the community (devices drop a wrong \
                     one without a word)"
                } else {
                    "it is off, elsewhere, filtered, or SNMPv3 is off"
                };
                Lost::Silent(format!("no answer: {hint}"))
            }
            Some((_, failure @ Failure::Unreachable(_))) => Lost::Silent(failure.to_string()),
            Some((who, failure)) => Lost::Failed(format!("{}: {failure}", who.label)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use dca_snmp::UsmReport;

    #[test]
    fn the_most_telling_failure_is_told() {
        let silent = || Failure::NoAnswer { tries: 2, waited: Duration::from_secs(2) };
        let named = |label: &str| Named { label: label.into(), credentials: Credentials::v2c("x") };
        let check = |failures: &[(Named, Failure)]| {
            let mut all = Failures::default();
            failures.iter().for_each(|(who, failure)| all.add(who.clone(), failure.clone()));
            match all.lost() {
                Lost::Failed(why) => ("failed", why),
                Lost::Silent(why) => ("silent", why),
            }
        };
        let (kind, why) = check(&[(named("v2c, community 1"), silent()), (named("v1, community 1"), silent())]);
        assert_eq!((kind, why.contains("community")), ("silent", true), "{why}");
        let (kind, why) = check(&[(named("v3, user u"), silent())]);
        assert_eq!((kind, why.contains("community")), ("silent", false), "{why}");
        let wrong = (named("v3, user u"), Failure::Usm(UsmReport::UnknownUserName));
        let (kind, why) = check(&[wrong, (named("v2c, community 1"), silent())]);
        assert_eq!((kind, why.as_str()), ("failed", "v3, user u: the device does not know this user"));
        let (kind, why) = check(&[(named("v1"), silent()), (named("v2c"), Failure::Unreachable("no route".into()))]);
        assert_eq!((kind, why.as_str()), ("silent", "unreachable: no route"));
    }
}
