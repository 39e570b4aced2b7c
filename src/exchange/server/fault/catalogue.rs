//! The kinds of faults by their words, and what each takes.

use super::fields::Fields;
use super::kind::{
    CannedAnswer, Condition, Damage, Ending, Increments, Kind, Maintenance, PushFault,
    QuotaHeaders, RequestFault, Span, Transfer, When,
};
use crate::domain::decimal::Decimal;
use crate::domain::identifier::Asset;
use crate::exchange::kucoin::protocol::code::Code;
use crate::exchange::kucoin::protocol::envelope;
use crate::exchange::kucoin::protocol::refusal::{OVERLOADED, TOO_MANY_REQUESTS};
use crate::exchange::server::refusal;

/// Longest delay and lifetime, in milliseconds: a day.
const LENGTH_MS_MAX: i64 = 86_400_000;
/// How far the exchange's clock can be off, in milliseconds: a day.
const SKEW_MS_MAX: i64 = 86_400_000;
/// Pushes that one decision can lose in a row.
const LOST_PUSHES_MAX: i64 = 100_000;
/// Places fees can be rounded to: a decimal has 18.
const PLACES_MAX: u32 = 18;
/// What `gw-ratelimit-reset` says where the plan does not, in milliseconds.
const RESET_MS_DEFAULT: i64 = 1_000;

/// What reads the keys of a kind.
type Build = fn(&mut Fields) -> Result<Kind, String>;

/// Every kind, by the word of `fault`.
const KINDS: [(&str, Build); 29] = [
    ("delay", delay),
    ("timeout", |fields| Ok(Kind::Request(RequestFault::Timeout(when(fields)?)))),
    ("reset", |fields| end(fields, Ending::Reset)),
    ("half_open", |fields| end(fields, Ending::HalfOpen)),
    ("error", error),
    ("rate_limited", rate_limited),
    ("html", html),
    ("malformed", |_| Ok(Kind::Request(RequestFault::Damage(Damage::Malformed)))),
    ("truncated", |_| Ok(Kind::Request(RequestFault::Damage(Damage::Truncated)))),
    ("cut", |_| Ok(Kind::Request(RequestFault::Damage(Damage::Cut)))),
    ("late_cancel", |fields| Ok(Kind::Request(RequestFault::LateCancel(span(fields)?)))),
    ("fill_first", |_| Ok(Kind::Request(RequestFault::FillFirst))),
    ("deposit", |fields| transfer(fields, |amount| amount)),
    ("withdraw", |fields| transfer(fields, |amount| -amount)),
    ("drop_push", drop_push),
    ("gap", drop_push),
    ("duplicate_push", |_| Ok(Kind::Push(PushFault::Duplicate))),
    ("delay_push", |fields| Ok(Kind::Push(PushFault::Delay(span(fields)?)))),
    ("reorder_push", |_| Ok(Kind::Push(PushFault::Reorder))),
    ("disconnect", disconnect),
    ("token_expiry", token_expiry),
    ("clock_skew", clock_skew),
    ("maintenance", maintenance),
    ("unified_account", |_| Ok(Kind::Condition(Condition::UnifiedAccount))),
    ("revoke", revoke),
    ("fee_rounding", fee_rounding),
    ("halt", |fields| Ok(Kind::Condition(Condition::Halt(fields.text_needed("symbol")?)))),
    ("delist", |fields| Ok(Kind::Condition(Condition::Delist(fields.text_needed("symbol")?)))),
    ("increments", increments),
];

/// The word of a kind and what it makes of a rule's keys.
pub(super) fn kind(word: &str, fields: &mut Fields) -> Result<(&'static str, Kind), String> {
    let found = KINDS.iter().find(|(name, _)| *name == word);
    let (name, build) =
        found.ok_or_else(|| format!("is no fault; the faults are {}", words().join(", ")))?;
    Ok((name, build(fields)?))
}

/// The words of all kinds.
pub fn words() -> Vec<&'static str> {
    KINDS.iter().map(|(name, _)| *name).collect()
}

/// What `on` is where a rule does not say.
pub(super) fn default_pattern(name: &str) -> &'static str {
    if name == "gap" { "/market/level2:*" } else { "*" }
}

fn when(fields: &mut Fields) -> Result<When, String> {
    let words = [("before", When::Before), ("after", When::After)];
    Ok(fields.word("when", &words)?.unwrap_or(When::Before))
}

fn millis(number: i64) -> u64 {
    number.unsigned_abs()
}

fn span(fields: &mut Fields) -> Result<Span, String> {
    let bounds = (0, LENGTH_MS_MAX);
    let min = fields.integer("min_ms", bounds)?.ok_or("has no `min_ms`")?;
    let max = fields.integer("max_ms", bounds)?.unwrap_or(min);
    if max < min {
        return Err(format!("max_ms = {max} is below min_ms = {min}"));
    }
    Ok(Span { min_ms: millis(min), max_ms: millis(max) })
}

fn delay(fields: &mut Fields) -> Result<Kind, String> {
    Ok(Kind::Request(RequestFault::Delay(when(fields)?, span(fields)?)))
}

fn end(fields: &mut Fields, ending: Ending) -> Result<Kind, String> {
    Ok(Kind::Request(RequestFault::End(when(fields)?, ending)))
}

fn status(fields: &mut Fields, default: u16) -> Result<u16, String> {
    let number = fields.count("http", (200, 599))?;
    Ok(number.and_then(|number| u16::try_from(number).ok()).unwrap_or(default))
}

