//! The pages of the process itself: `/healthz` and `/metrics`.

use super::Core;
use crate::metrics;
use crate::slot::Slot;
use crate::transport::respond;

impl Core {
    pub(super) fn reply_health(&mut self, slot: Slot) {
        // A drain says so: a load balancer takes its traffic elsewhere before the port closes.
        let (status, text) = if self.is_draining { (503, "draining\n") } else { (200, "ok\n") };
        self.reply_page(slot, status, "text/plain; charset=utf-8", text.as_bytes());
    }

    pub(super) fn reply_metrics(&mut self, slot: Slot) {
        let page = metrics::render(&self.all_metrics, &metrics::info(self.driver));
        self.reply_page(slot, 200, metrics::CONTENT_TYPE, page.as_bytes());
    }

    pub(super) fn reply_page(
        &mut self,
        slot: Slot,
        status: u16,
        content_type: &'static str,
        page: &[u8],
    ) {
        let Some((connection, keep_alive)) = self.take_exchange(slot) else { return };
        let out = &mut connection.out;
        respond(out, status, &[], Some(content_type), keep_alive, |out| {
            out.extend_from_slice(page);
        });
        self.touch(slot);
    }
}
