//! The text of a template, parsed: literals and expressions, every fault with its place.
//!
//! The grammar is RFC 6570's, all four levels. Whether a template can also be *matched* is a
//! stricter question that [`Matcher`] answers while the template is parsed; see [`Template::matcher`].

use std::fmt;
use std::str::FromStr;

use super::matcher::{Bindings, Matcher, Screen};
use super::percent::{ILLEGAL, encode_into, is_unreserved, triplet};
use crate::limits;

/// A parsed URI template.
#[derive(Clone, Debug)]
pub struct Template {
    text: Box<str>,
    parts: Vec<Part>,
    matcher: Result<Matcher, TemplateError>,
}

impl Template {
    /// Parses any RFC 6570 template of at most [`limits::TEMPLATE_BYTES_MAX`] bytes.
    pub fn parse(text: &str) -> Result<Self, TemplateError> {
        if text.len() > limits::TEMPLATE_BYTES_MAX {
            return Err(TemplateErrorKind::TooLong.at(limits::TEMPLATE_BYTES_MAX));
        }
        let parts = parse_parts(text)?;
        let matcher = Matcher::compile(&parts);
        Ok(Self { text: text.into(), parts, matcher })
    }

    /// The same template with another [`Screen`] for the values it binds.
    pub fn screen(mut self, screen: Screen) -> Self {
        self.matcher = self.matcher.map(|matcher| matcher.screen(screen));
        self
    }

    /// The template's text as it was given.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The names of its variables, in order of appearance.
    pub fn variables(&self) -> impl Iterator<Item = &str> {
        self.parts.iter().flat_map(Part::specs).map(|spec| &*spec.name)
    }

    /// What matches URIs against this template, or why it would have to guess.
    pub fn matcher(&self) -> Result<&Matcher, TemplateError> {
        self.matcher.as_ref().map_err(|fault| *fault)
    }

    /// The values that make this template expand to `uri`. `None` also for a template whose
    /// [`matcher`](Self::matcher) is refused: ask that once, when the template is registered.
    pub fn matches(&self, uri: &str) -> Option<Bindings> {
        self.matcher.as_ref().ok()?.matches(uri)
    }

    pub(super) fn parts(&self) -> &[Part] {
        &self.parts
    }
}

impl FromStr for Template {
    type Err = TemplateError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text)
    }
}

impl fmt::Display for Template {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// What is wrong with a template, and at which byte of its text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TemplateError {
    /// What is wrong.
    pub kind: TemplateErrorKind,
    /// The byte of the template's text where it shows.
    pub offset: usize,
}

/// The ways a template can be wrong, or not fit for matching.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TemplateErrorKind {
    /// Longer than [`limits::TEMPLATE_BYTES_MAX`].
    TooLong,
    /// More variables than [`limits::TEMPLATE_VARIABLES_MAX`].
    TooManyVariables,
    /// A `{` without its `}`.
    Unclosed,
    /// A `}` without its `{`.
    Unopened,
    /// A character that no URI may hold, outside an expression.
    Literal,
    /// An operator that RFC 6570 keeps for later.
    Operator,
    /// A variable name that is empty or holds a character names may not hold.
    Name,
    /// A modifier that is neither `*` nor `:` and a number from 1 to 9999.
    Modifier,
    /// Expansion: a prefix was asked of a list or a map.
    PrefixOfComposite,
    /// Matching: two variables without a reserved character between them.
    Adjacent,
    /// Matching: a second variable that may hold slashes.
    SecondWide,
    /// Matching: `*` and `:n` have no single reading.
    ModifierInMatch,
    /// Matching: the same variable twice.
    Repeated,
    /// Matching: `{?..}` is followed by more than `{&..}`, or follows a literal `?`.
    Query,
    /// Router: another template matches exactly the same URIs.
    Duplicate,
}

impl TemplateErrorKind {
    pub(super) const fn at(self, offset: usize) -> TemplateError {
        TemplateError { kind: self, offset }
    }

