//! The network of a world, and the venue behind it: every message may be late, lost, doubled, broken,
//! or answered with an error before or after it had its effect.

use std::rc::Rc;

use ibis::exchange::kucoin::protocol::endpoint::Method;
use ibis::exchange::kucoin::protocol::refusal;
use serde_json::Value;

use super::fault::Fault;
use super::process::Life;
use super::rest::Sending;
use super::shell::{Heard, REQUEST_TIMEOUT};
use super::start::Told;
use super::universe::{Happening, SECOND, Universe};

/// The way of a message, in microseconds.
const WAY: (i64, i64) = (4_000, 40_000);
/// The way of one that is late.
const LATE: (i64, i64) = (100_000, 12_000_000);

impl Universe {
    /// Puts requests on their way.
    pub(super) fn send_requests(&mut self) {
        let Some(process) = &mut self.process else { return };
        let generation = process.generation;
        let sends = std::mem::take(&mut process.rest.sends);
        let retries = std::mem::take(&mut process.rest.retries);
        for (call, us) in retries {
            self.after(us, Happening::Retry { generation, call });
        }
        for sending in sends {
            self.send_request(generation, sending);
        }
    }

    fn send_request(&mut self, generation: u64, sending: Sending) {
        let weather = self.weather;
        let (call, attempt) = (sending.call, sending.attempt);
        if self.dice.chance(weather.never_left) {
            self.hit(Fault::RequestNeverLeft);
            self.after(3_000, Happening::NeverLeft { generation, call, attempt });
            return;
        }
        let timeout = i64::try_from(REQUEST_TIMEOUT.as_micros()).unwrap();
        self.after(timeout, Happening::Timeout { generation, call, attempt });
        if self.now < self.outage_until {
            return;
        }
        if self.dice.chance(weather.request_lost) {
            self.hit(Fault::RequestLost);
            return;
        }
        let copies = if self.dice.chance(weather.request_doubled) { 2 } else { 1 };
        if copies == 2 {
            self.hit(Fault::RequestDuplicated);
        }
        for _ in 0..copies {
            let way = self.way(weather.request_delayed, Fault::RequestDelayed);
            let at = (self.now + way).max(self.clogged_to_venue);
            let sending = Box::new(sending.clone());
            self.at(at, Happening::AtVenue { generation, sending });
        }
    }

    fn way(&mut self, late: u32, fault: Fault) -> i64 {
        let (least, most) = if self.dice.chance(late) {
            self.hit(fault);
            LATE
        } else {
            WAY
        };
        self.dice.between(least, most)
    }

    /// A request reaches the venue.
    pub(super) fn at_venue(&mut self, generation: u64, sending: &Sending) {
        let weather = self.weather;
        let now = self.time();
        let Sending { call, attempt, method, target, body } = sending;
        let place = *method == Method::Post && target.ends_with("/hf/orders");
        if place && !self.refused.is_empty() && self.refused.contains(&(generation, *call)) {
            // What a gateway refused it does not let pass as a copy.
            return;
        }
        let refused = |refusal: refusal::Refusal| (refusal.http_status, refusal.body());
        // A copy of an order that was taken is refused by the venue alone: as one.
        let taken = place && self.site.knows(body);
        let answer = if self.dice.chance(weather.throttled) && !taken {
            self.hit(Fault::Throttled);
            refused(refusal::TOO_MANY_REQUESTS)
        } else if self.dice.chance(weather.error_before) {
            self.hit(Fault::ErrorBeforeEffect);
            refused(refusal::INTERNAL)
        } else if place && self.dice.chance(weather.refused) && !taken {
            self.hit(Fault::Refused);
            refused(refusal::FUNDS)
        } else {
            let answer = self.site.call(*method, target, body, now);
            self.detail(|| format!("venue {method} {target} {body}: {}", answer.1));
            self.after_call(place, &answer);
            self.spoil(sending, answer)
        };
        for text in self.site.pushes() {
            self.push(text);
        }
        if place && !self.site.knows(body) {
            self.refused.insert((generation, *call));
        }
        self.send_answer(generation, (*call, *attempt), answer);
    }

    fn after_call(&mut self, place: bool, answer: &(u16, String)) {
        if place && answer.1.contains("allowMaxTimeWindow") {
            self.hit(Fault::TooLate);
        }
        if place {
            self.note_self_trade();
            self.check_arrival(&answer.1);
            self.check_intents();
        }
    }

    /// What becomes of an answer of the venue's before it leaves.
    fn spoil(&mut self, sending: &Sending, answer: (u16, String)) -> (u16, String) {
        let weather = self.weather;
        let read = sending.method == Method::Get;
        if !read && self.dice.chance(weather.error_after) {
            self.hit(Fault::ErrorAfterEffect);
            return (502, "<html>bad gateway</html>".to_owned());
        }
        let earlier = if read && weather.stale > 0 {
            self.site.earlier(&sending.target, &answer)
        } else {
            None
        };
        if let Some(earlier) = earlier.filter(|earlier| *earlier != answer)
            && self.dice.chance(weather.stale)
        {
            self.hit(Fault::StaleAnswer);
            return earlier;
        }
        if sending.target.contains("/hf/fills") && self.dice.chance(weather.partial) {
            return self.cut(answer);
        }
        if self.dice.chance(weather.answer_broken) {
            self.hit(Fault::AnswerBroken);
            let half = answer.1.len() / 2;
            return (answer.0, answer.1[..half].to_owned());
        }
        answer
    }

