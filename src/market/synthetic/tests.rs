//! The laws of the synthetic market.

use super::*;
use proptest::prelude::*;

const MINUTE_US: i64 = 60_000_000;

fn take(market: &mut Synthetic, count: usize) -> Vec<MarketEvent> {
    (0..count).map(|_| market.next()).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn a_later_start_is_the_identical_tail(seed in any::<u64>(), start in 0i64..1 << 52, later in 0i64..5_000_000) {
        let later = Timestamp::from_us(start + later);
        let mut whole = Synthetic::new(seed, Timestamp::from_us(start));
        let events: Vec<_> = take(&mut whole, 400).into_iter().filter(|event| event.at >= later).collect();
        prop_assert!(events.len() > 100);
        prop_assert_eq!(take(&mut Synthetic::new(seed, later), events.len()), events);
    }

    #[test]
    fn events_are_ordered_and_sane(seed in any::<u64>(), start in 0i64..1 << 55) {
        let start = Timestamp::from_us(start);
        let mut market = Synthetic::new(seed, start);
        let mut last = (start, InstrumentId(0));
        let mut touch = [None; 16];
        for event in take(&mut market, 2_000) {
            prop_assert!((event.at, event.instrument) >= last);
            prop_assert!(event.at.us().rem_euclid(SLOT_US) != 0);
            last = (event.at, event.instrument);
            let index = event.instrument.index();
            let centre = market.listings[index].centre;
            match event.data {
                MarketData::Quote(quote) => {
                    prop_assert!(quote.bid < quote.ask);
                    prop_assert!(quote.bid.get() > centre / 2 && quote.ask.get() < centre * 2);
                    prop_assert!(quote.bid_size.get() >= 1 && quote.ask_size.get() >= 1);
                    touch[index] = Some(quote);
                }
                MarketData::Trade(trade) => {
                    prop_assert!(trade.size.get() >= 1);
                    if let Some(quote) = touch[index] {
                        prop_assert!(trade.price >= quote.ask || trade.price <= quote.bid);
                        prop_assert!(trade.price.get() <= quote.ask.get() + 3 && trade.price.get() >= quote.bid.get() - 3);
                    }
                }
                MarketData::Depth(_) | MarketData::DepthReset | MarketData::Candle(_) => prop_assert!(false),
            }
        }
    }
}

#[test]
fn seeds_give_different_markets() {
    let draw = |seed| take(&mut Synthetic::new(seed, Timestamp::from_us(0)), 50);
    assert_eq!(draw(1), draw(1));
    assert_ne!(draw(1), draw(2));
}

#[test]
fn history_is_what_was_printed() {
    let start = Timestamp::from_ms(1_750_000_020_000).floor_to_us(MINUTE_US);
    let mut market = Synthetic::new(7, start);
    let id = InstrumentId(4);
    let mut prints: Vec<MarketEvent> = Vec::new();
    let end = Timestamp::from_us(start.us() + 5 * MINUTE_US);
    loop {
        let event = market.next();
        if event.at >= end {
            break;
        }
        if event.instrument == id && matches!(event.data, MarketData::Trade(_)) {
            prints.push(event);
        }
    }
    let history = market.history(id, MINUTE_US, 5, Timestamp::from_us(end.us() + 1));
    assert_eq!(history.len(), 5);
    for candle in &history {
        let inside = |event: &&MarketEvent| event.at.floor_to_us(MINUTE_US) == candle.open_at;
        let expected = candle_of(candle.open_at, prints.iter().filter(inside).copied());
        assert_eq!(Some(*candle), expected);
    }
}

/// Closes of one-minute candles over a day, for the two laws below.
fn day_of_closes(market: &Synthetic, id: u16) -> Vec<i64> {
    let end = Timestamp::from_ms(1_750_032_000_000);
    market
        .history(InstrumentId(id), MINUTE_US, 1_440, end)
        .iter()
        .map(|candle| candle.close.get())
        .collect()
}

#[test]
fn averages_cross_a_few_times_an_hour_and_prices_move_percents() {
    let market = Synthetic::new(1, Timestamp::from_us(0));
    let (mut crosses, mut moves, mut hours) = (0, 0, 0);
    for id in 0..10 {
        let closes = day_of_closes(&market, id);
        let mean = |end: usize, length: usize| {
            closes[end - length..end].iter().sum::<i64>() * 1_000 / length as i64
        };
        let above: Vec<_> = (20..closes.len()).map(|end| mean(end, 5) > mean(end, 20)).collect();
        crosses += above.windows(2).filter(|pair| pair[0] != pair[1]).count();
        for hour in closes.chunks_exact(60) {
            let (low, high) = (hour.iter().min().unwrap(), hour.iter().max().unwrap());
            hours += 1;
            moves += usize::from((high - low) * 100 >= *low);
        }
    }
    let per_hour = crosses / hours;
    println!("{crosses} crosses in {hours} hours, {moves} hours of 1 % or more");
    assert!((2..=12).contains(&per_hour), "{crosses} crosses in {hours} hours");
    assert!(moves * 3 >= hours, "only {moves} of {hours} hours range over 1 %");
}
