//! A process of the agent: at the venue's door, or running.

use std::cell::Cell;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use ibis::agent::restore;
use ibis::domain::hold::{Hold, HoldCode, Level};
use ibis::domain::instrument::Instrument;
use ibis::domain::order_status::{OrderEvent, OrderStatus};
use ibis::domain::record::{Fact, Projection, Record};
use ibis::domain::symbol::Symbol;
use ibis::domain::time::Timestamp;
use ibis::engine::action::Action;
use ibis::engine::event::Event;
use ibis::engine::reconcile::{Difference, Known};
use ibis::engine::{Engine, EngineSettings};
use ibis::exchange::kucoin::order_tracker::Moment;
use ibis::exchange::kucoin::rest::Failure;
use ibis::exchange::kucoin::venue::{Survey, SurveyPlan, take_survey};

use super::bug::Bug;
use super::ledger::Ledger;
use super::rest::Rest;
use super::shell::{Agent, Heard};
use super::start::{Port, Source, Start, Started, Told, Wanted};

/// Pause of entries after an unclean end. In earnest 30 s and doubling.
const CRASH_HOLD: Duration = Duration::from_secs(2);

type StartFuture = Pin<Box<dyn Future<Output = Result<Started, Failure>>>>;

/// Asking the venue how the account stands.
pub struct Starting {
    future: StartFuture,
    pub port: Rc<Port>,
    clock: Rc<Cell<Moment>>,
    known: Known,
    settings: EngineSettings,
    instruments: Rc<[Instrument]>,
    now: Timestamp,
    bug: Bug,
    unclean: bool,
    /// The call it waits for.
    pub call: Option<u64>,
    /// It waits for the stream.
    pub stream: bool,
    pub steps: u32,
}

/// Where a process is in its life.
pub enum Life {
    Starting(Box<Starting>),
    Running(Box<Agent>),
}

/// A process.
pub struct Process {
    pub generation: u64,
    pub rest: Rest,
    pub inbox: Vec<Heard>,
    pub life: Life,
    /// What it sends waits for this ticket.
    pub blocked: Option<u64>,
    /// It was asked to stop, and may take until then.
    pub draining: Option<i64>,
    pub turned_at: i64,
    /// Market data up to here was seen by an earlier run.
    pub seen_until: Option<Timestamp>,
    /// A look at the account on its way.
    pub survey: Option<Looking>,
}

/// A look at the account.
pub struct Looking {
    future: Pin<Box<dyn Future<Output = Result<Survey, Failure>>>>,
    pub port: Rc<Port>,
    pub asked: Moment,
    pub call: Option<u64>,
}

impl Looking {
    pub fn new(plan: SurveyPlan, asked: Moment) -> Self {
        let port = Rc::new(Port::default());
        let source = Source(Rc::clone(&port));
        let future = Box::pin(async move { take_survey(&source, &plan).await });
        Self { future, port, asked, call: None }
    }

    /// Goes on. What it wants next, or how it ended.
    pub fn turn(&mut self) -> Result<Wanted, Result<Survey, Failure>> {
        let mut context = Context::from_waker(Waker::noop());
        match self.future.as_mut().poll(&mut context) {
            Poll::Ready(ended) => Err(ended),
            Poll::Pending => Ok(self.port.wanted.borrow_mut().take().unwrap()),
        }
    }
}

impl Process {
    /// True where a look at the account has asked for nothing yet.
    pub fn begins_to_look(&self) -> bool {
        self.survey.as_ref().is_some_and(|survey| survey.call.is_none())
    }
}