    /// Without the newest of a list of fills.
    fn cut(&mut self, answer: (u16, String)) -> (u16, String) {
        let mut value: Value = serde_json::from_str(&answer.1).unwrap();
        let Some(items) = value["data"]["items"].as_array_mut().filter(|it| !it.is_empty()) else {
            return answer;
        };
        items.remove(0);
        self.hit(Fault::PartialList);
        (answer.0, value.to_string())
    }

    fn send_answer(&mut self, generation: u64, (call, attempt): (u64, u32), answer: (u16, String)) {
        let weather = self.weather;
        if self.now < self.outage_until {
            return;
        }
        if self.dice.chance(weather.answer_lost) {
            self.hit(Fault::AnswerLost);
            return;
        }
        let copies = if self.dice.chance(weather.answer_doubled) { 2 } else { 1 };
        if copies == 2 {
            self.hit(Fault::AnswerDuplicated);
        }
        let answer = Rc::new(answer);
        for _ in 0..copies {
            let way = self.way(weather.answer_delayed, Fault::AnswerDelayed);
            let at = (self.now + way).max(self.clogged_to_agent);
            let answer = Rc::clone(&answer);
            self.at(at, Happening::AtAgent { generation, call, attempt, answer });
        }
    }

    /// A private push goes out to whoever listens.
    pub(super) fn push(&mut self, text: Rc<str>) {
        let weather = self.weather;
        let Some(generation) = self.stream else { return };
        if self.dice.chance(weather.push_lost) {
            self.hit(Fault::PushLost);
            return;
        }
        let copies = if self.dice.chance(weather.push_doubled) { 2 } else { 1 };
        if copies == 2 {
            self.hit(Fault::PushDuplicated);
        }
        for _ in 0..copies {
            let way = self.way(weather.push_delayed, Fault::PushDelayed);
            let at = (self.now + way).max(self.clogged_to_agent);
            self.at(at, Happening::Push { generation, text: Rc::clone(&text) });
        }
    }

    /// Brings the private stream up as soon as it can be.
    pub(super) fn connect(&mut self) {
        let takes = self.dice.between(50_000, 600_000);
        let at = (self.now + takes).max(self.stream_down_until);
        self.at(at, Happening::StreamUp { generation: self.generation });
    }

    /// Something happens by itself.
    pub(super) fn happen(&mut self, happening: Happening) {
        match happening {
            Happening::Trouble(trouble) => return self.trouble(trouble),
            Happening::Resume(trouble) => return self.resume(trouble),
            Happening::Restart => return self.restart(),
            Happening::AtVenue { generation, sending } => {
                return self.at_venue(generation, &sending);
            }
            Happening::Passed { generation, step } => return self.passed(generation, step),
            _ => {}
        }
        let current = self.process.as_ref().map(|process| process.generation);
        let Some(process) = &mut self.process else { return };
        let is_current = |generation: u64| current == Some(generation);
        let finished = match happening {
            Happening::AtAgent { generation, call, attempt, answer } if is_current(generation) => {
                process.rest.answered(call, attempt, (answer.0, &answer.1))
            }
            Happening::Timeout { generation, call, attempt } if is_current(generation) => {
                if process.rest.waits(call, attempt) {
                    self.coverage.hit(Fault::TimedOut);
                }
                process.rest.timed_out(call, attempt)
            }
            Happening::NeverLeft { generation, call, attempt } if is_current(generation) => {
                process.rest.never_left(call, attempt)
            }
            Happening::Retry { generation, call } if is_current(generation) => {
                process.rest.send(call);
                None
            }
            Happening::Push { generation, text } if is_current(generation) => {
                return self.hear(Heard::Push(text));
            }
            Happening::StreamUp { generation } if is_current(generation) => {
                if self.now < self.stream_down_until {
                    return self.connect();
                }
                self.stream = Some(generation);
                return self.hear(Heard::Up);
            }
            Happening::StreamDown { generation } if is_current(generation) => {
                self.connect();
                return self.hear(Heard::Down);
            }
            _ => return,
        };
        self.send_requests();
        if let Some(finished) = finished {
            self.finished(finished);
        }
    }

    /// The stream says something: a start waits for its first word alone.
    fn hear(&mut self, heard: Heard) {
        let Some(process) = &mut self.process else { return };
        match &mut process.life {
            Life::Running(_) => {
                process.inbox.push(heard);
                self.turn_agent();
            }
            Life::Starting(starting) if starting.stream => {
                if let Heard::Up = heard {
                    starting.stream = false;
                    starting.tell(Told::Stream(true));
                    self.turn_start();
                }
            }
            Life::Starting(_) => process.inbox.push(heard),
        }
    }

    /// The stream dies; the agent learns of it some time later.
    pub(super) fn stream_dies(&mut self, lasts: i64) {
        self.stream_down_until = self.now + lasts;
        let Some(generation) = self.stream.take() else { return };
        self.hit(Fault::StreamDown);
        let unnoticed = self.dice.between(0, 8 * SECOND).min(lasts);
        self.after(unnoticed, Happening::StreamDown { generation });
    }
}
