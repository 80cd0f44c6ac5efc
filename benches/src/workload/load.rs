//! Reads files of workloads: the plan's, which are part of this program, and a user's own.
//!
//! A mistake is told with the file, the line, and the key.

use std::collections::HashSet;
use std::ops::Range;
use std::path::Path;
use std::sync::LazyLock;

use serde::Deserialize;
use toml::Spanned;

use super::{File, Via, Workload};
use crate::fault::Fault;
use crate::inside;

macro_rules! file {
    ($name:literal) => {
        ($name, include_str!(concat!("../../workloads/", $name)))
    };
}

/// The plan's files, by name, in its order.
const FILES: [(&str, &str); 15] = [
    file!("01_json.toml"),
    file!("02_schema.toml"),
    file!("03_tool_call.toml"),
    file!("04_resource.toml"),
    file!("05_prompt.toml"),
    file!("06_sampling.toml"),
    file!("07_registry.toml"),
    file!("08_queue.toml"),
    file!("09_session.toml"),
    file!("10_pool.toml"),
    file!("11_stdio.toml"),
    file!("12_tcp.toml"),
    file!("13_http.toml"),
    file!("14_websocket.toml"),
    file!("15_sse.toml"),
];

static ALL: LazyLock<Vec<Workload>> = LazyLock::new(|| {
    let sound = |(name, text): &(&str, &str)| {
        parse(name, text).unwrap_or_else(|fault| panic!("a test reads these files: {fault}"))
    };
    FILES.iter().flat_map(sound).collect()
});

/// The workloads of the plan, in its order.
pub fn all() -> &'static [Workload] {
    &ALL
}

/// The workload of the plan called `id`.
pub fn find(id: &str) -> Option<&'static Workload> {
    all().iter().find(|workload| workload.id == id)
}

/// The workloads in the file at `path`.
pub fn load(path: &Path) -> Result<Vec<Workload>, Fault> {
    let name = path.display().to_string();
    let text = std::fs::read_to_string(path);
    parse(&name, &text.map_err(|error| Fault::Usage(format!("{name}: {error}")))?)
}

/// The JSON Schema of a file of workloads, for editors.
pub fn schema() -> String {
    let mut schema = schemars::schema_for!(File);
    schema.insert("title".into(), "Workloads of mcpring-bench".into());
    let text = serde_json::to_string_pretty(&schema).expect("a schema is JSON");
    format!("{text}\n")
}

/// A file whose workloads still know where they stood.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Located {
    workload: Vec<Spanned<Workload>>,
}

/// Reads `text`, the content of the file called `name`.
fn parse(name: &str, text: &str) -> Result<Vec<Workload>, Fault> {
    let at = |offset: usize, what: &str| {
        let line = text[..offset].matches('\n').count() + 1;
        Fault::Usage(format!("{name}:{line}: {what}"))
    };
    let located: Located = toml::from_str(text).map_err(|error| {
        let offset = error.span().map_or(0, |span| span.start);
        at(offset, &in_words(error.message()))
    })?;
    let mut ids = HashSet::new();
    for (number, workload) in located.workload.iter().enumerate() {
        let Workload { id, .. } = workload.get_ref();
        let checked = if ids.insert(id) {
            check(workload.get_ref())
        } else {
            Err(Mistake("id", format!("{id:?} is taken already")))
        };
        checked.map_err(|Mistake(key, what)| {
            // The reader knows where a table begins; it ends where the next one does.
            let next = located.workload.get(number + 1).map(|next| next.span().start);
            let within = workload.span().start..next.unwrap_or(text.len());
            at(offset_of(text, within, key), &format!("{key}: {what}"))
        })?;
    }
    Ok(located.workload.into_iter().map(Spanned::into_inner).collect())
}

