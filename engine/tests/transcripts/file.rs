//! A transcript as a file: blocks of messages, client and server in turn.
//!
//! ```text
//! # What this conversation shows.
//! @ transports: pipe
//! -- client --
//! {"jsonrpc":"2.0","id":1,"method":"ping"}
//! -- server --
//! {"jsonrpc":"2.0","id":1,"result":{}}
//! ```
//! A string `<name>` of the server's stands for whatever comes there the first time, and for the
//! same again afterwards; the client's messages may use it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::Value;

/// Members whose values are thrown anew each time.
const THROWN: &[&str] = &["taskId", "requestState", "createdAt", "lastUpdatedAt"];

/// What a client says, and what it is answered.
#[derive(Clone, Debug, Default)]
pub(crate) struct Block {
    pub(crate) client: Vec<Value>,
    pub(crate) server: Vec<Value>,
}

/// One conversation.
#[derive(Clone, Debug)]
pub(crate) struct Transcript {
    pub(crate) path: PathBuf,
    /// The name of the folder.
    pub(crate) version: String,
    /// Transports it is for, if not for all.
    pub(crate) transports: Option<Vec<String>>,
    /// Lines before the first block.
    head: Vec<String>,
    pub(crate) blocks: Vec<Block>,
}

impl Transcript {
    /// All transcripts below `folder`, in order.
    pub(crate) fn all(folder: &Path) -> Vec<Self> {
        let mut found = Vec::new();
        for version in sorted(folder) {
            for path in sorted(&version) {
                found.push(Self::read(&path));
            }
        }
        assert!(!found.is_empty(), "no transcripts below {}", folder.display());
        found
    }

    fn read(path: &Path) -> Self {
        let text = std::fs::read_to_string(path).expect("a transcript can be read");
        let version = path.parent().and_then(Path::file_name).expect("a folder");
        let version = version.to_string_lossy().into_owned();
        let mut transcript =
            Self { path: path.into(), version, transports: None, head: vec![], blocks: vec![] };
        let mut is_client = false;
        for (number, line) in text.lines().enumerate() {
            match line {
                "-- client --" => {
                    is_client = true;
                    transcript.blocks.push(Block::default());
                }
                "-- server --" => is_client = false,
                "" => {}
                _ if transcript.blocks.is_empty() => transcript.read_head(line),
                _ => {
                    let place = || format!("{}:{}", path.display(), number + 1);
                    let message = serde_json::from_str(line)
                        .unwrap_or_else(|fault| panic!("{}: {fault}", place()));
                    let block = transcript.blocks.last_mut().expect("a block has begun");
                    if is_client { &mut block.client } else { &mut block.server }.push(message);
                }
            }
        }
        transcript
    }

    fn read_head(&mut self, line: &str) {
        if let Some(names) = line.strip_prefix("@ transports:") {
            self.transports = Some(names.split(',').map(|name| name.trim().to_owned()).collect());
        }
        self.head.push(line.to_owned());
    }

    /// Writes the file again, with `answers` in the place of the server's blocks.
    pub(crate) fn update(&self, answers: &[Vec<Value>]) {
        let mut text = String::new();
        for line in &self.head {
            text += &format!("{line}\n");
        }
        let mut thrown = Thrown::default();
        for (block, answers) in self.blocks.iter().zip(answers) {
            text += "-- client --\n";
            for message in &block.client {
                text += &format!("{message}\n");
            }
            text += "-- server --\n";
            for message in answers {
                let mut message = message.clone();
                thrown.name(&mut message);
                text += &format!("{message}\n");
            }
        }
        std::fs::write(&self.path, text).expect("a transcript can be written");
    }
}

fn sorted(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).expect("a folder of transcripts");
    let mut paths: Vec<_> = entries.map(|entry| entry.expect("an entry").path()).collect();
    paths.sort();
    paths
}

/// Names for values that are thrown, while a file is written.
#[derive(Default)]
struct Thrown {
    names: BTreeMap<String, String>,
}

impl Thrown {
    fn name(&mut self, value: &mut Value) {
        match value {
            Value::Array(items) => {
                for item in items {
                    self.name(item);
                }
            }
            Value::Object(members) => {
                for (key, value) in members {
                    match value {
                        Value::String(text) if THROWN.contains(&key.as_str()) => {
                            self.name_text(key, text);
                        }
                        Value::Array(items) if key == "taskIds" => {
                            for item in items {
                                self.name_item(item);
                            }
                        }
                        value => self.name(value),
                    }
                }
            }
            _ => {}
        }
    }

    fn name_item(&mut self, item: &mut Value) {
        if let Value::String(text) = item {
            self.name_text("taskId", text);
        }
    }

    fn name_text(&mut self, key: &str, text: &mut String) {
        let number = self.names.len() + 1;
        let fresh = || format!("<{key} {number}>");
        let name = self.names.entry(text.clone()).or_insert_with(fresh);
        text.clone_from(name);
    }
}

/// What the names of a transcript stand for in one run.
#[derive(Clone, Default)]
pub(crate) struct Bindings {
    values: BTreeMap<String, String>,
}

impl Bindings {
    /// Whether `found` is what `wanted` describes; binds names that stand for nothing yet.
    pub(crate) fn matches(&mut self, wanted: &Value, found: &Value) -> bool {
        match (wanted, found) {
            (Value::String(name), Value::String(text)) if is_name(name) => {
                self.values.entry(name.clone()).or_insert_with(|| text.clone()) == text
            }
            (Value::Array(wanted), Value::Array(found)) => {
                wanted.len() == found.len()
                    && wanted.iter().zip(found).all(|(wanted, found)| self.matches(wanted, found))
            }
            (Value::Object(wanted), Value::Object(found)) => {
                wanted.len() == found.len()
                    && wanted.iter().all(|(key, wanted)| {
                        found.get(key).is_some_and(|found| self.matches(wanted, found))
                    })
            }
            _ => wanted == found,
        }
    }

    /// Puts what names stand for in their place.
    pub(crate) fn fill(&self, value: &mut Value) {
        match value {
            Value::String(text) => {
                if let Some(bound) = self.values.get(text) {
                    text.clone_from(bound);
                }
            }
            Value::Array(items) => {
                for item in items {
                    self.fill(item);
                }
            }
            Value::Object(members) => {
                for value in members.values_mut() {
                    self.fill(value);
                }
            }
            _ => {}
        }
    }
}

fn is_name(text: &str) -> bool {
    text.starts_with('<') && text.ends_with('>')
}
