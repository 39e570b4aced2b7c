//! Pushes between the core and their subscribers, where faults make them late or change places.

use std::collections::{BTreeMap, VecDeque};
use std::rc::Rc;
use std::time::Duration;

use tokio_tungstenite::tungstenite::Utf8Bytes;

use super::fault::PushFaults;

/// A push that waits for its successor goes alone after this.
const SUCCESSOR_WAIT_MAX: Duration = Duration::from_secs(2);
/// Pushes that wait at once; beyond, they go without delay.
const WAITING_MAX: usize = 65_536;

/// A push that is late.
#[derive(Debug)]
struct Late {
    at: Duration,
    text: Utf8Bytes,
}

/// Pushes held back, by topic.
#[derive(Debug, Default)]
pub struct PushLine {
    late: BTreeMap<Rc<str>, VecDeque<Late>>,
    /// Pushes that wait for the next one of their topic.
    swapped: BTreeMap<Rc<str>, (Duration, Vec<Utf8Bytes>)>,
    waiting: usize,
}

impl PushLine {
    /// Takes a push at `now`; gives what is to be delivered at once to `deliver`.
    pub fn offer(
        &mut self,
        (topic, text): (&Rc<str>, Utf8Bytes),
        faults: PushFaults,
        now: Duration,
        deliver: &mut impl FnMut(&str, Utf8Bytes),
    ) {
        if faults.lost {
            return;
        }
        let mut copies = vec![text];
        if faults.twice {
            copies.extend(copies.first().cloned());
        }
        let earlier = self.swapped.remove(topic);
        if faults.reordered && earlier.is_none() && self.waiting < WAITING_MAX {
            self.waiting += copies.len();
            self.swapped.insert(Rc::clone(topic), (now + SUCCESSOR_WAIT_MAX, copies));
            return;
        }
        if let Some((_, earlier)) = earlier {
            self.waiting = self.waiting.saturating_sub(earlier.len());
            copies.extend(earlier);
        }
        for text in copies {
            self.send((topic, text), faults.delay, now, deliver);
        }
    }

    fn send(
        &mut self,
        (topic, text): (&Rc<str>, Utf8Bytes),
        delay: Duration,
        now: Duration,
        deliver: &mut impl FnMut(&str, Utf8Bytes),
    ) {
        let last = self.late.get(topic).and_then(|queue| queue.back());
        if (delay.is_zero() && last.is_none()) || self.waiting >= WAITING_MAX {
            deliver(topic, text);
            return;
        }
        let at = last.map_or(now + delay, |last| last.at.max(now + delay));
        self.late.entry(Rc::clone(topic)).or_default().push_back(Late { at, text });
        self.waiting += 1;
    }

    /// Gives what is due by `now` to `deliver`.
    pub fn release(&mut self, now: Duration, deliver: &mut impl FnMut(&str, Utf8Bytes)) {
        if self.waiting == 0 {
            return;
        }
        for (topic, queue) in &mut self.late {
            while queue.front().is_some_and(|late| late.at <= now)
                && let Some(late) = queue.pop_front()
            {
                self.waiting = self.waiting.saturating_sub(1);
                deliver(topic, late.text);
            }
        }
        self.late.retain(|_, queue| !queue.is_empty());
        let alone: Vec<_> = self
            .swapped
            .iter()
            .filter(|(_, (at, _))| *at <= now)
            .map(|(topic, _)| Rc::clone(topic))
            .collect();
        for topic in alone {
            for text in self.swapped.remove(&topic).map(|(_, texts)| texts).unwrap_or_default() {
                self.waiting = self.waiting.saturating_sub(1);
                deliver(&topic, text);
            }
        }
    }

    /// When something is due next.
    pub fn next_due(&self) -> Option<Duration> {
        let late = self.late.values().filter_map(|queue| queue.front()).map(|late| late.at);
        late.chain(self.swapped.values().map(|(at, _)| *at)).min()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LATE: PushFaults = PushFaults { delay: Duration::from_millis(10), ..PushFaults::NONE };
    const SWAPPED: PushFaults = PushFaults { reordered: true, ..PushFaults::NONE };
    const TWICE: PushFaults = PushFaults { twice: true, ..PushFaults::NONE };
    const LOST: PushFaults = PushFaults { lost: true, ..PushFaults::NONE };

    /// Offers each text, a millisecond apart, and releases until nothing waits.
    fn run(pushes: &[(&str, &str, PushFaults)]) -> Vec<String> {
        let (mut line, mut seen) = (PushLine::default(), Vec::new());
        let mut deliver = |topic: &str, text: Utf8Bytes| seen.push(format!("{topic}{text}"));
        let mut now = Duration::ZERO;
        for (topic, text, faults) in pushes {
            line.release(now, &mut deliver);
            let topic: Rc<str> = Rc::from(*topic);
            line.offer((&topic, Utf8Bytes::from(*text)), *faults, now, &mut deliver);
            now += Duration::from_millis(1);
        }
        while let Some(due) = line.next_due() {
            line.release(due, &mut deliver);
        }
        assert_eq!(line.waiting, 0);
        seen
    }

    #[test]
    fn a_late_push_keeps_its_place_in_its_topic_and_holds_no_other_up() {
        let none = PushFaults::NONE;
        let seen = run(&[("a", "1", LATE), ("a", "2", none), ("b", "1", none)]);
        assert_eq!(seen, ["b1", "a1", "a2"]);
    }

    #[test]
    fn a_reordered_push_follows_its_successor_or_goes_alone() {
        let none = PushFaults::NONE;
        let seen = run(&[("a", "1", SWAPPED), ("b", "1", none), ("a", "2", none)]);
        assert_eq!(seen, ["b1", "a2", "a1"]);
        assert_eq!(run(&[("a", "1", SWAPPED), ("a", "2", SWAPPED)]), ["a2", "a1"]);
        assert_eq!(run(&[("a", "1", SWAPPED)]), ["a1"]);
    }

    #[test]
    fn lost_is_lost_and_twice_is_twice() {
        assert_eq!(run(&[("a", "1", LOST), ("a", "2", TWICE)]), ["a2", "a2"]);
    }
}