    const fn words(self) -> &'static str {
        match self {
            Self::TooLong => "the template is too long",
            Self::TooManyVariables => "the template has too many variables",
            Self::Unclosed => "`{` is never closed",
            Self::Unopened => "`}` was never opened; write `%7D` for the character",
            Self::Literal => "this character must be percent-encoded in a URI",
            Self::Operator => "this operator is reserved; use one of + # . / ; ? & or none",
            Self::Name => "a variable name holds letters, digits, `_`, `%xx` and inner dots",
            Self::Modifier => "a modifier is `*` or `:` and a number from 1 to 9999",
            Self::PrefixOfComposite => "a list or a map has no prefix; drop the `:n`",
            Self::Adjacent => {
                "where one variable ends and the next begins would be a guess; put a reserved \
                 character such as `/` between them"
            }
            Self::SecondWide => "only one `{+x}` or `{#x}` can be matched; make the other `{x}`",
            Self::ModifierInMatch => {
                "`*` and `:n` cannot be matched; `{+x}` matches several segments"
            }
            Self::Repeated => "a variable may appear only once in a template that is matched",
            Self::Query => "`{?x,y}` must come last and without a literal `?` to be matched",
            Self::Duplicate => "another template matches exactly the same URIs",
        }
    }
}

impl fmt::Display for TemplateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (at byte {})", self.kind.words(), self.offset)
    }
}

impl std::error::Error for TemplateError {}

/// One stretch of a template.
#[derive(Clone, Debug)]
pub(super) enum Part {
    /// Text that expands to itself, percent-encoded already where it must be.
    Literal { text: String, offset: usize },
    /// `{…}`.
    Expression { operator: Operator, specs: Vec<Spec> },
}

impl Part {
    fn specs(&self) -> &[Spec] {
        match self {
            Self::Literal { .. } => &[],
            Self::Expression { specs, .. } => specs,
        }
    }
}

/// One variable of an expression.
#[derive(Clone, Debug)]
pub(super) struct Spec {
    pub(super) name: Box<str>,
    pub(super) modifier: Modifier,
    pub(super) offset: usize,
}

/// What follows a variable's name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Modifier {
    None,
    Explode,
    Prefix(usize),
}

/// The character that opens an expression, RFC 6570 appendix A.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Operator {
    Simple,
    Reserved,
    Fragment,
    Label,
    Path,
    Parameter,
    Query,
    Continuation,
}

impl Operator {
    const fn parse(byte: u8) -> Option<Self> {
        Some(match byte {
            b'+' => Self::Reserved,
            b'#' => Self::Fragment,
            b'.' => Self::Label,
            b'/' => Self::Path,
            b';' => Self::Parameter,
            b'?' => Self::Query,
            b'&' => Self::Continuation,
            _ => return None,
        })
    }

    /// What stands before the first value.
    pub(super) const fn first(self) -> &'static str {
        match self {
            Self::Simple | Self::Reserved => "",
            Self::Fragment => "#",
            Self::Label => ".",
            Self::Path => "/",
            Self::Parameter => ";",
            Self::Query => "?",
            Self::Continuation => "&",
        }
    }

    /// What stands between values.
    pub(super) const fn separator(self) -> &'static str {
        match self {
            Self::Simple | Self::Reserved | Self::Fragment => ",",
            Self::Label => ".",
            Self::Path => "/",
            Self::Parameter => ";",
            Self::Query | Self::Continuation => "&",
        }
    }

    /// Whether values are written `name=value`.
    pub(super) const fn is_named(self) -> bool {
        matches!(self, Self::Parameter | Self::Query | Self::Continuation)
    }

    /// Whether reserved characters of a value stay as they are.
    pub(super) const fn keeps_reserved(self) -> bool {
        matches!(self, Self::Reserved | Self::Fragment)
    }
}

fn parse_parts(text: &str) -> Result<Vec<Part>, TemplateError> {
    let mut parts = Vec::new();
    let mut variables = 0;
    let mut at = 0;
    while at < text.len() {
        let rest = &text[at..];
        if rest.starts_with('{') {
            let len = rest.find('}').ok_or(TemplateErrorKind::Unclosed.at(at))?;
            let part = parse_expression(&rest[1..len], at + 1)?;
            variables += part.specs().len();
            if variables > limits::TEMPLATE_VARIABLES_MAX {
                return Err(TemplateErrorKind::TooManyVariables.at(at));
            }
            parts.push(part);
            at += len + 1;
        } else {
            let len = rest.find('{').unwrap_or(rest.len());
            parts.push(parse_literal(&rest[..len], at)?);
            at += len;
        }
    }
    Ok(parts)
}

fn parse_literal(text: &str, offset: usize) -> Result<Part, TemplateError> {
    for (at, byte) in text.bytes().enumerate() {
        let bad_percent = byte == b'%' && triplet(&text.as_bytes()[at..]).is_none();
        if byte == b'}' {
            return Err(TemplateErrorKind::Unopened.at(offset + at));
        }
        if bad_percent || ILLEGAL.has(byte) {
            return Err(TemplateErrorKind::Literal.at(offset + at));
        }
    }
    let mut encoded = String::with_capacity(text.len());
    encode_into(&mut encoded, text, true);
    Ok(Part::Literal { text: encoded, offset })
}

