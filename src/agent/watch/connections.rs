//! The ways to the venue: pushes, and requests.
//!
//! This is about market data, in either mode. Private messages that do not come pause entries at once,
//! and so do requests of live mode that are not answered (see the venue's own conditions): fills would
//! be heard of late.

use std::time::Duration;

use super::lasting::Finding;

/// Judges how long pushes have not come, and how long no request has been answered; `None` where they do
/// and are.
pub(super) fn judge(
    pushes_down: Option<Duration>,
    requests_down: Option<Duration>,
    max: Duration,
) -> Option<Finding> {
    let silent = pushes_down.filter(|down| *down > max)?;
    Some(match requests_down.filter(|down| *down > max) {
        Some(unanswered) => Finding::paused(format!(
            "no pushes for {} s, no answers for {} s",
            silent.as_secs(),
            unanswered.as_secs()
        )),
        None => Finding::degraded(format!(
            "no pushes for {} s; market data is asked for instead",
            silent.as_secs()
        )),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::hold::Level;

    #[test]
    fn pushes_alone_degrade_and_both_ways_pause() {
        let (short, long) = (Some(Duration::from_secs(60)), Some(Duration::from_secs(61)));
        for (pushes, requests, expected) in [
            (None, None, None),
            (short, None, None),
            (None, long, None),
            (short, long, None),
            (long, None, Some(Level::Degraded)),
            (long, short, Some(Level::Degraded)),
            (long, long, Some(Level::SoftPause)),
        ] {
            let found = judge(pushes, requests, Duration::from_secs(60));
            assert_eq!(found.map(|found| found.level), expected, "{pushes:?} {requests:?}");
        }
    }
}
