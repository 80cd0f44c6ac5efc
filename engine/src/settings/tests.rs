//! Keys are found, wrong values are named with what is wanted, and a fault changes nothing.

use super::*;
use crate::error::ErrorKind;

#[track_caller]
fn refused(json: &str, words: &str) {
    let fault = Settings::default().with(json).err().expect(json);
    assert_eq!(fault.kind(), ErrorKind::Usage, "{json}: {fault}");
    assert!(fault.to_string().contains(words), "{json}: {fault}");
}

/// The engine's fields as its own debug form lists them.
fn config_fields() -> Vec<String> {
    let debug = format!("{:#?}", Config::default());
    let fields =
        debug.lines().filter(|line| line.starts_with("    ") && !line.starts_with("     "));
    fields.filter_map(|line| Some(line.trim().split_once(':')?.0.to_owned())).collect()
}

#[test]
fn every_field_of_the_engine_has_a_key() {
    let fields = config_fields();
    assert!(fields.len() > 30, "{fields:?}");
    for field in &fields {
        assert!(TABLE.iter().any(|row| row.name == field), "{field} has no key");
    }
    for (at, row) in TABLE.iter().enumerate() {
        assert!(TABLE[at + 1..].iter().all(|other| other.name != row.name), "{} twice", row.name);
    }
}

/// A value of each key of the engine that is not the default is seen in the field of that name, and
/// in no other.
#[test]
fn each_key_sets_its_own_field() {
    let shown = |config: &Config| {
        let debug = format!("{config:#?}");
        let mut fields = std::collections::BTreeMap::new();
        let mut last = String::new();
        for line in debug.lines().filter(|line| line.starts_with("    ")) {
            if let Some((name, _)) = line.split_once(':').filter(|_| !line.starts_with("     ")) {
                name.trim().clone_into(&mut last);
            }
            fields.entry(last.clone()).or_insert_with(String::new).push_str(line);
        }
        fields
    };
    let before = Settings::default();
    let fields = shown(&before.config);
    for field in config_fields() {
        let key = "00ff0000000000000000000000000000000000000000000000000000000000aa";
        let values = match &*field {
            "state_keys" => vec![format!("[{key:?}]")],
            _ => ["true", "\"/other\"", "\"epoll\"", "\"serde\"", "\"640\"", "[\"a.example\"]"]
                .into_iter()
                .map(str::to_owned)
                // A number that is allowed is near the default.
                .chain((0..26).flat_map(|bit| [1u64 << bit, (1 << bit) + 1]).map(|n| n.to_string()))
                .collect(),
        };
        let changed = values.iter().find_map(|value| {
            let set = before.with(&format!("{{{field:?}:{value}}}")).ok()?;
            let changed: Vec<_> = shown(&set.config)
                .into_iter()
                .filter(|(name, text)| fields.get(name) != Some(text))
                .map(|(name, _)| name)
                .collect();
            (!changed.is_empty()).then_some(changed)
        });
        assert_eq!(changed, Some(vec![field.clone()]), "{field}");
    }
}

#[test]
fn values_reach_their_places() {
    let settings = Settings::default().with(
        r#"{"shards":2,"driver":"epoll","json":"scan","pin":true,"unix_mode":"660","idle_ms":9,
            "allowed_hosts":["a.example"],"http_path":"/rpc","title":"T","icons":[{"src":"data:,"}],
            "call_timeout_ms":70,"cache_hint":{"scope":"public","ttl_ms":5},"output_policy":"warn",
            "list_changes":true,"extensions":{"com.example/x":{}},"signals":true,
            "state_keys":["00ff00000000000000000000000000000000000000000000000000000000000a"]}"#,
    );
    let settings = settings.expect("these are settings");
    let Settings { config, .. } = &settings;
    assert_eq!((config.shards, config.pin, config.unix_mode, config.idle_ms), (2, true, 0o660, 9));
    assert_eq!(
        (&*config.http_path, &*config.allowed_hosts),
        ("/rpc", &["a.example".to_owned()][..])
    );
    assert_eq!(config.state_keys.len(), 1);
    assert_eq!(settings.call_time(), Duration::from_millis(70));
    assert!(settings.signals);
    let server = settings.server("s", "1").build().expect("a server");
    assert_eq!(server.info().title.as_deref(), Some("T"));
    assert_eq!(server.cache_hint(), CacheHint::public(5));
    assert!(server.capabilities().list_changes);
    let again = settings.with(r#"{"title":null,"call_timeout_ms":null}"#).expect("settings");
    assert_eq!((again.title, again.config.shards), (None, 2));
    assert_eq!(again.call_timeout, None);
}

