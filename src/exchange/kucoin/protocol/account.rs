//! Accounts: balances, the key in use, ledgers.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::integer_text;
use super::number;
use super::wire_text::{WireText, owned_by_field};
use super::words::words;
use crate::domain::decimal::Decimal;

words! {
    /// What an account is for.
    AccountType {
        /// Funding: deposits and withdrawals.
        Main = "main",
        /// Spot trading, by its older name.
        Trade = "trade",
        /// Spot trading.
        TradeHf = "trade_hf",
    }
}

/// A balance. A currency that was never held has none.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct AccountRow<'a> {
    /// The account's id; absent where one account is asked for by it.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub id: Option<WireText<'a>>,
    /// The currency's code.
    #[serde(borrow)]
    pub currency: WireText<'a>,
    /// What the account is for; absent where one account is asked for by its id.
    #[serde(rename = "type", default, skip_serializing_if = "Option::is_none")]
    pub account_type: Option<AccountType>,
    /// Available plus held.
    #[serde(with = "number")]
    pub balance: Decimal,
    /// Free to use.
    #[serde(with = "number")]
    pub available: Decimal,
    /// Held by open orders.
    #[serde(with = "number")]
    pub holds: Decimal,
}

owned_by_field!(AccountRow { id, currency, account_type, balance, available, holds });

/// What may be moved out of an account.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Transferable<'a> {
    /// The currency's code.
    #[serde(borrow)]
    pub currency: WireText<'a>,
    /// Available plus held.
    #[serde(with = "number")]
    pub balance: Decimal,
    /// Free to use.
    #[serde(with = "number")]
    pub available: Decimal,
    /// Held by open orders.
    #[serde(with = "number")]
    pub holds: Decimal,
    /// Free to be moved.
    #[serde(with = "number")]
    pub transferable: Decimal,
}

owned_by_field!(Transferable { currency, balance, available, holds, transferable });

/// About the key in use.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ApiKey<'a> {
    /// The name its owner gave it.
    #[serde(borrow, default)]
    pub remark: Option<WireText<'a>>,
    /// The key.
    #[serde(borrow)]
    pub api_key: WireText<'a>,
    /// Its generation.
    pub api_version: i64,
    /// What it may do, separated by commas: General, Spot, Margin, Futures, InnerTransfer, Transfer,
    /// Earn.
    #[serde(borrow)]
    pub permission: WireText<'a>,
    /// The addresses it may be used from, separated by commas; absent where from everywhere.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub ip_whitelist: Option<WireText<'a>>,
    /// In milliseconds.
    pub created_at: i64,
    /// The account.
    pub uid: i64,
    /// False for the key of a sub-account.
    pub is_master: bool,
    /// The name of the sub-account.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub sub_name: Option<WireText<'a>>,
}

owned_by_field!(ApiKey {
    remark,
    api_key,
    api_version,
    permission,
    ip_whitelist,
    created_at,
    uid,
    is_master,
    sub_name,
});

impl ApiKey<'_> {
    /// True where the key may do this.
    pub fn permits(&self, permission: &str) -> bool {
        self.permissions().any(|granted| granted == permission)
    }

    /// What the key may do.
    pub fn permissions(&self) -> impl Iterator<Item = &str> {
        self.permission.split(',').map(str::trim).filter(|granted| !granted.is_empty())
    }

    /// True where the key may be used from some addresses only.
    pub fn is_bound_to_addresses(&self) -> bool {
        self.ip_whitelist.as_deref().is_some_and(|list| !list.trim().is_empty())
    }
}

impl fmt::Debug for ApiKey<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ApiKey")
            .field("permission", &self.permission)
            .field("api_version", &self.api_version)
            .field("is_bound_to_addresses", &self.is_bound_to_addresses())
            .field("is_master", &self.is_master)
            .finish_non_exhaustive()
    }
}

