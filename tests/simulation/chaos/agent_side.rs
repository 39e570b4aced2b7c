//! The agent's side of a world: its turns, its deaths and its starts.

use ibis::domain::record::{Fact, Record};
use ibis::domain::symbol::Symbol;
use ibis::domain::time::Timestamp;
use ibis::engine::event::Event;
use ibis::exchange::kucoin::order_tracker::Moment;
use ibis::store::writer::Entry;

use super::ask::Ask;
use super::bug::Bug;
use super::fault::Fault;
use super::process::{Life, Looking, Process, Starting};
use super::rest::{Finished, Rest};
use super::shell::{Command, Heard};
use super::start::{Told, Wanted};
use super::universe::{Happening, SECOND, Universe, engine_settings};
use super::weather::CrashPoint;

/// A clock further off the venue's stops entries, in microseconds.
const SKEW_HOLD: i64 = 5 * SECOND;

impl Universe {
    /// Lets the agent take in what came, and do what is due.
    pub(super) fn turn_agent(&mut self) {
        let (moment, now) = (self.moment(), self.now);
        let skewed = self.clock_off.abs() > SKEW_HOLD;
        let Some(process) = &mut self.process else { return };
        let Life::Running(agent) = &mut process.life else { return };
        if process.blocked.is_some() {
            return;
        }
        process.turned_at = now;
        agent.watch.skewed = skewed;
        agent.turn(std::mem::take(&mut process.inbox), moment);
        self.after_turn();
        self.drained();
    }

    /// Hands over what a turn made, and sends what may go.
    pub(super) fn after_turn(&mut self) {
        self.check_ends();
        self.send_asks();
        if self.strike_submit(CrashPoint::Decided) || self.strike_applied() {
            return;
        }
        self.take_wrong();
        let Self { process, disk, dice, now, plan, log, start, .. } = self;
        let Some(process) = process else { return };
        let Life::Running(agent) = &mut process.life else { return };
        let told = std::mem::take(&mut agent.told);
        for line in told.into_iter().filter(|_| plan.verbose) {
            log.push_back(format!("{:>12} {line}", *now - *start));
        }
        let ticket = disk.send(std::mem::take(&mut agent.entries), *now, dice);
        if agent.outgoing.is_empty() {
            return;
        }
        if plan.bug == Bug::SendsBeforeCommit || disk.is_durable(ticket) {
            return self.send_outgoing();
        }
        process.blocked = Some(ticket);
        self.strike_submit(CrashPoint::HandedOver);
    }

    /// What broke a law in the agent, but for what a stranger's acts excuse.
    pub(super) fn take_wrong(&mut self) {
        let Some(Process { life: Life::Running(agent), .. }) = &mut self.process else { return };
        for violation in std::mem::take(&mut agent.wrong) {
            if !self.is_excused(&violation) {
                self.wrong.push(violation);
            }
        }
    }

    /// Sends what waited: its intents are durable.
    pub(super) fn send_outgoing(&mut self) {
        let moment = self.moment();
        // The venue's clock is measured anew before anything is sent by one that was set.
        let stamp = self.time();
        let Some(process) = &mut self.process else { return };
        let Life::Running(agent) = &mut process.life else { return };
        let submits: Vec<_> = (agent.outgoing.iter())
            .filter_map(|command| match command {
                Command::Submit(order) => Some(order.get().client_order_id()),
                Command::Cancel(_) => None,
            })
            .collect();
        agent.send(moment, stamp);
        for id in &submits {
            if !self.disk.ledger.intents.contains_key(id) {
                self.wrong.push(format!("{id} sent before its intent was durable"));
            }
        }
        self.send_asks();
        if !submits.is_empty() {
            self.strike(CrashPoint::Sent);
        }
    }

