//! The state machine of one topic: floors, folding, escalation, repeats, recovery.

use proptest::prelude::*;

use super::{at, floors};
use crate::alerts::notification::Kind;
use crate::alerts::signal::{Alert, Signal};
use crate::alerts::topic::{Told, Topic};
use crate::domain::alert::Severity::{self, Critical, High, Info, Low, Medium};

const KEY: &str = "hold/global/stale_data";

/// A topic with a clock and a mailbox.
#[derive(Default)]
struct Life {
    topic: Option<Topic>,
    told: Vec<(i64, Kind, Severity, u32)>,
}

impl Life {
    fn take(&mut self, second: i64, (topic, told): (Option<Topic>, Option<Told>)) -> &mut Self {
        self.topic = topic;
        self.told.extend(told.map(|told| (second, told.kind, told.alert.severity, told.repeats)));
        self
    }

    fn signal(&mut self, second: i64, signal: &Signal) -> &mut Self {
        let judged = Topic::judge(self.topic.take(), signal, at(second), &floors());
        self.take(second, judged)
    }

    fn fires(&mut self, second: i64, severity: Severity) -> &mut Self {
        self.signal(second, &Signal::Fires(Alert::new(KEY, severity, severity.as_str())))
    }

    fn happens(&mut self, second: i64, severity: Severity) -> &mut Self {
        self.signal(second, &Signal::Happens(Alert::new(KEY, severity, severity.as_str())))
    }

    fn ends(&mut self, second: i64) -> &mut Self {
        self.signal(second, &Signal::Ends { key: KEY.to_owned() })
    }

    /// Looks at each second of a span.
    fn wait(&mut self, seconds: std::ops::Range<i64>) -> &mut Self {
        for second in seconds {
            if let Some(topic) = self.topic.take() {
                let due = topic.due(at(second), &floors());
                self.take(second, due);
            }
        }
        self
    }
}

#[test]
fn what_fires_is_told_at_once_and_its_end_is_told_at_once() {
    let mut life = Life::default();
    life.fires(10, High).ends(12);
    assert_eq!(life.told, [(10, Kind::Firing, High, 0), (12, Kind::Recovery, High, 0)]);
    life.ends(13).wait(13..1_000);
    assert_eq!((life.told.len(), life.topic), (2, None), "nothing more, and forgotten");
}

#[test]
fn what_fires_again_and_again_is_folded_and_said_again_by_severity() {
    for (severity, repeat) in [(Critical, 1_800), (High, 14_400), (Low, 14_400)] {
        let mut life = Life::default();
        life.fires(0, severity);
        for second in 1..=100 {
            life.fires(second, severity);
        }
        life.wait(101..repeat + 1);
        let again = (repeat, Kind::Firing, severity, 100);
        assert_eq!(life.told, [(0, Kind::Firing, severity, 0), again], "{severity}");
    }
}

#[test]
fn a_rise_is_told_past_the_floor_and_a_fall_waits_for_it() {
    let mut life = Life::default();
    life.fires(0, Medium).fires(1, Critical).fires(2, Medium).fires(3, Critical).wait(3..60);
    assert_eq!(life.told, [(0, Kind::Firing, Medium, 0), (1, Kind::Firing, Critical, 0)]);
    life.fires(100, Medium).wait(100..1_000);
    let fell = (901, Kind::Firing, Medium, 2);
    assert_eq!(life.told.last(), Some(&fell), "{:?}", life.told);
    life.ends(1_000);
    let over = life.told.last().copied().unwrap();
    assert_eq!((over.1, over.2), (Kind::Recovery, Critical), "who heard the worst hears the end");
}

#[test]
fn what_comes_and_goes_is_told_once_a_floor_and_nothing_is_lost() {
    let mut life = Life::default();
    life.fires(0, Critical).ends(1);
    for second in [2, 4, 6] {
        life.fires(second, Critical).ends(second + 1);
    }
    life.wait(8..70);
    let folded = (61, Kind::Note, Critical, 2);
    assert_eq!(life.told[2..], [folded], "three times, told as one a minute after the recovery");
    assert_eq!(life.topic.as_ref().map(|topic| topic.folded), Some(0));

    let mut stays = Life::default();
    stays.fires(0, Critical).ends(1).fires(2, Critical).wait(2..70);
    assert_eq!(stays.told[2..], [(61, Kind::Firing, Critical, 0)]);
    stays.ends(71);
    assert_eq!(stays.told.len(), 4, "and its end is told");
}

#[test]
fn what_happens_often_is_told_once_a_floor_with_a_count() {
    for (severity, floor) in
        [(Critical, 60), (High, 300), (Medium, 900), (Low, 3_600), (Info, 14_400)]
    {
        let mut life = Life::default();
        life.happens(0, severity).happens(1, severity).happens(2, severity).happens(3, severity);
        life.wait(4..floor + 2);
        let told = [(0, Kind::Note, severity, 0), (floor, Kind::Note, severity, 2)];
        assert_eq!(life.told, told, "{severity}");
        life.happens(2 * floor, severity);
        assert_eq!(life.told.len(), 3, "{severity}");
    }
}

#[test]
fn another_title_is_news_and_waits_for_the_floor_alone() {
    let mut life = Life::default();
    let checks = |title: &str| Signal::Fires(Alert::new(KEY, Critical, title));
    life.signal(0, &checks("disk")).signal(10, &checks("disk data")).wait(10..100);
    assert_eq!(life.told, [(0, Kind::Firing, Critical, 0), (60, Kind::Firing, Critical, 0)]);
}

#[test]
fn a_clock_that_was_set_back_holds_up_nothing() {
    let mut life = Life::default();
    life.happens(1_000_000, High).happens(5, High);
    assert_eq!(life.told.len(), 2);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 16, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever happens: the count of everything told and still folded is the count of what happened;
    /// messages with news keep the floor unless they rise; an end never comes without its beginning.
    #[test]
    fn nothing_is_lost_and_ends_follow_beginnings(
        steps in proptest::collection::vec((1..300_i64, 0..4_u8, 0..5_usize), 1..25),
    ) {
        let mut life = Life::default();
        let (mut second, mut happened) = (0, 0_u32);
        for (wait, what, severity) in steps {
            life.wait(second + 1..second + wait);
            second += wait;
            let severity = Severity::ALL[severity];
            match what {
                0 => { life.ends(second); }
                1 => { happened += 1; life.happens(second, severity); }
                _ => { happened += 1; life.fires(second, severity); }
            }
        }
        let mut open = false;
        let mut counted = life.topic.as_ref().map_or(0, |topic| topic.folded);
        let mut last: Option<(i64, Severity)> = None;
        for (at, kind, severity, repeats) in &life.told {
            match kind {
                Kind::Recovery => {
                    prop_assert!(open, "an end without a beginning: {:?}", life.told);
                    open = false;
                    last = Some((*at, *severity));
                    counted += repeats;
                }
                Kind::Firing | Kind::Note => {
                    if let Some((before, told)) = last {
                        let shorter = floors().news(told.max(*severity));
                        let kept = shorter <= at_least(before, *at);
                        prop_assert!(kept || *severity > told, "{:?}", life.told);
                    }
                    open |= *kind == Kind::Firing;
                    last = Some((*at, *severity));
                    counted += repeats;
                }
            }
        }
        // A message is for one of those that happened, but when it only says again what fires.
        prop_assert!(counted <= happened);
    }
}

fn at_least(before: i64, after: i64) -> std::time::Duration {
    std::time::Duration::from_secs((after - before).unsigned_abs())
}
