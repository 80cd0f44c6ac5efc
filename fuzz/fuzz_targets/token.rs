//! No header, key set or sealed text upsets what checks it, and none that was not made is accepted.
#![no_main]

use std::sync::{Arc, LazyLock};

use libfuzzer_sys::fuzz_target;
use mcpring::auth::{Guard, KeySet, Verifier};
use mcpring::mcp::KeyRing;
use mcpring::{Authorization, Issuer};

static GUARD: LazyLock<Arc<Guard>> = LazyLock::new(|| {
    let issuer = Issuer::shared_secret("i", [7; 32]).audience("a");
    let settings = Authorization::new("https://example.com/mcp").issuer(issuer);
    Arc::new(settings.build().expect("settings that hold"))
});

fuzz_target!(|input: (&str, &[u8], &str)| {
    let (header, keys, state) = input;
    let found = Verifier::new(Arc::clone(&GUARD)).verify(Some(header), 0);
    assert!(found.is_err(), "{header:?} was not signed");
    let _ = KeySet::parse(keys);
    assert!(KeyRing::ephemeral(&[7; 32]).open(state, 0, keys).is_err());
});
