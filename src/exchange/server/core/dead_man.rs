//! The dead man's switch: the account's open orders are canceled unless it is set again in time.
//!
//! It runs on the transport's clock: at a market that goes faster than the wall, clients do not.

use crate::domain::identifier::InstrumentId;
use crate::exchange::kucoin::protocol::dead_man::{
    DeadMan as Answered, DeadManQuery, SYMBOLS_MAX, SetDeadMan, TIMEOUT_OFF, TIMEOUT_S_MAX,
    TIMEOUT_S_MIN,
};
use crate::exchange::kucoin::protocol::envelope::success;
use crate::exchange::kucoin::protocol::refusal;
use crate::exchange::server::answer::Call;

use super::Core;
use super::denial::Denial;
use super::query::body;

/// Milliseconds in a second.
const SECOND_MS: i64 = 1_000;

/// What is set, if anything.
#[derive(Debug, Default)]
pub(super) struct DeadMan {
    setting: Option<Setting>,
}

#[derive(Debug)]
struct Setting {
    timeout_s: i64,
    symbols: String,
    /// Empty for all.
    pairs: Vec<InstrumentId>,
    trigger_ms: i64,
}

impl Core {
    /// `POST hf/orders/dead-cancel-all`.
    pub(super) fn set_dead_man(&mut self, call: &Call<'_>) -> Result<String, Denial> {
        let SetDeadMan { timeout, symbols } = body(call)?;
        let symbols = symbols.map(|list| list.as_str().to_owned()).unwrap_or_default();
        let names = symbols.split(',').map(str::trim).filter(|name| !name.is_empty());
        let pairs = names.map(|name| self.find(name)).collect::<Result<Vec<_>, _>>()?;
        if pairs.len() > SYMBOLS_MAX {
            return Err(refusal::PARAMETER.into());
        }
        let now_ms = call.transport_ms;
        let current_time = now_ms.div_euclid(SECOND_MS);
        if timeout == TIMEOUT_OFF {
            self.dead_man.setting = None;
            return Ok(success(&Answered { current_time, trigger_time: 0 }));
        }
        if !(TIMEOUT_S_MIN..=TIMEOUT_S_MAX).contains(&timeout) {
            return Err(refusal::PARAMETER.into());
        }
        let trigger_ms = now_ms.saturating_add(timeout * SECOND_MS);
        self.dead_man.setting = Some(Setting { timeout_s: timeout, symbols, pairs, trigger_ms });
        let trigger_time = trigger_ms.div_euclid(SECOND_MS);
        Ok(success(&Answered { current_time, trigger_time }))
    }

    /// `GET hf/orders/dead-cancel-all/query`: nothing where it is not set.
    pub(super) fn dead_man(&mut self, call: &Call<'_>) -> Result<String, Denial> {
        let answer = self.dead_man.setting.as_ref().map(|setting| DeadManQuery {
            timeout: Some(setting.timeout_s),
            symbols: Some(setting.symbols.as_str().into()),
            current_time: Some(call.transport_ms.div_euclid(SECOND_MS)),
            trigger_time: Some(setting.trigger_ms.div_euclid(SECOND_MS)),
        });
        Ok(success(&answer))
    }

    /// Tells the exchange the transport's time, in milliseconds: lets the dead man's switch fire. True
    /// where it did.
    pub fn transport_tick(&mut self, now_ms: i64) -> bool {
        let due = self.next_transport_due().is_some_and(|due| due <= now_ms);
        let Some(setting) = self.dead_man.setting.take_if(|_| due) else { return false };
        let pairs = if setting.pairs.is_empty() { self.orders.open_pairs() } else { setting.pairs };
        for id in pairs {
            self.cancel_pair(id);
        }
        true
    }

    /// When the exchange must be told the transport's time, in milliseconds.
    pub fn next_transport_due(&self) -> Option<i64> {
        self.dead_man.setting.as_ref().map(|setting| setting.trigger_ms)
    }
}
