//! What clients say: requests of every kind, each with what its answer may be.
//!
//! Ids are the same on all connections and texts are different everywhere, so that an answer on
//! the wrong connection shows; ids come in odd spellings, so that one that is not echoed verbatim
//! shows.

use super::checker::Expect;
use super::dice::Dice;
use super::news::LISTS;
use super::server::{ASKING_TOOLS, FRAIL_TOOLS, TASK_TOOLS};

/// The version of the stateless era.
pub(super) const STATELESS: &str = "2026-07-28";
/// The versions that begin with `initialize`.
pub(super) const HANDSHAKE: [&str; 4] = ["2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25"];
/// The version that has batches.
pub(super) const BATCHES: &str = "2025-03-26";

/// Resources whose updates are published.
pub(super) const URIS: [&str; 3] = ["world://fixed", "world://notes/1", "world://notes/2"];
/// No resource.
pub(super) const NOWHERE: &str = "nowhere://at/all";

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
    /// It takes calls that become tasks.
    pub(super) has_tasks: bool,
    next: u64,
}

impl Author {
    pub(super) fn new(name: String, version: &'static str) -> Self {
        Self { name, version, is_askable: false, has_tasks: false, next: 0 }
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
            let mut own = Vec::new();
            own.extend(self.is_askable.then_some(r#""sampling":{}"#));
            let tasks = r#""extensions":{"io.modelcontextprotocol/tasks":{}}"#;
            own.extend(self.has_tasks.then_some(tasks));
            let own = format!("{{{}}}", own.join(","));
            meta.push(format!(r#""io.modelcontextprotocol/clientCapabilities":{own}"#));
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

    /// Whether tasks are part of its version.
    pub(super) fn has_core_tasks(&self) -> bool {
        self.version == HANDSHAKE[3]
    }

    /// A request about a task.
    pub(super) fn about_task(
        &mut self,
        dice: &mut Dice,
        method: &'static str,
        task: &str,
        more: &str,
        expect: Expect,
    ) -> Ask {
        let mut ask = self.write(dice, method, &format!(r#""taskId":"{task}"{more}"#), expect);
        ask.name = Some(task.to_owned());
        ask.token = None;
        ask
    }

    /// The call of a tool that may run as a task, as one if the client takes them.
    fn errand(&mut self, dice: &mut Dice) -> Ask {
        let tools = if self.is_askable { TASK_TOOLS } else { &TASK_TOOLS[..2] };
        let tool = dice.pick(tools);
        let text = format!("{}/{}", self.name, self.next);
        let is_core = self.has_core_tasks();
        let wish = if self.has_tasks && is_core { r#","task":{}"# } else { "" };
        let more = format!(r#","arguments":{{"text":"{text}"}}{wish}"#);
        let expect = if self.has_tasks {
            Expect::Task { task: None, text }
        } else if self.is_stateless() && tool == TASK_TOOLS[2] {
            Expect::Asks { tool, text }
        } else {
            Expect::Text { text, may_fail: true }
        };
        // Over pipes its progress would come behind its answer.
        let has_token = !self.has_tasks;
        let mut ask = self.named(dice, "tools/call", tool, &more, expect);
        if !has_token {
            ask.token = None;
        }
        ask.is_slow = !self.has_tasks;
        ask
    }

    /// A request to be told of `uri`, or no more.
    pub(super) fn subscribe(&mut self, dice: &mut Dice, uri: &str, wants: bool) -> Ask {
        let method = if wants { "resources/subscribe" } else { "resources/unsubscribe" };
        let expect = if uri == NOWHERE && wants { Expect::Error } else { Expect::Result };
        let mut ask = self.write(dice, method, &format!(r#""uri":"{uri}""#), expect);
        ask.name = Some(uri.to_owned());
        ask
    }

    /// A call that listens to `topics`, lists and URIs.
    pub(super) fn listen(&mut self, dice: &mut Dice, topics: &[String]) -> Ask {
        let is_list = |topic: &&String| LISTS.contains(&topic.as_str());
        let mut filter = serde_json::Map::new();
        for list in topics.iter().filter(is_list) {
            filter.insert(format!("{list}ListChanged"), true.into());
        }
        let uris: Vec<&String> = topics.iter().filter(|topic| !is_list(topic)).collect();
        if !uris.is_empty() {
            filter.insert("resourceSubscriptions".to_owned(), serde_json::json!(uris));
        }
        let params = format!(r#""notifications":{}"#, serde_json::Value::from(filter));
        let mut ask = self.write(dice, "subscriptions/listen", &params, Expect::Anything);
        ask.token = None;
        ask
    }

    /// Some of what can be listened to.
    pub(super) fn topics(dice: &mut Dice) -> Vec<String> {
        let all = LISTS.iter().chain(&URIS);
        all.filter(|_| dice.chance(400)).map(|topic| (*topic).to_owned()).collect()
    }

    /// The call of an asking tool once more, with more members.
    pub(super) fn again(
        &mut self,
        dice: &mut Dice,
        tool: &'static str,
        text: &str,
        more: &str,
        expect: Expect,
    ) -> Ask {
        let spelled = serde_json::Value::from(text).to_string();
        let more = format!(r#","arguments":{{"text":{spelled}}}{more}"#);
        let mut ask = self.named(dice, "tools/call", tool, &more, expect);
        ask.is_slow = true;
        ask
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
            9..12 => self.echo(dice, "inline"),
            12 => self.errand(dice),
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
        let is_asked = ASKING_TOOLS.contains(&tool) && self.is_stateless();
        let expect = if is_asked {
            Expect::Asks { tool, text }
        } else {
            Expect::Text { text, may_fail: is_slow }
        };
        let mut ask = self.named(dice, "tools/call", tool, &more, expect);
        ask.is_slow = is_slow;
        ask
    }
}
