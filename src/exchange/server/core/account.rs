//! The one account: who it is, what its key may do, its balances and its ledger.

use std::fmt;

use crate::domain::decimal::Decimal;
use crate::domain::identifier::Asset;
use crate::domain::time::Timestamp;
use crate::exchange::kucoin::protocol::account::{AccountMode, Direction};

use super::ledger::{Business, Entry, Ledger};
use super::wallet::Wallet;

/// An account as it is opened.
#[derive(Clone, PartialEq, Eq)]
pub struct AccountSpec {
    /// Deposits by asset.
    pub balances: Vec<(Asset, Decimal)>,
    /// The key that requests are signed with.
    pub api_key: String,
    /// What its owner calls it.
    pub remark: String,
    /// What it may do, separated by commas: General, Spot, ...
    pub permission: String,
    /// The addresses it may be used from, separated by commas; `None` for all.
    pub ip_whitelist: Option<String>,
    /// The account's number.
    pub uid: i64,
    /// The account's name on private pushes: 24 hexadecimal digits.
    pub user_id: String,
    /// When the key was made, in milliseconds.
    pub created_at_ms: i64,
}

impl AccountSpec {
    /// An account with deposits, whose key may read and trade.
    pub fn new(api_key: &str, balances: Vec<(Asset, Decimal)>) -> Self {
        Self {
            balances,
            api_key: api_key.to_owned(),
            remark: "ibis exchange".to_owned(),
            permission: "General,Spot".to_owned(),
            ip_whitelist: None,
            uid: 165_111_215,
            user_id: "633559791e1cbc0001f319bc".to_owned(),
            created_at_ms: 1_728_443_843_000,
        }
    }
}

/// Without the key.
impl fmt::Debug for AccountSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AccountSpec")
            .field("balances", &self.balances)
            .field("permission", &self.permission)
            .finish_non_exhaustive()
    }
}

/// The account at work.
#[derive(Debug)]
pub(super) struct Account {
    pub spec: AccountSpec,
    pub wallet: Wallet,
    pub ledger: Ledger,
    pub mode: AccountMode,
    /// How many orders came without a client order id.
    pub unnamed: u64,
}

impl Account {
    pub(super) fn new(spec: AccountSpec, now: Timestamp) -> Self {
        let wallet = Wallet::new(&spec.balances);
        let mut ledger = Ledger::default();
        for (asset, balance) in wallet.balances() {
            ledger.push(Entry {
                id: 0,
                asset: *asset,
                direction: Direction::In,
                amount: balance.total(),
                fee: Decimal::ZERO,
                balance: balance.total(),
                business: Business::Deposit,
                at: now,
            });
        }
        Self { spec, wallet, ledger, mode: AccountMode::Classic, unnamed: 0 }
    }

    /// True where the key may do something.
    pub(super) fn permits(&self, permission: &str) -> bool {
        self.spec.permission.split(',').any(|granted| granted.trim() == permission)
    }
}
