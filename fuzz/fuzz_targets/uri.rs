//! A template matches what it expands to, and finds the value again; no template or URI upsets it.
#![no_main]

use libfuzzer_sys::fuzz_target;
use mcpring::uri::{Screen, Template, Variables};

fuzz_target!(|input: (&str, &str, &str)| {
    let (template, value, uri) = input;
    let Ok(template) = Template::parse(template) else {
        return;
    };
    let template = template.screen(Screen::Off);
    let _ = template.matches(uri);
    // Empty values and absent ones expand alike, so only others can be found again.
    if value.is_empty() || template.matcher().is_err() {
        return;
    }
    let names: Vec<&str> = template.variables().collect();
    let set = |all: Variables, name: &&str| all.set(*name, value);
    let variables = names.iter().fold(Variables::new(), set);
    let Ok(expanded) = template.expand(&variables) else {
        return;
    };
    let is_plain = value.bytes().all(|byte| byte.is_ascii_alphanumeric());
    if let (true, true) = (is_plain, expanded.len() <= 4096) {
        let bindings = template
            .matches(&expanded)
            .expect("what a template makes, it matches");
        assert!(
            names.iter().all(|name| bindings.get(name) == Some(value)),
            "{bindings:?}"
        );
    }
});
