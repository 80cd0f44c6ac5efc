//! Event streams that a server leaves open behind the answer, which it may.
//!
//! Most servers end a stream a moment later, and the connection serves the next request. One that
//! has not by then keeps its connection to itself: the next request goes over a new one, as it does
//! in any client. What that costs the server is part of what the request costs.

use std::os::fd::OwnedFd;
use std::time::Duration;

use mcpring::ring::Op;

use super::Generator;
use crate::dial;
use crate::fault::Fault;

/// A stream that is open for that long behind the answer is left open.
const LINGER: Duration = Duration::from_secs(1);

impl Generator {
    /// Whether a stream is open behind its answer.
    pub(super) fn lingers(&self) -> bool {
        self.connections.iter().any(|connection| connection.desk.answered_ns.is_some())
    }

    /// Renews the connections whose streams have been open for too long. From the first one on the
    /// server is known for that, and no further stream is waited for.
    pub(super) fn renew_late(&mut self) -> Result<(), Fault> {
        let linger_ns = LINGER.min(self.timeout).as_nanos() as u64;
        for index in 0..self.connections.len() {
            let answered_ns = self.connections[index].desk.answered_ns;
            if answered_ns.is_some_and(|since_ns| self.books.now_ns - since_ns > linger_ns) {
                self.leaves_open = true;
                self.renew(index)?;
            }
        }
        Ok(())
    }

    /// Goes on over a new connection if the stream of `index` is open behind its answer.
    pub(super) fn renew(&mut self, index: usize) -> Result<(), Fault> {
        let connection = &self.connections[index];
        let (slot, lingers) = (connection.slot, connection.desk.answered_ns.is_some());
        let Some(address) = self.address.as_ref().filter(|_| lingers) else { return Ok(()) };
        let stream = dial::connect(address, self.timeout)?;
        self.submit(Op::Close { slot })?;
        let adopted = self.driver.adopt_socket(OwnedFd::from(stream));
        let slot = adopted.map_err(|error| Fault::Invalid(format!("adopt a socket: {error}")))?;
        self.settle_at(slot, index);
        let connection = &mut self.connections[index];
        connection.renew(slot);
        self.books.leave(index as u32, &mut connection.desk);
        self.list(index);
        self.submit(Op::Receive { slot })
    }
}
