//! Queries of the account: balances, ledgers, fees, the key; and of what this exchange does not have.

use serde::Serialize;

use crate::domain::balance::Balance;
use crate::domain::identifier::Asset;
use crate::domain::instrument::FeeClass;
use crate::exchange::kucoin::protocol::account::{
    AccountModeRow, AccountRow, AccountType, ApiKey, Direction, OldLedgerEntry, Transferable,
    UserInfo,
};
use crate::exchange::kucoin::protocol::envelope::success;
use crate::exchange::kucoin::protocol::fee::{BaseFee, TradeFee};
use crate::exchange::kucoin::protocol::refusal;
use crate::exchange::server::answer::Call;

use super::Core;
use super::denial::Denial;
use super::ledger::{Business, Entry};
use super::order_answers::numbered;
use super::private_feed::account_id;
use super::query::{Filter, page, required};

/// Entries of an answer of the ledger: usual and most.
const LEDGER_PART: (usize, usize) = (100, 200);
/// Entries of a page of the old ledger: usual and most.
const LEDGER_PAGE: (usize, usize) = (50, 500);
/// Pairs whose fees one call may ask for.
const FEE_SYMBOLS_MAX: usize = 10;
/// Currencies that one call for the ledger may name.
const LEDGER_CURRENCIES_MAX: usize = 10;
/// The key's generation.
const API_VERSION: i64 = 3;

/// An empty list.
const NOTHING: [(); 0] = [];

/// Nothing to trade on margin.
#[derive(Serialize)]
struct NoMargin {
    timestamp: i64,
    items: [(); 0],
}

impl Core {
    /// `GET accounts`: rows are typed as asked; `main` and other accounts hold nothing.
    pub(super) fn accounts(&mut self, call: &Call<'_>) -> Result<String, Denial> {
        let account_type = match call.query.get("type").map(AccountType::of) {
            None | Some(AccountType::Trade) => AccountType::Trade,
            Some(AccountType::TradeHf) => AccountType::TradeHf,
            Some(AccountType::Main | AccountType::Unknown) => return Ok(success(&NOTHING)),
        };
        let currency = call.query.get("currency");
        let balances = self.account.wallet.balances().iter();
        let rows: Vec<_> = balances
            .filter(|(asset, _)| currency.is_none_or(|currency| currency == asset.as_str()))
            .map(|(asset, balance)| AccountRow {
                id: Some(account_id(asset).into()),
                account_type: Some(account_type),
                ..account_row(asset, *balance)
            })
            .collect();
        Ok(success(&rows))
    }

    /// `GET accounts/{accountId}`.
    pub(super) fn one_account(&mut self, call: &Call<'_>) -> Result<String, Denial> {
        let mut balances = self.account.wallet.balances().iter();
        let found = balances.find(|(asset, _)| account_id(asset) == call.path_parameter);
        let (asset, balance) =
            found.ok_or_else(|| Denial::parameter("The account does not exist."))?;
        Ok(success(&account_row(asset, *balance)))
    }

    /// `GET accounts/transferable`: what is available.
    pub(super) fn transferable(&mut self, call: &Call<'_>) -> Result<String, Denial> {
        let currency = required(call, "currency")?;
        required(call, "type")?;
        let asset = Asset::new(currency).map_err(|_| Denial::from(refusal::PARAMETER))?;
        let balance = self.account.wallet.balances().get(&asset).copied().unwrap_or_default();
        Ok(success(&Transferable {
            currency: currency.into(),
            balance: balance.total(),
            available: balance.available(),
            holds: balance.hold(),
            transferable: balance.available(),
        }))
    }

    /// `GET hf/accounts/ledgers`: newest first.
    pub(super) fn ledgers(&mut self, call: &Call<'_>) -> Result<String, Denial> {
        let filter = Filter::read(call, LEDGER_PART)?;
        let wanted = Wanted::read(call)?;
        let entries: Vec<_> = self
            .account
            .ledger
            .before(filter.last_id)
            .take_while(|entry| entry.at.ms() >= filter.start_at)
            .filter(|entry| filter.is_within(entry.at.ms()) && wanted.admits(entry))
            .take(filter.limit)
            .map(Entry::object)
            .collect();
        Ok(success(&entries))
    }

    /// `GET accounts/ledgers`: what was moved into the account; its trades are in the other ledger.
    pub(super) fn old_ledgers(&mut self, call: &Call<'_>) -> Result<String, Denial> {
        let (number, size) = page(call, "currentPage", LEDGER_PAGE)?;
        let filter = Filter::read(call, LEDGER_PAGE)?;
        let wanted = Wanted::read(call)?;
        let found: Vec<_> = self
            .account
            .ledger
            .before(None)
            .filter(|entry| entry.business == Business::Deposit)
            .filter(|entry| filter.is_within(entry.at.ms()) && wanted.admits(entry))
            .collect();
        let shown = found.iter().skip((number - 1).saturating_mul(size)).take(size);
        let items = shown.map(|entry| OldLedgerEntry {
            id: entry.id.to_string().into(),
            currency: entry.asset.as_str().into(),
            amount: entry.amount,
            fee: entry.fee,
            balance: Default::default(),
            account_type: Some("TRADE".into()),
            biz_type: entry.business.as_str().into(),
            direction: entry.direction,
            created_at: entry.at.ms(),
            context: Some(entry.context().into()),
        });
        Ok(success(&numbered(number, size, found.len(), items.collect())))
    }

