//! The session's ways to the venue, as they are shown.

use std::time::Duration;

use crate::agent::session::Session;
use crate::clock;
use crate::domain::decimal::{Decimal, Round};
use crate::exchange::kucoin::feed::Feed;
use crate::exchange::kucoin::rest::{Headroom, OpCount, Rest};
use crate::exchange::kucoin::venue::KucoinVenue;
use crate::http::view::{NetworkView, RequestView, StreamView};

/// A view of them now; empty where market and orders are made here.
pub(super) fn view(session: &Session) -> NetworkView {
    let Some(rest) = session.rest() else { return NetworkView::default() };
    let streams = [session.feed().map(market), session.private().map(private)];
    NetworkView {
        streams: streams.into_iter().flatten().collect(),
        requests: rest.op_counts().iter().map(request).collect(),
        quotas: rest.headroom().iter().map(quota).collect(),
        clock_skew: skew(rest),
    }
}

fn market(feed: &Feed) -> StreamView {
    let count = feed.count();
    StreamView {
        name: "market",
        connected: feed.silent_since().is_none(),
        running: !feed.has_ended(),
        pushed: feed.pushed_at().map(ago),
        ups: count.ups,
        downs: count.downs,
        gaps: count.feed.gaps,
        fallback: Some(feed.is_polled()),
    }
}

fn private(venue: &KucoinVenue) -> StreamView {
    let (connected, count) = venue.private();
    StreamView {
        name: "private",
        connected,
        running: !venue.has_ended(),
        pushed: count.pushed_at.map(ago),
        ups: count.ups,
        downs: count.downs,
        gaps: count.dropped,
        fallback: None,
    }
}

fn ago(at: Duration) -> Duration {
    clock::monotonic().saturating_sub(at)
}

fn request(count: &OpCount) -> RequestView {
    RequestView { op: count.op, results: count.results().collect(), took: count.took }
}

fn quota(left: &Headroom) -> (&'static str, Decimal) {
    let whole = |weight: u64| Decimal::from_int(i64::try_from(weight).unwrap_or(i64::MAX));
    let ratio = match left.limit {
        0 => Decimal::ZERO,
        limit => whole(left.remaining).div(whole(limit), Round::Down),
    };
    (left.pool.as_str(), ratio)
}

/// What is to be added to our clock to have the venue's, turned round.
fn skew(rest: &Rest) -> Option<Decimal> {
    Decimal::from_parts(-i128::from(rest.clock_skew()?.offset_us), 6)
}