/// The reader's words, with the names of this file's format.
fn in_words(message: &str) -> String {
    let unknown = || {
        let (key, known) = message.strip_prefix("unknown field `")?.split_once("`, expected ")?;
        let known = known.strip_prefix("one of ").unwrap_or(known).replace('`', "");
        Some(format!("unknown key {key:?}; known here: {}", known.replace(" or ", ", ")))
    };
    unknown().unwrap_or_else(|| message.replace("field `", "key `").replace('\n', " "))
}

/// Where `key` is given in the part `within` of `text`; the part's begin where it is not.
fn offset_of(text: &str, within: Range<usize>, key: &str) -> usize {
    let part = &text[within.clone()];
    let names = |line: &str| {
        let path = line.split('=').next().unwrap_or(line);
        path.split(['.', '[', ']']).any(|name| name.trim() == key)
    };
    let mut offset = within.start;
    for line in part.split_inclusive('\n') {
        if names(line) {
            return offset;
        }
        offset += line.len();
    }
    within.start
}

/// A key, and what is wrong with its value.
struct Mistake(&'static str, String);

/// What the types cannot say.
fn check(workload: &Workload) -> Result<(), Mistake> {
    let Workload { request, answer, fanout, inside, not_yet, .. } = workload;
    let kinds = [request.is_some(), fanout.is_some(), inside.is_some(), not_yet.is_some()];
    if kinds.iter().filter(|is_given| **is_given).count() != 1 {
        let what = "needs exactly one of request, fanout, inside and not_yet beside it";
        return Err(Mistake("id", format!("{:?} {what}", workload.id)));
    }
    if request.is_some() != answer.is_some() {
        let (given, missing) =
            if request.is_some() { ("request", "answer") } else { ("answer", "request") };
        return Err(Mistake(given, format!("stands without [workload.{missing}]")));
    }
    if workload.id.is_empty() {
        return Err(Mistake("id", "is empty".into()));
    }
    positive("operations", workload.operations)?;
    positive("quick_operations", workload.quick_operations.unwrap_or(1))?;
    check_load(workload)?;
    check_parts(workload)
}

fn positive(key: &'static str, count: u64) -> Result<(), Mistake> {
    if count == 0 { Err(Mistake(key, "is 0, must be 1 at least".into())) } else { Ok(()) }
}

fn check_load(workload: &Workload) -> Result<(), Mistake> {
    let load = &workload.load;
    let wrong = |what: &str| Err(Mistake("load", what.to_owned()));
    if load.connections == 0 || load.inflight == 0 {
        return wrong("connections and inflight must be 1 at least");
    }
    if load.via == Via::Http && load.inflight > 1 {
        return wrong("inflight must be 1 over http, which answers in turn; take more connections");
    }
    if load.via == Via::Stdio && load.connections > 1 {
        return wrong("connections must be 1 over stdio");
    }
    if load.rate.is_some_and(|rate| !(rate.is_finite() && rate > 0.0)) {
        return wrong("rate must be above 0");
    }
    Ok(())
}

fn check_parts(workload: &Workload) -> Result<(), Mistake> {
    if let Some(request) = &workload.request {
        let known = request.generate.as_deref().is_none_or(super::asked::is_generator);
        if !known {
            let what = format!("no generator is called that; there is {}", super::asked::FORM1000);
            return Err(Mistake("generate", what));
        }
    }
    if let Some(fanout) = &workload.fanout {
        positive("fanout", fanout.subscribers as u64)?;
        if fanout.rate.is_some_and(|rate| !(rate.is_finite() && rate > 0.0)) {
            return Err(Mistake("fanout", "rate must be above 0".into()));
        }
    }
    match &workload.inside {
        Some(spec) => inside::check(spec).map_err(|what| Mistake("inside", what)),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_plan_is_read_in_its_order() {
        let ids: Vec<&str> = all().iter().map(|workload| workload.id.as_str()).collect();
        let plans: HashSet<&str> = all().iter().map(|workload| workload.plan.as_str()).collect();
        assert_eq!((ids.first(), ids.last()), (Some(&"json_encode_small"), Some(&"sse_stream_1k")));
        assert_eq!(plans.len(), 15, "{plans:?}");
        let distinct: HashSet<&&str> = ids.iter().collect();
        assert_eq!(distinct.len(), ids.len(), "an identifier stands in two files: {ids:?}");
        assert_eq!(find("tcp_echo_10k").map(|workload| workload.operations), Some(10_000));
        assert!(find("nothing").is_none());
    }

    #[test]
    fn mistakes_are_told_with_line_and_key() {
        const HEAD: &str = "[[workload]]\nid = 'slow'\nabout = ''\nplan = ''\n";
        const PING: &str = "operations = 1\nrequest.method = 'ping'\nanswer.result = {}\n";
        let rows = [
            ("opertions = 1\n", ":5: unknown key \"opertions\"; known here: id, about, plan, op"),
            ("operations = 'x'\n", ":5: invalid type: string"),
            ("", ":1: missing key `operations`"),
            ("operations = 1\n", ":2: id: \"slow\" needs exactly one of"),
            (
                "operations = 1\nnot_yet = ''\nfanout.subscribers = 1\n",
                ":2: id: \"slow\" needs exa",
            ),
            (
                "operations = 1\nrequest.method = 'ping'\n",
                ":6: request: stands without [workload.an",
            ),
            (
                "operations = 1\nnot_yet = ''\n[workload.answer]\nresult = {}\n",
                ":7: answer: stands",
            ),
            ("operations = 0\nnot_yet = ''\n", ":5: operations: is 0"),
            ("operations = 1\nfanout.subscribers = 0\n", ":6: fanout: is 0"),
            (
                "operations = 1\ninside.part = 'json'\n",
                ":6: inside: unknown part \"json\"; known: ",
            ),
            (&format!("{PING}load.inflight = 2\n"), ":8: load: inflight must be 1 over http"),
            (&format!("{PING}[workload.load]\nvia = 'udp'\n"), ":9: unknown variant `udp`"),
            (&format!("{PING}load.rate = 0.0\n"), ":8: load: rate must be above 0"),
            (&format!("{PING}request.generate = 'form7'\n"), ":8: generate: no generator"),
            (&format!("{PING}{HEAD}{PING}"), ":9: id: \"slow\" is taken already"),
            ("operations = \n", ":5: "),
        ];
        for (text, want) in rows {
            let text = format!("{HEAD}{text}");
            let fault = parse("slow.toml", &text).expect_err(&text).to_string();
            assert!(fault.starts_with(&format!("slow.toml{want}")), "{text}\n  gave {fault}");
            assert!(!fault.contains('\n'), "{fault}");
        }
    }

    #[test]
    fn the_published_schema_is_fresh_and_fits_the_plan() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/workload.schema.json");
        if std::env::var_os("MCPRING_UPDATE").is_some() {
            std::fs::write(path, schema()).expect("the folder can be written");
        }
        let published = std::fs::read_to_string(path).unwrap_or_default();
        let how = "write it anew: MCPRING_UPDATE=1 cargo test -p mcpring-bench published_schema";
        assert!(published == schema(), "benches/workload.schema.json is stale; {how}");
        let schema = serde_json::from_str(&published).expect("JSON");
        let schema = mcpring::json::schema::Schema::compile(&schema).expect("a JSON Schema");
        for (name, text) in FILES {
            let file: serde_json::Value = toml::from_str(text).expect(name);
            let text = mcpring::json::PaddedBuf::copy(file.to_string().as_bytes());
            let mut parser = mcpring::json::Parser::default();
            let checked = schema.check(parser.parse(text.padded()).expect("JSON"));
            assert!(checked.is_ok(), "{name}: {checked:?}");
        }
    }

    #[test]
    fn a_file_that_is_not_there_is_a_mistake_of_use() {
        let fault = load(Path::new("nowhere.toml")).expect_err("no such file");
        assert!(matches!(&fault, Fault::Usage(text) if text.starts_with("nowhere.toml: ")));
    }
}
