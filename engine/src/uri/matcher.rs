//! Matching: which values make a template expand to this URI, in one pass and never by guessing.
//!
//! A template is lowered to literals and variables. `{x,y}`, `{/x,y}`, `{.x}`, `{;x}` become
//! literals (`,` `/` `.` `;x=`) around simple variables; all of them must be present in the URI.
//!
//! **What a variable may hold.** `{x}` holds one or more characters, never `/`, `?`, `#`, nor a
//! reserved character that the template itself uses after its first variable. `{+x}` and `{#x}` are
//! wide: `{+x}` holds anything but `?` and `#`, `{#x}` anything but `#`. Values of `{?x,y}` come in
//! any order and may be missing; parameters the template does not name are ignored, a named one
//! given twice is no match.
//!
//! **What is refused** ([`Matcher::compile`]). Between two variables there must be a reserved
//! character: `{a}{b}` and `{a}-{b}` have several readings of `x-y-z`, `{a}/{b}` has one. One wide
//! variable at most: two of them would share their text in many ways. `*` and `:n` lose the
//! boundary of the value. A query must be last, because its order is free.
//!
//! **Why this is linear.** A simple value is a maximal run of bytes outside its stop set, less the
//! bytes the neighbouring literal shares with that run. Steps before the wide variable consume the
//! URI from its start, steps after it from its end, and the wide variable is what is left. Each
//! byte is looked at a constant number of times, and what was refused above is exactly what would
//! need a second try.

mod lower;

use std::sync::Arc;

use lower::{Lowered, Piece};

use super::percent::{Ascii, ILLEGAL, decode};
use super::template::{Part, TemplateError};
use crate::limits;

/// Which decoded values are bound at all. A screened-out value is no match.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Screen {
    /// The default: values that could lead a path elsewhere are no match.
    ///
    /// - No value holds a NUL.
    /// - `{x}` holds no `/` and no `\`, also not as `%2F` and `%5C`, and is neither `.` nor `..`.
    /// - `{+x}` holds no segment `..` (between slashes of either kind) and is not an absolute path
    ///   (a leading slash of either kind, or a drive letter with its colon).
    /// - `{?x}` and `{#x}` are free text: only NUL is screened.
    ///
    /// Decoding happens once, so `%252e` binds the text `%2e`; a handler must not decode again.
    #[default]
    Path,
    /// Every value is bound as it decodes; the handler looks after itself.
    Off,
}

/// The readable form of a template.
#[derive(Clone, Debug)]
pub struct Matcher {
    names: Arc<[Box<str>]>,
    left: Vec<Step>,
    wide: Option<Wide>,
    /// What follows the wide variable, last step first.
    right: Vec<Step>,
    /// Names of query parameters, sorted, each with the index of its variable.
    query: Option<Vec<(Box<str>, usize)>>,
    /// What ends a simple value.
    stops: Ascii,
    screen: Screen,
}

#[derive(Clone, Debug)]
enum Step {
    Literal(Box<str>),
    /// `shared` bytes of its run belong to the literal that is matched next.
    Simple {
        index: usize,
        shared: usize,
    },
}

#[derive(Clone, Copy, Debug)]
struct Wide {
    index: usize,
    stops: Ascii,
    place: Place,
}

impl Wide {
    fn of(piece: &Piece) -> Option<Self> {
        let Piece::Wide { index, fragment, .. } = *piece else {
            return None;
        };
        Some(if fragment {
            Self { index, stops: ILLEGAL.or(Ascii::of(b"#")), place: Place::Free }
        } else {
            Self { index, stops: ILLEGAL.or(Ascii::of(b"?#")), place: Place::Path }
        })
    }
}

/// Where in the URI a value stood, which decides how it is screened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    Segment,
    Path,
    Free,
}

/// The values one URI binds, decoded.
#[derive(Clone, Debug)]
pub struct Bindings {
    names: Arc<[Box<str>]>,
    values: Box<[Option<Box<str>>]>,
}

