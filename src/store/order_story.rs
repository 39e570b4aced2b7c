//! Everything the ledger says about one order, in order of time.

use rusqlite::{Connection, OptionalExtension as _, params};

use super::event::{self, EventRow};
use crate::domain::time::Timestamp;

/// Rows read at once.
const PAGE: i64 = 4_096;

/// One order's events: decision, intent, answers, fills.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Story {
    /// The order.
    pub client_order_id: String,
    /// What it trades.
    pub symbol: String,
    /// Why.
    pub purpose: String,
    /// Oldest first.
    pub events: Vec<EventRow>,
}

/// Finds an order by client order id, venue order id or trade id, and reads its story. Costs what
/// happened while the order lived, and a look at every order where the id is the venue's.
pub fn find(connection: &Connection, id: &str) -> rusqlite::Result<Option<Story>> {
    let Some(client_order_id) = client_order_id(connection, id)? else { return Ok(None) };
    let life = connection
        .query_row(
            "SELECT i.symbol, i.purpose, i.created_at_us,
                max(coalesce(o.updated_at_us, i.created_at_us), i.created_at_us),
                (SELECT max(f.at_us) FROM fills f WHERE f.client_order_id = i.client_order_id)
             FROM intents i LEFT JOIN orders o ON o.client_order_id = i.client_order_id
             WHERE i.client_order_id = ?1",
            [&client_order_id],
            |row| {
                let (symbol, purpose): (String, String) = (row.get(0)?, row.get(1)?);
                let (from, to): (i64, i64) = (row.get(2)?, row.get(3)?);
                let filled: Option<i64> = row.get(4)?;
                Ok((symbol, purpose, from, to.max(filled.unwrap_or(to))))
            },
        )
        .optional()?;
    let Some((symbol, purpose, from, to)) = life else { return Ok(None) };
    let (from, to) = (Timestamp::from_us(from), Timestamp::from_us(to));
    let events = about(connection, &client_order_id, from, to)?;
    Ok(Some(Story { client_order_id, symbol, purpose, events }))
}

/// Events about an order between two instants, both included.
fn about(
    connection: &Connection,
    client_order_id: &str,
    from: Timestamp,
    to: Timestamp,
) -> rusqlite::Result<Vec<EventRow>> {
    let mut seq = event::last_before(connection, from)?;
    let mut found = Vec::new();
    loop {
        let page = event::after(connection, seq, PAGE)?;
        let Some(last) = page.last() else { return Ok(found) };
        seq = last.seq;
        let is_over = last.at > to;
        found.extend(
            page.into_iter().filter(|row| row.reference == client_order_id && row.at <= to),
        );
        if is_over {
            return Ok(found);
        }
    }
}

fn client_order_id(connection: &Connection, id: &str) -> rusqlite::Result<Option<String>> {
    for query in [
        "SELECT client_order_id FROM intents WHERE client_order_id = ?1",
        "SELECT client_order_id FROM orders WHERE venue_order_id = ?1",
        // A trade id is unique for a symbol alone: the newest is meant.
        "SELECT client_order_id FROM fills WHERE execution_id = ?1 OR venue_order_id = ?1
         ORDER BY fill DESC LIMIT 1",
    ] {
        let found = connection.query_row(query, params![id], |row| row.get(0)).optional()?;
        if found.is_some() {
            return Ok(found);
        }
    }
    Ok(None)
}
