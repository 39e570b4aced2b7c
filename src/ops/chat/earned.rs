//! What the agent's own sells earned: net of the fees of both sides, in quote units, booked with each fill.

use std::collections::BTreeMap;

use rusqlite::Connection;

use super::date;
use crate::domain::decimal::Decimal;
use crate::domain::time::{DAY_US, Timestamp};
use crate::store::kpi::virtual_now;
use crate::store::load::optional;

/// Sells that are added up; beyond it only the newest are, and that is said.
const SELLS_MAX: i64 = 20_000;
/// Instruments that are listed.
const INSTRUMENTS_MAX: usize = 20;

/// One fill of a sell.
struct Sell {
    day: Timestamp,
    symbol: String,
    /// Zero where nothing was known of its cost.
    net: Decimal,
}

/// Sums of some sells.
#[derive(Default)]
struct Sum {
    net: Decimal,
    fills: u64,
    gains: u64,
}

impl Sum {
    fn add(&mut self, sell: &Sell) {
        self.net += sell.net;
        self.fills += 1;
        self.gains += u64::from(sell.net.is_positive());
    }

    fn of<'s>(sells: impl Iterator<Item = &'s Sell>) -> Self {
        let mut sum = Self::default();
        sells.for_each(|sell| sum.add(sell));
        sum
    }

    fn line(&self, name: &str) -> String {
        let Self { net, fills, gains } = self;
        format!("{name}: {} net, {fills} sells, {gains} with a gain", net.to_fixed(2))
    }
}

/// `/profit`: today, a week, a month, all of it.
pub fn profit(ledger: &Connection, now: Timestamp) -> anyhow::Result<String> {
    let sells = sells(ledger)?;
    let today = virtual_now(ledger)?.unwrap_or(now).day();
    let since = |days: i64| Timestamp::from_us(today.us() - (days - 1) * DAY_US);
    let mut lines = Vec::new();
    for (name, days) in [("today", 1), ("7 days", 7), ("30 days", 30)] {
        let first = since(days);
        lines.push(Sum::of(sells.iter().filter(|sell| sell.day >= first)).line(name));
    }
    lines.push(Sum::of(sells.iter()).line(all(&sells)));
    Ok(lines.join("\n"))
}

/// `/daily`: each of the last days, the newest first.
pub fn daily(ledger: &Connection, now: Timestamp, days: u16) -> anyhow::Result<String> {
    let sells = sells(ledger)?;
    let today = virtual_now(ledger)?.unwrap_or(now).day();
    let mut sums: BTreeMap<Timestamp, Sum> = BTreeMap::new();
    for sell in &sells {
        sums.entry(sell.day).or_default().add(sell);
    }
    let lines = (0..i64::from(days)).map(|back| {
        let day = Timestamp::from_us(today.us() - back * DAY_US);
        sums.remove(&day).unwrap_or_default().line(&date(day))
    });
    Ok(lines.collect::<Vec<_>>().join("\n"))
}

/// `/performance`: by instrument, the best first.
pub fn performance(ledger: &Connection) -> anyhow::Result<String> {
    let sells = sells(ledger)?;
    let mut sums: BTreeMap<&str, Sum> = BTreeMap::new();
    for sell in &sells {
        sums.entry(&sell.symbol).or_default().add(sell);
    }
    let mut sums: Vec<_> = sums.into_iter().collect();
    sums.sort_by_key(|(_, sum)| std::cmp::Reverse(sum.net));
    let mut lines = vec![Sum::of(sells.iter()).line(all(&sells))];
    lines.extend(sums.iter().take(INSTRUMENTS_MAX).map(|(symbol, sum)| sum.line(symbol)));
    if let Some(more) = sums.len().checked_sub(INSTRUMENTS_MAX).filter(|more| *more > 0) {
        lines.push(format!("and {more} more; ibis trades summary --by-symbol"));
    }
    Ok(lines.join("\n"))
}

/// What a sum of all that was read is.
fn all(sells: &[Sell]) -> &'static str {
    match i64::try_from(sells.len()) {
        Ok(count) if count < SELLS_MAX => "in all",
        Ok(_) | Err(_) => "the newest 20000 sells",
    }
}

/// The newest sells, newest first.
fn sells(ledger: &Connection) -> rusqlite::Result<Vec<Sell>> {
    let mut statement = ledger.prepare_cached(
        "SELECT at_us, symbol, net FROM fills WHERE side = 'sell' ORDER BY fill DESC LIMIT ?1",
    )?;
    let mut rows = statement.query([SELLS_MAX])?;
    let mut sells = Vec::new();
    while let Some(row) = rows.next()? {
        let day = Timestamp::from_us(row.get(0)?).day();
        sells.push(Sell { day, symbol: row.get(1)?, net: optional(row, 2)?.unwrap_or_default() });
    }
    Ok(sells)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{LEDGER, ledger_path};

    #[test]
    fn sells_are_added_up_by_day_and_by_instrument() {
        let home = std::env::temp_dir().join(format!("ibis-earned-{}", std::process::id()));
        drop(std::fs::remove_dir_all(&home));
        std::fs::create_dir_all(&home).unwrap();
        let ledger = LEDGER.open_writer(&ledger_path(&home)).unwrap();
        let now = Timestamp::from_us(100 * DAY_US + 5);
        assert!(profit(&ledger, now).unwrap().contains("in all: 0.00 net, 0 sells"));
        for (fill, day, symbol, side, net) in [
            (1, 10, "A-USDT", "sell", Some("7")),
            (2, 94, "A-USDT", "sell", Some("-2.5")),
            (3, 100, "B-USDT", "sell", Some("1")),
            (4, 100, "B-USDT", "sell", None),
            (5, 100, "B-USDT", "buy", None),
        ] {
            let row =
                "INSERT INTO fills VALUES (?1, ?2, ?1, ?1, 'c', 'v', ?3, 'exit', '1', '1', '1',
                       '0', 'USDT', 'taker', '1', ?4, NULL, NULL, NULL, ?5, NULL, NULL)";
            let at = day * DAY_US;
            ledger.execute(row, rusqlite::params![fill, symbol, side, at, net]).unwrap();
        }
        assert_eq!(
            profit(&ledger, now).unwrap(),
            "today: 1.00 net, 2 sells, 1 with a gain\n7 days: -1.50 net, 3 sells, 1 with a gain\n\
             30 days: -1.50 net, 3 sells, 1 with a gain\nin all: 5.50 net, 4 sells, 2 with a gain"
        );
        let days = daily(&ledger, now, 2).unwrap();
        assert!(days.starts_with("1970-04-11: 1.00 net, 2 sells"), "{days}");
        assert!(days.ends_with("1970-04-10: 0.00 net, 0 sells, 0 with a gain"), "{days}");
        let by_symbol = performance(&ledger).unwrap();
        let order: Vec<_> = by_symbol.lines().filter_map(|line| line.split(':').next()).collect();
        assert_eq!(order, ["in all", "A-USDT", "B-USDT"]);
        std::fs::remove_dir_all(&home).unwrap();
    }
}
