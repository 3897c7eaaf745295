//! A question that is kept small until its device answers is the question that it would have been.

use super::*;

const NAME: crate::OidRef<'static> = crate::oid!("1.3.6.1.2.1.1.1.0");

/// Two managers that draw the same chance: the second makes jobs of all questions at once.
struct Twins {
    small: Manager,
    large: Manager,
    now: Instant,
    thawed: usize,
}

impl Twins {
    fn new(limits: Limits) -> Self {
        let twin = || Manager::new(limits.clone(), [5; 32]);
        Self { small: twin(), large: twin(), now: start(), thawed: 0 }
    }

    fn ask(&mut self, survey: &Arc<Survey>, to: SocketAddr) -> Ticket {
        let ticket = self.small.survey(survey, to, self.now);
        assert_eq!(self.large.survey(survey, to, self.now), ticket);
        self.large.thaw(ticket.0);
        ticket
    }

    /// Tells both the same, and hears the same of both.
    fn tell(&mut self, mut what: impl FnMut(&mut Manager, Instant)) -> (Vec<Transmit>, Vec<Outcome>) {
        let before = self.small.jobs.len();
        let mut heard = [&mut self.small, &mut self.large].map(|manager| {
            what(manager, self.now);
            let sent: Vec<Transmit> = std::iter::from_fn(|| manager.poll_transmit()).collect();
            manager.handle_timeout(self.now);
            let done: Vec<_> = std::iter::from_fn(|| manager.poll_done()).collect();
            (sent, done, manager.poll_timeout(), manager.counters(), manager.in_flight.len())
        });
        assert_eq!(heard[0], heard[1]);
        assert!(self.large.fresh.is_empty());
        self.thawed += self.small.jobs.len().saturating_sub(before);
        let (sent, done, ..) = std::mem::take(&mut heard[0]);
        (sent, done.into_iter().map(|(_, outcome)| outcome).collect())
    }
}

#[test]
fn what_happens_to_it_is_what_happens_to_any_other() {
    let user = User::new("reader").unwrap().auth(AuthProtocol::Sha1, b"maplesyrup").unwrap();
    let settings = || ResponderSettings {
        users: vec![user.clone()],
        communities: vec!["b".into()],
        ..ResponderSettings::default()
    };
    let ask = Request::get([NAME, crate::oid!("1.3.6.1.2.1.99.1.0")]);
    let communities: Arc<[Credentials]> = [Credentials::v2c("a"), Credentials::v1("b"), Credentials::v2c("b")].into();
    let surveys = [
        Survey::new(ask.clone(), &Credentials::v2c("b")),
        Survey { ask: ask.clone(), who: communities, stagger: Duration::from_millis(100) },
        Survey::new(ask.clone(), &Credentials::V3(user.clone())),
        Survey::new(ask, &Credentials::V3(User::new("stranger").unwrap())),
    ]
    .map(Arc::new);
    let (mut answered, mut silent, mut thawed) = (0, 0, 0);
    for seed in 0..100 {
        let mut dice = fastrand::Rng::with_seed(seed);
        let limits = Limits { retries: dice.u32(..3), in_flight_per_target: dice.usize(1..3), ..Limits::default() };
        let mut twins = Twins::new(limits);
        let objects = table(1);
        let mut agents: Vec<Responder> = (0..4).map(|_| responder(settings())).collect();
        let mut late: Vec<(SocketAddr, Vec<u8>)> = Vec::new();
        let (mut asked, mut tickets) = (0, Vec::new());
        for _ in 0..2_000 {
            if asked < 24 && dice.u32(..3) == 0 {
                asked += 1;
                // Most addresses are asked once, by two.
                let to = at(dice.u16(..12));
                tickets.push(twins.ask(&surveys[dice.usize(..surveys.len())], to));
            }
            let garbage: Vec<u8> = (0..dice.usize(1..20)).map(|_| dice.u8(..)).collect();
            let (to, ticket) = (at(dice.u16(..12)), tickets.last().copied());
            let (sent, done) = match dice.u32(..40) {
                0 => twins.tell(|manager, now| manager.handle_datagram(&garbage, to, now)),
                1 => twins.tell(|manager, now| manager.handle_unreachable(to, "nobody", now)),
                2 => twins.tell(|manager, _| ticket.into_iter().for_each(|ticket| manager.cancel(ticket))),
                3..20 if !late.is_empty() => {
                    let (from, bytes) = late.swap_remove(dice.usize(..late.len()));
                    let from = if dice.u32(..20) == 0 { to } else { from };
                    twins.tell(|manager, now| manager.handle_datagram(&bytes, from, now))
                }
                _ => {
                    let due = twins.small.poll_timeout().unwrap_or(twins.now).max(twins.now);
                    twins.now = due.min(twins.now + Duration::from_millis(dice.u64(..2_000)));
                    twins.tell(|manager, now| manager.handle_timeout(now))
                }
            };
            for transmit in sent {
                // Addresses from 4 on are silent.
                if let Some(agent) = (0..4).find(|n| at(*n) == transmit.to).map(|n| &mut agents[usize::from(n)]) {
                    late.extend(agent.handle(&transmit.bytes, &objects, twins.now).map(|bytes| (transmit.to, bytes)));
                }
            }
            for outcome in done {
                answered += usize::from(matches!(outcome, Outcome::Answer(Ok(_))));
                silent += usize::from(matches!(outcome, Outcome::Answer(Err(Failure::NoAnswer { .. }))));
            }
        }
        let idle = |manager: &Manager| manager.jobs.is_empty() && manager.fresh.is_empty() && manager.timers.is_empty();
        assert!(asked == 24 && idle(&twins.small) && idle(&twins.large), "seed {seed}");
        thawed += twins.thawed;
    }
    assert!(answered > 300 && silent > 1_000 && thawed > 150, "{answered} {silent} {thawed}");
}

#[test]
fn who_cannot_ask_is_told() {
    let mut manager = manager();
    let (now, user) = (start(), Credentials::V3(User::new("reader").unwrap()));
    for (who, why) in [(vec![], "nobody asks"), (vec![Credentials::v2c("public"), user], "only communities take turns")]
    {
        let survey = Survey { ask: Request::get([NAME]), who: who.into(), stagger: Duration::ZERO };
        let ticket = manager.survey(&Arc::new(survey), at(1), now);
        assert_eq!(manager.poll_done(), Some((ticket, Outcome::Answer(Err(Failure::BadRequest(why))))));
    }
    let survey = Survey::new(Request::get(Vec::<Oid>::new()), &Credentials::v2c("public"));
    let ticket = manager.survey(&Arc::new(survey), at(1), now);
    assert_eq!(manager.poll_done(), Some((ticket, Outcome::Answer(Err(NO_NAMES)))));
    assert!(manager.fresh.is_empty() && manager.poll_transmit().is_none());
}
