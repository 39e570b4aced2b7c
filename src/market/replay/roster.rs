//! The instruments of a replay: found in all files before the first event is given out.
//!
//! A CSV file names its symbol; recordings name theirs inside. Increments come from a recorded
//! symbol list where there is one, else from the [`Observation`] of the first rows.

use std::collections::BTreeMap;

use super::observation::Observation;
use crate::domain::identifier::InstrumentId;
use crate::domain::instrument::{Instrument, InstrumentSpec};
use crate::domain::symbol::Symbol;
use crate::market::lane::Lane;

/// What is gathered while the files are opened.
#[derive(Debug, Default)]
pub(super) struct Gathering {
    listed: BTreeMap<String, InstrumentSpec>,
    seen: BTreeMap<String, (usize, Symbol, Observation)>,
}

impl Gathering {
    /// The venue's word about a symbol.
    pub(super) fn list(&mut self, spec: InstrumentSpec) {
        self.listed.insert(spec.symbol.as_str().to_owned(), spec);
    }

    /// The observation of a symbol that has data.
    pub(super) fn seen(&mut self, symbol: Symbol) -> &mut Observation {
        let next = self.seen.len();
        let entry = self.seen.entry(symbol.as_str().to_owned());
        &mut entry.or_insert_with(|| (next, symbol, Observation::default())).2
    }

    /// True where nothing is left to learn about a symbol that has data.
    pub(super) fn knows(&self, symbol: &str) -> bool {
        self.seen.contains_key(symbol) && self.listed.contains_key(symbol)
    }

    /// The instruments that have data, in the order they were seen.
    pub(super) fn roster(self) -> Result<Roster, String> {
        let mut seen: Vec<_> = self.seen.into_values().collect();
        seen.sort_by_key(|(order, _, _)| *order);
        let mut roster = Roster::default();
        for (index, (_, symbol, observation)) in seen.into_iter().enumerate() {
            let spec = match self.listed.get(symbol.as_str()) {
                Some(spec) => spec.clone(),
                None => observation.spec(symbol).ok_or(format!("{symbol}: no row with a price"))?,
            };
            let id = u16::try_from(index).or(Err("more than 65536 symbols".to_owned()))?;
            let instrument = Instrument::new(spec).map_err(|error| format!("{symbol}: {error}"))?;
            let lane = Lane::new(InstrumentId(id), &instrument)
                .ok_or(format!("{symbol}: tick or lot is too large"))?;
            roster.lanes.insert(symbol.as_str().to_owned(), lane);
            roster.instruments.push(instrument);
        }
        Ok(roster)
    }
}

/// The instruments, and how their numbers are read.
#[derive(Debug, Default)]
pub(super) struct Roster {
    pub(super) instruments: Vec<Instrument>,
    pub(super) lanes: BTreeMap<String, Lane>,
}
