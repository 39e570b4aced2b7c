//! Why an order was not sent. The codes are rows, journal fields and metric labels.

use crate::domain::decision::Bound;

/// A reason code.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Refusal {
    /// The agent's state, or the instrument's hold, permits no such order.
    Held,
    /// The agent is degraded, and the instrument was never traded.
    NewSymbol,
    /// What the entry could earn does not pay for its costs.
    Edge,
    /// The instrument has an order at work already.
    OpenIntent,
    /// The last entry ended too recently.
    Cooldown,
    /// No best bid and offer is known.
    NoQuote,
    /// Enough instruments are held or being entered.
    OpenPositionsMax,
    /// The cap for this instrument leaves less than the smallest notional.
    ExposureInstrument,
    /// The cap for all instruments leaves less than the smallest notional.
    ExposureTotal,
    /// The available balance leaves less than the smallest notional.
    Cash,
    /// Risk per trade or the largest notional leave less than the smallest notional.
    NotionalMin,
    /// The instrument's own limits do not allow the size.
    InstrumentLimit,
    /// What is held is too small to sell.
    Dust,
}

impl Refusal {
    /// Every code.
    pub const ALL: [Self; 13] = [
        Self::Held,
        Self::NewSymbol,
        Self::Edge,
        Self::OpenIntent,
        Self::Cooldown,
        Self::NoQuote,
        Self::OpenPositionsMax,
        Self::ExposureInstrument,
        Self::ExposureTotal,
        Self::Cash,
        Self::NotionalMin,
        Self::InstrumentLimit,
        Self::Dust,
    ];

    /// The ledger's word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Held => "held",
            Self::NewSymbol => "new_symbol",
            Self::Edge => "edge",
            Self::OpenIntent => "open_intent",
            Self::Cooldown => "cooldown",
            Self::NoQuote => "no_quote",
            Self::OpenPositionsMax => "open_positions_max",
            Self::ExposureInstrument => "exposure_instrument",
            Self::ExposureTotal => "exposure_total",
            Self::Cash => "cash",
            Self::NotionalMin => "notional_min",
            Self::InstrumentLimit => "instrument_limit",
            Self::Dust => "dust",
        }
    }
}

/// The cap that left less than the smallest notional.
impl From<Bound> for Refusal {
    fn from(bound: Bound) -> Self {
        match bound {
            Bound::RiskPerTrade | Bound::NotionalMax => Self::NotionalMin,
            Bound::ExposureInstrument => Self::ExposureInstrument,
            Bound::ExposureTotal => Self::ExposureTotal,
            Bound::Cash => Self::Cash,
            Bound::QuantityMax => Self::InstrumentLimit,
        }
    }
}

impl std::fmt::Display for Refusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_has_a_word_of_its_own() {
        let words: Vec<String> = Refusal::ALL.iter().map(ToString::to_string).collect();
        let expected = "held new_symbol edge open_intent cooldown no_quote open_positions_max exposure_instrument \
                        exposure_total cash notional_min instrument_limit dust";
        assert_eq!(words.join(" "), expected);
    }
}
