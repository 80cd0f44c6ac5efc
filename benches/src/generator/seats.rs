//! Which connections there are, and at which slots of the driver.

use std::os::fd::OwnedFd;
use std::rc::Rc;

use mcpring::slot::Slot;

use super::Generator;
use super::connection::{Connection, Desk, Ids, Order};
use super::request::{ID_FIRST, Request};
use crate::fault::Fault;
use crate::target::Wire;

impl Generator {
    /// Takes over a connected socket; it is silent until [`Generator::ask`].
    pub fn adopt(
        &mut self,
        stream: impl Into<OwnedFd>,
        wire: Wire,
        request: Rc<Request>,
    ) -> Result<usize, Fault> {
        let slot = self.take_over(stream.into())?;
        Ok(self.seat(Some(slot), wire, request, self.lanes))
    }

    /// Takes a place for an HTTP connection that is opened for its first request; with one aside, if
    /// there is to be one.
    pub(super) fn reserve(&mut self, request: &Rc<Request>, has_aside: bool) {
        let index = self.seat(None, Wire::Http, Rc::clone(request), self.lanes);
        if has_aside {
            let aside = self.seat(None, Wire::Http, Rc::clone(request), 0);
            self.connections[index].aside = Some(aside as u32);
        }
    }

    pub(super) fn take_over(&mut self, socket: OwnedFd) -> Result<Slot, Fault> {
        let adopted = self.driver.adopt_socket(socket);
        let slot = adopted.map_err(|error| Fault::Invalid(format!("adopt a socket: {error}")))?;
        self.slots += 1;
        Ok(slot)
    }

    /// Takes over the pipes of a program.
    pub(super) fn adopt_pipes(
        &mut self,
        read: OwnedFd,
        write: OwnedFd,
        request: Rc<Request>,
    ) -> Result<usize, Fault> {
        let adopted = self.driver.adopt_pipe(read, write);
        let slot = adopted.map_err(|error| Fault::Invalid(format!("adopt a pipe: {error}")))?;
        self.slots += 1;
        Ok(self.seat(Some(slot), Wire::Line, request, self.lanes))
    }

    /// Takes over a connection that carries the replies to what the server asks on `index`.
    pub(super) fn adopt_aside(
        &mut self,
        stream: impl Into<OwnedFd>,
        index: usize,
    ) -> Result<(), Fault> {
        let request = Rc::clone(&self.connections[index].desk.request);
        let slot = self.take_over(stream.into())?;
        let aside = self.seat(Some(slot), Wire::Http, request, 0);
        self.connections[index].aside = Some(aside as u32);
        Ok(())
    }

    fn seat(
        &mut self,
        slot: Option<Slot>,
        wire: Wire,
        request: Rc<Request>,
        lanes: usize,
    ) -> usize {
        let index = self.connections.len();
        if let Some(slot) = slot {
            self.settle_at(slot, index);
        }
        let order = match (wire, self.has_ids) {
            (Wire::Http, _) => Order::Http,
            (_, true) => Order::Any,
            (_, false) => Order::Messages,
        };
        let ids = Ids { first: ID_FIRST + (index * self.lanes) as u64, step: self.step };
        let desk = Desk::new(request, lanes, order, ids);
        self.connections.push(Connection::new(slot, wire, desk));
        index
    }

    pub(super) fn settle_at(&mut self, slot: Slot, index: usize) {
        let place = slot.index as usize;
        if self.places.len() <= place {
            self.places.resize(place + 1, None);
        }
        self.places[place] = Some(index as u32);
    }

    /// Which connection is at `slot`. What happens to one that was left is nobody's concern.
    pub(super) fn place(&self, slot: Slot) -> Option<usize> {
        let index = (*self.places.get(slot.index as usize)?)? as usize;
        (self.connections[index].slot == Some(slot)).then_some(index)
    }
}
