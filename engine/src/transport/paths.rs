//! Paths of the program's own beside the MCP endpoint: patterns, and which of them a path fits.
//!
//! A path is cut at its slashes first and each part decoded once afterwards, so that an encoded
//! slash never moves a border. What could mean another place to whoever uses a variable as the name
//! of a file (`.`, `..`, an encoded slash, control characters, an empty part) fits no variable.

use std::borrow::Cow;
use std::fmt;

use crate::error::Error;
use crate::limits::{ROUTE_SEGMENTS_MAX, ROUTES_MAX};

/// The methods a route can have.
const METHODS: [&str; 7] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];

/// Some of the methods a route can have.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct MethodSet(u8);

impl MethodSet {
    const GET: Self = Self(1);
    const HEAD: Self = Self(2);

    /// The set of that one; `None` for a method that no route can have.
    pub(super) fn one(name: &str) -> Option<Self> {
        METHODS.iter().position(|known| *known == name).map(|at| Self(1 << at))
    }

    fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    fn meets(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }
}

/// As a list for `Allow`.
impl fmt::Display for MethodSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = METHODS.iter().enumerate().filter(|(at, _)| self.meets(Self(1 << at)));
        for (place, (_, name)) in names.enumerate() {
            f.write_str(if place > 0 { ", " } else { "" })?;
            f.write_str(name)?;
        }
        Ok(())
    }
}

/// One part of a pattern between slashes.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    /// This very text, decoded.
    Text(Box<str>),
    /// Any text, under this name.
    Name(Box<str>),
    /// Everything that is left, under this name.
    Rest(Box<str>),
}

impl Part {
    /// What comes first where several patterns fit: text, then names, then rests.
    fn rank(&self) -> u8 {
        match self {
            Self::Text(_) => 0,
            Self::Name(_) => 1,
            Self::Rest(_) => 2,
        }
    }

    /// Whether two parts fit the same, whatever their names.
    fn is_like(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Text(own), Self::Text(other)) => own == other,
            _ => self.rank() == other.rank(),
        }
    }
}

/// One route: where it is and what it takes.
#[derive(Clone, Debug)]
struct Entry {
    parts: Vec<Part>,
    methods: MethodSet,
    /// Its number among those that were given.
    number: u16,
}

impl Entry {
    fn is_at_the_place_of(&self, other: &Self) -> bool {
        self.parts.len() == other.parts.len()
            && self.parts.iter().zip(&other.parts).all(|(own, other)| own.is_like(other))
    }

    /// Whether the decoded parts of a path fit.
    fn fits(&self, path: &[Cow<'_, str>]) -> bool {
        let mut left = path;
        for part in &self.parts {
            if let Part::Rest(_) = part {
                return is_rest(left);
            }
            let Some((first, behind)) = left.split_first() else { return false };
            let does_fit = match part {
                Part::Text(text) => **text == **first,
                _ => is_plain(first),
            };
            if !does_fit {
                return false;
            }
            left = behind;
        }
        left.is_empty()
    }
}

/// Why a path leads to no route.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Miss {
    /// No pattern fits.
    Path,
    /// It has an escape that is none, or that is no UTF-8.
    Escape,
    /// Its routes take these methods only.
    Method(MethodSet),
}

/// All routes of a program, by their paths.
#[derive(Clone, Debug, Default)]
pub struct OwnPaths {
    /// The more exact ones first.
    entries: Vec<Entry>,
}

