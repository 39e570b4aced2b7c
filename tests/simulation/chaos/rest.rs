//! The agent's REST client without sockets: one answer for each call, reads tried again, writes never.

use std::collections::BTreeMap;
use std::rc::Rc;

use ibis::domain::symbol::Symbol;
use ibis::exchange::kucoin::protocol::endpoint::Method;
use ibis::exchange::kucoin::protocol::fill::Fill;
use ibis::exchange::kucoin::rest::{Failure, HISTORY_PAGE_MAX};

use super::ask::{self, Answer, Ask};

/// Tries of a read in all, as `exchange::kucoin::rest` has it.
const TRIES_MAX: u32 = 4;
/// The first wait before a read is tried again, in microseconds; it doubles.
const BACK_OFF_US: i64 = 100_000;

/// A request on its way out.
#[derive(Clone, Debug)]
pub struct Sending {
    pub call: u64,
    pub attempt: u32,
    pub method: Method,
    pub target: String,
    pub body: String,
}

struct Call {
    ask: Ask,
    attempt: u32,
    tries: u32,
    page: Option<i64>,
    fills: BTreeMap<i64, Fill<'static>>,
}

/// Calls on their way.
pub struct Rest {
    symbols: Rc<[Symbol]>,
    calls: BTreeMap<u64, Call>,
    last: u64,
    /// To be sent now.
    pub sends: Vec<Sending>,
    /// To be tried again after so many microseconds.
    pub retries: Vec<(u64, i64)>,
}

/// A call that is over.
pub struct Finished {
    pub call: u64,
    pub ask: Ask,
    pub answer: Answer,
}

impl Rest {
    pub fn new(symbols: Rc<[Symbol]>) -> Self {
        Self { symbols, calls: BTreeMap::new(), last: 0, sends: Vec::new(), retries: Vec::new() }
    }

    /// Makes a call. Its number.
    pub fn begin(&mut self, ask: Ask) -> u64 {
        self.last += 1;
        let call = Call { ask, attempt: 0, tries: 0, page: None, fills: BTreeMap::new() };
        self.calls.insert(self.last, call);
        self.send(self.last);
        self.last
    }

    /// Sends a call, again or its next page.
    pub fn send(&mut self, number: u64) {
        let Some(call) = self.calls.get_mut(&number) else { return };
        call.attempt += 1;
        call.tries += 1;
        self.sends.push(Sending {
            call: number,
            attempt: call.attempt,
            method: call.ask.endpoint().method(),
            target: call.ask.target(&self.symbols, call.page),
            body: call.ask.body(),
        });
    }

    /// An answer came. One to an attempt that was given up, or a second one, is nobody's.
    pub fn answered(
        &mut self,
        number: u64,
        attempt: u32,
        (http_status, body): (u16, &str),
    ) -> Option<Finished> {
        let call = self.calls.get_mut(&number).filter(|call| call.attempt == attempt)?;
        let answer = call.ask.read(http_status, body);
        if let Some(failure) = ask::failure(&answer) {
            let failure = failure.clone();
            return self.fail(number, failure);
        }
        let Answer::Fills(Ok(page)) = answer else { return self.finish(number, answer) };
        let (length, known) = (page.len(), call.fills.len());
        let oldest = page.iter().map(|fill| fill.id).min();
        call.fills.extend(page.into_iter().map(|fill| (fill.id, fill)));
        if length < HISTORY_PAGE_MAX || call.fills.len() == known {
            let fills = std::mem::take(&mut call.fills).into_values().collect();
            return self.finish(number, Answer::Fills(Ok(fills)));
        }
        call.page = oldest;
        call.tries = 0;
        self.send(number);
        None
    }

    /// No answer came in time.
    pub fn timed_out(&mut self, number: u64, attempt: u32) -> Option<Finished> {
        let call = self.calls.get(&number).filter(|call| call.attempt == attempt)?;
        let failure = call.ask.unanswered("no answer in time");
        self.fail(number, failure)
    }

    /// Nothing of the request ever left.
    pub fn never_left(&mut self, number: u64, attempt: u32) -> Option<Finished> {
        let call = self.calls.get(&number).filter(|call| call.attempt == attempt)?;
        let failure = Failure::Unavailable(call.ask.reason("nothing was sent"));
        self.fail(number, failure)
    }

    /// True where an attempt still waits.
    pub fn waits(&self, number: u64, attempt: u32) -> bool {
        self.calls.get(&number).is_some_and(|call| call.attempt == attempt)
    }

    fn fail(&mut self, number: u64, failure: Failure) -> Option<Finished> {
        let call = self.calls.get_mut(&number)?;
        let read = call.ask.endpoint().method() == Method::Get;
        if read && ask::is_tried_again(&failure) && call.tries < TRIES_MAX {
            // What comes late to this attempt is nobody's.
            call.attempt += 1;
            self.retries.push((number, BACK_OFF_US << call.tries));
            return None;
        }
        let answer = call.ask.failed(failure);
        self.finish(number, answer)
    }

    fn finish(&mut self, number: u64, answer: Answer) -> Option<Finished> {
        let call = self.calls.remove(&number)?;
        Some(Finished { call: number, ask: call.ask, answer })
    }
}
