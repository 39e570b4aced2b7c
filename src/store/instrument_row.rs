//! Instruments as the venue last described them: what is held of one that it lists no more still has
//! its grid.

use rusqlite::{Connection, TransactionBehavior, params};

use crate::domain::instrument::Instrument;
use crate::domain::symbol::Symbol;

/// Keeps what a run trades.
pub fn keep(connection: &mut Connection, instruments: &[Instrument]) -> rusqlite::Result<()> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    for instrument in instruments {
        let spec = serde_json::to_string(instrument.spec())
            .map_err(|error| rusqlite::Error::ToSqlConversionFailure(error.into()))?;
        transaction
            .prepare_cached("INSERT OR REPLACE INTO instruments (symbol, spec) VALUES (?1, ?2)")?
            .execute(params![instrument.symbol().as_str(), spec])?;
    }
    transaction.commit()
}

/// What is known of these; those that no run ever traded are not in it.
pub fn find(connection: &Connection, symbols: &[Symbol]) -> rusqlite::Result<Vec<Instrument>> {
    let mut statement = connection.prepare("SELECT spec FROM instruments WHERE symbol = ?1")?;
    let mut found = Vec::new();
    for symbol in symbols {
        let mut rows = statement.query([symbol.as_str()])?;
        while let Some(row) = rows.next()? {
            let spec = serde_json::from_str(row.get_ref(0)?.as_str()?).ok();
            found.extend(spec.and_then(|spec| Instrument::new(spec).ok()));
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::instrument::tests::btc;
    use crate::store::LEDGER;

    #[test]
    fn what_was_kept_is_found_as_it_was() {
        let directory = std::env::temp_dir().join(format!("ibis-spec-{}", std::process::id()));
        std::fs::create_dir_all(&directory).unwrap();
        let mut connection = LEDGER.open_writer(&directory.join("ibis.db")).unwrap();
        keep(&mut connection, &[btc()]).unwrap();
        keep(&mut connection, &[btc()]).unwrap();
        let asked = [Symbol::new("ETH-USDT").unwrap(), btc().symbol()];
        assert_eq!(find(&connection, &asked).unwrap(), [btc()]);
        std::fs::remove_dir_all(&directory).unwrap();
    }
}
