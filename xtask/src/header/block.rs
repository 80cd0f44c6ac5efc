//! What cbindgen writes, cut into its items: a comment and a declaration each.

const LINE_MAX: usize = 100;

/// What an item is. The order is the one inside a group of the header.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    /// A type that C only points at.
    Opaque,
    /// Another name of a number.
    Number,
    /// `#define` of a number.
    Constant,
    /// A struct, or the type of a callback.
    Type,
    Function,
}

/// One item.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Block {
    pub(super) kind: Kind,
    pub(super) name: String,
    /// The comment with its ending, or nothing.
    comment: String,
    /// The declaration, without a newline at its end.
    pub(super) code: String,
}

/// A function, apart.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Signature<'a> {
    pub(super) returns: &'a str,
    pub(super) name: &'a str,
    /// In one line, with their parentheses.
    pub(super) parameters: String,
}

impl Block {
    /// Every item of `text`; items are separated by empty lines, and have none inside.
    pub(super) fn read_all(text: &str) -> Result<Vec<Self>, String> {
        text.split("\n\n").map(str::trim).filter(|item| !item.is_empty()).map(Self::read).collect()
    }

    fn read(item: &str) -> Result<Self, String> {
        let (comment, code) = match item.strip_prefix("/**") {
            Some(rest) => {
                let end = rest.find("*/").ok_or(format!("a comment without an end: {item}"))?;
                item.split_at("/**".len() + end + "*/".len())
            }
            None => ("", item),
        };
        let code = code.trim();
        let (kind, name) = named(code).ok_or(format!("what is this? {item}"))?;
        let (name, mut code) = (name.to_owned(), short_comments(code));
        match kind {
            Kind::Constant => code = constant(&code),
            // A name behind `struct` too, for debuggers and forward declarations.
            Kind::Type => code = code.replacen("struct {", &format!("struct {name} {{"), 1),
            Kind::Opaque | Kind::Number | Kind::Function => {}
        }
        Ok(Self { kind, name, comment: short_comments(comment), code })
    }

    /// The item as the header has it.
    pub(super) fn text(&self) -> String {
        let separator = if self.comment.is_empty() { "" } else { "\n" };
        format!("{}{separator}{}\n", self.comment, self.code)
    }

    /// The fields of a struct: type and name each.
    pub(super) fn fields(&self) -> Option<Vec<(String, String)>> {
        let body = self.code.split_once(" {\n")?.1.rsplit_once("\n}")?.0;
        let mut code = String::new();
        let mut rest = body;
        while let Some((before, comment)) = rest.split_once("/*") {
            code.push_str(before);
            rest = comment.split_once("*/").map_or("", |(_, behind)| behind);
        }
        code.push_str(rest);
        let declarations = code.split(';').map(str::trim).filter(|text| !text.is_empty());
        let field = |text: &str| {
            if let Some((returns, rest)) = text.split_once("(*") {
                let name = rest.split(')').next().unwrap_or_default();
                return (format!("{returns}(*)"), name.to_owned());
            }
            let start = text.rfind([' ', '*']).map_or(0, |at| at + 1);
            (text[..start].trim().to_owned(), text[start..].to_owned())
        };
        Some(declarations.map(field).collect())
    }

    /// A function's parts.
    pub(super) fn signature(&self) -> Option<Signature<'_>> {
        let open = self.code.find('(')?;
        let head = &self.code[..open];
        let start = head.rfind([' ', '*'])? + 1;
        let words: Vec<&str> = self.code[open..].trim_end_matches(';').split_whitespace().collect();
        let parameters = words.join(" ");
        (self.kind == Kind::Function).then_some(Signature {
            returns: head[..start].trim_end(),
            name: &head[start..],
            parameters,
        })
    }
}

/// Kind and name of a declaration.
fn named(code: &str) -> Option<(Kind, &str)> {
    if let Some(rest) = code.strip_prefix("#define ") {
        return Some((Kind::Constant, rest.split_whitespace().next()?));
    }
    let Some(rest) = code.strip_prefix("typedef ") else {
        let head = &code[..code.find('(')?];
        return Some((Kind::Function, &head[head.rfind([' ', '*'])? + 1..]));
    };
    if rest.contains("{\n") {
        return Some((Kind::Type, rest.rsplit_once("} ")?.1.trim_end_matches(';')));
    }
    if let Some((_, behind)) = rest.split_once("(*") {
        return Some((Kind::Type, behind.split(')').next()?));
    }
    let name = rest.split_whitespace().next_back()?.trim_end_matches(';');
    Some((if rest.starts_with("struct ") { Kind::Opaque } else { Kind::Number }, name))
}

