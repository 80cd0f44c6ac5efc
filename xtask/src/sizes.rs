//! The sizes of files and functions: printed for the eye, never a verdict.

use crate::source::{Source, Token, end_of_block, without_tests};

const SHOWN: usize = 5;

/// One thing with its length in lines.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Size {
    lines: usize,
    name: String,
}

/// Prints the largest files and functions and the number of unsafe blocks.
pub(crate) fn print(sources: &[Source]) {
    let files = sources.iter().map(|source| Size {
        lines: source.text.lines().count(),
        name: source.path.display().to_string(),
    });
    show("file", files.collect());
    show("function", sources.iter().flat_map(functions).collect());
    let blocks: usize = sources.iter().map(unsafe_words).sum();
    println!("`unsafe` is written {blocks} times");
}

fn show(kind: &str, mut sizes: Vec<Size>) {
    sizes.sort_by(|a, b| b.cmp(a));
    let median = sizes.get(sizes.len() / 2).map_or(0, |size| size.lines);
    println!("largest of {} {kind}s, median {median} lines:", sizes.len());
    for size in sizes.iter().take(SHOWN) {
        println!("  {:>5}  {}", size.lines, size.name);
    }
}

fn unsafe_words(source: &Source) -> usize {
    source.tokens().iter().filter(|token| token.text == "unsafe").count()
}

/// Every function with a body outside tests, from its `fn` to its closing brace.
fn functions(source: &Source) -> Vec<Size> {
    let tokens = source.tokens();
    let tokens = without_tests(&tokens);
    let starts = (0..tokens.len()).filter(|at| tokens[*at].text == "fn");
    starts.filter_map(|at| function(source, &tokens, at)).collect()
}

fn function(source: &Source, tokens: &[Token<'_>], start: usize) -> Option<Size> {
    let name = tokens.get(start + 1)?;
    if !name.text.starts_with(|c: char| c.is_alphabetic() || c == '_') {
        return None; // a type: `fn(u8) -> u8`
    }
    let mut at = start + 2;
    while at < tokens.len() {
        match tokens[at].text {
            ";" => return None, // a declaration
            "{" => {
                let end = end_of_block(tokens, at) - 1;
                let lines = tokens[end].line - tokens[start].line + 1;
                let path = source.path.display();
                let name = format!("{path}:{} {}", tokens[start].line, name.text);
                return Some(Size { lines, name });
            }
            "(" | "[" => at = end_of_block(tokens, at),
            _ => at += 1,
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn functions_are_measured() {
        let text = "\
trait T { fn declared(&self) -> [u8; 4]; }
fn one() {}
fn three(f: fn(u8) -> u8) -> u8 {
    f(match 1 { _ => 2 })
}
#[cfg(test)]
mod tests { fn left_out() {} }
";
        let sizes = functions(&Source::new("x.rs", text));
        let found: Vec<_> = sizes.iter().map(|size| (size.lines, size.name.as_str())).collect();
        assert_eq!(found, [(1, "x.rs:2 one"), (3, "x.rs:3 three")]);
    }
}
