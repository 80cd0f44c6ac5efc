//! The template that a URI fits, looked for in this process: the engine's router beside the plain
//! way, on the same templates and URIs.

use std::hint::black_box;
use std::time::{Duration, Instant};

use mcpring::uri::{Linear, Router, Template};

use crate::fault::Fault;
use crate::tools::many;

/// URIs that are looked up in turn, spread over the templates.
const URIS: usize = 64;

/// Microseconds of one look-up, in each of the rounds: one template after another, and the router.
pub(super) fn measure(
    templates: usize,
    rounds: usize,
    time: Duration,
) -> Result<[Vec<f64>; 2], Fault> {
    let refuse = |fault| Fault::Invalid(format!("a template is refused: {fault}"));
    let (mut linear, mut router) = (Linear::new(), Router::new());
    for number in 0..templates {
        let template = Template::parse(&many::template(number)).map_err(refuse)?;
        linear.insert(template.clone(), number).map_err(refuse)?;
        router.insert(template, number).map_err(refuse)?;
    }
    let number = |at: usize| at * templates / URIS;
    let uris: Vec<_> = (0..URIS)
        .map(|at| (number(at), many::template(number(at)).replace("{id}", "seven")))
        .collect();
    let mut found = [Vec::new(), Vec::new()];
    for _ in 0..rounds {
        found[0].push(each(&uris, time, |uri| linear.find(uri).map(|(number, _)| *number))?);
        found[1].push(each(&uris, time, |uri| router.find(uri).map(|(number, _)| *number))?);
    }
    Ok(found)
}

/// Looks all of `uris` up, again and again until the time is over: microseconds of one of them.
fn each(
    uris: &[(usize, String)],
    time: Duration,
    find: impl Fn(&str) -> Option<usize>,
) -> Result<f64, Fault> {
    let (begin, mut count) = (Instant::now(), 0_u32);
    loop {
        for (want, uri) in uris {
            if find(black_box(uri)) != Some(*want) {
                return Err(Fault::Invalid(format!("{uri} led to another template")));
            }
        }
        count += uris.len() as u32;
        let elapsed = begin.elapsed();
        if elapsed >= time {
            return Ok(elapsed.as_secs_f64() * 1e6 / f64::from(count));
        }
    }
}
