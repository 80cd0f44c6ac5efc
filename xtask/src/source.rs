//! Rust source as tidy sees it: code without comments and literals, cut into words and signs.
//!
//! This is no parser. It knows just enough of the language to tell code from text, so that a word
//! in a comment or a string never counts.

use std::path::{Path, PathBuf};

/// A word or a sign of the code, and the line it stands on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Token<'a> {
    pub(crate) text: &'a str,
    /// Counted from 1.
    pub(crate) line: usize,
}

/// One source file.
pub(crate) struct Source {
    /// Where it lies, from the root of the workspace.
    pub(crate) path: PathBuf,
    pub(crate) text: String,
    code: String,
}

impl Source {
    pub(crate) fn new(path: impl Into<PathBuf>, text: impl Into<String>) -> Self {
        let text = text.into();
        Self { path: path.into(), code: code_only(&text), text }
    }

    /// Every word and sign of the code.
    pub(crate) fn tokens(&self) -> Vec<Token<'_>> {
        let mut tokens = Vec::new();
        for (index, line) in self.code.lines().enumerate() {
            let mut rest = line.trim_start();
            while let Some(first) = rest.chars().next() {
                let is_word = |c: char| c.is_alphanumeric() || c == '_';
                let end = if is_word(first) {
                    rest.find(|c| !is_word(c)).unwrap_or(rest.len())
                } else {
                    first.len_utf8()
                };
                tokens.push(Token { text: &rest[..end], line: index + 1 });
                rest = rest[end..].trim_start();
            }
        }
        tokens
    }
}

/// Reads every `.rs` file below `folder`, leaving out build output.
pub(crate) fn read_all(root: &Path, folder: &str) -> Vec<Source> {
    let mut sources = Vec::new();
    let mut folders = vec![root.join(folder)];
    while let Some(folder) = folders.pop() {
        let Ok(entries) = std::fs::read_dir(&folder) else {
            continue;
        };
        for path in entries.flatten().map(|entry| entry.path()) {
            if path.is_dir() {
                if !path.ends_with("target") {
                    folders.push(path);
                }
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = std::fs::read_to_string(&path).unwrap_or_default();
                let relative = path.strip_prefix(root).expect("found below the root");
                sources.push(Source::new(relative, text));
            }
        }
    }
    sources.sort_by(|a, b| a.path.cmp(&b.path));
    sources
}

/// Leaves out of `tokens` every item behind `#[cfg(test)]`: tests may reach where the product may
/// not.
pub(crate) fn without_tests<'a>(tokens: &[Token<'a>]) -> Vec<Token<'a>> {
    let mut kept = Vec::with_capacity(tokens.len());
    let mut at = 0;
    while at < tokens.len() {
        if starts_with(&tokens[at..], &["#", "[", "cfg", "(", "test", ")", "]"]) {
            at = end_of_item(tokens, at + 7);
        } else {
            kept.push(tokens[at]);
            at += 1;
        }
    }
    kept
}

