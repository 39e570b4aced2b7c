//! What only the ledger can tell.

use crate::config::settings::HealthSettings;
use crate::http::ledger::LedgerFacts;
use crate::http::metrics::exposition::{Exposition, Instant, Seconds};
use crate::http::metrics::family;
use crate::ops::timer::Timer;

/// Its families.
pub(super) fn of(text: &mut Exposition, ledger: &LedgerFacts, limits: &HealthSettings) {
    let mut family = text.family(family::RESTARTS);
    for (cause, count) in &ledger.restarts {
        family.series(&[cause], count);
    }
    text.family(family::CRASH_LOOP).value(ledger.unclean_streak);
    let mut family = text.family(family::TIMER_LAST);
    for (timer, at) in &ledger.timers {
        family.series(&[timer.label()], Instant(*at));
    }
    let mut family = text.family(family::TIMER_MAX_AGE);
    for timer in Timer::ALL {
        family.series(&[timer.label()], Seconds(timer.age_max(limits)));
    }
    if let Some(at) = ledger.drilled_at {
        text.family(family::KILL_DRILL).value(Instant(at));
    }
    if let Some(realized) = ledger.realized_day {
        text.family(family::REALIZED_DAY).value(realized);
    }
    text.family(family::CHAIN_OK).value(u8::from(ledger.chain_holds));
    text.family(family::OUTBOX_DEPTH).value(ledger.outbox_depth);
    text.family(family::DB_SIZE).value(ledger.bytes);
}
