//! Why one order was sent and what came of it: signal -> risk -> intent -> answers -> fills ->
//! realized profit and loss.

use std::fmt::Write as _;

use rusqlite::{Connection, OptionalExtension as _, params};

use super::{EventLine, clock, summary};
use crate::domain::decimal::Decimal;
use crate::domain::decision::DecisionRecord;
use crate::store::column;
use crate::store::event::EventRow;
use crate::store::order_story::{self, Story};

/// An order's story with what belongs to it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Why {
    /// The order and its events.
    pub story: Story,
    /// Which start of the agent decided it.
    pub run: Option<u32>,
    /// The entry whose position it ends, for an exit.
    pub opened_by: Option<String>,
    /// The exits that ended its position, for an entry.
    pub closed_by: Vec<Closing>,
    /// What it, or its exits, realized: gross, fees, net.
    pub realized: Option<(Decimal, Decimal, Decimal)>,
}

/// An order that ended a position.
#[derive(Clone, PartialEq, Eq, Debug, serde::Serialize)]
pub struct Closing {
    /// The order.
    pub client_order_id: String,
    /// Why.
    pub purpose: String,
    /// What it sold, in base units.
    pub quantity: Decimal,
    /// Proceeds less cost, of what could be matched.
    pub gross: Decimal,
    /// Fees of both sides.
    pub fees: Decimal,
    /// What was earned.
    pub net: Decimal,
}

/// Looks an order up by client order id, venue order id or trade id.
pub fn why(ledger: &Connection, id: &str) -> rusqlite::Result<Option<Why>> {
    let Some(story) = order_story::find(ledger, id)? else { return Ok(None) };
    let run = match story.events.first() {
        Some(first) => crate::store::event::run_of(ledger, first.seq)?,
        None => None,
    };
    let is_entry = story.purpose == "entry";
    let closed_by = if is_entry { closings(ledger, &story)? } else { Vec::new() };
    let own = sells(ledger, "client_order_id = ?1", params![story.client_order_id])?;
    let all = if is_entry { &closed_by } else { &own };
    let realized = (!all.is_empty()).then(|| {
        let sum = |of: fn(&Closing) -> Decimal| all.iter().map(of).sum();
        (sum(|closing| closing.gross), sum(|closing| closing.fees), sum(|closing| closing.net))
    });
    let opened_by = if is_entry { None } else { opening(ledger, &story)? };
    Ok(Some(Why { story, run, opened_by, closed_by, realized }))
}

/// Sells of the lots that this entry acquired: those opened from its intent on, up to the next entry.
fn closings(ledger: &Connection, story: &Story) -> rusqlite::Result<Vec<Closing>> {
    sells(
        ledger,
        "symbol = ?2 AND opened_at_us >= (SELECT created_at_us FROM intents WHERE client_order_id = ?1)
         AND opened_at_us < coalesce((SELECT min(n.created_at_us) FROM intents n, intents i
             WHERE i.client_order_id = ?1 AND n.symbol = ?2 AND n.purpose = 'entry'
               AND n.created_at_us > i.created_at_us), 9223372036854775807)",
        params![story.client_order_id, story.symbol],
    )
}

fn sells(
    ledger: &Connection,
    which: &str,
    parameters: impl rusqlite::Params,
) -> rusqlite::Result<Vec<Closing>> {
    let query = format!(
        "SELECT client_order_id, purpose, quantity, gross, fees, net FROM fills
         WHERE side = 'sell' AND {which} ORDER BY fill"
    );
    let mut statement = ledger.prepare(&query)?;
    let mut rows = statement.query(parameters)?;
    let mut closings: Vec<Closing> = Vec::new();
    while let Some(row) = rows.next()? {
        let amount =
            |index| column::optional(row, index, Decimal::parse).map(Option::unwrap_or_default);
        let client_order_id: String = row.get(0)?;
        let (quantity, gross, fees, net) = (amount(2)?, amount(3)?, amount(4)?, amount(5)?);
        match closings.iter_mut().find(|known| known.client_order_id == client_order_id) {
            Some(known) => {
                known.quantity += quantity;
                known.gross += gross;
                known.fees += fees;
                known.net += net;
            }
            None => {
                let purpose = row.get(1)?;
                closings.push(Closing { client_order_id, purpose, quantity, gross, fees, net });
            }
        }
    }
    Ok(closings)
}

