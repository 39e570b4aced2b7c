//! How far two names are apart: for messages that say which name was probably meant.

/// Insertions, deletions, replacements and swaps of neighbours that turn `from` into `to`, in bytes.
/// The caller bounds the lengths.
pub fn edit_distance(from: &str, to: &str) -> usize {
    let (from, to) = (from.as_bytes(), to.as_bytes());
    let mut rows: Vec<Vec<usize>> = vec![(0..=to.len()).collect()];
    for i in 1..=from.len() {
        let mut row = vec![i];
        for j in 1..=to.len() {
            let replaced = rows[i - 1][j - 1] + usize::from(from[i - 1] != to[j - 1]);
            let mut distance = replaced.min(rows[i - 1][j] + 1).min(row[j - 1] + 1);
            if i > 1 && j > 1 && from[i - 1] == to[j - 2] && from[i - 2] == to[j - 1] {
                distance = distance.min(rows[i - 2][j - 2] + 1);
            }
            row.push(distance);
        }
        rows.push(row);
    }
    rows[from.len()][to.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_what_a_hand_mistypes() {
        for (from, to, distance) in [
            ("", "", 0),
            ("", "ab", 2),
            ("BTC-USDT", "BTC-USDT", 0),
            ("BTC-USDT", "BCT-USDT", 1),
            ("BTC-USDT", "BTC-USD", 1),
            ("BTC-USDT", "ETH-USDT", 2),
        ] {
            assert_eq!(edit_distance(from, to), distance, "{from} {to}");
            assert_eq!(edit_distance(to, from), distance, "{to} {from}");
        }
    }
}
