//! Currencies: every asset that a pair is made of, each with one chain that is closed.

use std::collections::BTreeMap;

use crate::domain::decimal::Decimal;
use crate::domain::identifier::Asset;
use crate::exchange::kucoin::protocol::currency::{Chain, Currency};
use crate::exchange::kucoin::protocol::envelope::success;
use crate::exchange::kucoin::protocol::refusal;
use crate::exchange::server::answer::Call;

use super::Core;
use super::denial::Denial;

/// Decimal places of amounts at least, as KuCoin's.
const PRECISION_LEAST: u32 = 8;

impl Core {
    /// `GET currencies`.
    pub(super) fn currencies(&mut self, _: &Call<'_>) -> Result<String, Denial> {
        let assets = self.assets();
        let rows: Vec<_> = assets.iter().map(|(asset, places)| currency(asset, *places)).collect();
        Ok(success(&rows))
    }

    /// `GET currencies/{currency}`.
    pub(super) fn currency(&mut self, call: &Call<'_>) -> Result<String, Denial> {
        let assets = self.assets();
        let found = assets.iter().find(|(asset, _)| asset.as_str() == call.path_parameter);
        let (asset, places) = found.ok_or(refusal::PARAMETER)?;
        Ok(success(&currency(asset, *places)))
    }

    /// The assets of the pairs, those that are gone too, with the decimal places of their amounts.
    fn assets(&self) -> BTreeMap<Asset, u32> {
        let mut assets = BTreeMap::new();
        for pair in &self.pairs {
            let spec = pair.instrument.spec();
            for (asset, places) in
                [(spec.symbol.base(), spec.lot.places()), (spec.symbol.quote(), PRECISION_LEAST)]
            {
                let known = assets.entry(asset).or_insert(PRECISION_LEAST);
                *known = places.max(*known);
            }
        }
        assets
    }
}

fn currency(asset: &Asset, places: u32) -> Currency<'_> {
    let name = asset.as_str();
    let chain = Chain {
        chain_name: name.into(),
        withdrawal_min_size: Some(Decimal::ZERO),
        deposit_min_size: None,
        withdraw_fee_rate: Some(Decimal::ZERO),
        withdrawal_min_fee: Some(Decimal::ZERO),
        is_withdraw_enabled: false,
        is_deposit_enabled: false,
        confirms: Some(1),
        pre_confirms: Some(1),
        contract_address: Some("".into()),
        withdraw_precision: Some(places.into()),
        max_withdraw: None,
        max_deposit: None,
        need_tag: false,
        chain_id: Some(name.to_ascii_lowercase().into()),
        deposit_fee_rate: None,
        withdraw_max_fee: None,
        deposit_tier_fee: None,
    };
    Currency {
        currency: name.into(),
        name: Some(name.into()),
        full_name: Some(name.into()),
        precision: places.into(),
        confirms: None,
        contract_address: None,
        is_margin_enabled: false,
        is_debit_enabled: false,
        chains: vec![chain],
    }
}
