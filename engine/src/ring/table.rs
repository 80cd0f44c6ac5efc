//! What a driver remembers of each connection, by slot index, guarded by the generation.
//!
//! An index is used again and again; its generation moves on at each use, here and nowhere else, so
//! whoever asks with an old slot gets nothing.

use crate::slot::Slot;

/// A dense table of connections.
pub(super) struct Table<T> {
    rows: Vec<(Slot, Option<T>)>,
}

impl<T> Table<T> {
    /// An empty one; it grows with the highest index used.
    pub(super) const fn new() -> Self {
        Self { rows: Vec::new() }
    }

    /// Gives the place `index`, which must be vacant, to its next user.
    pub(super) fn open(&mut self, index: u32, user: T) -> Slot {
        while self.rows.len() <= index as usize {
            self.rows.push((Slot::new(self.rows.len() as u32, 0), None));
        }
        let (slot, place) = &mut self.rows[index as usize];
        assert!(place.is_none(), "place {index} is vacant when it is given out");
        *slot = slot.next();
        *place = Some(user);
        *slot
    }

    /// Who the next user of the place `index` will be.
    pub(super) fn next_user(&self, index: u32) -> Slot {
        self.rows.get(index as usize).map_or(Slot::new(index, 0), |(slot, _)| *slot).next()
    }

    /// The user `slot`, unless it has gone.
    pub(super) fn get(&mut self, slot: Slot) -> Option<&mut T> {
        let (present, user) = self.rows.get_mut(slot.index as usize)?;
        if *present == slot { user.as_mut() } else { None }
    }

    /// The present user of the place `index`.
    pub(super) fn at(&self, index: u32) -> Option<(Slot, &T)> {
        let (slot, user) = self.rows.get(index as usize)?;
        user.as_ref().map(|user| (*slot, user))
    }

    /// Ends the user `slot`.
    pub(super) fn close(&mut self, slot: Slot) -> Option<T> {
        let (present, user) = self.rows.get_mut(slot.index as usize)?;
        if *present == slot { user.take() } else { None }
    }

    /// Places ever used.
    pub(super) fn len(&self) -> usize {
        self.rows.len()
    }

    /// All present users.
    pub(super) fn users(&mut self) -> impl Iterator<Item = &mut T> {
        self.rows.iter_mut().filter_map(|(_, user)| user.as_mut())
    }
}

#[cfg(test)]
mod tests {
    use super::Table;
    use crate::slot::Slot;

    #[test]
    fn an_old_slot_finds_nothing() {
        let mut table = Table::new();
        let first = table.open(2, 'a');
        assert_eq!(table.get(first), Some(&mut 'a'));
        assert_eq!(table.get(Slot::new(0, 0)), None, "places below were made but never used");
        assert_eq!(table.close(first), Some('a'));
        assert_eq!(table.get(first), None);
        let second = table.open(2, 'b');
        assert_eq!(second, first.next());
        assert_eq!(table.get(first), None);
        assert_eq!(table.close(first), None);
        assert_eq!(table.at(2), Some((second, &'b')));
    }

    #[test]
    fn generations_wrap() {
        let mut table = Table::new();
        let mut last = table.open(0, ());
        for _ in 0..3 {
            table.close(last);
            table.rows[0].0 = Slot::new(0, (1 << Slot::GENERATION_BITS) - 1);
            last = table.open(0, ());
            assert_eq!(last, Slot::new(0, 0));
        }
    }
}
