//! Connections by slot: dense, and deaf to generations that are gone.

use crate::slot::Slot;

/// A table over the places the driver gives out.
#[derive(Debug)]
pub(super) struct Slots<T> {
    places: Vec<Option<(u32, Box<T>)>>,
    len: usize,
}

impl<T> Slots<T> {
    pub(super) const fn new() -> Self {
        Self { places: Vec::new(), len: 0 }
    }

    /// Puts `value` at `slot`; whoever stood there before is returned (a driver that keeps its
    /// contract has closed it, so there is none).
    pub(super) fn insert(&mut self, slot: Slot, value: T) -> Option<Box<T>> {
        let place = slot.index as usize;
        if place >= self.places.len() {
            self.places.resize_with(place + 1, || None);
        }
        let before = self.places[place].replace((slot.generation, Box::new(value)));
        if before.is_none() {
            self.len += 1;
        }
        before.map(|(_, value)| value)
    }

    pub(super) fn get_mut(&mut self, slot: Slot) -> Option<&mut T> {
        match self.places.get_mut(slot.index as usize) {
            Some(Some((generation, value))) if *generation == slot.generation => Some(value),
            _ => None,
        }
    }

    pub(super) fn remove(&mut self, slot: Slot) -> Option<Box<T>> {
        let place = self.places.get_mut(slot.index as usize)?;
        if place.as_ref().is_none_or(|(generation, _)| *generation != slot.generation) {
            return None;
        }
        self.len -= 1;
        place.take().map(|(_, value)| value)
    }

    pub(super) fn len(&self) -> usize {
        self.len
    }

    /// The slots in use, in index order.
    pub(super) fn slots(&self) -> Vec<Slot> {
        let used = self.places.iter().enumerate();
        used.filter_map(|(index, place)| {
            place.as_ref().map(|(generation, _)| Slot::new(index as u32, *generation))
        })
        .collect()
    }
}