    pub(super) fn send_asks(&mut self) {
        let moment = self.moment();
        let Some(process) = &mut self.process else { return };
        let Life::Running(agent) = &mut process.life else { return };
        let asks = std::mem::take(&mut agent.asks);
        if let Some(plan) = agent.survey.take() {
            process.survey = Some(Looking::new(plan, moment));
            return self.begin_asks(asks);
        }
        if asks.is_empty() {
            return;
        }
        self.begin_asks(asks);
    }

    fn begin_asks(&mut self, asks: Vec<Ask>) {
        let Some(process) = &mut self.process else { return };
        for ask in asks {
            process.rest.begin(ask);
        }
        self.send_requests();
        if self.process.as_ref().is_some_and(Process::begins_to_look) {
            self.turn_survey();
        }
    }

    /// A call is over.
    pub(super) fn finished(&mut self, finished: Finished) {
        let Finished { call, ask, answer } = finished;
        self.detail(|| format!("answered {ask:?}: {answer:?}"));
        let placed = matches!(ask, Ask::Place(..));
        if placed && self.strike(CrashPoint::Answered) {
            return;
        }
        let Some(process) = &mut self.process else { return };
        match &mut process.life {
            Life::Running(_) => {
                match process.survey.as_mut().filter(|survey| survey.call == Some(call)) {
                    Some(survey) => {
                        *survey.port.told.borrow_mut() = Some(Told::Answer(answer));
                        self.turn_survey();
                    }
                    None => process.inbox.push(Heard::Answer(ask, answer)),
                }
                self.turn_agent();
            }
            Life::Starting(starting) if starting.call == Some(call) => {
                starting.call = None;
                starting.tell(Told::Answer(answer));
                self.turn_start();
            }
            Life::Starting(_) => {}
        }
    }

    /// Lets a look at the account go on.
    fn turn_survey(&mut self) {
        let Some(process) = &mut self.process else { return };
        let Some(looking) = &mut process.survey else { return };
        match looking.turn() {
            Ok(Wanted::Answer(ask)) => {
                looking.call = Some(process.rest.begin(ask));
                self.send_requests();
            }
            Ok(other) => panic!("{other:?} wanted of a look"),
            Err(outcome) => {
                let asked = looking.asked;
                process.survey = None;
                process.inbox.push(Heard::Survey(asked, outcome));
            }
        }
    }

    /// Begins a process.
    pub(super) fn restart(&mut self) {
        if self.process.is_some() {
            return;
        }
        self.generation += 1;
        let generation = self.generation;
        let moment = self.moment();
        let seen = self.disk.ledger.last_at;
        // A clock that is far behind the ledger is waited for.
        let behind = seen.is_some_and(|seen| seen.us() > moment.at.us() + 300 * SECOND);
        if behind {
            self.after(SECOND, Happening::Restart);
            return;
        }
        if let Some(mirror) = &self.mirror {
            self.wrong.extend(mirror.difference(&self.disk.ledger));
        }
        let at = seen.map_or(moment.at, |seen| seen.max(moment.at));
        self.stamp = u64::try_from(at.us() / SECOND).unwrap().max(self.stamp + 1);
        let starting = Starting::new(
            &self.disk.ledger,
            self.instruments.clone(),
            engine_settings(self.plan.seed, self.stamp),
            (Moment { at, ..moment }, self.unclean),
            (self.delisted(), self.plan.bug),
        );
        self.process = Some(Process {
            generation,
            rest: Rest::new(self.site.symbols.clone()),
            inbox: Vec::new(),
            life: Life::Starting(Box::new(starting)),
            blocked: None,
            draining: None,
            turned_at: self.now,
            seen_until: seen,
            survey: None,
        });
        self.unclean = true;
        self.connect();
        self.turn_start();
    }

    /// Instruments that are listed no more, as a look at all of them at the start would show.
    pub(super) fn delisted(&self) -> Vec<Symbol> {
        let listed = |symbol: &&Symbol| {
            self.site.core.check_topic(&format!("/market/match:{symbol}")).is_err()
        };
        self.site.symbols.iter().filter(listed).copied().collect()
    }