#[test]
fn what_is_wrong_is_named() {
    refused("[]", "no JSON object");
    refused("{", "no JSON object");
    for (json, words) in [
        (r#"{"shard":1}"#, "there is no setting \"shard\""),
        (r#"{"shards":"2"}"#, "\"shards\" wants a whole number of 0 or more, not \"2\""),
        (r#"{"shards":-1}"#, "\"shards\" wants a whole number"),
        (r#"{"shards":100000}"#, "shards is 100000"),
        (r#"{"pin":1}"#, "\"pin\" wants true or false, not 1"),
        (r#"{"driver":"kqueue"}"#, "\"driver\" wants"),
        (r#"{"unix_mode":660}"#, "\"unix_mode\" wants permission bits"),
        (r#"{"allowed_hosts":"a"}"#, "\"allowed_hosts\" wants an array of texts"),
        (r#"{"allowed_hosts":[1]}"#, "wants text, not 1"),
        (r#"{"state_keys":["secret"]}"#, "64 hexadecimal digits"),
        (r#"{"cache_hint":{"ttl_ms":1,"x":2}}"#, "\"cache_hint\" wants {\"scope\""),
        (r#"{"cache_hint":{"scope":"all","ttl_ms":1}}"#, "\"cache_hint\" wants"),
        (r#"{"output_policy":"ignore"}"#, "\"error\" or \"warn\""),
        (r#"{"icons":[{"source":"x"}]}"#, "unknown field `source`"),
        (r#"{"call_timeout_ms":0}"#, "milliseconds"),
        (r#"{"experimental":{"x":3}}"#, "no JSON object"),
        (r#"{"extensions":{"no prefix":{}}}"#, "no prefix"),
        (r#"{"title":7}"#, "\"title\" wants text, not 7"),
        (r#"{"extensions":[]}"#, "\"extensions\" wants a JSON object, not an array"),
    ] {
        refused(json, words);
    }
    let fault = Settings::default().with(r#"{"state_keys":["secret"]}"#).err().expect("a fault");
    assert!(!fault.to_string().contains("secret"), "{fault}");
}

/// A front end's own names come before the table's, and their faults read like the others'.
#[test]
fn a_front_end_has_settings_of_its_own() {
    let mut lanes = 4_usize;
    let mut with = |json: &str| {
        let read = members(json).expect("an object");
        Settings::default().with_members(&read, |name, value| {
            (name == "lanes").then(|| Setting::set(&mut lanes, value))
        })
    };
    assert_eq!(with(r#"{"lanes":9,"shards":2}"#).expect("settings").config.shards, 2);
    let fault = with(r#"{"lanes":"x"}"#).err().expect("a fault").to_string();
    assert_eq!(fault, "the setting \"lanes\" wants a whole number of 0 or more, not \"x\"");
    let fault = with(r#"{"lane":1}"#).err().expect("a fault").to_string();
    assert_eq!(fault, "there is no setting \"lane\"");
    assert_eq!(lanes, 9);
}

#[test]
fn authorization_is_read_and_checked() {
    let good = r#"{"authorization":{"resource":"https://a.example/mcp","resource_name":"A",
        "issuers":[{"name":"https://i.example","jwks_url":"https://i.example/keys","every_s":60,
                    "audiences":["a"],"algorithms":["ES256"],"leeway_s":5},
                   {"name":"shared","secret":"0123456789abcdef0123456789abcdef"}],
        "static_tokens":{"a-token-of-some-length":{"subject":"ann","scopes":["x"]}},
        "require":["x"],"support":["y"],"implies":{"z":["x","y"]},"servers":["https://i.example"]}}"#;
    let settings = Settings::default().with(good);
    assert!(settings.expect("these are settings").authorization().is_some());
    for (members, words) in [
        (r#""issuers":[]"#, "missing field `resource`"),
        (r#""resource":"https://a.example/mcp""#, "without an issuer or a static token"),
        (r#""resource":"https://a.example/mcp","tokens":{}"#, "unknown field `tokens`"),
        (r#""resource":"https://a.example/mcp","issuers":[{"name":"i"}]"#, "wants one of jwks_url"),
        (
            r#""resource":"https://a.example/mcp","issuers":[{"name":"i","jwks_url":"https://i",
               "algorithms":["none"]}]"#,
            "there is no algorithm \"none\"",
        ),
        (
            r#""resource":"https://a.example/mcp","static_tokens":{"short":{"subject":"s"}}"#,
            "a static token has 16 bytes or more",
        ),
    ] {
        refused(&format!(r#"{{"authorization":{{{members}}}}}"#), words);
    }
}

#[test]
fn http_is_served_under_one_path() {
    let check = |urls: &[&str], want: Result<&str, &str>| {
        let settings = urls.iter().try_fold(Settings::default(), |settings, url| {
            settings.listen(url.parse().expect("an address"))
        });
        match (settings, want) {
            (Ok(settings), Ok(path)) => {
                assert_eq!(settings.config().http_path, path, "{urls:?}");
                assert_eq!(settings.addresses.len(), urls.len(), "{urls:?}");
            }
            (Err(fault), Err(words)) => assert!(fault.to_string().contains(words), "{fault}"),
            (settings, want) => panic!("{urls:?}: {:?}, not {want:?}", settings.err()),
        }
    };
    check(&["http://:0", "stdio:"], Ok("/mcp"));
    check(&["http://:0/a", "tcp://:0", "http://:1", "http://:2/a"], Ok("/a"));
    check(&["http://:0/a", "http://:1/b"], Err("give every address the path /a, or every address"));
    check(&["http://:0/a b"], Err("http_path is \"/a b\""));
}
