//! Digits in and out for [`super::decimal`], without the general 128-bit arithmetic: nearly every
//! number has at most 19 digits, and ledgers and files are made of little else.

use super::decimal::PLACES;

/// Longest text of a number: sign, 21 digits, point, 18 digits.
pub const TEXT_BYTES_MAX: usize = 41;
/// 10^18: one unit.
const ONE: u128 = 1_000_000_000_000_000_000;
/// Longest text read here: its digits are below 10^19 and fit 64 bits.
const SHORT_BYTES_MAX: usize = 19;
/// 10^0 to 10^18.
const POWERS: [u64; PLACES as usize + 1] = {
    let mut powers = [1; PLACES as usize + 1];
    let mut at = 1;
    while at < powers.len() {
        powers[at] = powers[at - 1] * 10;
        at += 1;
    }
    powers
};

/// The number of 10^-18 in a text `digits[.digits]` of at most [`SHORT_BYTES_MAX`] bytes; `None` for
/// every other text, right or wrong.
pub fn short(text: &str) -> Option<i128> {
    let bytes = text.as_bytes();
    if bytes.is_empty() || bytes.len() > SHORT_BYTES_MAX {
        return None;
    }
    let (mut digits, mut point) = (0u64, None);
    for (at, &byte) in bytes.iter().enumerate() {
        match byte {
            b'0'..=b'9' => digits = digits * 10 + u64::from(byte - b'0'),
            b'.' if point.is_none() && at > 0 => point = Some(at),
            _ => return None,
        }
    }
    let places = match point {
        None => 0,
        Some(at) => Some(bytes.len() - at - 1).filter(|&places| places > 0)?,
    };
    let scale = POWERS.get(POWERS.len() - 1 - places)?;
    Some(i128::from(digits) * i128::from(*scale))
}

/// The canonical text of a number of 10^-18, written to the end of `buffer`.
pub fn write(raw: i128, buffer: &mut [u8; TEXT_BYTES_MAX]) -> &str {
    let magnitude = raw.unsigned_abs();
    let (mut whole, mut fraction) = (magnitude / ONE, (magnitude % ONE) as u64);
    let mut slots = buffer.iter_mut().enumerate().rev();
    let mut start = TEXT_BYTES_MAX;
    let mut push = |byte: u8| {
        if let Some((at, slot)) = slots.next() {
            (*slot, start) = (byte, at);
        }
    };
    let mut places = if fraction == 0 { 0 } else { PLACES };
    while places > 0 && fraction % 10 == 0 {
        (fraction, places) = (fraction / 10, places - 1);
    }
    if places > 0 {
        for _ in 0..places {
            push(b'0' + (fraction % 10) as u8);
            fraction /= 10;
        }
        push(b'.');
    }
    while whole > u128::from(u64::MAX) {
        push(b'0' + (whole % 10) as u8);
        whole /= 10;
    }
    let mut whole = whole as u64;
    loop {
        push(b'0' + (whole % 10) as u8);
        whole /= 10;
        if whole == 0 {
            break;
        }
    }
    if raw < 0 {
        push(b'-');
    }
    buffer.get(start..).and_then(|text| std::str::from_utf8(text).ok()).unwrap_or("")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::decimal::Decimal;
    use proptest::prelude::*;

    #[test]
    fn the_extremes_have_room() {
        let mut buffer = [0; TEXT_BYTES_MAX];
        assert_eq!(write(i128::MIN, &mut buffer), "-170141183460469231731.687303715884105728");
        assert_eq!(write(0, &mut buffer), "0");
        assert_eq!(write(1, &mut buffer), "0.000000000000000001");
        assert_eq!(short("9999999999999999999"), Some(9_999_999_999_999_999_999 * 10i128.pow(18)));
        for text in ["", ".5", "5.", ".", "-1", "1e3", "1.2.3", "10000000000000000000"] {
            assert_eq!(short(text), None, "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn short_texts_mean_what_the_whole_grammar_says(text in "[0-9]{1,12}(\\.[0-9]{1,9})?") {
            let foreign = Decimal::parse_foreign(&text).map(|(value, _)| value.raw());
            prop_assert_eq!(short(&text).or(foreign.ok()), foreign.ok());
            prop_assert_eq!(short(&text).is_some(), text.len() <= SHORT_BYTES_MAX);
        }
    }
}
