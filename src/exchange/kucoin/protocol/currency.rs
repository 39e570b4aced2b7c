//! Currencies and their chains.

use serde::{Deserialize, Serialize};

use super::number;
use super::page::null_is_empty;
use super::wire_text::{WireText, owned_by_field};
use crate::domain::decimal::Decimal;

/// A currency.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Currency<'a> {
    /// Its code, for good.
    #[serde(borrow)]
    pub currency: WireText<'a>,
    /// Its code as it is displayed; may change.
    #[serde(borrow, default)]
    pub name: Option<WireText<'a>>,
    /// Its name.
    #[serde(borrow, default)]
    pub full_name: Option<WireText<'a>>,
    /// Decimal places of amounts.
    pub precision: i64,
    /// Confirmations of the chain.
    #[serde(default)]
    pub confirms: Option<i64>,
    /// The token's contract.
    #[serde(borrow, default)]
    pub contract_address: Option<WireText<'a>>,
    /// Can be traded on margin.
    #[serde(default)]
    pub is_margin_enabled: bool,
    /// Can be borrowed.
    #[serde(default)]
    pub is_debit_enabled: bool,
    /// Networks of deposits and withdrawals.
    #[serde(borrow, default, deserialize_with = "null_is_empty")]
    pub chains: Vec<Chain<'a>>,
}

owned_by_field!(Currency {
    currency,
    name,
    full_name,
    precision,
    confirms,
    contract_address,
    is_margin_enabled,
    is_debit_enabled,
    chains,
});

/// A network of a currency.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Chain<'a> {
    /// Its name.
    #[serde(borrow)]
    pub chain_name: WireText<'a>,
    /// Smallest withdrawal.
    #[serde(default, with = "number::optional")]
    pub withdrawal_min_size: Option<Decimal>,
    /// Smallest deposit.
    #[serde(default, with = "number::optional")]
    pub deposit_min_size: Option<Decimal>,
    /// Fee of a withdrawal, as a fraction.
    #[serde(default, with = "number::optional")]
    pub withdraw_fee_rate: Option<Decimal>,
    /// Smallest fee of a withdrawal.
    #[serde(default, with = "number::optional")]
    pub withdrawal_min_fee: Option<Decimal>,
    /// Withdrawals are open.
    #[serde(default)]
    pub is_withdraw_enabled: bool,
    /// Deposits are open.
    #[serde(default)]
    pub is_deposit_enabled: bool,
    /// Confirmations.
    #[serde(default)]
    pub confirms: Option<i64>,
    /// Confirmations until a deposit shows.
    #[serde(default)]
    pub pre_confirms: Option<i64>,
    /// The token's contract, or empty.
    #[serde(borrow, default)]
    pub contract_address: Option<WireText<'a>>,
    /// Decimal places of a withdrawal.
    #[serde(default)]
    pub withdraw_precision: Option<i64>,
    /// Largest withdrawal.
    #[serde(default, with = "number::optional")]
    pub max_withdraw: Option<Decimal>,
    /// Largest deposit.
    #[serde(default, with = "number::optional")]
    pub max_deposit: Option<Decimal>,
    /// A memo is needed.
    #[serde(default)]
    pub need_tag: bool,
    /// Its id.
    #[serde(borrow, default)]
    pub chain_id: Option<WireText<'a>>,
    /// Fee of a deposit, as a fraction.
    #[serde(default, with = "number::optional", skip_serializing_if = "Option::is_none")]
    pub deposit_fee_rate: Option<Decimal>,
    /// Largest fee of a withdrawal.
    #[serde(default, with = "number::optional", skip_serializing_if = "Option::is_none")]
    pub withdraw_max_fee: Option<Decimal>,
    /// Tiers of a deposit's fee.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub deposit_tier_fee: Option<WireText<'a>>,
}

owned_by_field!(Chain {
    chain_name,
    withdrawal_min_size,
    deposit_min_size,
    withdraw_fee_rate,
    withdrawal_min_fee,
    is_withdraw_enabled,
    is_deposit_enabled,
    confirms,
    pre_confirms,
    contract_address,
    withdraw_precision,
    max_withdraw,
    max_deposit,
    need_tag,
    chain_id,
    deposit_fee_rate,
    withdraw_max_fee,
    deposit_tier_fee,
});