fn answer(when: When, http_status: u16, body: String, quota: QuotaHeaders) -> Kind {
    let answer = CannedAnswer { http_status, body, html: false, quota };
    Kind::Request(RequestFault::Answer(when, answer))
}

fn error(fields: &mut Fields) -> Result<Kind, String> {
    let when = when(fields)?;
    let code = fields.text_needed("code")?;
    if Code::of(&code) == Code::NONE {
        return Err(format!("code = {code:?}: write up to nine digits in quotes"));
    }
    let known = refusal::known(&code);
    let msg = fields.text("msg")?.or_else(|| known.map(|known| known.msg.to_owned()));
    let msg = msg.ok_or_else(|| format!("code = {code:?} has no text of its own; add `msg`"))?;
    let http_status = status(fields, known.map_or(200, |known| known.http_status))?;
    Ok(answer(when, http_status, envelope::refusal(Code::of(&code), &msg), QuotaHeaders::Absent))
}

fn rate_limited(fields: &mut Fields) -> Result<Kind, String> {
    let headers = fields.flag("headers", false)?;
    let reset = fields.integer("reset_ms", (0, LENGTH_MS_MAX))?.unwrap_or(RESET_MS_DEFAULT);
    let (refusal, quota) = if headers {
        (TOO_MANY_REQUESTS, QuotaHeaders::UsedUp(millis(reset)))
    } else {
        (OVERLOADED, QuotaHeaders::Absent)
    };
    Ok(answer(When::Before, refusal.http_status, refusal.body(), quota))
}

/// Such a page as a gateway or a content network shows.
const PAGE: &str = "<!DOCTYPE html>\n<html><head><title>Service unavailable</title></head>\
    <body><h1>Service unavailable</h1><p>Please try again later.</p></body></html>\n";

fn html(fields: &mut Fields) -> Result<Kind, String> {
    let (when, http_status) = (when(fields)?, status(fields, 503)?);
    let quota = QuotaHeaders::Absent;
    let answer = CannedAnswer { http_status, body: PAGE.to_owned(), html: true, quota };
    Ok(Kind::Request(RequestFault::Answer(when, answer)))
}

fn transfer(fields: &mut Fields, sign: fn(Decimal) -> Decimal) -> Result<Kind, String> {
    let code = fields.text_needed("asset")?;
    let asset = Asset::new(&code).map_err(|error| format!("asset = {code:?}: {error}"))?;
    let amount = sign(fields.decimal("amount")?.ok_or("has no `amount`")?);
    let noted = fields.flag("noted", true)?;
    Ok(Kind::Request(RequestFault::Transfer(Transfer { asset, amount, noted })))
}

fn drop_push(fields: &mut Fields) -> Result<Kind, String> {
    let length = fields.integer("length", (1, LOST_PUSHES_MAX))?.unwrap_or(1);
    Ok(Kind::Push(PushFault::Drop { length: length.unsigned_abs() }))
}

fn disconnect(fields: &mut Fields) -> Result<Kind, String> {
    let words =
        [("close", Ending::Close), ("reset", Ending::Reset), ("half_open", Ending::HalfOpen)];
    let how = fields.word("how", &words)?.unwrap_or(Ending::Close);
    Ok(Kind::Disconnect(how, span(fields)?))
}

fn token_expiry(fields: &mut Fields) -> Result<Kind, String> {
    let after = fields.integer("after_ms", (0, LENGTH_MS_MAX))?.ok_or("has no `after_ms`")?;
    Ok(Kind::TokenExpiry(millis(after)))
}

fn clock_skew(fields: &mut Fields) -> Result<Kind, String> {
    let bounds = (-SKEW_MS_MAX, SKEW_MS_MAX);
    let offset = fields.integer("offset_ms", bounds)?.ok_or("has no `offset_ms`")?;
    Ok(Kind::Condition(Condition::ClockSkew(offset)))
}

fn maintenance(fields: &mut Fields) -> Result<Kind, String> {
    let words = [("cancelonly", Maintenance::CancelOnly), ("close", Maintenance::Close)];
    let mode = fields.word("mode", &words)?.ok_or("has no `mode`: cancelonly or close")?;
    Ok(Kind::Condition(Condition::Maintenance(mode)))
}

fn revoke(fields: &mut Fields) -> Result<Kind, String> {
    let words = [("General", "General"), ("Spot", "Spot")];
    let word = fields.word("permission", &words)?.ok_or("has no `permission`: General or Spot")?;
    Ok(Kind::Condition(Condition::Revoke(word.to_owned())))
}

fn fee_rounding(fields: &mut Fields) -> Result<Kind, String> {
    let places = fields.count("places", (0, PLACES_MAX))?.ok_or("has no `places`")?;
    Ok(Kind::Condition(Condition::FeeRounding(places)))
}

fn increments(fields: &mut Fields) -> Result<Kind, String> {
    let symbol = fields.text_needed("symbol")?;
    let increments = Increments {
        base: fields.decimal("base_increment")?,
        price: fields.decimal("price_increment")?,
        base_min_size: fields.decimal("base_min_size")?,
        min_funds: fields.decimal("min_funds")?,
    };
    if increments == Increments::default() {
        return Err("changes nothing: add base_increment, price_increment, base_min_size or \
                    min_funds"
            .to_owned());
    }
    Ok(Kind::Condition(Condition::Increments(symbol, increments)))
}
