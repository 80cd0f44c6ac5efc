//! Lists encoded ahead: for each row of [`Fields`] the items' JSON, joined by commas.
//!
//! Any run of items is one slice, so a page of a list is one copy into the reply. Rows whose bytes
//! are equal share them.

use std::sync::Arc;

use crate::json::Writer;
use crate::model::Fields;

/// Items in every row's form.
#[derive(Clone, Debug)]
pub(super) struct Listing {
    rows: [Arc<Row>; Fields::ROWS],
}

/// Items in one form. Item `i` is `bytes[starts[i]..starts[i + 1] - 1]`; a comma lies between.
#[derive(Debug, PartialEq, Eq)]
struct Row {
    bytes: Box<[u8]>,
    starts: Box<[usize]>,
}

impl Listing {
    /// Encodes all of `items` in every row's form.
    pub(super) fn new<T>(items: &[T], encode: impl Fn(&T, &mut Writer<'_>, &Fields)) -> Self {
        let mut rows: Vec<Arc<Row>> = Vec::with_capacity(Fields::ROWS);
        for fields in &Fields::TABLE {
            let row = Row::new(items, |item, w| encode(item, w, fields));
            let twin = rows.iter().find(|present| ***present == row).cloned();
            rows.push(twin.unwrap_or_else(|| Arc::new(row)));
        }
        let rows = rows.try_into().expect("one row was made for each of TABLE");
        Self { rows }
    }

    /// One item.
    pub(super) fn item(&self, index: usize, fields: &Fields) -> &[u8] {
        self.items(index, index + 1, fields)
    }

    /// Items `from..to` with commas between, within the list's bounds.
    pub(super) fn items(&self, from: usize, to: usize, fields: &Fields) -> &[u8] {
        let Row { bytes, starts } = &*self.rows[fields.row()];
        let last = starts.len() - 1;
        let (from, to) = (from.min(last), to.min(last));
        if from >= to {
            return &[];
        }
        &bytes[starts[from]..starts[to] - 1]
    }

    /// How many rows are held, shared ones counted once.
    #[cfg(test)]
    pub(super) fn distinct_rows(&self) -> usize {
        let mut rows: Vec<_> = self.rows.iter().map(Arc::as_ptr).collect();
        rows.sort_unstable();
        rows.dedup();
        rows.len()
    }
}

impl Row {
    fn new<T>(items: &[T], encode: impl Fn(&T, &mut Writer<'_>)) -> Self {
        let mut bytes = Vec::new();
        let mut starts = vec![0];
        for item in items {
            encode(item, &mut Writer::new(&mut bytes));
            bytes.push(b',');
            starts.push(bytes.len());
        }
        Self { bytes: bytes.into(), starts: starts.into() }
    }
}
