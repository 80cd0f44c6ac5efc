//! Conversations kept as files, spoken over every transport and cut anywhere.
//!
//! `MCPRING_UPDATE=1 cargo test -p mcpring --test transcripts` writes what the server says now into
//! the files (read the difference before you keep it) and `docs/PROTOCOL.md` from the method table.

#![allow(clippy::disallowed_methods, reason = "a test program reads files")]

#[path = "transcripts/file.rs"]
mod file;
mod harness;
#[path = "transcripts/matrix.rs"]
mod matrix;
#[path = "transcripts/peer.rs"]
mod peer;
#[path = "transcripts/server.rs"]
mod server;

use std::path::{Path, PathBuf};

use file::{Bindings, Transcript};
use harness::World;
use peer::{Cut, Peer, Transport};
use serde_json::Value;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/transcripts")
}

fn updates() -> bool {
    std::env::var_os("MCPRING_UPDATE").is_some()
}

#[test]
fn transcripts() {
    let mut runs = 0;
    for transcript in Transcript::all(&root()) {
        if updates() {
            update(&transcript);
            continue;
        }
        for transport in transports(&transcript) {
            for cut in [Cut::Whole, Cut::Bytes, Cut::Thrown(1), Cut::Thrown(2), Cut::Thrown(3)] {
                check(&transcript, transport, cut);
                runs += 1;
            }
        }
    }
    println!("{runs} conversations");
}

#[test]
fn the_matrix_is_true_and_has_no_untested_cell() {
    let transcripts = Transcript::all(&root());
    let page = matrix::render(&transcripts);
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/PROTOCOL.md");
    if updates() {
        std::fs::write(&path, &page).expect("the page can be written");
    }
    let written = std::fs::read_to_string(&path).unwrap_or_default();
    let advice = "MCPRING_UPDATE=1 cargo test -p mcpring --test transcripts";
    assert!(written == page, "docs/PROTOCOL.md is not what the method table says: run {advice}");
    assert_eq!(matrix::untested(&transcripts), Vec::<String>::new(), "cells without a transcript");
}

/// The transports a transcript is for: HTTP+SSE is of the handshake era.
fn transports(transcript: &Transcript) -> Vec<Transport> {
    let names = transcript.transports.as_ref();
    let is_named = |transport: &Transport| {
        names.is_none_or(|names| names.iter().any(|name| name == transport.word()))
    };
    let is_apt =
        |transport: &Transport| *transport != Transport::Sse || transcript.version != "2026-07-28";
    Transport::ALL.into_iter().filter(is_named).filter(is_apt).collect()
}

/// Speaks the client's part; gives what came behind each block.
fn play(
    transcript: &Transcript,
    transport: Transport,
    cut: Cut,
    mut compare: impl FnMut(usize, &[Value], &mut Bindings),
) {
    let mut world = World::new(server::server(), server::config());
    let mut peer = Peer::new(&mut world, transport, cut, &transcript.version);
    let mut bindings = Bindings::default();
    for (number, block) in transcript.blocks.iter().enumerate() {
        for message in &block.client {
            let mut message = message.clone();
            bindings.fill(&mut message);
            peer.send(&mut world, &message);
        }
        let answers = peer.receive(&mut world);
        compare(number, &answers, &mut bindings);
    }
}

fn check(transcript: &Transcript, transport: Transport, cut: Cut) {
    play(transcript, transport, cut, |number, answers, bindings| {
        let wanted = &transcript.blocks[number].server;
        // Streams of HTTP are heard one after another, so only a pipe shows one order of all.
        let is_ordered = transport.word() != "http";
        let found = if is_ordered {
            wanted.len() == answers.len()
                && wanted.iter().zip(answers).all(|(wanted, found)| bindings.matches(wanted, found))
        } else {
            match_any_order(wanted, answers, bindings)
        };
        assert!(
            found,
            "{} over {transport:?} cut {cut:?}, behind block {}:\nwanted {}\nfound  {}",
            transcript.path.display(),
            number + 1,
            shown(wanted),
            shown(answers),
        );
    });
}

fn match_any_order(wanted: &[Value], found: &[Value], bindings: &mut Bindings) -> bool {
    let mut left: Vec<_> = found.iter().collect();
    wanted.len() == found.len()
        && wanted.iter().all(|wanted| {
            let place = left.iter().position(|found| {
                let mut tried = bindings.clone();
                let fits = tried.matches(wanted, found);
                if fits {
                    *bindings = tried;
                }
                fits
            });
            place.map(|place| left.remove(place)).is_some()
        })
}

fn shown(messages: &[Value]) -> String {
    let lines: Vec<_> = messages.iter().map(Value::to_string).collect();
    format!("\n  {}", lines.join("\n  "))
}

fn update(transcript: &Transcript) {
    let transport = transports(transcript)[0];
    // Names are bound as the run gives them, and named in the same order when written.
    let mut all = Vec::new();
    play(transcript, transport, Cut::Whole, |number, answers, bindings| {
        let wanted = &transcript.blocks[number].server;
        for (wanted, found) in wanted.iter().zip(answers) {
            bindings.matches(wanted, found);
        }
        all.push(answers.to_vec());
    });
    transcript.update(&all);
}
