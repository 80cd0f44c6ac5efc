//! What is sent, held to the official JSON Schema of the version it is sent in; and the official
//! example answers, read.
//!
//! The schemas lie beside the project and are absent in a user's clone: then this says so.

#![allow(clippy::disallowed_methods, reason = "a test program")]

mod harness;

use std::collections::BTreeMap;
use std::fs;

use harness::{LINE, World, shared_data};
use mcpring::Config;
use mcpring::json::Writer;
use mcpring::model::{
    Annotations, Capabilities, Content, ElicitAnswer, Elicitation, Fields, Icon, IncludeContext,
    Meta, ModelPreferences, PromptArgument, PromptMessage, PromptResult, Property, RawJson,
    ResourceContents, ResourceLink, Role, Root, Sampling, SamplingAnswer, SamplingContent,
    SamplingMessage, Task, TaskSupport, TextFormat, Theme, Timestamp, ToolAnnotations, ToolChoice,
    ToolInfo, ToolResult,
};
use mcpring::server::{Call, Completer, Outcome, Prompt, Resource, ResourceTemplate, Server, Tool};
use mcpring::slot::Slot;
use serde_json::{Value, json};

const VERSIONS: [(&str, Fields); 5] = [
    ("2024-11-05", Fields::V2024_11_05),
    ("2025-03-26", Fields::V2025_03_26),
    ("2025-06-18", Fields::V2025_06_18),
    ("2025-11-25", Fields::V2025_11_25),
    ("2026-07-28", Fields::V2026_07_28),
];

/// The official schema of one version.
struct Official {
    version: &'static str,
    /// Where the types are: the name changed with the dialect.
    place: &'static str,
    types: Value,
    dialect: Value,
}

impl Official {
    fn load(version: &'static str) -> Option<Self> {
        let path = shared_data(&format!("mcp-schema/{version}/schema.json"))?;
        let text = fs::read_to_string(path).expect("the schema can be read");
        let mut schema: Value = serde_json::from_str(&text).expect("the schema is JSON");
        let place = if schema.get("$defs").is_some() { "$defs" } else { "definitions" };
        let (types, dialect) = (schema[place].take(), schema["$schema"].take());
        Some(Self { version, place, types, dialect })
    }

    /// `value` must be a `name`, if the version has that type.
    fn check(&self, name: &str, value: &Value) {
        if self.types.get(name).is_some() {
            let faults = self.faults(name, value);
            assert!(faults.is_empty(), "{} {name}: {faults:#?}\n{value:#}", self.version);
        }
    }

    fn faults(&self, name: &str, value: &Value) -> Vec<String> {
        let schema = json!({
            "$schema": self.dialect,
            self.place: self.types,
            "allOf": [{ "$ref": format!("#/{}/{name}", self.place) }],
        });
        let validator = jsonschema::validator_for(&schema).expect("the schema compiles");
        validator.iter_errors(value).map(|fault| fault.to_string()).collect()
    }
}

#[test]
fn the_schemas_refuse_what_is_wrong() {
    for (version, _) in VERSIONS {
        let Some(official) = Official::load(version) else { return };
        let wrong = json!({ "content": [{ "type": "text" }] });
        assert!(!official.faults("CallToolResult", &wrong).is_empty(), "{version}");
        assert!(!official.faults("ListToolsResult", &json!({ "tools": [{}] })).is_empty());
    }
}