/// Account summary: the tier and counters of sub-accounts.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[expect(missing_docs, reason = "counters of sub-accounts, each named for what it counts")]
pub struct UserInfo {
    /// The tier: VIP0 is 0.
    pub level: i64,
    pub sub_quantity: i64,
    pub spot_sub_quantity: i64,
    pub margin_sub_quantity: i64,
    pub futures_sub_quantity: i64,
    pub option_sub_quantity: i64,
    pub max_sub_quantity: i64,
    pub max_default_sub_quantity: i64,
    pub max_spot_sub_quantity: i64,
    pub max_margin_sub_quantity: i64,
    pub max_futures_sub_quantity: i64,
    pub max_option_sub_quantity: i64,
}

words! {
    /// How an account is kept.
    AccountMode {
        /// By the endpoints of this protocol.
        Classic = "CLASSIC",
        /// By endpoints of its own: the ones here do not apply.
        Unified = "UNIFIED",
    }
}

/// The answer about the account's mode.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AccountModeRow {
    /// Classic or unified.
    pub self_account_mode: AccountMode,
}

words! {
    /// Whether an entry added or took away.
    Direction {
        /// It added.
        In = "in",
        /// It took away.
        Out = "out",
    }
}

/// An entry of the high-frequency account's ledger.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LedgerEntry<'a> {
    /// The entry.
    #[serde(borrow)]
    pub id: WireText<'a>,
    /// The currency's code.
    #[serde(borrow)]
    pub currency: WireText<'a>,
    /// What reached the balance, the fee already taken.
    #[serde(with = "number")]
    pub amount: Decimal,
    /// The fee.
    #[serde(default, with = "number::or_zero")]
    pub fee: Decimal,
    /// Tax.
    #[serde(default, with = "number::or_zero")]
    pub tax: Decimal,
    /// The balance afterwards.
    #[serde(default, with = "number::or_zero")]
    pub balance: Decimal,
    /// `TRADE_HF`.
    #[serde(borrow, default)]
    pub account_type: Option<WireText<'a>>,
    /// `TRADE_EXCHANGE`, `TRANSFER`, ...
    #[serde(borrow)]
    pub biz_type: WireText<'a>,
    /// In or out.
    pub direction: Direction,
    /// In milliseconds; text on the wire.
    #[serde(with = "integer_text")]
    pub created_at: i64,
    /// JSON text: symbol, orderId, tradeId.
    #[serde(borrow, default)]
    pub context: Option<WireText<'a>>,
}

owned_by_field!(LedgerEntry {
    id,
    currency,
    amount,
    fee,
    tax,
    balance,
    account_type,
    biz_type,
    direction,
    created_at,
    context,
});

/// An entry of the ledger of the main and old trade accounts.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OldLedgerEntry<'a> {
    /// The entry.
    #[serde(borrow)]
    pub id: WireText<'a>,
    /// The currency's code.
    #[serde(borrow)]
    pub currency: WireText<'a>,
    /// What was moved.
    #[serde(with = "number")]
    pub amount: Decimal,
    /// The fee.
    #[serde(default, with = "number::or_zero")]
    pub fee: Decimal,
    /// Not kept by the venue any more.
    #[serde(default, with = "number::or_zero")]
    pub balance: Decimal,
    /// `TRADE`, `MAIN`, ...
    #[serde(borrow, default)]
    pub account_type: Option<WireText<'a>>,
    /// `TRADE_EXCHANGE`, `TRANSFER`, ...
    #[serde(borrow)]
    pub biz_type: WireText<'a>,
    /// In or out.
    pub direction: Direction,
    /// In milliseconds.
    pub created_at: i64,
    /// JSON text, or empty.
    #[serde(borrow, default)]
    pub context: Option<WireText<'a>>,
}

owned_by_field!(OldLedgerEntry {
    id,
    currency,
    amount,
    fee,
    balance,
    account_type,
    biz_type,
    direction,
    created_at,
    context,
});
