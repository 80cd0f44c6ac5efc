use std::net::SocketAddr;
use std::time::Duration;

use mcpring::ring::Choice;
use mcpring::{Config, Engine};

use super::*;
use crate::generator::{Extent, Load, run};
use crate::question::{Question, form20, form1000};
use crate::target::{Era, Target, Wire};

fn check(driver: Choice, wire: Wire, address: SocketAddr) {
    for era in [Era::Handshake, Era::Stateless] {
        for (question, requests) in [(Question::echo(100), 40), (form20(), 40), (form1000(), 7)] {
            let target = Target::new(address, wire, era);
            let (warmup, extent) = (Duration::ZERO, Extent::Requests(requests));
            let load = Load { connections: 3, inflight: 2, warmup, extent, driver };
            let place = format!("{driver}, {wire:?}, {era:?}, {}", question.name);
            let (tally, _) = run(&target, &question, &load, &mut |_| Ok(()))
                .unwrap_or_else(|fault| panic!("{place}: {fault}"));
            assert_eq!((tally.requests, tally.first_wrong), (requests, None), "{place}");
        }
    }
}

#[test]
fn every_question_is_answered_on_every_wire() {
    for driver in [Choice::Auto, Choice::Epoll] {
        let config = Config { shards: 1, driver, ..Config::default() };
        let engine = Engine::new(server().expect("a sound server")).config(config);
        let engine = engine.http("127.0.0.1:0").tcp("127.0.0.1:0").tcp_line("127.0.0.1:0");
        let running = engine.start().expect("free ports");
        for (wire, url) in [Wire::Http, Wire::Length, Wire::Line].iter().zip(running.addresses()) {
            let scheme = url.split_once("://").expect("a URL").0;
            let address = crate::child::address(url, scheme).expect("an address");
            check(driver, *wire, address);
        }
        running.stop_now();
        running.join().expect("a sound end");
    }
}