impl OwnPaths {
    /// The paths of `routes`, each with its methods; routes are known by their place in it.
    ///
    /// Patterns begin with `/`; between slashes stand text, `{name}` for any text, or, last,
    /// `{name*}` for everything that is left. An error says which pattern or method is no good, or
    /// which two routes are the same. Where `GET` is taken `HEAD` is too, unless that has a route.
    pub fn new<'r>(
        routes: impl IntoIterator<Item = (&'r [String], &'r str)>,
    ) -> Result<Self, Error> {
        let mut entries: Vec<Entry> = Vec::new();
        for (number, (names, pattern)) in routes.into_iter().enumerate() {
            if number >= ROUTES_MAX {
                return Err(Error::usage(format!("more routes than {ROUTES_MAX}")));
            }
            let number = number as u16;
            let (methods, parts) = (read_methods(names, pattern)?, read_pattern(pattern)?);
            let entry = Entry { parts, methods, number };
            let same = entries
                .iter()
                .find(|other| other.methods.meets(methods) && entry.is_at_the_place_of(other));
            if same.is_some() {
                let words = "there is another route for the same paths and method";
                return Err(Error::usage(format!("route {pattern:?}: {words}")));
            }
            entries.push(entry);
        }
        let are_heads: Vec<bool> =
            entries.iter().map(|entry| may_be_read(entry, &entries)).collect();
        for (entry, is_head) in entries.iter_mut().zip(are_heads) {
            if is_head {
                entry.methods = entry.methods.with(MethodSet::HEAD);
            }
        }
        entries.sort_by_cached_key(|it| it.parts.iter().map(Part::rank).collect::<Vec<_>>());
        Ok(Self { entries })
    }

    /// The first pattern without variables that `is_taken` says is served already.
    pub fn conflict(&self, is_taken: impl Fn(&str) -> bool) -> Option<String> {
        self.entries.iter().find_map(|entry| {
            let mut path = String::new();
            for part in &entry.parts {
                let Part::Text(text) = part else { return None };
                path.push('/');
                path.push_str(text);
            }
            is_taken(&path).then_some(path)
        })
    }

    /// Whether there is none.
    pub(super) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The route for `method` at `path`, which has no query.
    pub(super) fn find(&self, method: &str, path: &str) -> Result<u16, Miss> {
        let parts = decoded(path)?;
        let method = MethodSet::one(method);
        let mut allowed = MethodSet::default();
        for entry in self.entries.iter().filter(|entry| entry.fits(&parts)) {
            if method.is_some_and(|method| entry.methods.meets(method)) {
                return Ok(entry.number);
            }
            allowed = allowed.with(entry.methods);
        }
        let is_known = allowed != MethodSet::default();
        Err(if is_known { Miss::Method(allowed) } else { Miss::Path })
    }

    /// What `path` has in the places of the variables of the route of that number, which it fits.
    pub(super) fn variables(&self, number: u16, path: &str) -> Vec<(Box<str>, Box<str>)> {
        let entry = self.entries.iter().find(|entry| entry.number == number);
        let (Some(entry), Ok(parts)) = (entry, decoded(path)) else { return Vec::new() };
        let places = entry.parts.iter().enumerate();
        places
            .filter_map(|(at, part)| match part {
                Part::Text(_) => None,
                Part::Name(name) => Some((name.clone(), (*parts[at]).into())),
                Part::Rest(name) => Some((name.clone(), parts[at..].join("/").into())),
            })
            .collect()
    }
}

/// Whether HEAD is answered by the route of GET.
fn may_be_read(entry: &Entry, all: &[Entry]) -> bool {
    let has_head =
        |other: &Entry| other.methods.meets(MethodSet::HEAD) && other.is_at_the_place_of(entry);
    entry.methods.meets(MethodSet::GET) && !all.iter().any(has_head)
}

/// The parts of a path, each decoded.
fn decoded(path: &str) -> Result<Vec<Cow<'_, str>>, Miss> {
    let inside = path.strip_prefix('/').ok_or(Miss::Path)?;
    if inside.split('/').count() > PATH_PARTS_MAX {
        return Err(Miss::Path);
    }
    inside.split('/').map(|part| decode(part).ok_or(Miss::Escape)).collect()
}

/// Most parts of a path that is looked for; a `{name*}` may have many.
const PATH_PARTS_MAX: usize = 8 * ROUTE_SEGMENTS_MAX;

fn decode(part: &str) -> Option<Cow<'_, str>> {
    if !part.contains('%') {
        return Some(Cow::Borrowed(part));
    }
    let (mut out, mut rest) = (Vec::with_capacity(part.len()), part.as_bytes());
    while let Some((&byte, behind)) = rest.split_first() {
        let (decoded, behind) = match (byte, behind) {
            (b'%', [high, low, behind @ ..]) => (digit(*high)? << 4 | digit(*low)?, behind),
            (b'%', _) => return None,
            _ => (byte, behind),
        };
        out.push(decoded);
        rest = behind;
    }
    String::from_utf8(out).ok().map(Cow::Owned)
}

