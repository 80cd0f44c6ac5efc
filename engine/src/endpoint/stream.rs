//! Byte streams: frames in, messages out, no head and no status.

use super::Core;
use super::connection::Wire;
use super::message::Incoming;
use super::origin::Origin;
use super::origin::Peer;
use crate::json::Parser;
use crate::mcp::Status;
use crate::rpc::RpcError;
use crate::slot::Slot;
use crate::transport::{Chunk, Frame, FrameError};

impl Core {
    /// Handles every whole frame of a chunk, until the peer must first take what it was answered.
    pub(super) fn receive_stream(&mut self, parser: &mut Parser, slot: Slot, chunk: &dyn Chunk) {
        let mut at = 0;
        loop {
            let Some(connection) = self.slots.get_mut(slot) else { return };
            if connection.is_closing {
                return;
            }
            if connection.must_keep(self.config.unsent_bytes_pause) {
                connection.keep(&chunk.payload()[at..]);
                return self.touch(slot);
            }
            let Wire::Pipe(pipe) = &mut connection.wire else { return };
            match pipe.next(chunk, &mut at) {
                Ok(Some(frame)) => self.message_on_stream(parser, slot, chunk, &frame),
                Ok(None) => return,
                Err(fault) => return self.frame_fault(slot, fault),
            }
        }
    }

    pub(super) fn message_on_stream(
        &mut self,
        parser: &mut Parser,
        slot: Slot,
        chunk: &dyn Chunk,
        frame: &Frame,
    ) {
        self.metrics.frames.add(1);
        let origin = Origin::Stream(slot);
        let incoming = Incoming::new(origin, Peer::Stream(slot), chunk, frame, None);
        self.message(parser, &incoming);
    }

    /// Where the next frame begins is lost: say why, then close.
    fn frame_fault(&mut self, slot: Slot, fault: FrameError) {
        self.metrics.parse_errors.add(1);
        let error = RpcError::invalid_request(fault.to_string());
        self.reply_error(Origin::Stream(slot), None, &error, Status::BadRequest);
        if let Some(connection) = self.slots.get_mut(slot) {
            connection.is_closing = true;
        }
        self.touch(slot);
    }
}
