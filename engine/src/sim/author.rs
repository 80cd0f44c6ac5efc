//! What clients say: requests of every kind, each with what its answer may be.
//!
//! Ids are the same on all connections and texts are different everywhere, so that an answer on
//! the wrong connection shows; ids come in odd spellings, so that one that is not echoed verbatim
//! shows.

use super::checker::Expect;
use super::dice::Dice;
use super::server::{ASKING_TOOLS, FRAIL_TOOLS};

/// The version of the stateless era.
pub(super) const STATELESS: &str = "2026-07-28";
/// The versions that begin with `initialize`.
pub(super) const HANDSHAKE: [&str; 4] = ["2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25"];
/// The version that has batches.
pub(super) const BATCHES: &str = "2025-03-26";

/// One request.
pub(super) struct Ask {
    /// The id as it is spelled.
    pub(super) id: String,
    pub(super) method: &'static str,
    /// What `Mcp-Name` mirrors.
    pub(super) name: Option<String>,
    pub(super) text: String,
    pub(super) expect: Expect,
    /// The token under which progress may come.
    pub(super) token: Option<String>,
    /// It is answered by a worker, so there is time to give it up.
    pub(super) is_slow: bool,
}

/// Writes the requests of one connection.
pub(super) struct Author {
    /// In every text: whose it is.
    name: String,
    pub(super) version: &'static str,
    /// It declares that its model may be asked.
    pub(super) is_askable: bool,
    next: u64,
}

impl Author {
    pub(super) fn new(name: String, version: &'static str) -> Self {
        Self { name, version, is_askable: false, next: 0 }
    }

    pub(super) fn is_stateless(&self) -> bool {
        self.version == STATELESS
    }

    fn id(&mut self, dice: &mut Dice) -> String {
        self.next += 1;
        let next = self.next;
        match dice.below(6) {
            0 => format!("\"{next}\""),
            1 => format!("\"\\u0061\\/{next}\""),
            2 => format!("-{next}"),
            3 => format!("\"{next}\u{e9}\u{1F600}\""),
            4 => (next + (1 << 53)).to_string(),
            _ => next.to_string(),
        }
    }

    fn write(
        &mut self,
        dice: &mut Dice,
        method: &'static str,
        params: &str,
        expect: Expect,
    ) -> Ask {
        let id = self.id(dice);
        let token = dice.chance(400).then(|| format!("{}-{}", self.name, self.next));
        let params = self.params(params, token.as_deref());
        let space = dice.pick(&["", " ", "\t "]);
        let text = format!(
            r#"{{"jsonrpc":"2.0",{space}"id":{id},"method":"{method}","params":{params}{space}}}"#
        );
        Ask { id, method, name: None, text, expect, token, is_slow: false }
    }