/// The entry that acquired the oldest lot this exit was for: the first buy booked from then on.
fn opening(ledger: &Connection, story: &Story) -> rusqlite::Result<Option<String>> {
    let decided = decision(&story.events).and_then(|decision| decision.plan);
    let query = "SELECT min(opened_at_us) FROM fills WHERE client_order_id = ?1";
    let sold: Option<i64> = ledger.query_row(query, [&story.client_order_id], |row| row.get(0))?;
    let Some(opened_at) = sold.or(decided.map(|plan| plan.opened_at.us())) else { return Ok(None) };
    ledger
        .query_row(
            "SELECT client_order_id FROM fills WHERE at_us >= ?1 AND symbol = ?2 AND side = 'buy'
             ORDER BY at_us, fill LIMIT 1",
            params![opened_at, story.symbol],
            |row| row.get(0),
        )
        .optional()
}

fn decision(events: &[EventRow]) -> Option<DecisionRecord> {
    let row = events.iter().find(|row| row.kind == "decision")?;
    serde_json::from_str(&row.payload).ok()
}

/// For a person.
pub fn text(why: &Why) -> String {
    let Story { client_order_id, symbol, purpose, events } = &why.story;
    let mut text = format!("order {client_order_id}: {purpose} {symbol}");
    let inputs = events.first().and_then(|first| first.input).zip(why.run);
    if let Some((input, run)) = inputs {
        let _ = write!(text, ", decided at input {input} of run {run}");
    }
    text.push('\n');
    for row in events {
        let mut line = |word: &str, what: &str| {
            let _ = writeln!(text, "{} {word:<9} {what}", clock(row.at));
        };
        match decision(std::slice::from_ref(row)) {
            None => line(&row.kind, &summary::summary(row)),
            Some(decision) => {
                for cause in [summary::signal(&decision), summary::plan(&decision)] {
                    cause.into_iter().for_each(|cause| line("signal", &cause));
                }
                line("risk", &summary::risk(&decision));
            }
        }
    }
    if let Some(entry) = &why.opened_by {
        let _ = writeln!(text, "ends the position of {entry}");
    }
    for Closing { client_order_id, purpose, quantity, net, .. } in &why.closed_by {
        let _ = writeln!(text, "ended by {client_order_id}: {purpose}, {quantity} sold, net {net}");
    }
    if let Some((gross, fees, net)) = &why.realized {
        let _ = writeln!(text, "realized {gross} less fees {fees} = {net}");
    }
    text
}

/// For a program.
#[derive(Debug, serde::Serialize)]
pub struct WhyLine<'a> {
    client_order_id: &'a str,
    symbol: &'a str,
    purpose: &'a str,
    run: Option<u32>,
    opened_by: Option<&'a str>,
    closed_by: &'a [Closing],
    realized: Option<Realized>,
    events: Vec<EventLine<'a>>,
}

#[derive(Debug, serde::Serialize)]
struct Realized {
    gross: Decimal,
    fees: Decimal,
    net: Decimal,
}

impl<'a> WhyLine<'a> {
    /// Of a story.
    pub fn of(why: &'a Why) -> Self {
        Self {
            client_order_id: &why.story.client_order_id,
            symbol: &why.story.symbol,
            purpose: &why.story.purpose,
            run: why.run,
            opened_by: why.opened_by.as_deref(),
            closed_by: &why.closed_by,
            realized: why.realized.map(|(gross, fees, net)| Realized { gross, fees, net }),
            events: why.story.events.iter().filter_map(EventLine::of).collect(),
        }
    }
}
