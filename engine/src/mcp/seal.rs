//! State that clients carry for the server: sealed text nobody else can read, change, use for
//! another request, or use for ever.
//!
//! AES-256-GCM. What a sealed text is for (its *binding*) and its head are authenticated with it
//! and are no part of it. Time and the nonce are arguments:
//!
//! ```text
//! "s1." base64url( key id: 4 | expiry, Unix seconds: 8 | nonce: 12 | ciphertext | tag: 16 )
//! ```
//!
//! A nonce that comes twice under one key gives both texts away. Nonces are 96 random bits, so after
//! n texts under one key the chance that two had the same is below n² / 2^97: one in 2^33 after four
//! thousand million texts, which is when a key should have been replaced (NIST SP 800-38D, 8.3).

use std::fmt;
use std::sync::OnceLock;

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use aws_lc_rs::digest;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;

use crate::config::StateKey;
use crate::error::LimitError;
use crate::limits;

/// Bytes of one nonce.
pub const STATE_NONCE_BYTES: usize = NONCE_LEN;

const PREFIX: &str = "s1.";
const DOMAIN: &[u8] = b"mcpring sealed state 1";
const ID_BYTES: usize = 4;
const HEAD_BYTES: usize = ID_BYTES + 8;
const TAG_BYTES: usize = 16;
/// What sealing adds before the text encoding.
const OVERHEAD_BYTES: usize = HEAD_BYTES + NONCE_LEN + TAG_BYTES;
/// The largest plain text whose sealed form is within [`limits::STATE_BYTES_MAX`].
const PLAIN_BYTES_MAX: usize = (limits::STATE_BYTES_MAX - PREFIX.len()) / 4 * 3 - OVERHEAD_BYTES;

/// Why a sealed text is not accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SealError {
    /// Too long, or not of the form that sealing gives.
    Malformed,
    /// Sealed with a key that is not in the ring, or no longer.
    UnknownKey,
    /// Changed, or sealed for another request or another caller.
    Tampered,
    /// Older than it may be.
    Expired,
}

impl SealError {
    /// What to tell the client, and what it can do.
    pub const fn text(self) -> &'static str {
        match self {
            Self::Malformed => {
                "requestState is not of a form this server gives: send it back unchanged"
            }
            Self::UnknownKey => {
                "requestState was sealed with a key this server does not have: start again without it"
            }
            Self::Tampered => {
                "requestState was changed, or belongs to another request or caller: start again \
                 without it"
            }
            Self::Expired => "requestState has expired: start again without it",
        }
    }
}

impl fmt::Display for SealError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text())
    }
}

impl std::error::Error for SealError {}

/// The keys of a server: the first one seals, all of them open.
pub struct KeyRing {
    secrets: Vec<StateKey>,
    /// The same with their ids, scheduled by the first state: most servers carry none, and the
    /// ciphers are half a megabyte of program that would be resident from the start.
    keys: OnceLock<Vec<(u32, LessSafeKey)>>,
}

impl KeyRing {
    /// A ring of `keys`, newest first; older ones only open what they once sealed.
    /// `None` when there is no key.
    pub fn new(keys: &[StateKey]) -> Option<Self> {
        (!keys.is_empty()).then(|| Self { secrets: keys.to_vec(), keys: OnceLock::new() })
    }

    /// A ring of one key that nobody keeps: what it sealed dies with the process. `secret` must
    /// come from a random source, and all shards of a process need the same ring.
    pub fn ephemeral(secret: &[u8; 32]) -> Self {
        Self { secrets: vec![StateKey::new(*secret)], keys: OnceLock::new() }
    }

    fn keys(&self) -> &[(u32, LessSafeKey)] {
        self.keys.get_or_init(|| self.secrets.iter().map(|key| entry(key.bytes())).collect())
    }

