//! The hot functions: what every request passes through, one row each, for both kinds of
//! measurement.
//!
//! A row prepares an operation and gives it; the operation gives a number that shows that it did
//! its work. Whether that number is right is checked when it is prepared, so a measurement of
//! something broken fails instead of being fast.

use std::fmt::Write;

use mcpring::Server;
use mcpring::codec::{Assembled, Chunk, LengthDecoder, http1};
use mcpring::json::schema::Schema;
use mcpring::json::{Backend, PaddedBuf, Parser, Value};
use mcpring::limits::FRAME_BYTES_MAX;
use mcpring::uri::{Router, Template};
use mcpring_bench::client::{HELLO, wrap};
use mcpring_bench::generator::reader::header;
use mcpring_bench::generator::request::{ID_FIRST, Request};
use mcpring_bench::inside::{Document, Shard};
use mcpring_bench::question::{Ask, Question, form20};
use mcpring_bench::target::{Era, Target, Wire};
use mcpring_bench::tools::{self, Form20};
use mcpring_bench::workload;

/// What is measured, again and again.
pub(crate) type Operation = Box<dyn FnMut() -> u64>;

/// A name, and what prepares the operation.
type Row = (&'static str, fn() -> Operation);

/// The rows, by name.
pub(crate) const ROWS: [Row; 17] = [
    ("json_parse_small", || json_parse(10)),
    ("json_parse_medium", || json_parse(50)),
    ("json_parse_large", || json_parse(1000)),
    ("json_encode_small", json_encode),
    ("schema_check_form20", schema_check),
    ("decode_form20", decode),
    ("frame_length", frame_length),
    ("frame_http", frame_http),
    ("echo_length", || ask("tool_call_simple_10k", Wire::Length, Era::Stateless)),
    ("echo_http_handshake", || ask("tool_call_simple_10k", Wire::Http, Era::Handshake)),
    ("echo_http_stateless", || ask("tool_call_simple_10k", Wire::Http, Era::Stateless)),
    ("form20_http_stateless", || ask("tool_call_complex_100", Wire::Http, Era::Stateless)),
    ("resource_read", || ask("resource_read_10k", Wire::Length, Era::Stateless)),
    ("prompt_complex", || ask("prompt_complex_100", Wire::Length, Era::Stateless)),
    ("route_among_1", || route(1)),
    ("route_among_100", || route(100)),
    ("route_among_10k", || route(10_000)),
];

/// Calls before the measurement: buffers have their size and tables are built by then.
const WARM: usize = 3;

/// The operation of a row, warm.
pub(crate) fn prepare(name: &str) -> Operation {
    let (_, row) = ROWS.iter().find(|(row, _)| *row == name).expect("a name of the rows");
    let mut operation = row();
    let want = operation();
    for _ in 0..WARM {
        assert_eq!(operation(), want, "{name} does something else each time");
    }
    assert!(want > 0, "{name} does nothing");
    operation
}

fn json_parse(fields: usize) -> Operation {
    let mut text = Vec::new();
    Document::new(fields).encode(&mut text);
    let (text, mut parser) = (PaddedBuf::copy(&text), Parser::new(Backend::Scan));
    Box::new(move || parser.parse(text.padded()).map_or(0, |root| root.len() as u64))
}

fn json_encode() -> Operation {
    let (document, mut out) = (Document::new(10), Vec::new());
    Box::new(move || {
        out.clear();
        document.encode(&mut out);
        out.len() as u64
    })
}

fn schema_check() -> Operation {
    let server = fixture();
    let tool = server.features().tools().find("form20").expect("the fixture has it");
    let schema = serde_json::from_str(tool.info().input_schema.get()).expect("a JSON Schema");
    let schema = Schema::compile(&schema).expect("a JSON Schema");
    with_form20(move |arguments| u64::from(schema.check(arguments).is_ok()))
}

fn decode() -> Operation {
    with_form20(|arguments| u64::from(arguments.decode::<Form20>().is_ok()))
}

/// `act` on the parsed arguments of `form20`.
fn with_form20(act: impl Fn(Value<'_>) -> u64 + 'static) -> Operation {
    let Ask::Request { params, .. } = form20().ask else { panic!("a request") };
    let text = PaddedBuf::copy(params.as_bytes());
    let mut parser = Parser::new(Backend::Scan);
    let root = parser.parse(text.padded()).expect("JSON");
    let place = root.get("arguments").expect("arguments").index();
    Box::new(move || act(parser.value(&params, place).expect("it was there")))
}

fn frame_length() -> Operation {
    let request = request(&Question::echo(100), &target(Wire::Length, Era::Stateless), None);
    let mut decoder = LengthDecoder::new(FRAME_BYTES_MAX);
    Box::new(move || {
        let frame = decoder.next(&request, &mut 0);
        frame.ok().flatten().map_or(0, |frame| frame.len() as u64)
    })
}

fn frame_http() -> Operation {
    let request = request(&Question::echo(100), &target(Wire::Http, Era::Stateless), None);
    Box::new(move || {
        let bytes = request.payload();
        let Ok(Some(end)) = http1::head_end(bytes, 0) else { return 0 };
        let mut slots = http1::field_slots();
        http1::parse_head(&bytes[..end], &mut slots).map_or(0, |head| head.fields.len() as u64)
    })
}

/// A whole request of a workload through the endpoint of a shard.
fn ask(id: &str, wire: Wire, era: Era) -> Operation {
    let workload = workload::find(id).expect("a workload of the plan");
    let question = workload.question().expect("it asks");
    let target = target(wire, era);
    let mut shard = Shard::new(fixture(), wire);
    let session = (era == Era::Handshake).then(|| open(&mut shard, &target));
    let request = request(&question, &target, session.as_deref());
    let reply = String::from_utf8_lossy(shard.ask(&request)).into_owned();
    let answer = workload.answer.as_ref().expect("beside its request");
    let want = texts(&answer.result);
    assert!(want.iter().all(|text| reply.contains(text)), "{id}: {reply}");
    Box::new(move || shard.ask(&request).len() as u64)
}

/// Opens a session over HTTP and gives its id.
fn open(shard: &mut Shard, target: &Target) -> String {
    let reply = shard.ask(&Assembled::copy(&wrap(target, None, HELLO)));
    let session = header(reply, "Mcp-Session-Id").expect("a session").to_owned();
    let ready = br#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#;
    shard.ask(&Assembled::copy(&wrap(target, Some(&session), ready)));
    session
}

/// Every text in a value.
fn texts(value: &serde_json::Value) -> Vec<&str> {
    match value {
        serde_json::Value::String(text) => vec![text],
        serde_json::Value::Array(elements) => elements.iter().flat_map(texts).collect(),
        serde_json::Value::Object(members) => members.values().flat_map(texts).collect(),
        _ => Vec::new(),
    }
}

fn route(templates: usize) -> Operation {
    let mut router = Router::new();
    for at in 0..templates {
        let template = Template::parse(&format!("bench:///kind{at}/{{id}}/part/{{name}}"));
        router.insert(template.expect("a template"), at as u64).expect("none is there twice");
    }
    let (last, mut uri) = (templates - 1, String::new());
    write!(uri, "bench:///kind{last}/4711/part/wheel").expect("writing to a string cannot fail");
    Box::new(move || router.find(&uri).map_or(0, |(at, _)| at + 1))
}

fn fixture() -> Server {
    tools::server().expect("the fixture is sound")
}

fn target(wire: Wire, era: Era) -> Target {
    Target::new(([127, 0, 0, 1], 80).into(), wire, era)
}

fn request(question: &Question, target: &Target, session: Option<&str>) -> Assembled {
    let mut bytes = Vec::new();
    Request::new(target, question, session).append(&mut bytes, ID_FIRST);
    Assembled::copy(&bytes)
}
