//! Where clients sit: one after another, each with its pace.

use super::dice::Dice;
use super::http_client::HttpClient;
use super::http_line::HTTP;
use super::legacy_client::LegacyClient;
use super::peer::Peer;
use super::stream_client::StreamClient;
use super::world::{LENGTH, LINE};

/// A client of any kind.
pub(super) enum Client {
    Stream(Box<StreamClient>),
    Http(Box<HttpClient>),
    Legacy(Box<LegacyClient>),
}

/// A seat that is taken by one client after another.
pub(super) struct Seat {
    pub(super) client: Option<Client>,
    pub(super) next_tick: u64,
    pub(super) tick_us_max: u64,
    pub(super) piece_bytes_max: usize,
    pub(super) kind: u16,
}

impl Seat {
    pub(super) fn each_peer(&mut self, mut act: impl FnMut(&mut Peer)) {
        match &mut self.client {
            Some(Client::Stream(client)) => act(&mut client.peer),
            Some(Client::Http(client)) => {
                client.lines.iter_mut().for_each(|line| act(&mut line.peer));
            }
            Some(Client::Legacy(client)) => {
                client.lines.iter_mut().for_each(|line| act(&mut line.peer));
            }
            None => {}
        }
    }

    pub(super) fn speak(&mut self, dice: &mut Dice) {
        match &mut self.client {
            Some(Client::Stream(client)) => client.speak(dice),
            Some(Client::Http(client)) => client.speak(dice),
            Some(Client::Legacy(client)) => client.speak(dice),
            None => {}
        }
    }

    pub(super) fn is_over(&self) -> bool {
        match &self.client {
            Some(Client::Stream(client)) => client.peer.is_over,
            Some(Client::Http(client)) => client.is_over(),
            Some(Client::Legacy(client)) => client.is_over(),
            None => false,
        }
    }

    pub(super) fn cut_short(&self) -> u64 {
        match &self.client {
            Some(Client::Http(client)) => client.cut_short,
            Some(Client::Legacy(client)) => client.cut_short,
            Some(Client::Stream(_)) | None => 0,
        }
    }
}

/// A seat nobody has taken yet.
pub(super) fn seat(dice: &mut Dice) -> Seat {
    Seat {
        client: None,
        next_tick: 0,
        tick_us_max: dice.pick(&[200, 1_000, 4_000, 20_000]),
        piece_bytes_max: dice.pick(&[3, 100, 5_000, 64 << 10]),
        kind: dice.pick(&[LENGTH, LINE, HTTP, HTTP]),
    }
}