/// `body` is what stands between the braces, `offset` its place in the template.
fn parse_expression(body: &str, offset: usize) -> Result<Part, TemplateError> {
    let first = *body.as_bytes().first().ok_or(TemplateErrorKind::Name.at(offset))?;
    let (operator, skip) = match Operator::parse(first) {
        Some(operator) => (operator, 1),
        None if b"=,!@|".contains(&first) => return Err(TemplateErrorKind::Operator.at(offset)),
        None => (Operator::Simple, 0),
    };
    let mut specs = Vec::new();
    let mut at = offset + skip;
    for item in body[skip..].split(',') {
        specs.push(parse_spec(item, at)?);
        at += item.len() + 1;
    }
    Ok(Part::Expression { operator, specs })
}

fn parse_spec(item: &str, offset: usize) -> Result<Spec, TemplateError> {
    let (name, modifier) = if let Some((name, digits)) = item.split_once(':') {
        let length = parse_prefix(digits);
        (name, length.ok_or(TemplateErrorKind::Modifier.at(offset + name.len()))?)
    } else if let Some(name) = item.strip_suffix('*') {
        (name, Modifier::Explode)
    } else {
        (item, Modifier::None)
    };
    match bad_name_byte(name) {
        Some(at) => Err(TemplateErrorKind::Name.at(offset + at)),
        None => Ok(Spec { name: name.into(), modifier, offset }),
    }
}

/// One to four digits without a leading zero.
fn parse_prefix(digits: &str) -> Option<Modifier> {
    let plain = digits.bytes().all(|digit| digit.is_ascii_digit());
    let fits = plain && digits.len() <= 4 && !digits.starts_with('0');
    if fits { digits.parse().ok().map(Modifier::Prefix) } else { None }
}

/// The first byte of `name` that RFC 6570 §2.3 does not allow there.
fn bad_name_byte(name: &str) -> Option<usize> {
    let bytes = name.as_bytes();
    let mut at = 0;
    let mut dot_allowed = false;
    while at < bytes.len() {
        match bytes[at] {
            b'.' if dot_allowed => dot_allowed = false,
            b'%' if triplet(&bytes[at..]).is_some() => {
                at += 2;
                dot_allowed = true;
            }
            b'_' => dot_allowed = true,
            byte if is_unreserved(byte) && byte.is_ascii_alphanumeric() => dot_allowed = true,
            _ => return Some(at),
        }
        at += 1;
    }
    if dot_allowed { None } else { Some(at.saturating_sub(1)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, want: Result<(), (TemplateErrorKind, usize)>) {
        let got = Template::parse(text).map(|_| ()).map_err(|fault| (fault.kind, fault.offset));
        assert_eq!(got, want, "{text}");
    }

    #[test]
    fn faults_name_their_place() {
        use TemplateErrorKind as K;
        check("a{b}c{/d,e*}{?f:12}", Ok(()));
        check("{a.b_c}{%20x}", Ok(()));
        check("é{a}", Ok(()));
        check("ab{c", Err((K::Unclosed, 2)));
        check("ab}c", Err((K::Unopened, 2)));
        check("a b", Err((K::Literal, 1)));
        check("a%2", Err((K::Literal, 1)));
        check("{}", Err((K::Name, 1)));
        check("{a,}", Err((K::Name, 3)));
        check("{=a}", Err((K::Operator, 1)));
        check("{a,b-c}", Err((K::Name, 4)));
        check("{a.}", Err((K::Name, 2)));
        check("{ab:0}", Err((K::Modifier, 3)));
        check("{ab:10000}", Err((K::Modifier, 3)));
    }

    #[test]
    fn limits_hold() {
        use TemplateErrorKind as K;
        let long = "a".repeat(limits::TEMPLATE_BYTES_MAX);
        check(&long, Ok(()));
        check(&format!("{long}a"), Err((K::TooLong, limits::TEMPLATE_BYTES_MAX)));
        let many = "{a}".repeat(limits::TEMPLATE_VARIABLES_MAX);
        check(&many, Ok(()));
        check(&format!("{many}{{a}}"), Err((K::TooManyVariables, many.len())));
    }

    #[test]
    fn variables_are_listed_in_order() {
        let template = Template::parse("a{b,c}/{+d}{?e}").unwrap();
        assert_eq!(template.variables().collect::<Vec<_>>(), ["b", "c", "d", "e"]);
    }
}