    /// Seals `plain` until `expires_unix_s` for what `binding` names; see [`Binding`]. `nonce` must
    /// be fresh from a random source.
    pub fn seal(
        &self,
        nonce: [u8; STATE_NONCE_BYTES],
        expires_unix_s: u64,
        binding: &[u8],
        plain: &[u8],
    ) -> Result<String, LimitError> {
        let too_long = LimitError("STATE_BYTES_MAX");
        if plain.len() > PLAIN_BYTES_MAX {
            return Err(too_long);
        }
        let (id, key) = &self.keys()[0];
        let mut sealed = Vec::with_capacity(plain.len() + OVERHEAD_BYTES);
        sealed.extend_from_slice(&id.to_be_bytes());
        sealed.extend_from_slice(&expires_unix_s.to_be_bytes());
        let aad = aad(&sealed, binding);
        sealed.extend_from_slice(&nonce);
        let mut text = plain.to_vec();
        let nonce = Nonce::assume_unique_for_key(nonce);
        // It fails only beyond 2^36 bytes.
        key.seal_in_place_append_tag(nonce, aad, &mut text).map_err(|_| too_long)?;
        sealed.extend_from_slice(&text);
        let mut out = String::with_capacity(PREFIX.len() + sealed.len().div_ceil(3) * 4);
        out.push_str(PREFIX);
        BASE64.encode_string(&sealed, &mut out);
        Ok(out)
    }

    /// What was sealed, if `text` is of this server, unchanged, for this `binding`, and
    /// `now_unix_s` is before its expiry.
    pub fn open(&self, text: &str, now_unix_s: u64, binding: &[u8]) -> Result<Vec<u8>, SealError> {
        if text.len() > limits::STATE_BYTES_MAX {
            return Err(SealError::Malformed);
        }
        let text = text.strip_prefix(PREFIX).ok_or(SealError::Malformed)?;
        let bytes = BASE64.decode(text).map_err(|_| SealError::Malformed)?;
        let (head, rest) = bytes.split_at_checked(HEAD_BYTES).ok_or(SealError::Malformed)?;
        let (nonce, sealed) = rest.split_at_checked(NONCE_LEN).ok_or(SealError::Malformed)?;
        let id = head.first_chunk().copied().map_or(0, u32::from_be_bytes);
        let expires = head.last_chunk().copied().map_or(0, u64::from_be_bytes);
        let key = self.keys().iter().find(|(known, _)| *known == id).map(|(_, key)| key);
        let key = key.ok_or(SealError::UnknownKey)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| SealError::Malformed)?;
        let mut sealed = sealed.to_vec();
        let plain_bytes = key
            .open_in_place(nonce, aad(head, binding), &mut sealed)
            .map_err(|_| SealError::Tampered)?
            .len();
        // Only now is the expiry known to be the one that was sealed.
        if now_unix_s >= expires {
            return Err(SealError::Expired);
        }
        sealed.truncate(plain_bytes);
        Ok(sealed)
    }
}

/// Keys are left out.
impl fmt::Debug for KeyRing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KeyRing({} keys)", self.secrets.len())
    }
}

/// A key and its id: a part of its digest, so that nobody has to number keys, and a text of a key
/// that is gone is told from one that was changed.
fn entry(secret: &[u8; 32]) -> (u32, LessSafeKey) {
    let mut hash = digest::Context::new(&digest::SHA256);
    hash.update(b"mcpring state key id");
    hash.update(secret);
    let id = hash.finish().as_ref().first_chunk().copied().map_or(0, u32::from_be_bytes);
    let key = UnboundKey::new(&AES_256_GCM, secret).expect("32 bytes are a key of AES-256");
    (id, LessSafeKey::new(key))
}

fn aad(head: &[u8], binding: &[u8]) -> Aad<[u8; 32]> {
    let mut hash = digest::Context::new(&digest::SHA256);
    hash.update(DOMAIN);
    hash.update(head);
    hash.update(binding);
    Aad::from(sum(hash))
}

fn sum(hash: digest::Context) -> [u8; 32] {
    let mut out = [0; 32];
    out.copy_from_slice(hash.finish().as_ref());
    out
}

