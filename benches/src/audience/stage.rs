//! An audience, and the client whose calls make the server tell it something.
//!
//! Two resources take turns, so that a notification that comes late or twice is found.

use std::time::{Duration, Instant};

use mcpring::ring::Choice;
use memchr::memmem;

use super::{Audience, Notice};
use crate::client::Client;
use crate::fault::{Fault, excerpt};
use crate::generator::request::{ID_FIRST, Request};
use crate::question::Question;
use crate::target::Target;
use crate::tools::RESOURCES;

/// Subscribers of all [`RESOURCES`], and one who publishes their updates.
pub struct Stage {
    audience: Audience,
    trigger: Trigger,
}

impl Stage {
    /// Connects the publisher and `subscribers`.
    pub fn open(target: &Target, subscribers: usize, driver: Choice) -> Result<Self, Fault> {
        let trigger = Trigger::open(target)?;
        let audience = Audience::open(target, subscribers, &RESOURCES, driver)?;
        Ok(Self { audience, trigger })
    }

    /// Subscribers held.
    pub fn len(&self) -> usize {
        self.audience.len()
    }

    /// Whether nobody listens.
    pub fn is_empty(&self) -> bool {
        self.audience.is_empty()
    }

    /// Connects the publisher anew, for a server may have closed its connection meanwhile: must
    /// come first where the last publication is longer ago than servers let connections idle.
    pub fn resume(&mut self) -> Result<(), Fault> {
        self.trigger.reconnect()
    }

    /// Publishes once and says how long it took until the last subscriber had it.
    pub fn publish(&mut self) -> Result<Duration, Fault> {
        let uri = self.trigger.next();
        self.audience.expect(Notice::updated(uri));
        let begin = Instant::now();
        self.trigger.pull()?;
        let told = self.audience.wait();
        let last = begin.elapsed();
        // Where nobody was told, this is the side that may know why.
        self.trigger.answered()?;
        told.map(|()| last)
    }

    /// Listens for a while in which nothing may come.
    pub fn rest(&mut self, time: Duration) -> Result<(), Fault> {
        self.audience.rest(time)
    }

    /// Closes all connections.
    pub fn close(self) -> Result<(), Fault> {
        self.audience.close()
    }
}

/// The client that publishes; it subscribes to nothing.
struct Trigger {
    target: Target,
    client: Client,
    /// One request for each resource.
    requests: [Request; RESOURCES.len()],
    pulled: u64,
}

impl Trigger {
    fn open(target: &Target) -> Result<Self, Fault> {
        let mut client = Client::connect(target)?;
        let session = client.handshake(target)?;
        let requests = RESOURCES.map(|uri| {
            let arguments = format!(r#"{{"uri":"{uri}"}}"#);
            let question = Question::tool("update_resource", &arguments, "updated");
            Request::new(target, &question, session.as_deref())
        });
        Ok(Self { target: target.clone(), client, requests, pulled: 0 })
    }

    /// Goes on over another connection; a session is bound to none.
    fn reconnect(&mut self) -> Result<(), Fault> {
        self.client = Client::connect(&self.target)?;
        Ok(())
    }

    fn place(&self) -> usize {
        (self.pulled % RESOURCES.len() as u64) as usize
    }

    /// The resource that is updated next.
    fn next(&self) -> &'static str {
        RESOURCES[self.place()]
    }

    fn pull(&mut self) -> Result<(), Fault> {
        let mut request = Vec::new();
        self.requests[self.place()].append(&mut request, ID_FIRST + self.pulled);
        self.client.send(&request)
    }

    fn answered(&mut self) -> Result<(), Fault> {
        let reply = self.client.answer()?;
        let id = format!(r#""id":{}"#, ID_FIRST + self.pulled);
        self.pulled += 1;
        let holds = |what: &str| memmem::find(&reply.body, what.as_bytes()).is_some();
        if reply.status == 200 && holds(&id) && holds(r#""text":"updated""#) {
            return Ok(());
        }
        let (status, text) = (reply.status, excerpt(&reply.body));
        Err(Fault::Target(format!("the call that publishes was answered: {status} {text}")))
    }
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use mcpring::{Config, Engine};

    use super::*;
    use crate::child::address;
    use crate::target::{Era, Wire};

    /// A client whose connection was closed behind its back.
    fn closed() -> Client {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("an address");
        Client::connect(&Target::new(address, Wire::Http, Era::Stateless)).expect("a server")
    }

    fn check(driver: Choice, era: Era) {
        let config = Config { shards: 2, driver, ..Config::default() };
        let engine = Engine::new(crate::tools::server().expect("a sound server")).config(config);
        let running = engine.http("127.0.0.1:0").start().expect("a free port");
        let url = running.addresses().first().expect("an address").clone();
        let target = Target::new(address(&url, "http").expect("an address"), Wire::Http, era);
        let mut stage = Stage::open(&target, 20, driver).expect("an audience");
        for _ in 0..3 {
            for _ in 0..2 {
                stage.publish().unwrap_or_else(|fault| panic!("{driver}, {era:?}: {fault}"));
            }
            stage.trigger.client = closed();
            stage.resume().expect("another connection");
        }
        stage.close().expect("closed");
        running.stop_now();
        running.join().expect("a sound end");
    }

    #[test]
    fn every_subscriber_hears_of_every_update_once() {
        for driver in [Choice::Auto, Choice::Epoll] {
            for era in [Era::Handshake, Era::Stateless] {
                check(driver, era);
            }
        }
    }
}
