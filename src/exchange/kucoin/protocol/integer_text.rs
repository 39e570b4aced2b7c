//! Integers that KuCoin writes as text in one place and as a number in another: sequences, times.

use serde::Serializer;
use serde::de::{Deserialize, Deserializer, Error};

use super::wire_text::WireText;

/// Writes an integer as text.
pub(super) fn serialize<S: Serializer>(value: &i64, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(value)
}

/// Reads an integer from a text or a number.
pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<i64, D::Error> {
    let text = WireText::deserialize(deserializer)?;
    text.parse().map_err(|_| D::Error::custom("not an integer of 64 bits"))
}

#[cfg(test)]
mod tests {
    use serde::{Deserialize, Serialize};

    #[derive(Serialize, Deserialize)]
    struct Row {
        #[serde(with = "super")]
        sequence: i64,
    }

    #[test]
    fn reads_both_forms_and_writes_text() {
        for json in [r#"{"sequence":"14610502970"}"#, r#"{"sequence":14610502970}"#] {
            let row: Row = serde_json::from_str(json).unwrap();
            assert_eq!(serde_json::to_string(&row).unwrap(), r#"{"sequence":"14610502970"}"#);
        }
        for json in ["\"\"", "\"1.0\"", "1.0", "99999999999999999999", "null"] {
            assert!(
                serde_json::from_str::<Row>(&format!("{{\"sequence\":{json}}}")).is_err(),
                "{json}"
            );
        }
    }
}
