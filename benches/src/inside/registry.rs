//! The registry of features: a tool found by its name, and tools added to a server.

use std::sync::Arc;

use mcpring::server::{Publisher, Server, ServerBuilder, ServerEdit, Tool};

use super::stopwatch::{Amount, Timed, time};
use super::{Outcome, wrong};
use crate::fault::Fault;

/// Sizes at which a look-up is measured beside the workload's own.
const SIZES: [usize; 4] = [10, 1_000, 100_000, 1_000_000];
/// The largest of them that is measured, as a multiple of the operations: so that a short run
/// does not spend its time on building.
const SIZE_PER_OPERATION: u64 = 100;
/// Edits of a single tool that are timed.
const EDITS: u64 = 20;
/// Two primes: names are looked up in an order that no cache foresees.
const STEP: usize = 7919;
const OFFSET: usize = 104_729;

/// Finds one tool among `size`. Figures: the mean at other sizes, which shows the order.
pub(super) fn lookup(size: usize, amount: Amount) -> Result<Outcome, Fault> {
    let mut outcome = Outcome::of(lookups(size, amount)?);
    let most = amount.operations.saturating_mul(SIZE_PER_OPERATION);
    for other in SIZES.into_iter().filter(|other| *other as u64 <= most) {
        let mean_ns = lookups(other, amount)?.mean_ns();
        outcome = outcome.with(format!("among_{other}_mean_ns"), mean_ns);
    }
    Ok(outcome)
}

fn lookups(size: usize, amount: Amount) -> Result<Timed, Fault> {
    let server = tools(size).build().map_err(wrong)?;
    let tools = server.features().tools();
    if tools.len() != size || tools.find("tool").is_some() {
        return Err(wrong("the registry holds something else than was registered"));
    }
    let asked = |number: u64| (number as usize * STEP + OFFSET) % size;
    let names: Vec<String> =
        (0..amount.operations.min(size as u64)).map(|at| name(asked(at))).collect();
    let timed = time(amount, |number| {
        let name = &names[number as usize % names.len()];
        u64::from(tools.find(name).is_some_and(|tool| tool.name() == name))
    });
    if timed.sum == timed.operations {
        Ok(timed)
    } else {
        Err(wrong("a registered tool was not found"))
    }
}

/// Adds a tool to an edit of a server that has `size`, as many as there are operations: with more it
/// would be another server. Figures: taking the edit over, which encodes
/// the list anew for all tools, and a whole edit of one tool.
pub(super) fn register(size: usize, amount: Amount) -> Result<Outcome, Fault> {
    let server = Arc::new(tools(size).list_changes().build().map_err(wrong)?);
    let publisher = Publisher::new(Arc::clone(&server), |_| Ok(()));
    let began = std::time::Instant::now();
    let timed = publisher.edit(|edit| add(edit, size, amount.once())).map_err(wrong)?;
    let rest = began.elapsed().saturating_sub(timed.elapsed);
    let tools = publisher.server().features().tools().len();
    if tools < size + amount.operations as usize {
        return Err(wrong(format!(
            "{tools} tools instead of {} more than {size}",
            amount.operations
        )));
    }
    let alone = Publisher::new(server, |_| Ok(()));
    let edits = time(Amount::exactly(EDITS), |number| {
        let at = size + number as usize;
        let is_added = alone.edit(|edit| edit.add_tool(tool(at))).is_ok();
        // Gone again, so that all edits find the same server.
        u64::from(is_added && alone.edit(|edit| edit.remove_tool(&name(at))).unwrap_or_default())
    });
    if edits.sum != EDITS {
        return Err(wrong("an edit of a single tool failed"));
    }
    let outcome = Outcome::of(timed).with("edit_taken_over_us", rest.as_secs_f64() * 1e6);
    Ok(outcome.with("add_and_remove_alone_p50_us", edits.p50_us()))
}

fn add(edit: &mut ServerEdit<'_>, size: usize, amount: Amount) -> Timed {
    let mut next = size;
    time(amount, |_| {
        edit.add_tool(tool(next));
        next += 1;
        1
    })
}

/// A server of `size` tools.
fn tools(size: usize) -> ServerBuilder {
    (0..size).map(tool).fold(Server::builder("registry", "1"), ServerBuilder::tool)
}

fn tool(at: usize) -> Tool {
    Tool::raw(name(at), r#"{"type":"object"}"#, |_| "done")
}

fn name(at: usize) -> String {
    format!("tool_{at:07}")
}
