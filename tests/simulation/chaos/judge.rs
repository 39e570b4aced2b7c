//! What must be so: after every order, and of everything once the world is calm again.

use std::collections::BTreeSet;

use ibis::domain::identifier::InstrumentId;
use ibis::domain::order::Purpose;
use ibis::domain::time::Timestamp;
use ibis::engine::audit::{Extent, Movement, audit};
use ibis::engine::invariant;

use super::ask::{Answer, Ask};
use super::fault::Coverage;
use super::process::{Life, Process};
use super::universe::{Plan, SECOND, Universe};

/// What the client order ids of the agent begin with.
pub const PREFIX: &str = "sim-";

/// How a world ended.
#[derive(Clone, Debug, Default)]
pub struct Outcome {
    pub seed: u64,
    pub coverage: Coverage,
    /// Laws that were broken; none means well.
    pub wrong: Vec<String>,
    /// What happened last.
    pub log: Vec<String>,
    pub digest: String,
    /// What the ledger calls surprising.
    pub surprises: Vec<String>,
    /// What the fills were for.
    pub purposes: BTreeSet<Purpose>,
}

impl Universe {
    /// Every order of ours at the venue has an intent on disk. Looks at new orders only.
    pub(super) fn check_intents(&mut self) {
        for placed in &self.site.placed[self.checked..] {
            let id = placed.client_order_id;
            let ours = id.as_str().starts_with(PREFIX);
            if ours && !self.disk.ledger.intents.contains_key(&id) {
                self.wrong.push(format!("order_has_an_intent {id}: none on disk"));
            }
        }
        self.checked = self.site.placed.len();
    }

    /// An order does not arrive after its end.
    pub(super) fn check_arrival(&mut self, answer: &str) {
        let Some(placed) = self.site.placed.last().filter(|_| answer.contains("200000")) else {
            return;
        };
        let id = placed.client_order_id;
        let known = self.disk.ledger.orders.get(&id);
        if known.is_some_and(|order| order.status.is_terminal()) {
            self.wrong.push(format!("an_end_is_an_end {id}: it arrives after its end"));
        }
    }

    /// An order that is over here is over at the venue. Looks at those that just ended.
    pub(super) fn check_ends(&mut self) {
        let Some(Process { life: Life::Running(agent), .. }) = &mut self.process else { return };
        let now = Timestamp::from_us(self.now);
        for id in std::mem::take(&mut agent.ended) {
            let mut placed = self.site.placed.iter();
            let Some(placed) = placed.find(|placed| placed.client_order_id == id) else { continue };
            let symbol = placed.symbol;
            let index = self.site.symbols.iter().position(|it| *it == symbol).unwrap();
            let ask = Ask::Order(id, InstrumentId(u16::try_from(index).unwrap()));
            if let Answer::Order(Ok(order)) = self.site.ask(&ask, now)
                && order.active
            {
                self.wrong.push(format!("an_end_is_an_end {id}: it is at work"));
            }
        }
    }

    /// The audit of everything.
    pub(super) fn audit(&mut self, extent: Extent) {
        let now = self.time();
        let venue = self.site.books(now);
        let ledger = self.disk.ledger.books(PREFIX);
        let violations = audit(&ledger, &venue, extent);
        self.wrong.extend(violations.iter().map(ToString::to_string));
    }

    fn is_running(&self) -> bool {
        let process = self.process.as_ref();
        process.is_some_and(|process| {
            matches!(process.life, Life::Running(_)) && process.draining.is_none()
        })
    }

    /// Lets the agent come up, work and stop.
    fn come_and_go(&mut self, what: &str) {
        self.run_until(self.now + 60 * SECOND, Self::is_running);
        if !self.is_running() {
            self.wrong.push(format!("{what}: the agent does not come up"));
            return;
        }
        self.run_until(self.now + 8 * SECOND, |_| false);
        self.stop();
        self.run_until(self.now + 30 * SECOND, |world| world.process.is_none());
        if self.process.is_some() {
            self.wrong.push(format!("{what}: the agent does not stop"));
        }
    }

    /// The agent may do everything again, and nothing is left that a stranger's acts excused.
    fn check_recovered(&mut self) {
        self.run_until(self.now + 90 * SECOND, |world| {
            let Some(process) = &world.process else { return false };
            let Life::Running(agent) = &process.life else { return false };
            agent.engine.holds().iter().next().is_none() && agent.engine.differences().is_empty()
        });
        let Some(Process { life: Life::Running(agent), .. }) = &self.process else {
            return self.wrong.push("the agent does not come up again".to_owned());
        };
        if !agent.engine.differences().is_empty() || agent.engine.holds().iter().next().is_some() {
            let holds: Vec<_> = agent.engine.holds().iter().map(|hold| hold.code).collect();
            let differences = agent.engine.differences();
            self.wrong.push(format!("it does not trade again: {holds:?} {differences:?}"));
        }
        for violation in invariant::check(&agent.engine) {
            self.wrong.push(format!("recovered: {violation}"));
        }
    }

    /// True for what a stranger's sale or withdrawal breaks until the venue says so.
    pub(super) fn is_excused(&self, violation: &str) -> bool {
        let by_strangers = ["sells_what_is_held", "available_not_negative"];
        self.taken_away && by_strangers.iter().any(|law| violation.starts_with(law))
    }
}

/// Runs a world to its end.
pub fn run(plan: Plan) -> Outcome {
    let mut world = Universe::new(plan);
    world.run_until(world.start + plan.chaos_us, |_| false);
    world.heal();
    world.come_and_go("after the chaos");
    if world.wrong.is_empty() {
        world.check_recovered();
    }
    if world.wrong.is_empty() {
        world.come_and_go("once more");
    }
    if world.wrong.is_empty() {
        world.audit(Extent::Settled);
    }
    if let Some(mirror) = &world.mirror {
        world.wrong.extend(mirror.difference(&world.disk.ledger));
    }
    let digest = world.digest();
    let movements = &world.disk.ledger.movements;
    let purposes = movements.iter().filter_map(|movement| match movement {
        Movement::Fill(fill) => Some(fill.purpose),
        Movement::Transfer(_) => None,
    });
    let purposes = purposes.collect();
    world.coverage.simulated_us = world.now - world.start;
    Outcome {
        seed: plan.seed,
        coverage: world.coverage,
        wrong: world.wrong,
        log: world.log.into_iter().collect(),
        digest,
        surprises: world.disk.ledger.surprises,
        purposes,
    }
}
