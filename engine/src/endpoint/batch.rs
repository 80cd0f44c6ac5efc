//! Batches of 2025-03-26: their answers are collected and leave as one array.

use super::Core;
use super::origin::Origin;
use super::reply::Head;

/// A batch whose answers are not all there.
#[derive(Debug)]
struct Batch {
    origin: Origin,
    answers: Vec<u8>,
    waiting: u32,
    is_sealed: bool,
}

/// Open batches, by number.
#[derive(Debug, Default)]
pub(super) struct Batches {
    places: Vec<Option<Batch>>,
    free: Vec<u32>,
}

impl Batches {
    /// How many are open.
    #[cfg(any(test, feature = "sim"))]
    pub(super) fn len(&self) -> usize {
        self.places.iter().flatten().count()
    }
}

impl Batches {
    /// Where its answers go.
    pub(super) fn origin(&self, number: u32) -> Option<Origin> {
        Some(self.places.get(number as usize)?.as_ref()?.origin)
    }

    /// Lets its answers go elsewhere.
    pub(super) fn set_origin(&mut self, number: u32, origin: Origin) {
        if let Some(Some(batch)) = self.places.get_mut(number as usize) {
            batch.origin = origin;
        }
    }
}

impl Core {
    pub(super) fn open_batch(&mut self, origin: Origin) -> u32 {
        let batch = Batch { origin, answers: Vec::new(), waiting: 0, is_sealed: false };
        let batches = &mut self.batches;
        if let Some(number) = batches.free.pop() {
            batches.places[number as usize] = Some(batch);
            return number;
        }
        batches.places.push(Some(batch));
        (batches.places.len() - 1) as u32
    }

    /// One more message that will be answered, or not.
    pub(super) fn expect_in_batch(&mut self, number: u32) {
        if let Some(Some(batch)) = self.batches.places.get_mut(number as usize) {
            batch.waiting += 1;
        }
    }

    pub(super) fn reply_in_batch(&mut self, number: u32, body: impl FnOnce(&mut Vec<u8>)) {
        if let Some(Some(batch)) = self.batches.places.get_mut(number as usize) {
            batch.answers.push(if batch.answers.is_empty() { b'[' } else { b',' });
            body(&mut batch.answers);
        }
        self.nothing_in_batch(number);
    }

    pub(super) fn nothing_in_batch(&mut self, number: u32) {
        if let Some(Some(batch)) = self.batches.places.get_mut(number as usize) {
            batch.waiting -= 1;
        }
        self.finish_batch(number);
    }

    /// All messages of the batch were handled.
    pub(super) fn seal_batch(&mut self, number: u32) {
        if let Some(Some(batch)) = self.batches.places.get_mut(number as usize) {
            batch.is_sealed = true;
        }
        self.finish_batch(number);
    }

    fn finish_batch(&mut self, number: u32) {
        let Some(place) = self.batches.places.get_mut(number as usize) else { return };
        if !place.as_ref().is_some_and(|batch| batch.is_sealed && batch.waiting == 0) {
            return;
        }
        let Some(batch) = place.take() else { return };
        self.batches.free.push(number);
        if batch.answers.is_empty() {
            return self.reply_nothing(batch.origin);
        }
        self.reply(batch.origin, &Head::default(), |out| {
            out.extend_from_slice(&batch.answers);
            out.push(b']');
        });
    }
}