    /// `GET base-fee`: the lowest tier's.
    pub(super) fn base_fee(&mut self, _: &Call<'_>) -> Result<String, Denial> {
        let rate = FeeClass::A.rate();
        Ok(success(&BaseFee { taker_fee_rate: rate, maker_fee_rate: rate }))
    }

    /// `GET trade-fees`.
    pub(super) fn trade_fees(&mut self, call: &Call<'_>) -> Result<String, Denial> {
        let names: Vec<_> = required(call, "symbols")?.split(',').collect();
        if names.len() > FEE_SYMBOLS_MAX {
            return Err(refusal::PARAMETER.into());
        }
        let fee = |name: &&'_ str| {
            let listing = &self.pair(self.find(name)?).listing;
            let (maker_fee_rate, taker_fee_rate) = listing.fees();
            Ok(TradeFee {
                symbol: listing.symbol.as_str().into(),
                taker_fee_rate,
                maker_fee_rate,
                sell_tax_rate: None,
                buy_tax_rate: None,
            })
        };
        let rows = names.iter().map(fee).collect::<Result<Vec<_>, Denial>>()?;
        Ok(success(&rows))
    }

    /// `GET user/api-key`.
    pub(super) fn api_key(&mut self, _: &Call<'_>) -> Result<String, Denial> {
        let spec = &self.account.spec;
        Ok(success(&ApiKey {
            remark: Some(spec.remark.as_str().into()),
            api_key: spec.api_key.as_str().into(),
            api_version: API_VERSION,
            permission: spec.permission.as_str().into(),
            ip_whitelist: spec.ip_whitelist.as_deref().map(Into::into),
            created_at: spec.created_at_ms,
            uid: spec.uid,
            is_master: true,
            sub_name: None,
        }))
    }

    /// `GET user-info`: the lowest tier, without sub-accounts.
    pub(super) fn user_info(&mut self, _: &Call<'_>) -> Result<String, Denial> {
        Ok(success(&UserInfo {
            max_sub_quantity: 5,
            max_default_sub_quantity: 5,
            ..UserInfo::default()
        }))
    }

    /// `GET hf/accounts/opened`: yes.
    pub(super) fn accounts_opened(&mut self, _: &Call<'_>) -> Result<String, Denial> {
        Ok(success(&true))
    }

    /// `GET ua/v1/account/mode`.
    pub(super) fn account_mode(&mut self, _: &Call<'_>) -> Result<String, Denial> {
        Ok(success(&AccountModeRow { self_account_mode: self.account.mode }))
    }

    /// `GET margin/symbols`: none.
    pub(super) fn margin_symbols(&mut self, call: &Call<'_>) -> Result<String, Denial> {
        Ok(success(&NoMargin { timestamp: call.transport_ms, items: [] }))
    }

    /// `GET contracts/active` and `isolated/symbols`: none.
    pub(super) fn nothing(&mut self, _: &Call<'_>) -> Result<String, Denial> {
        Ok(success(&NOTHING))
    }
}

/// What a ledger is narrowed to, beside time.
struct Wanted<'a> {
    currencies: Option<Vec<&'a str>>,
    direction: Option<Direction>,
    business: Option<&'a str>,
}

impl<'a> Wanted<'a> {
    fn read(call: &'a Call<'_>) -> Result<Self, Denial> {
        let currencies: Option<Vec<_>> =
            call.query.get("currency").map(|it| it.split(',').collect());
        let direction = call.query.get("direction").map(Direction::of);
        let many = currencies.as_ref().is_some_and(|list| list.len() > LEDGER_CURRENCIES_MAX);
        if many || direction == Some(Direction::Unknown) {
            return Err(refusal::PARAMETER.into());
        }
        Ok(Self { currencies, direction, business: call.query.get("bizType") })
    }

    fn admits(&self, entry: &Entry) -> bool {
        let currency = entry.asset.as_str();
        self.currencies.as_ref().is_none_or(|list| list.contains(&currency))
            && self.direction.is_none_or(|direction| direction == entry.direction)
            && self.business.is_none_or(|business| business == entry.business.as_str())
    }
}

fn account_row(asset: &Asset, balance: Balance) -> AccountRow<'_> {
    AccountRow {
        id: None,
        currency: asset.as_str().into(),
        account_type: None,
        balance: balance.total(),
        available: balance.available(),
        holds: balance.hold(),
    }
}