/// The largest numbers of their types, which have names in C.
const LARGEST: &[(&str, &str)] =
    &[("4294967295", "UINT32_MAX"), ("18446744073709551615", "UINT64_MAX")];

/// A constant as C wants it. A negative number is no single word: `1 -MCPRING_X` must not become
/// `1 --1`.
fn constant(code: &str) -> String {
    let Some((head, value)) = code.rsplit_once(' ') else {
        return code.to_owned();
    };
    match LARGEST.iter().find(|(number, _)| *number == value) {
        Some((_, name)) => format!("{head} {name}"),
        None if value.starts_with('-') => format!("{head} ({value})"),
        None => code.to_owned(),
    }
}

/// Comments of one line on one line.
fn short_comments(text: &str) -> String {
    let lines: Vec<&str> = text.lines().collect();
    let mut out = Vec::new();
    let mut at = 0;
    while at < lines.len() {
        let is_short =
            lines[at].trim() == "/**" && lines.get(at + 2).is_some_and(|line| line.trim() == "*/");
        if is_short {
            let indent = &lines[at][..lines[at].len() - "/**".len()];
            let words = lines[at + 1].trim().trim_start_matches('*').trim();
            let line = format!("{indent}/** {words} */");
            if line.len() <= LINE_MAX {
                out.push(line);
                at += 3;
                continue;
            }
        }
        out.push(lines[at].to_owned());
        at += 1;
    }
    out.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, kind: Kind, name: &str, want: &str) {
        let blocks = Block::read_all(text).expect("one item");
        assert_eq!(blocks.len(), 1, "items in {text:?}");
        assert_eq!((blocks[0].kind, blocks[0].name.as_str()), (kind, name), "of {text:?}");
        assert_eq!(blocks[0].text(), want, "text of {text:?}");
    }

    #[test]
    fn items_are_told_apart() {
        check("#define MCPRING_OK 0", Kind::Constant, "MCPRING_OK", "#define MCPRING_OK 0\n");
        check("#define MCPRING_E -1", Kind::Constant, "MCPRING_E", "#define MCPRING_E (-1)\n");
        check(
            "#define MCPRING_N 4294967295",
            Kind::Constant,
            "MCPRING_N",
            "#define MCPRING_N UINT32_MAX\n",
        );
        let text = "typedef struct mcpring_text mcpring_text;";
        check(text, Kind::Opaque, "mcpring_text", &format!("{text}\n"));
        let text = "typedef int32_t mcpring_status;";
        check(text, Kind::Number, "mcpring_status", &format!("{text}\n"));
        let text = "typedef void (*mcpring_destroy_fn)(void *user_data);";
        check(text, Kind::Type, "mcpring_destroy_fn", &format!("{text}\n"));
        let text = "const char *mcpring_status_name(mcpring_status status);";
        check(text, Kind::Function, "mcpring_status_name", &format!("{text}\n"));
        check(
            "/**\n * Bytes.\n */\ntypedef struct {\n  /**\n   * How many.\n   */\n  size_t len;\n} mcpring_str;",
            Kind::Type,
            "mcpring_str",
            "/** Bytes. */\ntypedef struct mcpring_str {\n  /** How many. */\n  size_t len;\n} mcpring_str;\n",
        );
        assert!(Block::read_all("enum { A, B };").is_err());
    }

    #[test]
    fn fields_are_read_past_their_comments() {
        let text = "typedef struct {\n  /** One; two. */\n  const mcpring_str *names;\n  bool is_x;\n  mcpring_function (*find)(const char *name);\n} mcpring_x;";
        let block = Block::read(text).expect("a struct");
        let fields = block.fields().expect("it has fields");
        let fields: Vec<(&str, &str)> =
            fields.iter().map(|(kind, name)| (kind.as_str(), name.as_str())).collect();
        let want =
            [("const mcpring_str *", "names"), ("bool", "is_x"), ("mcpring_function (*)", "find")];
        assert_eq!(fields, want);
        assert_eq!(Block::read("typedef int32_t mcpring_status;").expect("a type").fields(), None);
    }

    #[test]
    fn a_signature_comes_apart() {
        let block =
            Block::read("const char *f(mcpring_x *x,\n              size_t n);").expect("one");
        let want = Signature {
            returns: "const char *",
            name: "f",
            parameters: "(mcpring_x *x, size_t n)".to_owned(),
        };
        assert_eq!(block.signature(), Some(want));
    }
}