/// What a state belongs to, digested part by part, each behind its length: no two lists of parts
/// give the same bytes.
#[derive(Clone)]
pub struct Binding {
    hash: digest::Context,
}

impl Binding {
    /// State of `principal` (`None` without authorization) for calls of `name` by `method`.
    pub fn new(principal: Option<&str>, method: &str, name: &str) -> Self {
        let mut binding = Self { hash: digest::Context::new(&digest::SHA256) };
        binding.hash.update(&[u8::from(principal.is_some())]);
        let principal = principal.unwrap_or_default();
        binding.part(principal.as_bytes()).part(method.as_bytes()).part(name.as_bytes())
    }

    /// The same with one more part, such as the raw arguments.
    pub fn part(mut self, bytes: &[u8]) -> Self {
        self.hash.update(&(bytes.len() as u64).to_be_bytes());
        self.hash.update(bytes);
        self
    }

    /// The bytes that [`KeyRing::seal`] and [`KeyRing::open`] take.
    pub fn digest(self) -> [u8; 32] {
        sum(self.hash)
    }
}

impl fmt::Debug for Binding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Binding(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NONCE: [u8; 12] = [7; 12];
    const EXPIRES: u64 = 2_000_000_000;

    fn ring(keys: &[u8]) -> KeyRing {
        let keys: Vec<_> = keys.iter().map(|key| StateKey::new([*key; 32])).collect();
        KeyRing::new(&keys).expect("keys")
    }

    fn sealed(ring: &KeyRing, plain: &[u8]) -> String {
        ring.seal(NONCE, EXPIRES, b"binding", plain).expect("short enough")
    }

    #[track_caller]
    fn check(ring: &KeyRing, text: &str, now: u64, binding: &[u8], want: Result<&[u8], SealError>) {
        let found = ring.open(text, now, binding);
        assert_eq!(found.as_deref(), want.as_ref().map(|plain| *plain), "{text}");
    }

    #[test]
    fn what_was_sealed_opens_and_is_hidden() {
        let ring = ring(&[1]);
        for plain in [&b""[..], b"x", b"{\"step\":2}", &[0xff; 1000]] {
            let text = sealed(&ring, plain);
            assert!(text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b)));
            check(&ring, &text, EXPIRES - 1, b"binding", Ok(plain));
        }
        assert!(!sealed(&ring, b"secret").contains(&BASE64.encode("secret")[..6]));
    }

    #[test]
    fn every_change_is_refused() {
        let ring = ring(&[1]);
        let text = sealed(&ring, b"{\"step\":2}");
        for at in 0..text.len() {
            for flip in [1, 2, 4, 8, 16, 32] {
                let mut bytes = text.clone().into_bytes();
                bytes[at] ^= flip;
                let Ok(changed) = String::from_utf8(bytes) else { continue };
                assert!(ring.open(&changed, 0, b"binding").is_err(), "{changed}");
            }
            check_refused(&ring, &text[..at]);
            check_refused(&ring, &text[at + 1..]);
        }
        check_refused(&ring, &format!("{text}A"));
        check_refused(&ring, &format!("{text}="));
        check_refused(&ring, &format!(" {text}"));
    }

    #[track_caller]
    fn check_refused(ring: &KeyRing, text: &str) {
        assert!(ring.open(text, 0, b"binding").is_err(), "{text}");
    }

    #[test]
    fn each_refusal_has_its_name() {
        let one = ring(&[1]);
        let text = sealed(&one, b"x");
        check(&one, &text, EXPIRES, b"binding", Err(SealError::Expired));
        check(&one, &text, u64::MAX, b"binding", Err(SealError::Expired));
        check(&one, &text, 0, b"another", Err(SealError::Tampered));
        check(&one, &text, 0, b"", Err(SealError::Tampered));
        check(&one, "", 0, b"binding", Err(SealError::Malformed));
        check(&one, "s1.", 0, b"binding", Err(SealError::Malformed));
        check(&one, "s2.AAAA", 0, b"binding", Err(SealError::Malformed));
        check(&one, "s1.????", 0, b"binding", Err(SealError::Malformed));
        check(&one, &text.replace("s1.", "s2."), 0, b"binding", Err(SealError::Malformed));
        check(&ring(&[2]), &text, 0, b"binding", Err(SealError::UnknownKey));
        let long = format!("s1.{}", "A".repeat(limits::STATE_BYTES_MAX));
        check(&one, &long, 0, b"binding", Err(SealError::Malformed));
    }

    #[test]
    fn an_expiry_that_was_moved_is_tampering() {
        let ring = ring(&[1]);
        let text = sealed(&ring, b"x");
        let mut bytes = BASE64.decode(&text[3..]).expect("base64");
        bytes[ID_BYTES] ^= 0x40;
        let moved = format!("s1.{}", BASE64.encode(bytes));
        check(&ring, &moved, EXPIRES, b"binding", Err(SealError::Tampered));
    }

    #[test]
    fn rotation_keeps_what_older_keys_sealed() {
        let before = sealed(&ring(&[1]), b"x");
        let rotated = ring(&[2, 1]);
        check(&rotated, &before, 0, b"binding", Ok(b"x"));
        let after = sealed(&rotated, b"x");
        check(&ring(&[2]), &after, 0, b"binding", Ok(b"x"));
        check(&ring(&[1]), &after, 0, b"binding", Err(SealError::UnknownKey));
        check(&ring(&[2]), &before, 0, b"binding", Err(SealError::UnknownKey));
        assert!(KeyRing::new(&[]).is_none());
    }

    #[test]
    fn the_longest_plain_text_is_the_longest_that_opens() {
        let ring = KeyRing::ephemeral(&[3; 32]);
        let most = vec![b'x'; PLAIN_BYTES_MAX];
        let text = sealed(&ring, &most);
        assert!(text.len() <= limits::STATE_BYTES_MAX && text.len() + 4 > limits::STATE_BYTES_MAX);
        check(&ring, &text, 0, b"binding", Ok(&most));
        let more = vec![b'x'; PLAIN_BYTES_MAX + 1];
        assert_eq!(ring.seal(NONCE, 1, b"", &more), Err(LimitError("STATE_BYTES_MAX")));
    }

    #[test]
    fn a_binding_tells_its_parts_apart() {
        let digests = [
            Binding::new(None, "tools/call", "a"),
            Binding::new(Some(""), "tools/call", "a"),
            Binding::new(Some("p"), "tools/call", "a"),
            Binding::new(Some("p"), "tools/cal", "la"),
            Binding::new(None, "tools/call", "a").part(b""),
            Binding::new(None, "tools/call", "a").part(b"bc"),
            Binding::new(None, "tools/call", "a").part(b"b").part(b"c"),
            Binding::new(None, "tools/call", "ab").part(b"c"),
        ]
        .map(Binding::digest);
        for (at, digest) in digests.iter().enumerate() {
            assert!(!digests[..at].contains(digest), "row {at}");
        }
    }

    #[test]
    fn no_cipher_before_the_first_state() {
        let check = |used: fn(&KeyRing)| {
            let ring = ring(&[1, 2]);
            assert!(ring.keys.get().is_none(), "a server at rest has no ciphers");
            used(&ring);
            assert_eq!(ring.keys.get().map(Vec::len), Some(2));
        };
        check(|ring| drop(sealed(ring, b"x")));
        check(|ring| assert!(ring.open(&format!("s1.{}", "A".repeat(60)), 0, b"").is_err()));
    }

    #[test]
    fn no_secret_is_printed() {
        let key = StateKey::new([0xa5; 32]);
        let text = format!("{key:?} {:?}", KeyRing::ephemeral(key.bytes()));
        assert_eq!(text, "StateKey(..) KeyRing(1 keys)");
    }
}
