//! The codes that KuCoin documents for spot, or that were seen there, and what each says by itself.

use super::code::Cause;

/// Sorted by code.
const CODES: [(u32, Cause); 59] = [
    (1_015, Cause::RateLimit),
    (102_421, Cause::Funds),
    (102_426, Cause::Duplicate),
    (102_427, Cause::OrderLimit),
    (102_428, Cause::OrderNotFound),
    (102_429, Cause::Price),
    (200_001, Cause::SymbolState),
    (200_002, Cause::SymbolState),
    (200_003, Cause::OrderLimit),
    (200_004, Cause::Funds),
    (200_009, Cause::SymbolState),
    (230_005, Cause::Server),
    (300_000, Cause::Parameter),
    (400_001, Cause::Credentials),
    (400_002, Cause::Clock),
    (400_003, Cause::Credentials),
    (400_004, Cause::Credentials),
    (400_005, Cause::Credentials),
    (400_006, Cause::Credentials),
    (400_007, Cause::Credentials),
    (400_008, Cause::Credentials),
    (400_009, Cause::Credentials),
    (400_010, Cause::Credentials),
    (400_011, Cause::Credentials),
    (400_012, Cause::Credentials),
    (400_100, Cause::Parameter),
    (400_101, Cause::Parameter),
    (400_102, Cause::Parameter),
    (400_200, Cause::Parameter),
    (400_301, Cause::Account),
    (400_302, Cause::Account),
    (400_303, Cause::Account),
    (400_330, Cause::Price),
    (400_350, Cause::OrderSize),
    (400_370, Cause::Price),
    (400_400, Cause::Credentials),
    (400_401, Cause::Credentials),
    (400_500, Cause::Account),
    (400_600, Cause::SymbolState),
    (400_700, Cause::Account),
    (400_760, Cause::Price),
    (401_000, Cause::Route),
    (404_000, Cause::Route),
    (408_000, Cause::Server),
    (411_100, Cause::Account),
    (411_200, Cause::Account),
    (415_000, Cause::Route),
    (429_000, Cause::RateLimit),
    (429_001, Cause::RateLimit),
    (429_002, Cause::RateLimit),
    (500_000, Cause::Server),
    (501_000, Cause::Maintenance),
    (503_000, Cause::Maintenance),
    (504_000, Cause::Server),
    (505_000, Cause::Server),
    (600_100, Cause::OrderSize),
    (600_101, Cause::OrderSize),
    (600_203, Cause::SymbolState),
    (900_001, Cause::SymbolState),
];

/// What a code says by itself; `None` for one that is not listed.
pub(super) fn listed(code: u32) -> Option<Cause> {
    let at = CODES.binary_search_by_key(&code, |(listed, _)| *listed).ok()?;
    CODES.get(at).map(|(_, cause)| *cause)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_sorted() {
        assert!(CODES.is_sorted_by(|(a, _), (b, _)| a < b));
        assert_eq!(listed(400_100), Some(Cause::Parameter));
        assert_eq!(listed(400_999), None);
    }
}
