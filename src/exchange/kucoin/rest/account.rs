//! Calls about the account: the key, balances, fees.

use super::client::Rest;
use super::failure::Failure;
use super::failure::Reason;
use crate::domain::time::Timestamp;
use crate::exchange::kucoin::protocol::account::{
    AccountMode, AccountModeRow, AccountRow, AccountType, ApiKey, LedgerEntry,
};
use crate::exchange::kucoin::protocol::endpoint::Endpoint;
use crate::exchange::kucoin::protocol::fee::{BaseFee, TradeFee};
use crate::exchange::kucoin::protocol::wire_text::IntoOwned;

/// Pairs that one call asks the fees of (KuCoin's documentation).
pub const SYMBOLS_PER_FEE_CALL: usize = 10;
/// Entries of the account's ledger in one answer (KuCoin's documentation).
const LEDGER_PAGE_MAX: usize = 200;
/// Pages of it that one collection reads at most: 20 000 entries.
const LEDGER_PAGES_MAX: usize = 100;

impl Rest {
    /// About the key in use.
    pub async fn api_key(&self) -> Result<ApiKey<'static>, Failure> {
        let endpoint = Endpoint::ApiKey;
        let answered = self.get(endpoint, endpoint.target("")).await?;
        Ok(answered.read::<ApiKey<'_>>()?.into_owned())
    }

    /// Whether the account is kept by the endpoints of this client, or is unified and is not.
    pub async fn account_mode(&self) -> Result<AccountMode, Failure> {
        let endpoint = Endpoint::AccountMode;
        let answered = self.get(endpoint, endpoint.target("")).await?;
        Ok(answered.read::<AccountModeRow>()?.self_account_mode)
    }

    /// Whether the account trades by the high-frequency endpoints, as every current one does. Weighs 30:
    /// ask once.
    pub async fn is_high_frequency(&self) -> Result<bool, Failure> {
        let endpoint = Endpoint::AccountsOpened;
        self.get(endpoint, endpoint.target("")).await?.read()
    }

    /// The balances of the spot account. A currency that was never held has none.
    pub async fn accounts(&self) -> Result<Vec<AccountRow<'static>>, Failure> {
        let endpoint = Endpoint::Accounts;
        let target = endpoint.target("").with("type", AccountType::TradeHf.as_str());
        let answered = self.get(endpoint, target).await?;
        let rows: Option<Vec<AccountRow<'_>>> = answered.read()?;
        // The same account goes by two names.
        let is_spot = |row: &AccountRow<'_>| {
            matches!(row.account_type, None | Some(AccountType::Trade | AccountType::TradeHf))
        };
        let rows = rows.unwrap_or_default().into_iter().filter(is_spot);
        Ok(rows.map(IntoOwned::into_owned).collect())
    }

    /// The account's ledger since an instant, newest first, whole. The venue looks back 7 days.
    pub async fn ledger_since(
        &self,
        since: Timestamp,
    ) -> Result<Vec<LedgerEntry<'static>>, Failure> {
        let endpoint = Endpoint::LedgersHf;
        let mut entries: Vec<LedgerEntry<'static>> = Vec::new();
        for _ in 0..LEDGER_PAGES_MAX {
            let cursor = entries.last().map(|entry| entry.id.as_str().to_owned());
            let target = endpoint
                .target("")
                .with("startAt", since.ms())
                .with("limit", LEDGER_PAGE_MAX)
                .with_some("lastId", cursor.as_deref());
            let answered = self.get(endpoint, target).await?;
            let page: Vec<LedgerEntry<'_>> = answered.read()?;
            let known =
                |entry: &LedgerEntry<'_>| entries.last().is_some_and(|last| last.id == entry.id);
            let (length, repeats) = (page.len(), page.first().is_some_and(known));
            entries.extend(page.into_iter().map(IntoOwned::into_owned));
            if length < LEDGER_PAGE_MAX || repeats {
                return Ok(entries);
            }
        }
        let what = format!("more than {LEDGER_PAGES_MAX} pages of ledger since {since}");
        Err(Failure::Malformed(Reason { call: endpoint, venue: None, what }))
    }

    /// The rates of the account's tier, before a pair's coefficient.
    pub async fn base_fee(&self) -> Result<BaseFee, Failure> {
        let endpoint = Endpoint::BaseFee;
        self.get(endpoint, endpoint.target("")).await?.read()
    }

    /// The rates of pairs for this account; one call for every [`SYMBOLS_PER_FEE_CALL`].
    pub async fn trade_fees(&self, symbols: &[&str]) -> Result<Vec<TradeFee<'static>>, Failure> {
        let endpoint = Endpoint::TradeFees;
        let mut fees = Vec::with_capacity(symbols.len());
        for some in symbols.chunks(SYMBOLS_PER_FEE_CALL) {
            let target = endpoint.target("").with("symbols", some.join(","));
            let answered = self.get(endpoint, target).await?;
            fees.extend(answered.read::<Vec<TradeFee<'_>>>()?.into_owned());
        }
        Ok(fees)
    }
}
