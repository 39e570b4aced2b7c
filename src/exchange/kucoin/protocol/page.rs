//! Lists that come in parts.

use serde::{Deserialize, Deserializer, Serialize};

use super::wire_text::IntoOwned;

/// A part of a list that is walked towards the past: the next part is asked for with `last_id`.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", bound(deserialize = "T: Deserialize<'de>"))]
pub struct Cursor<T> {
    /// Where the next, older part begins; 0 where the venue says nothing.
    #[serde(default, deserialize_with = "null_is_default")]
    pub last_id: i64,
    /// Newest first. The list is at its end when this is empty or shorter than asked for.
    #[serde(default, deserialize_with = "null_is_empty")]
    pub items: Vec<T>,
}

/// A part of a list by page number.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", bound(deserialize = "T: Deserialize<'de>"))]
pub struct Page<T> {
    /// Number of this page, from 1.
    pub current_page: i64,
    /// Items a page.
    pub page_size: i64,
    /// Items in all.
    pub total_num: i64,
    /// Pages in all.
    pub total_page: i64,
    /// The items.
    #[serde(default, deserialize_with = "null_is_empty")]
    pub items: Vec<T>,
}

impl<T: IntoOwned> IntoOwned for Cursor<T> {
    type Owned = Cursor<T::Owned>;
    fn into_owned(self) -> Self::Owned {
        Cursor { last_id: self.last_id, items: self.items.into_owned() }
    }
}

impl<T: IntoOwned> IntoOwned for Page<T> {
    type Owned = Page<T::Owned>;
    fn into_owned(self) -> Self::Owned {
        Page {
            current_page: self.current_page,
            page_size: self.page_size,
            total_num: self.total_num,
            total_page: self.total_page,
            items: self.items.into_owned(),
        }
    }
}

/// Reads a list that may be `null`.
pub(super) fn null_is_empty<'de, T: Deserialize<'de>, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Vec<T>, D::Error> {
    null_is_default(deserializer)
}

/// Reads a value that may be `null`.
pub(super) fn null_is_default<'de, T: Deserialize<'de> + Default, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<T, D::Error> {
    Option::deserialize(deserializer).map(Option::unwrap_or_default)
}