/// The modules that a file declares as `#[cfg(test)] mod name;`.
pub(crate) fn test_modules(tokens: &[Token<'_>]) -> Vec<String> {
    let declared = |at: usize| {
        let rest = &tokens[at..];
        let is_test = starts_with(rest, &["#", "[", "cfg", "(", "test", ")", "]", "mod"]);
        let is_file = rest.get(9).is_some_and(|token| token.text == ";");
        (is_test && is_file).then(|| rest[8].text.to_owned())
    };
    (0..tokens.len()).filter_map(declared).collect()
}

/// Whether the code at the start of `tokens` is `words`.
pub(crate) fn starts_with(tokens: &[Token<'_>], words: &[&str]) -> bool {
    tokens.len() >= words.len() && tokens.iter().zip(words).all(|(token, word)| token.text == *word)
}

/// The place behind the bracket that closes the one at `open`.
pub(crate) fn end_of_block(tokens: &[Token<'_>], open: usize) -> usize {
    let mut depth = 0_usize;
    for (at, token) in tokens.iter().enumerate().skip(open) {
        match token.text {
            "{" | "(" | "[" => depth += 1,
            "}" | ")" | "]" => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth == 0 {
            return at + 1;
        }
    }
    tokens.len()
}

/// The place behind the item that starts at `at`, further attributes included.
fn end_of_item(tokens: &[Token<'_>], mut at: usize) -> usize {
    while starts_with(&tokens[at..], &["#"]) {
        at = end_of_block(tokens, at + 1);
    }
    // `use a::{b};` has a block inside; only its semicolon ends it.
    let is_statement = |token: &Token<'_>| matches!(token.text, "use" | "const" | "static" | "let");
    let by_semicolon = tokens[at..].iter().take(2).any(is_statement);
    while at < tokens.len() {
        match tokens[at].text {
            ";" => return at + 1,
            "{" if !by_semicolon => return end_of_block(tokens, at),
            "{" | "(" | "[" => at = end_of_block(tokens, at),
            _ => at += 1,
        }
    }
    at
}

/// The text with comments and the insides of literals blanked; lines stay where they are.
fn code_only(text: &str) -> String {
    let mut cursor = Cursor { rest: text, out: String::with_capacity(text.len()) };
    while let Some(first) = cursor.rest.chars().next() {
        let rest = cursor.rest;
        if rest.starts_with("//") {
            cursor.blank(rest.find('\n').unwrap_or(rest.len()));
        } else if rest.starts_with("/*") {
            cursor.blank(block_comment_length(rest));
        } else if let Some(length) = literal_length(rest) {
            cursor.blank(length);
        } else if first.is_alphanumeric() || first == '_' {
            let end = rest.find(|c: char| !c.is_alphanumeric() && c != '_');
            cursor.keep(end.unwrap_or(rest.len()));
        } else {
            cursor.keep(first.len_utf8());
        }
    }
    cursor.out
}

struct Cursor<'a> {
    rest: &'a str,
    out: String,
}

impl Cursor<'_> {
    fn keep(&mut self, length: usize) {
        self.out.push_str(&self.rest[..length]);
        self.rest = &self.rest[length..];
    }

    fn blank(&mut self, length: usize) {
        let blanks = self.rest[..length].chars().map(|c| if c == '\n' { '\n' } else { ' ' });
        self.out.extend(blanks);
        self.rest = &self.rest[length..];
    }
}

/// Length of the block comment at the start of `rest`; comments nest.
fn block_comment_length(rest: &str) -> usize {
    let mut depth = 0_usize;
    let mut at = 0;
    while at < rest.len() {
        let here = &rest.as_bytes()[at..];
        if here.starts_with(b"/*") {
            depth += 1;
            at += 2;
        } else if here.starts_with(b"*/") {
            depth -= 1;
            at += 2;
            if depth == 0 {
                return at;
            }
        } else {
            at += 1;
        }
    }
    rest.len()
}

/// Length of the string or character literal at the start of `rest`, prefix included.
fn literal_length(rest: &str) -> Option<usize> {
    let prefix = ["br", "cr", "b", "c", "r", ""].into_iter().find(|prefix| {
        let behind = rest.strip_prefix(prefix);
        behind.is_some_and(|behind| behind.starts_with(['"', '#', '\'']))
    })?;
    let behind = &rest[prefix.len()..];
    if prefix.ends_with('r') {
        return raw_string_length(behind).map(|length| prefix.len() + length);
    }
    match behind.chars().next()? {
        '"' => Some(prefix.len() + quoted_length(behind, '"')),
        '\'' if prefix.is_empty() || prefix == "b" => {
            // A lifetime has no closing quote right behind its first character.
            let mut characters = behind.chars().skip(1);
            let first = characters.next()?;
            let is_literal = first == '\\' || characters.next() == Some('\'');
            is_literal.then(|| prefix.len() + quoted_length(behind, '\''))
        }
        _ => None,
    }
}

/// Length of `#…"…"#…` with as many signs behind as in front.
fn raw_string_length(behind: &str) -> Option<usize> {
    let signs = behind.len() - behind.trim_start_matches('#').len();
    let inside = behind[signs..].strip_prefix('"')?;
    let end = format!("\"{}", "#".repeat(signs));
    let length = inside.find(&end).map_or(behind.len(), |at| signs + 1 + at + end.len());
    Some(length)
}

/// Length of a literal that starts and ends with `quote`, escapes considered.
fn quoted_length(behind: &str, quote: char) -> usize {
    let mut escaped = false;
    for (at, c) in behind.char_indices().skip(1) {
        if escaped {
            escaped = false;
        } else if c == '\\' {
            escaped = true;
        } else if c == quote {
            return at + 1;
        }
    }
    behind.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, want: &str) {
        let source = Source::new("x.rs", text);
        let tokens: Vec<&str> = source.tokens().iter().map(|token| token.text).collect();
        assert_eq!(tokens.join(" "), want, "code of {text:?}");
    }

    #[test]
    fn comments_and_literals_are_no_code() {
        check("a // unsafe\nb /* /* todo! */ unsafe */ c", "a b c");
        check(r#"let s = "unsafe \" dbg!"; d"#, "let s = ; d");
        check("let s = r#\"a \" unsafe\"#; d", "let s = ; d");
        check(
            r"let c = '\''; let d = '{'; f::<'a>(b'x')",
            "let c = ; let d = ; f : : < 'a > ( )".replace("'a", "' a").as_str(),
        );
        check("br\"unsafe\" b\"x\" c\"y\" r", "r");
        check("let r#type = 1;", "let r # type = 1 ;");
    }

    #[test]
    fn test_items_are_left_out() {
        let left = |text: &str| {
            let source = Source::new("x.rs", text);
            let tokens = source.tokens();
            without_tests(&tokens).iter().map(|token| token.text).collect::<Vec<_>>().join(" ")
        };
        assert_eq!(left("a #[cfg(test)] mod tests { b {} } c"), "a c");
        assert_eq!(left("#[cfg(test)] use x::{y, z}; c"), "c");
        assert_eq!(left("#[cfg(test)] #[path = \"t.rs\"] mod t; c"), "c");
        assert_eq!(left("#[cfg(test)] fn f(a: [u8; 4]) -> u8 { 1 } c"), "c");
        assert_eq!(left("#[cfg(feature = \"sim\")] mod sim; c").split(' ').next_back(), Some("c"));
        assert!(left("#[cfg(unix)] mod sim;").contains("sim"));
    }

    #[test]
    fn test_files_are_named() {
        let source = Source::new("x.rs", "#[cfg(test)] mod tests; mod a; #[cfg(test)] mod b {}");
        assert_eq!(test_modules(&source.tokens()), ["tests"]);
    }
}