impl Bindings {
    /// The value of `name`; `None` for an unknown variable and for an absent query parameter.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.iter().find(|(known, _)| *known == name).map(|(_, value)| value)
    }

    /// Names and values in the template's order, absent ones left out.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        let pairs = self.names.iter().zip(&self.values);
        pairs.filter_map(|(name, value)| Some((&**name, value.as_deref()?)))
    }

    /// How many variables have a value.
    pub fn len(&self) -> usize {
        self.iter().count()
    }

    /// Whether no variable has a value.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl Matcher {
    pub(super) fn compile(parts: &[Part]) -> Result<Self, TemplateError> {
        let lowered = Lowered::of(parts)?;
        lowered.refuse_ambiguous()?;
        let stops = lowered.stops();
        let wide_at = lowered.pieces.iter().position(|p| matches!(p, Piece::Wide { .. }));
        let (left, right) = match wide_at {
            Some(at) => (&lowered.pieces[..at], &lowered.pieces[at + 1..]),
            None => (&lowered.pieces[..], &[][..]),
        };
        Ok(Self {
            left: steps(left.iter(), |text| shared(text.bytes(), stops)),
            right: steps(right.iter().rev(), |text| shared(text.bytes().rev(), stops)),
            wide: wide_at.and_then(|at| Wide::of(&lowered.pieces[at])),
            names: lowered.names.into(),
            query: lowered.query.map(|mut query| {
                query.sort();
                query
            }),
            stops,
            screen: Screen::default(),
        })
    }

    pub(super) fn screen(mut self, screen: Screen) -> Self {
        self.screen = screen;
        self
    }

    /// Every URI that matches begins with this.
    pub(super) fn prefix(&self) -> &str {
        match self.left.first() {
            Some(Step::Literal(text)) => text,
            _ => "",
        }
    }

    /// How particular the template is: literal bytes, and whether nothing in it is wide.
    pub(super) fn weight(&self) -> (usize, bool) {
        let literal = |step: &Step| match step {
            Step::Literal(text) => text.len(),
            Step::Simple { .. } => 0,
        };
        (self.left.iter().chain(&self.right).map(literal).sum(), self.wide.is_none())
    }

    /// A text that two templates share exactly when they match the same URIs.
    pub(super) fn shape(&self) -> String {
        // No literal holds a brace, so the marks cannot be mistaken for one.
        let step = |step: &Step| match step {
            Step::Literal(text) => text.to_string(),
            Step::Simple { .. } => "{}".to_owned(),
        };
        let mut shape: String = self.left.iter().map(step).collect();
        if let Some(wide) = self.wide {
            shape.push_str(if wide.place == Place::Free { "{#}" } else { "{+}" });
        }
        shape.extend(self.right.iter().rev().map(step));
        if self.query.is_some() {
            // Parameters may all be missing, so which ones are named separates no URIs.
            shape.push_str("{?}");
        }
        shape
    }

    /// The values that `uri` binds, in time linear in its length.
    pub fn matches(&self, uri: &str) -> Option<Bindings> {
        if uri.len() > limits::URI_BYTES_MAX {
            return None;
        }
        let (path, query) = match &self.query {
            Some(known) => {
                let (path, query) = uri.split_once('?').unwrap_or((uri, ""));
                (path, Some((known, query)))
            }
            None => (uri, None),
        };
        let mut values = vec![None; self.names.len()].into_boxed_slice();
        self.match_path(path, &mut values)?;
        if let Some((known, query)) = query {
            self.match_query(known, query, &mut values)?;
        }
        Some(Bindings { names: Arc::clone(&self.names), values })
    }

    fn match_path(&self, mut rest: &str, values: &mut [Option<Box<str>>]) -> Option<()> {
        for step in &self.left {
            match step {
                Step::Literal(text) => rest = rest.strip_prefix(&**text)?,
                Step::Simple { index, shared } => {
                    let run = run_len(rest.bytes(), self.stops);
                    let (value, behind) = rest.split_at_checked(run.checked_sub(*shared)?)?;
                    values[*index] = Some(self.bind(value, Place::Segment)?);
                    rest = behind;
                }
            }
        }
        let Some(wide) = self.wide else {
            return rest.is_empty().then_some(());
        };
        for step in &self.right {
            match step {
                Step::Literal(text) => rest = rest.strip_suffix(&**text)?,
                Step::Simple { index, shared } => {
                    let run = run_len(rest.bytes().rev(), self.stops).checked_sub(*shared)?;
                    let (before, value) = rest.split_at_checked(rest.len() - run)?;
                    values[*index] = Some(self.bind(value, Place::Segment)?);
                    rest = before;
                }
            }
        }
        if rest.bytes().any(|byte| wide.stops.has(byte)) {
            return None;
        }
        values[wide.index] = Some(self.bind(rest, wide.place)?);
        Some(())
    }

    fn match_query(
        &self,
        known: &[(Box<str>, usize)],
        query: &str,
        values: &mut [Option<Box<str>>],
    ) -> Option<()> {
        if query.bytes().any(|byte| byte == b'#' || ILLEGAL.has(byte)) {
            return None;
        }
        for pair in query.split('&') {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let Ok(at) = known.binary_search_by(|(known, _)| (**known).cmp(name)) else {
                continue;
            };
            let slot = &mut values[known[at].1];
            if slot.is_some() {
                return None;
            }
            *slot = Some(self.decode(value, Place::Free)?);
        }
        Some(())
    }

    fn bind(&self, text: &str, place: Place) -> Option<Box<str>> {
        if text.is_empty() { None } else { self.decode(text, place) }
    }

    fn decode(&self, text: &str, place: Place) -> Option<Box<str>> {
        let value = decode(text)?;
        self.screen.passes(&value, place).then(|| value.into_boxed_str())
    }
}