fn digit(byte: u8) -> Option<u8> {
    char::from(byte).to_digit(16).map(|digit| digit as u8)
}

/// Whether a decoded part is a name and nothing else.
fn is_plain(part: &str) -> bool {
    !matches!(part, "" | "." | "..") && !part.chars().any(|c| c == '/' || c.is_control())
}

/// The same for all that is left, which may be nothing behind a slash, and end in one.
fn is_rest(parts: &[Cow<'_, str>]) -> bool {
    match parts.split_last() {
        None => false,
        Some((last, before)) => {
            (last.is_empty() || is_plain(last)) && before.iter().all(|part| is_plain(part))
        }
    }
}

fn read_methods(names: &[String], pattern: &str) -> Result<MethodSet, Error> {
    let mut methods = MethodSet::default();
    for name in names {
        let one = MethodSet::one(name).ok_or_else(|| {
            let known = METHODS.join(", ");
            Error::usage(format!("route {pattern:?}: {name:?} is none of its methods {known}"))
        })?;
        methods = methods.with(one);
    }
    if methods == MethodSet::default() {
        return Err(Error::usage(format!("route {pattern:?}: it has no method")));
    }
    Ok(methods)
}

fn read_pattern(pattern: &str) -> Result<Vec<Part>, Error> {
    let fault = |words: &str| Error::usage(format!("route {pattern:?}: {words}"));
    let inside = pattern.strip_prefix('/').ok_or_else(|| fault("a path begins with /"))?;
    let texts: Vec<_> = inside.split('/').collect();
    if texts.len() > ROUTE_SEGMENTS_MAX {
        return Err(fault(&format!("it has more than {ROUTE_SEGMENTS_MAX} parts")));
    }
    let mut parts: Vec<Part> = Vec::with_capacity(texts.len());
    for (at, text) in texts.iter().enumerate() {
        let is_last = at + 1 == texts.len();
        let variable = text.strip_prefix('{').and_then(|text| text.strip_suffix('}'));
        let part = match variable.map(|name| (name.strip_suffix('*'), name)) {
            Some((Some(name), _)) if is_last => Part::Rest(name.into()),
            Some((Some(_), _)) => return Err(fault("{name*} must come last")),
            Some((None, name)) => Part::Name(name.into()),
            None if text.is_empty() && is_last => Part::Text("".into()),
            None if !is_plain(text) || text.contains(['{', '}', '%', '?', '#']) => {
                return Err(fault(
                    "between slashes stand text as it is meant (not encoded), {name} or {name*}",
                ));
            }
            None => Part::Text((*text).into()),
        };
        if let Part::Name(name) | Part::Rest(name) = &part
            && !is_name(name)
        {
            return Err(fault("names are letters, digits and _, and begin with no digit"));
        }
        let has_name = |other: &Part| match (other, &part) {
            (Part::Name(other), Part::Name(name) | Part::Rest(name)) => other == name,
            _ => false,
        };
        if parts.iter().any(has_name) {
            return Err(fault("it has the same name twice"));
        }
        parts.push(part);
    }
    Ok(parts)
}

fn is_name(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paths(routes: &[(&str, &str)]) -> Result<OwnPaths, Error> {
        let routes: Vec<(Vec<String>, &str)> = routes
            .iter()
            .map(|(methods, path)| {
                (methods.split_terminator(' ').map(str::to_owned).collect(), *path)
            })
            .collect();
        OwnPaths::new(routes.iter().map(|(methods, path)| (&**methods, *path)))
    }

    #[test]
    fn the_most_exact_pattern_wins() {
        let paths = paths(&[
            ("GET", "/{rest*}"),
            ("GET POST", "/a/{x}"),
            ("GET", "/a/b"),
            ("PUT", "/{x}/b"),
            ("GET", "/a/"),
            ("GET", "/files/{dir}/{path*}"),
            ("DELETE", "/"),
            ("HEAD", "/a/b"),
            ("GET", "/caf\u{e9}"),
        ]);
        let paths = paths.expect("these are routes");
        let check = |asked: &str, want: Result<(u16, &str), Miss>| {
            let (method, path) = asked.split_once(' ').expect("a method and a path");
            let found = paths.find(method, path).map(|number| {
                let variables = paths.variables(number, path);
                let shown = variables.iter().map(|(name, value)| format!("{name}={value}"));
                (number, shown.collect::<Vec<_>>().join(","))
            });
            let found = found.as_ref().map(|(number, shown)| (*number, &**shown));
            assert_eq!(found.map_err(|miss| *miss), want, "{asked}");
        };
        check("GET /a/b", Ok((2, "")));
        check("HEAD /a/b", Ok((7, "")));
        check("POST /a/b", Ok((1, "x=b")));
        check("PUT /a/b", Ok((3, "x=a")));
        check("GET /a/c%20d", Ok((1, "x=c d")));
        check("HEAD /a/c", Ok((1, "x=c")));
        check("GET /a/", Ok((4, "")));
        check("GET /a", Ok((0, "rest=a")));
        check("GET /", Ok((0, "rest=")));
        check("DELETE /", Ok((6, "")));
        check("GET /files/x/y/z", Ok((5, "dir=x,path=y/z")));
        check("GET /files/x/", Ok((5, "dir=x,path=")));
        check("GET /files/x", Ok((0, "rest=files/x")));
        check("GET /caf%C3%A9", Ok((8, "")));
        check("GET /caf%c3%a9", Ok((8, "")));
        // What leads elsewhere fits no variable, however it is written.
        for path in
            ["/a/..", "/a/%2e%2E", "/./a", "/x/%2e/y", "/a/b%2Fc", "/a/b%00", "/a/%0a", "/q//r"]
        {
            check(&format!("GET {path}"), Err(Miss::Path));
        }
        for path in ["/a/%", "/a/%2", "/a/%zz", "/%C3/b", "/%ED%A0%80", "/a/%+1"] {
            check(&format!("GET {path}"), Err(Miss::Escape));
        }
        check("GET *", Err(Miss::Path));
        let set = |names: &[&str]| {
            names.iter().fold(MethodSet::default(), |set, name| {
                set.with(MethodSet::one(name).expect("a method"))
            })
        };
        check("PATCH /x", Err(Miss::Method(set(&["GET", "HEAD"]))));
        check("PATCH /a/c", Err(Miss::Method(set(&["GET", "HEAD", "POST"]))));
        check("BREW /x", Err(Miss::Method(set(&["GET", "HEAD"]))));
        check("get /x", Err(Miss::Method(set(&["GET", "HEAD"]))));
        let long = format!("GET {}", "/x".repeat(PATH_PARTS_MAX + 1));
        check(&long, Err(Miss::Path));
        assert_eq!(set(&["POST", "GET", "OPTIONS"]).to_string(), "GET, POST, OPTIONS");
    }

    #[test]
    fn what_is_no_route_is_named() {
        let check = |routes: &[(&str, &str)], words: &str| {
            let fault = paths(routes).expect_err(words).to_string();
            assert!(fault.contains(words), "{fault}");
        };
        check(&[("", "/a")], "no method");
        check(&[("TRACE", "/a")], "\"TRACE\" is none of");
        check(&[("get", "/a")], "\"get\" is none of");
        check(&[("GET", "a")], "begins with /");
        check(&[("GET", "")], "begins with /");
        for pattern in
            ["/a//b", "/a/../b", "/a%20b", "/a?b", "/a#b", "/a{b}", "/{a}b", "/}", "/a\n"]
        {
            check(&[("GET", pattern)], "between slashes");
        }
        check(&[("GET", "/{a*}/b")], "must come last");
        check(&[("GET", "/{}")], "names are");
        check(&[("GET", "/{1a}")], "names are");
        check(&[("GET", "/{a-b}")], "names are");
        check(&[("GET", "/{a}/{a*}")], "twice");
        check(&[("GET", "/a/{x}"), ("POST GET", "/a/{y}")], "another route");
        check(&[("GET", "/x".repeat(ROUTE_SEGMENTS_MAX + 1).as_str())], "parts");
    }

    #[test]
    fn places_that_are_taken_are_found() {
        let is_taken = |path: &str| path == "/mcp";
        let found = |pattern| paths(&[("GET", pattern)]).expect("a route").conflict(is_taken);
        assert_eq!(found("/mcp").as_deref(), Some("/mcp"));
        // What has variables is served where nothing else is.
        assert_eq!(found("/{any*}"), None);
        assert_eq!(found("/other"), None);
    }
}
