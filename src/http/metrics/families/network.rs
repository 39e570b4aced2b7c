//! The ways to the venue.

use crate::http::metrics::exposition::{Exposition, Instant};
use crate::http::metrics::family;
use crate::http::sight::Sight;
use crate::http::view::{StreamView, View};

/// Their families.
pub(super) fn of(text: &mut Exposition, view: &View, sight: &Sight) {
    streams(text, &view.network.streams, sight);
    let mut family = text.family(family::VENUE_REQUESTS);
    for request in &view.network.requests {
        for (result, count) in &request.results {
            family.series(&[request.op, result], count);
        }
    }
    let mut family = text.family(family::VENUE_DURATION);
    for request in &view.network.requests {
        family.histogram(&[request.op], &request.took);
    }
    let mut family = text.family(family::RATE_LIMIT);
    for (pool, left) in &view.network.quotas {
        family.series(&[pool], left);
    }
    if let Some(skew) = view.network.clock_skew {
        text.family(family::CLOCK_SKEW).value(skew);
    }
}

fn streams(text: &mut Exposition, streams: &[StreamView], sight: &Sight) {
    let mut family = text.family(family::TASKS_RUNNING);
    for stream in streams {
        family.series(&[stream.name], u8::from(stream.running));
    }
    let mut family = text.family(family::WS_CONNECTED);
    for stream in streams {
        family.series(&[stream.name], u8::from(stream.connected));
    }
    let mut family = text.family(family::WS_LAST_MESSAGE);
    for stream in streams {
        if let Some(ago) = stream.pushed {
            family.series(&[stream.name], Instant(sight.wall_before(ago + sight.view_age)));
        }
    }
    let mut family = text.family(family::WS_RECONNECTS);
    for stream in streams {
        // The first time it comes up it does not come up again.
        family
            .series(&[stream.name, "up"], stream.ups.saturating_sub(1))
            .series(&[stream.name, "down"], stream.downs);
    }
    let mut family = text.family(family::WS_GAPS);
    for stream in streams {
        family.series(&[stream.name], stream.gaps);
    }
    let mut family = text.family(family::REST_FALLBACK);
    for stream in streams {
        if let Some(active) = stream.fallback {
            family.series(&[stream.name], u8::from(active));
        }
    }
}
