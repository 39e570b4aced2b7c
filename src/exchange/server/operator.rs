//! A plan's conditions put in force on the core, as an operator would.

use super::authentication::Authentication;
use super::core::{Core, RuleChange};
use super::fault::{Conditions, Increments, Maintenance};
use crate::exchange::kucoin::protocol::account::AccountMode;
use crate::exchange::kucoin::protocol::status::ServiceState;

/// The operator's note while trading is restricted.
const NOTE: &str = "maintenance";

/// Makes what differs between two moments true of the core. Symbols that are not listed are no
/// mistake: a plan may be for other markets too.
pub fn change(core: &mut Core, before: &Conditions, now: &Conditions, key: &Authentication) {
    if before.maintenance != now.maintenance {
        match now.maintenance {
            None => core.set_service(ServiceState::Open, ""),
            Some(Maintenance::CancelOnly) => core.set_service(ServiceState::CancelOnly, NOTE),
            Some(Maintenance::Close) => core.set_service(ServiceState::Close, NOTE),
        }
    }
    if before.unified_account != now.unified_account {
        let unified = now.unified_account;
        core.set_account_mode(if unified { AccountMode::Unified } else { AccountMode::Classic });
    }
    if before.revoked != now.revoked {
        core.set_permissions(&key.permissions(&now.revoked).collect::<Vec<_>>().join(","));
    }
    if before.fee_places != now.fee_places {
        core.set_fee_places(now.fee_places);
    }
    change_symbols(core, before, now);
}

fn change_symbols(core: &mut Core, before: &Conditions, now: &Conditions) {
    for symbol in before.delisted.difference(&now.delisted) {
        core.relist(symbol);
    }
    for symbol in before.halted.difference(&now.halted) {
        core.set_trading(symbol, true);
    }
    for symbol in now.halted.difference(&before.halted) {
        core.set_trading(symbol, false);
    }
    for symbol in before.increments.keys().filter(|symbol| !now.increments.contains_key(*symbol)) {
        core.set_rules(symbol, RuleChange::default());
    }
    for (symbol, increments) in &now.increments {
        if before.increments.get(symbol) != Some(increments) {
            core.set_rules(symbol, rules(increments));
        }
    }
    for symbol in now.delisted.difference(&before.delisted) {
        core.delist(symbol);
    }
}

fn rules(increments: &Increments) -> RuleChange {
    RuleChange {
        base_increment: increments.base,
        price_increment: increments.price,
        base_min_size: increments.base_min_size,
        min_funds: increments.min_funds,
    }
}