impl Screen {
    fn passes(self, value: &str, place: Place) -> bool {
        if self == Self::Off {
            return true;
        }
        let slash = |c| matches!(c, '/' | '\\');
        let safe = match place {
            Place::Free => true,
            Place::Segment => !value.contains(slash) && !matches!(value, "." | ".."),
            Place::Path => {
                let drive = value.as_bytes().first().is_some_and(u8::is_ascii_alphabetic)
                    && value.as_bytes().get(1) == Some(&b':');
                !drive && !value.starts_with(slash) && value.split(slash).all(|part| part != "..")
            }
        };
        safe && !value.contains('\0')
    }
}

/// Bytes at the start of `bytes` that are outside `stops`.
fn run_len(bytes: impl Iterator<Item = u8>, stops: Ascii) -> usize {
    bytes.take_while(|byte| !stops.has(*byte)).count()
}

/// Bytes of a literal, from the side where a variable touches it, that the variable's run covers.
fn shared(bytes: impl Iterator<Item = u8>, stops: Ascii) -> usize {
    run_len(bytes, stops)
}

/// The steps of one side in the order they are matched; `shared_of` looks at the next literal from
/// the variable's side.
fn steps<'a>(
    pieces: impl Iterator<Item = &'a Piece>,
    shared_of: impl Fn(&str) -> usize,
) -> Vec<Step> {
    let mut pieces = pieces.peekable();
    let mut steps = Vec::new();
    while let Some(piece) = pieces.next() {
        steps.push(match piece {
            Piece::Literal { text, .. } => Step::Literal(text.as_str().into()),
            Piece::Simple { index, .. } | Piece::Wide { index, .. } => {
                let next = match pieces.peek() {
                    Some(Piece::Literal { text, .. }) => text,
                    _ => "",
                };
                Step::Simple { index: *index, shared: shared_of(next) }
            }
        });
    }
    steps
}

#[cfg(test)]
mod tests;