fn written(write: impl FnOnce(&mut Writer<'_>)) -> Value {
    let mut out = Vec::new();
    write(&mut Writer::new(&mut out));
    serde_json::from_slice(&out).expect("a writer writes JSON")
}

fn raw(json: &str) -> Box<RawJson> {
    RawJson::from_string(json.into()).expect("the test's JSON is JSON")
}

fn meta() -> Meta {
    Meta::new().with("com.example/k", &json!([1]))
}

fn hints() -> Annotations {
    Annotations {
        audience: vec![Role::User, Role::Assistant],
        priority: Some(0.5),
        last_modified: Some("2026-01-01T00:00:00Z".into()),
    }
}

fn icon() -> Icon {
    Icon::new("https://example.com/i.png").mime_type("image/png").size("48x48").theme(Theme::Dark)
}

fn contents() -> Vec<Content> {
    let mut link = ResourceLink::new("demo://a", "a");
    link.title = Some("A".into());
    link.size = Some(3);
    link.icons = vec![icon()];
    let kinds = [
        Content::text("words"),
        Content::image(&b"\x00"[..], "image/png"),
        Content::audio(&b"\x00"[..], "audio/wav"),
        Content::embedded(ResourceContents::text("demo://a", "a").mime_type("text/plain")),
        Content::embedded(ResourceContents::blob("demo://b", &b"b"[..])),
        link.into(),
    ];
    kinds.into_iter().map(|content| content.annotations(hints()).meta(meta())).collect()
}

fn answer(_call: &mut Call<'_>) -> Outcome {
    Outcome::Tool(ToolResult { content: contents(), ..ToolResult::structured(raw("[1]")) })
}

/// Everything a server can say about itself and its features.
fn server() -> Server {
    let tool = Tool::raw("kinds", json!({ "type": "object" }), answer)
        .title("Kinds")
        .description("All kinds of content")
        .output_schema(json!({ "type": "array" }))
        .annotations(ToolAnnotations { read_only: Some(true), ..ToolAnnotations::default() })
        .task_support(TaskSupport::Optional)
        .icon(icon())
        .meta(meta());
    let prompt = Prompt::new("say", |_: &mut Call<'_>| {
        let messages = contents().into_iter().map(PromptMessage::assistant).collect();
        Outcome::Prompt(PromptResult::new(messages).description("said"))
    });
    let prompt = prompt
        .title("Say")
        .argument(PromptArgument::required("what").title("What").description("words"))
        .completer("what", Completer::values(["a", "b"]))
        .icon(icon())
        .meta(meta());
    let resource = Resource::text("demo://a", "a", "a").title("A").description("text");
    let template = ResourceTemplate::new("demo://{id}", "any", |call: &mut Call<'_>| {
        ResourceContents::blob(call.uri().to_owned(), &b"b"[..]).meta(meta())
    });
    Server::builder("official", "1.0.0")
        .title("Official")
        .description("says everything")
        .website_url("https://example.com/")
        .icon(icon())
        .instructions("Read.")
        .list_changes()
        .resource_subscriptions()
        .logging()
        .extension("com.example/x", &json!({}))
        .experimental("y", &json!({}))
        .tool(tool)
        .prompt(prompt)
        .resource(resource.annotations(hints()).icon(icon()).meta(meta()))
        .template(template.annotations(hints()).icon(icon()).mime_type("text/plain"))
        .build()
        .expect("the test's server is in order")
}

/// The whole reply to a request in `version`.
fn ask(world: &mut World, slot: Slot, version: &str, method: &str, params: &Value) -> Value {
    let mut params = params.clone();
    if version == "2026-07-28" {
        params["_meta"] = json!({
            "io.modelcontextprotocol/protocolVersion": version,
            "io.modelcontextprotocol/clientCapabilities": {},
        });
    }
    let request = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params });
    let sent = world.feed(slot, format!("{request}\n").as_bytes());
    serde_json::from_slice(&sent).expect("one reply")
}

#[test]
fn results() {
    let client = json!({ "name": "test", "version": "1" });
    for (version, _) in VERSIONS {
        let Some(official) = Official::load(version) else { return };
        let mut world = World::new(server(), Config::default());
        let slot = world.connect(LINE);
        let opening = match version {
            "2026-07-28" => ("server/discover", json!({}), "DiscoverResult"),
            _ => (
                "initialize",
                json!({ "protocolVersion": version, "capabilities": {}, "clientInfo": client }),
                "InitializeResult",
            ),
        };
        let completion = json!({ "ref": { "type": "ref/prompt", "name": "say" },
            "argument": { "name": "what", "value": "" } });
        let said = json!({ "name": "say", "arguments": { "what": "a" } });
        for (method, params, name) in [
            opening,
            ("tools/list", json!({}), "ListToolsResult"),
            ("tools/call", json!({ "name": "kinds" }), "CallToolResult"),
            ("resources/list", json!({}), "ListResourcesResult"),
            ("resources/templates/list", json!({}), "ListResourceTemplatesResult"),
            ("resources/read", json!({ "uri": "demo://a" }), "ReadResourceResult"),
            ("resources/read", json!({ "uri": "demo://b" }), "ReadResourceResult"),
            ("prompts/list", json!({}), "ListPromptsResult"),
            ("prompts/get", said, "GetPromptResult"),
            ("completion/complete", completion, "CompleteResult"),
        ] {
            let reply = ask(&mut world, slot, version, method, &params);
            assert!(reply.get("error").is_none(), "{version} {method}: {reply}");
            official.check("JSONRPCResponse", &reply);
            official.check("JSONRPCMessage", &reply);
            official.check(name, &reply["result"]);
        }
        let reply = ask(&mut world, slot, version, "tools/call", &json!({ "name": "none" }));
        for name in ["JSONRPCError", "JSONRPCErrorResponse", "JSONRPCMessage"] {
            official.check(name, &reply);
        }
    }
}

