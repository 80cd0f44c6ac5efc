//! How a client becomes one of the audience: a session with a stream of its own, or one listening
//! request. Blocking, one after the other; only what comes after is measured.

use crate::client::{Client, wrap};
use crate::dial::{Stream, dial};
use crate::fault::{Fault, excerpt};
use crate::generator::request;
use crate::question::meta;
use crate::target::{Era, Target};

/// Connects as number `number`, subscribes to `uris`, and asks for the stream; its answer is still
/// to be read.
pub(super) fn open(target: &Target, number: usize, uris: &[&str]) -> Result<Stream, Fault> {
    let mut client = Client::over(Stream::Tcp(dial(&target.address, number)?), target)?;
    match target.era {
        Era::Handshake => {
            let session = client.handshake(target)?;
            let session = session.ok_or_else(|| Fault::Target("no session was opened".into()))?;
            for uri in uris {
                subscribe(&mut client, target, &session, uri)?;
            }
            client.send(&get(target, &session))?;
        }
        Era::Stateless | Era::Bare => client.send(&listen(target, uris))?,
    }
    Ok(client.into_stream())
}

fn subscribe(client: &mut Client, target: &Target, session: &str, uri: &str) -> Result<(), Fault> {
    let message = format!(
        r#"{{"jsonrpc":"2.0","id":1,"method":"resources/subscribe","params":{{"uri":"{uri}"}}}}"#
    );
    let reply = client.ask(&wrap(target, Some(session), message.as_bytes()))?;
    if reply.status == 200 && memchr::memmem::find(&reply.body, br#""result""#).is_some() {
        return Ok(());
    }
    let (status, text) = (reply.status, excerpt(&reply.body));
    Err(Fault::Target(format!("resources/subscribe: {status} {text}")))
}

/// The request for the stream of a session.
fn get(target: &Target, session: &str) -> Vec<u8> {
    format!(
        "GET {} HTTP/1.1\r\nHost: {}\r\nAccept: text/event-stream\r\nMCP-Protocol-Version: {}\r\n\
         Mcp-Session-Id: {session}\r\n\r\n",
        target.path,
        target.host(),
        target.era.version()
    )
    .into_bytes()
}

/// `subscriptions/listen` for the updates of `uris`.
fn listen(target: &Target, uris: &[&str]) -> Vec<u8> {
    let message = format!(
        r#"{{"jsonrpc":"2.0","id":1,"method":"subscriptions/listen","params":{{"notifications":{{"resourceSubscriptions":{uris:?}}},"_meta":{{{}}}}}}}"#,
        meta(target.era)
    );
    let headers = [("Mcp-Method", "subscriptions/listen")];
    request::post(target, None, &headers, message.as_bytes()).0
}