    /// Lets a start go on.
    pub(super) fn turn_start(&mut self) {
        let armed = self.armed == Some(CrashPoint::Starting);
        let late = self.dice.chance(150);
        let moment = self.moment();
        let Some(process) = &mut self.process else { return };
        let Life::Starting(starting) = &mut process.life else { return };
        if armed && starting.steps > 0 && late {
            self.strike(CrashPoint::Starting);
            return;
        }
        let generation = process.generation;
        match starting.turn(moment) {
            Ok(Wanted::Answer(ask)) => {
                starting.call = Some(process.rest.begin(ask));
                self.send_requests();
            }
            Ok(Wanted::Pause(us)) => {
                let step = starting.steps;
                self.after(us, Happening::Passed { generation, step });
            }
            Ok(Wanted::Stream(us)) => {
                starting.stream = true;
                let step = starting.steps;
                self.after(us, Happening::Passed { generation, step });
            }
            Err(Ok(started)) => {
                let (mut agent, differences) = starting.run(started, moment);
                agent.verbose = self.plan.verbose;
                process.life = Life::Running(agent);
                process.turned_at = self.now;
                for difference in differences {
                    self.note(format!("reconciled: {difference:?}"));
                }
                self.coverage.starts += 1;
                self.note("the agent runs".to_owned());
                self.after_turn();
            }
            Err(Err(failure)) => {
                self.note(format!("the start failed: {failure:?}"));
                self.process = None;
                self.stream = None;
                self.after(2 * SECOND, Happening::Restart);
            }
        }
    }

    /// A start's pause is over; its patience with the stream counts only while it waits for it.
    pub(super) fn passed(&mut self, generation: u64, step: u32) {
        let Some(process) = &mut self.process else { return };
        let Life::Starting(starting) = &mut process.life else { return };
        if process.generation != generation || starting.steps != step {
            return;
        }
        let told = if starting.stream { Told::Stream(false) } else { Told::Passed };
        starting.stream = false;
        starting.tell(told);
        self.turn_start();
    }

    /// Asks the agent to stop.
    pub(super) fn stop(&mut self) {
        let until = self.now + 8 * SECOND;
        let Some(process) = &mut self.process else { return };
        if let Life::Running(agent) = &mut process.life
            && process.draining.is_none()
        {
            process.draining = Some(until);
            agent.tell(&Event::Drain);
            self.hit(Fault::CleanStop);
            self.turn_agent();
        }
    }

    /// Ends a process that was asked to stop and has nothing more to do.
    fn drained(&mut self) {
        let now = self.now;
        let Some(process) = &mut self.process else { return };
        let Some(until) = process.draining else { return };
        let Life::Running(agent) = &mut process.life else { return };
        if process.blocked.is_some() || agent.is_busy() && now < until {
            return;
        }
        let fact = Fact {
            at: Timestamp::from_us(now).max(agent.engine.data_at().unwrap_or_default()),
            input: None,
            record: Record::Run { run: 0, phase: "stopped" },
        };
        let mut entries = std::mem::take(&mut agent.entries);
        entries.push(Entry::Fact(fact));
        let coverage = std::mem::take(&mut agent.coverage);
        self.coverage.add(&coverage);
        self.disk.send(entries, now, &mut self.dice);
        // It waits for the disk before it ends: nothing else happens in between.
        while let Some(at) = self.disk.next_due() {
            let entries = self.disk.advance(at, &mut self.dice);
            match entries {
                Ok(entries) => self.committed(entries),
                Err(error) => self.wrong.push(format!("the ledger refuses: {error}")),
            }
        }
        self.process = None;
        self.stream = None;
        self.unclean = false;
        self.note("the agent stopped".to_owned());
        self.after(SECOND, Happening::Restart);
    }
}