    /// Members of `params`, with the envelope or the token they need.
    fn params(&self, members: &str, token: Option<&str>) -> String {
        let mut meta = Vec::new();
        if self.is_stateless() {
            meta.push(format!(r#""io.modelcontextprotocol/protocolVersion":"{STATELESS}""#));
            meta.push(r#""io.modelcontextprotocol/clientCapabilities":{}"#.to_owned());
        }
        if let Some(token) = token {
            meta.push(format!(r#""progressToken":"{token}""#));
        }
        let comma = if members.is_empty() || meta.is_empty() { "" } else { "," };
        if meta.is_empty() {
            return format!("{{{members}}}");
        }
        format!(r#"{{{members}{comma}"_meta":{{{}}}}}"#, meta.join(","))
    }

    pub(super) fn initialize(&mut self, dice: &mut Dice) -> Ask {
        let version = self.version;
        let capabilities = if self.is_askable { r#"{"sampling":{}}"# } else { "{}" };
        let params = format!(
            r#""protocolVersion":"{version}","capabilities":{capabilities},"clientInfo":{{"name":"c","version":"1"}}"#
        );
        let mut ask = self.write(dice, "initialize", &params, Expect::Result);
        ask.token = None;
        ask
    }

    /// The answer to a question of the server's.
    pub(super) fn answer(id: &str, text: &str) -> String {
        let text = serde_json::Value::from(text);
        format!(
            r#"{{"jsonrpc":"2.0","id":{id},"result":{{"role":"assistant","model":"m","content":{{"type":"text","text":{text}}}}}}}"#
        )
    }

    /// A request that is answered where it is read: its answer proves that what was sent before
    /// it was read too.
    pub(super) fn barrier(&mut self, dice: &mut Dice) -> Ask {
        let method = if self.is_stateless() { "tools/list" } else { "ping" };
        self.write(dice, method, "", Expect::Result)
    }

    /// A note that request `id` is given up.
    pub(super) fn cancel(id: &str) -> String {
        format!(
            r#"{{"jsonrpc":"2.0","method":"notifications/cancelled","params":{{"requestId":{id}}}}}"#
        )
    }

    /// Any request.
    pub(super) fn any(&mut self, dice: &mut Dice) -> Ask {
        match dice.below(20) {
            0 => self.barrier(dice),
            1 => self.write(dice, "tools/list", "", Expect::Result),
            2 => self.write(dice, "resources/templates/list", "", Expect::Result),
            3 => self.write(dice, "no/such", "", Expect::Error),
            4 => self.named(dice, "tools/call", "no-such", "", Expect::Error),
            5 => {
                let expect = Expect::Text { text: "fixed text".to_owned(), may_fail: false };
                self.read(dice, "world://fixed", expect)
            }
            6 => {
                let note = format!("{}-{}", self.name, self.next);
                let expect = Expect::Text { text: note.clone(), may_fail: true };
                let mut ask = self.read(dice, &format!("world://notes/{note}"), expect);
                ask.is_slow = true;
                ask
            }
            7 => {
                let expect = Expect::Text { text: "hello".to_owned(), may_fail: true };
                let mut ask = self.named(dice, "prompts/get", "greet", "", expect);
                ask.is_slow = true;
                ask
            }
            8 => {
                let tool = dice.pick(&["panic", "panic-inline"]);
                self.named(dice, "tools/call", tool, "", Expect::Anything)
            }
            9..13 => self.echo(dice, "inline"),
            13..15 if self.is_askable => {
                let tool = dice.pick(ASKING_TOOLS);
                self.echo(dice, tool)
            }
            _ => {
                let tool = dice.pick(FRAIL_TOOLS);
                self.echo(dice, tool)
            }
        }
    }

    fn read(&mut self, dice: &mut Dice, uri: &str, expect: Expect) -> Ask {
        let mut ask = self.write(dice, "resources/read", &format!(r#""uri":"{uri}""#), expect);
        ask.name = Some(uri.to_owned());
        ask
    }

    fn named(
        &mut self,
        dice: &mut Dice,
        method: &'static str,
        name: &str,
        more: &str,
        expect: Expect,
    ) -> Ask {
        let mut ask = self.write(dice, method, &format!(r#""name":"{name}"{more}"#), expect);
        ask.name = Some(name.to_owned());
        ask
    }

    /// An echo of a text that occurs nowhere else.
    pub(super) fn echo(&mut self, dice: &mut Dice, tool: &'static str) -> Ask {
        let length = match dice.below(10) {
            0 => dice.below(9000),
            1..4 => dice.below(900),
            _ => 0,
        };
        let tail = "x".repeat(length as usize);
        let text = format!("{}/{} \"\\\n\u{e9}{tail}", self.name, self.next);
        let spelled = serde_json::Value::from(text.as_str()).to_string();
        let more = format!(r#","arguments":{{"text":{spelled}}}"#);
        let is_slow = FRAIL_TOOLS.contains(&tool) || ASKING_TOOLS.contains(&tool);
        let expect = Expect::Text { text, may_fail: is_slow };
        let mut ask = self.named(dice, "tools/call", tool, &more, expect);
        ask.is_slow = is_slow;
        ask
    }
}