fn forms() -> Vec<Elicitation> {
    let text = Property::text("p").title("P").description("D").min_length(1).max_length(9);
    let properties: Vec<Property> = vec![
        text.format(TextFormat::Email).default("a@b.c").required().into(),
        Property::text("p").into(),
        Property::integer("p").minimum(0).maximum(9).default(3).into(),
        Property::number("p").minimum(0.5).default(95.5).into(),
        Property::flag("p").default(true).into(),
        Property::choice("p").option("a").option("b").default("b").into(),
        Property::choice("p").titled("a", "A").titled("b", "B").default("b").into(),
        Property::choice("p").titled("a", "A").enum_names().into(),
        Property::many("p").option("a").min_items(1).max_items(1).default(["a"]).into(),
        Property::many("p").titled("a", "A").into(),
    ];
    let forms = properties.into_iter().map(|one| Elicitation::form("m").property(one));
    let raw = Elicitation::raw("m", raw(r#"{"type":"object","properties":{}}"#));
    forms.chain([raw, Elicitation::url("m", "https://a.example/", "7")]).collect()
}

#[test]
fn questions_to_the_person() {
    for (version, fields) in VERSIONS {
        let Some(official) = Official::load(version) else { return };
        for question in forms().iter().filter(|question| question.is_supported(&fields)) {
            let params = written(|w| question.encode_params(w, &fields));
            let mut request = json!({ "method": "elicitation/create", "params": params });
            if version == "2025-11-25" {
                request["jsonrpc"] = json!("2.0");
                request["id"] = json!(1);
            }
            official.check("ElicitRequest", &request);
            let name = if question.is_url() {
                "ElicitRequestURLParams"
            } else {
                "ElicitRequestFormParams"
            };
            official.check(name, &params);
            for property in
                params["requestedSchema"]["properties"].as_object().into_iter().flatten()
            {
                check_property(&official, property.1);
            }
        }
        let (message, code) = ("visit", -32042);
        let data = Elicitation::required_data(&forms());
        let data: Value = serde_json::from_str(data.get()).expect("JSON");
        let error = json!({ "code": code, "message": message, "data": data });
        let reply = json!({ "jsonrpc": "2.0", "id": 1, "error": error });
        official.check("URLElicitationRequiredError", &reply);
    }
}

/// The union of properties is so wide that a number's schema is one of a text; so each is held to
/// its own type.
fn check_property(official: &Official, property: &Value) {
    let has = |name: &str| property.get(name).is_some();
    let items = &property["items"];
    let name = match property["type"].as_str().expect("a type") {
        "string" if has("oneOf") => "TitledSingleSelectEnumSchema",
        "string" if has("enumNames") => "LegacyTitledEnumSchema",
        "string" if has("enum") => "UntitledSingleSelectEnumSchema",
        "string" => "StringSchema",
        "array" if items.get("anyOf").is_some() => "TitledMultiSelectEnumSchema",
        "array" => "UntitledMultiSelectEnumSchema",
        "boolean" => "BooleanSchema",
        _ => "NumberSchema",
    };
    official.check(name, property);
    if has("enum") {
        official.check("EnumSchema", property);
    }
}

#[test]
fn questions_to_the_model() {
    let plain = Sampling::text("hi", 100)
        .message(SamplingMessage::assistant(Content::image(&b"\x00"[..], "image/png")))
        .message(contents().into_iter().fold(SamplingMessage::user("a"), SamplingMessage::with))
        .system_prompt("S")
        .preferences(ModelPreferences {
            hints: vec!["small".into()],
            cost_priority: Some(0.5),
            speed_priority: Some(1.0),
            intelligence_priority: Some(0.0),
        })
        .include_context(IncludeContext::AllServers)
        .temperature(0.25)
        .stop_sequence("end")
        .metadata(raw(r#"{"k":1}"#));
    let tool_use = SamplingContent::ToolUse {
        id: "1".into(),
        name: "t".into(),
        input: raw(r#"{"a":1}"#),
        meta: Some(meta()),
    };
    let result = ToolResult { content: contents(), ..ToolResult::structured(raw("[1]")) };
    let tools = plain
        .clone()
        .message(SamplingMessage::assistant("calling").with(tool_use))
        .message(SamplingMessage::user(SamplingContent::tool_result("1", result)))
        .tool(ToolInfo::new("t", raw(r#"{"type":"object"}"#)))
        .tool_choice(ToolChoice::Required);
    for (version, fields) in VERSIONS {
        let Some(official) = Official::load(version) else { return };
        for question in [&plain, &tools] {
            if !question.is_supported(&fields) {
                continue;
            }
            let params = written(|w| question.encode_params(w, &fields));
            let mut request = json!({ "method": "sampling/createMessage", "params": params });
            if version == "2025-11-25" {
                request["jsonrpc"] = json!("2.0");
                request["id"] = json!(1);
            }
            official.check("CreateMessageRequest", &request);
            official.check("CreateMessageRequestParams", &params);
        }
    }
}

#[test]
fn tasks_and_capabilities() {
    let mut done = Task::new("t", Timestamp(1_785_231_000_250));
    done.ttl_ms = Some(60_000);
    done.poll_interval_ms = Some(500);
    done.status_message = Some("going on".into());
    let all = Capabilities {
        tools: true,
        resources: true,
        prompts: true,
        list_changes: true,
        resource_subscriptions: true,
        logging: true,
        completions: true,
        tasks: true,
        task_list: true,
        experimental: vec![("x".into(), raw("{}"))],
        extensions: vec![("com.example/x".into(), raw("{}"))],
    };
    for (version, fields) in VERSIONS {
        let Some(official) = Official::load(version) else { return };
        for task in [&Task::new("t", Timestamp(0)), &done] {
            official.check("Task", &written(|w| task.encode(w, &fields)));
            official.check("GetTaskResult", &written(|w| task.encode(w, &fields)));
        }
        official.check("ServerCapabilities", &written(|w| all.encode(w, &fields)));
    }
}

/// The official examples of one type, by file name.
fn examples(name: &str) -> BTreeMap<String, String> {
    let Some(folder) = shared_data(&format!("mcp-examples/{name}")) else {
        return BTreeMap::new();
    };
    let files = fs::read_dir(folder).expect("the folder can be read");
    let files: BTreeMap<_, _> = files
        .map(|file| {
            let path = file.expect("the folder can be read").path();
            let name = path.file_name().expect("a file has a name").to_string_lossy().into_owned();
            (name, fs::read_to_string(path).expect("the example can be read"))
        })
        .collect();
    assert!(!files.is_empty(), "no example of {name}");
    files
}

#[test]
fn example_answers_are_read() {
    for (name, text) in examples("ElicitResult") {
        let answer = ElicitAnswer::parse(&text).unwrap_or_else(|fault| panic!("{name}: {fault}"));
        assert!(answer.is_accepted(), "{name}");
        let content: Value = answer.get().expect("an object");
        for (key, value) in content.as_object().expect("an object") {
            let expected = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            assert_eq!(answer.text(key), Some(expected), "{name}");
        }
    }
    for (name, text) in examples("CreateMessageResult") {
        let answer = SamplingAnswer::parse(&text).unwrap_or_else(|fault| panic!("{name}: {fault}"));
        let value: Value = serde_json::from_str(&text).expect("JSON");
        assert_eq!(answer.model, value["model"], "{name}");
        let blocks = value["content"].as_array().cloned();
        let blocks = blocks.unwrap_or_else(|| vec![value["content"].clone()]);
        assert_eq!(answer.content.len(), blocks.len(), "{name}");
        let uses = blocks.iter().filter(|block| block["type"] == "tool_use").count();
        assert_eq!(answer.tool_uses().count(), uses, "{name}");
        // What was read can be said again as it was.
        let again = Sampling::new(1).message(answer.into_message());
        let again = written(|w| again.encode_params(w, &Fields::V2026_07_28));
        assert_eq!(again["messages"][0]["content"], value["content"], "{name}");
    }
    for (name, text) in examples("ListRootsResult") {
        let roots = Root::parse_list(&text).unwrap_or_else(|fault| panic!("{name}: {fault}"));
        assert!(roots.iter().all(|root| root.uri.starts_with("file://")), "{name}");
    }
}

/// The official examples of what the model writes are what it writes.
#[test]
fn example_questions_are_written() {
    let fields = &Fields::V2026_07_28;
    let check = |name: &str, file: &str, written: &Value| {
        let Some(text) = examples(name).remove(file) else { return };
        let expected: Value = serde_json::from_str(&text).expect("JSON");
        assert_eq!(*written, expected, "{name}/{file}");
    };
    let single = Elicitation::form("Please provide your GitHub username")
        .property(Property::text("name").required());
    let single = written(|w| single.encode_params(w, fields));
    check("ElicitRequestFormParams", "elicit-single-field.json", &single);
    let several = Elicitation::form("Please provide your contact information")
        .property(Property::text("name").description("Your full name").required())
        .property(
            Property::text("email")
                .format(TextFormat::Email)
                .description("Your email address")
                .required(),
        )
        .property(Property::number("age").minimum(18).description("Your age"));
    let several = written(|w| several.encode_params(w, fields));
    check("ElicitRequestFormParams", "elicit-multiple-fields.json", &several);
    let url = "https://mcp.example.com/ui/set_api_key";
    let url = Elicitation::url("Please provide your API key to continue.", url, "1");
    let url = written(|w| url.encode_params(w, fields));
    check("ElicitRequestURLParams", "elicit-sensitive-data.json", &url);
    let question = Sampling::text("What is the capital of France?", 100)
        .preferences(ModelPreferences {
            hints: vec!["claude-3-sonnet".into()],
            intelligence_priority: Some(0.8),
            speed_priority: Some(0.5),
            cost_priority: None,
        })
        .system_prompt("You are a helpful assistant.");
    let question = written(|w| question.encode_params(w, fields));
    check("CreateMessageRequestParams", "basic-request.json", &question);
    let weather = |city: &'static str, id: &'static str, words: &'static str| {
        let input = raw(&json!({ "city": city }).to_string());
        let name = "get_weather".into();
        let asked = SamplingContent::ToolUse { id: id.into(), name, input, meta: None };
        let words = format!("Weather in {city}: {words}");
        (asked, SamplingContent::tool_result(id, ToolResult::text(words)))
    };
    let (paris, in_paris) = weather("Paris", "call_abc123", "18°C, partly cloudy");
    let (london, in_london) = weather("London", "call_def456", "15°C, rainy");
    let schema = r#"{"type":"object","properties":{"city":{"type":"string"}},"required":["city"]}"#;
    let mut tool = ToolInfo::new("get_weather", raw(schema));
    tool.description = Some("Get current weather for a city".into());
    let follow_up = Sampling::text("What's the weather like in Paris and London?", 1000)
        .message(SamplingMessage::assistant(paris).with(london))
        .message(SamplingMessage::user(in_paris).with(in_london))
        .tool(tool);
    let follow_up = written(|w| follow_up.encode_params(w, fields));
    check("CreateMessageRequestParams", "follow-up-with-tool-results.json", &follow_up);
}

#[test]
fn example_properties_are_written() {
    let check = |name: &str, file: &str, property: Property| {
        let Some(text) = examples(name).remove(file) else { return };
        let expected: Value = serde_json::from_str(&text).expect("JSON");
        let form = Elicitation::form("m").property(property);
        let params = written(|w| form.encode_params(w, &Fields::V2026_07_28));
        assert_eq!(params["requestedSchema"]["properties"]["p"], expected, "{name}");
    };
    let (title, description) = ("Display Name", "Description text");
    let flag = Property::flag("p").title(title).description(description).default(false);
    check("BooleanSchema", "boolean-input-schema.json", flag.into());
    let number = Property::number("p").title(title).description(description);
    let number = number.minimum(0).maximum(100).default(50);
    check("NumberSchema", "number-input-schema.json", number.into());
    let text = Property::text("p").title(title).description(description).min_length(3);
    let text = text.max_length(50).format(TextFormat::Email).default("user@example.com");
    check("StringSchema", "email-input-schema.json", text.into());
    let (title, colors) = ("Color Selection", "Choose your favorite color");
    let plain = ["Red", "Green", "Blue"];
    let titled = [("#FF0000", "Red"), ("#00FF00", "Green"), ("#0000FF", "Blue")];
    let one = || Property::choice("p").title(title).description(colors);
    let choice = plain.into_iter().fold(one(), mcpring::model::ChoiceProperty::option);
    let file = "color-select-schema.json";
    check("UntitledSingleSelectEnumSchema", file, choice.default("Red").into());
    let choice =
        titled.into_iter().fold(one(), |choice, (value, title)| choice.titled(value, title));
    let file = "titled-color-select-schema.json";
    check("TitledSingleSelectEnumSchema", file, choice.default("#FF0000").into());
    let many = || {
        let many = Property::many("p").title(title).description("Choose your favorite colors");
        many.min_items(1).max_items(2)
    };
    let choice = plain.into_iter().fold(many(), mcpring::model::ManyProperty::option);
    let file = "color-multi-select-schema.json";
    check("UntitledMultiSelectEnumSchema", file, choice.default(["Red", "Green"]).into());
    let choice =
        titled.into_iter().fold(many(), |choice, (value, title)| choice.titled(value, title));
    let file = "titled-color-multi-select-schema.json";
    check("TitledMultiSelectEnumSchema", file, choice.default(["#FF0000", "#00FF00"]).into());
}