impl Starting {
    pub fn new(
        ledger: &Ledger,
        instruments: Rc<[Instrument]>,
        settings: EngineSettings,
        (now, unclean): (Moment, bool),
        (halted, bug): (Vec<Symbol>, Bug),
    ) -> Self {
        let state = ledger.state();
        let known = restore::known(&instruments, state, ledger.last_at).unwrap();
        let begin = ledger.first_at.unwrap_or(now.at);
        let from = restore::go_on_from(&instruments, &known, begin, ledger.trades());
        let port = Rc::new(Port::default());
        let clock = Rc::new(Cell::new(now));
        let start = Start {
            port: Rc::clone(&port),
            clock: Rc::clone(&clock),
            instruments: Rc::clone(&instruments),
            from,
            halted,
            bug,
        };
        Self {
            future: Box::pin(start.run()),
            port,
            clock,
            known,
            settings,
            instruments,
            now: now.at,
            bug,
            unclean,
            call: None,
            stream: false,
            steps: 0,
        }
    }

    /// Goes on. What it wants next, or how it ended.
    pub fn turn(&mut self, now: Moment) -> Result<Wanted, Result<Started, Failure>> {
        self.clock.set(now);
        self.steps += 1;
        let mut context = Context::from_waker(Waker::noop());
        match self.future.as_mut().poll(&mut context) {
            Poll::Ready(ended) => Err(ended),
            Poll::Pending => Ok(self.port.wanted.borrow_mut().take().unwrap()),
        }
    }

    pub fn tell(&mut self, told: Told) {
        *self.port.told.borrow_mut() = Some(told);
    }

    /// Reconciles and runs, as `agent::start` does.
    pub fn run(&mut self, started: Started, now: Moment) -> (Box<Agent>, Vec<Difference>) {
        let known = std::mem::take(&mut self.known);
        let mut engine = Engine::new(self.settings.clone(), &self.instruments);
        let snapshot = restore::live_snapshot(started.view.clone());
        let orders: Vec<_> = known
            .orders
            .iter()
            .map(|order| {
                let instrument = &self.instruments[order.instrument.index()];
                let left = instrument.quantity_of(order.remaining());
                (order.client_order_id, (order.status, left))
            })
            .collect();
        let mut actions = Vec::new();
        let record = Record::Run { run: 1, phase: "started" };
        actions.push(Action::Record(Fact { at: self.now, input: None, record }));
        engine.restore(known, self.now, &mut actions);
        let differences = engine.reconcile(&snapshot, self.now, &mut actions);
        let code = HoldCode::CrashLoop;
        let event = match self.unclean {
            false => Event::ClearHold { scope: None, code },
            true => Event::SetHold(Hold {
                scope: None,
                code,
                level: Level::SoftPause,
                reason: "unclean end".to_owned(),
                set_at: self.now,
                until: Some(self.now + CRASH_HOLD),
            }),
        };
        engine.step(&event, self.now, &mut actions);
        let at = Moment { at: self.now, elapsed: now.elapsed };
        let mut agent = Box::new(Agent::new(engine, started, self.bug, at));
        agent.orders = orders.into_iter().collect();
        let before = agent.orders.clone();
        for action in &actions {
            count(&mut agent, action);
        }
        agent.orders = before;
        agent.perform(actions);
        (agent, differences)
    }
}

/// Counts what a reconciliation made of an order.
fn count(agent: &mut Agent, action: &Action) {
    let (order, filled) = match action {
        Action::Record(Fact { record: Record::Order(order), .. }) => (order, false),
        Action::Project(Projection::Order(order)) => (order, true),
        _ => return,
    };
    let known = agent.orders.get(&order.client_order_id).copied();
    let Some((before, left)) = known else { return };
    let event = match order.status {
        OrderStatus::PendingCancel => return,
        OrderStatus::Filled => OrderEvent::Filled,
        _ if filled => OrderEvent::PartFilled,
        OrderStatus::New if before == OrderStatus::PendingCancel => OrderEvent::CancelRejected,
        OrderStatus::Canceled => OrderEvent::Canceled,
        OrderStatus::Expired => OrderEvent::Expired,
        OrderStatus::Rejected => OrderEvent::Rejected,
        _ => OrderEvent::Accepted,
    };
    *agent.coverage.pairs.entry((before, event)).or_default() += 1;
    agent.orders.insert(order.client_order_id, (order.status, left));
}
