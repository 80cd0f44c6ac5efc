//! The tables of README that the comparison fills, between two comments each.
//!
//! They are made from what the document of the comparison says, so that README can be filled again
//! without a measurement, and says nothing else.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use super::document::table;
use super::list::OURS;
use super::rest::SESSION;
use crate::fault::Fault;
use crate::report::number;

/// What is filled: the word in its comments, and how it is made.
type Section = (&'static str, fn(&Document<'_>) -> Result<String, Fault>);
const SECTIONS: [Section; 2] = [("servers", servers), ("python", python)];

/// Our servers and how a reader knows them.
const FRONTS: [(&str, &str); 3] =
    [(OURS, "mcpring"), ("mcpring-c", "in C"), ("mcpring-python", "in Python")];
/// The peers in their fastest modes.
const PEERS: [&str; 5] = ["rmcp", "turbomcp", "mcp", "fastmcp", "typescript"];
/// The Python peers: as they come and in their fastest modes.
const PYTHON_PEERS: [(&str, &str); 4] = [
    ("mcp-plain", "mcp plain"),
    ("mcp", "mcp fastest"),
    ("fastmcp-plain", "FastMCP plain"),
    ("fastmcp", "FastMCP fastest"),
];

/// What a row is about, in words, and where the document has it.
struct Row {
    about: &'static str,
    table: &'static str,
    column: &'static str,
    unit: &'static str,
}

/// Ours beside the peers.
const ROWS: [Row; 13] = [
    cpu("echo", "tool_call_simple_10k"),
    cpu("twenty parameters", "tool_call_complex_100"),
    cpu("88 KB of arguments", "tool_call_large_1k"),
    cpu("read a resource", "resource_read_10k"),
    cpu("prompt of 50 variables", "prompt_complex_100"),
    cpu("ask the client's model", "sampling_mock_1k"),
    cpu("ten events, then the answer", "sse_stream_1k"),
    cpu("one update to 1,000 subscribers", "resource_subscribe_fanout"),
    cpu("stdio, one at a time", "stdio_echo_10k"),
    cpu("stdio, 16 in flight", "stdio_sustained_10k"),
    at_rest("start to the first answer", "start to first answer over HTTP, ms", "ms"),
    at_rest("memory at rest", "memory at rest, HTTP, MB", "MB"),
    at_rest("memory of an idle session", SESSION, "B"),
];
/// Those of Python, with the multiples of ours that are asked of `mcp` and of `FastMCP`.
const PYTHON_ROWS: [(Row, &str); 3] = [
    (cpu("echo", "tool_call_simple_10k"), "80 ×, 100 ×"),
    (cpu("twenty parameters", "tool_call_complex_100"), "60 ×"),
    (cpu("echo over stdio, 16 in flight", "stdio_sustained_10k"), "50 ×"),
];

const fn cpu(about: &'static str, workload: &'static str) -> Row {
    Row { about, table: workload, column: "CPU µs", unit: "µs" }
}

const fn at_rest(about: &'static str, column: &'static str, unit: &'static str) -> Row {
    Row { about, table: "At rest", column, unit }
}

/// The load whose latency README names.
const OPEN: &str = "tcp_open_100k";
/// What stands where there is no figure.
const NOTHING: &str = "–";

/// Fills every table in the file at `path` from the text of a document.
pub fn fill(path: &Path, document: &str) -> Result<(), Fault> {
    let name = path.display();
    let text =
        fs::read_to_string(path).map_err(|error| Fault::Usage(format!("{name}: {error}")))?;
    let text = filled(&text, document).map_err(|fault| fault.within(&name.to_string()))?;
    fs::write(path, text).map_err(|error| Fault::Usage(format!("write {name}: {error}")))
}

/// `readme` with every table as `document` has it.
fn filled(readme: &str, document: &str) -> Result<String, Fault> {
    let document = Document::read(document);
    SECTIONS
        .iter()
        .try_fold(readme.to_owned(), |text, (name, make)| between(&text, name, &make(&document)?))
}

/// `text` with `content` between the comments of that name.
fn between(text: &str, name: &str, content: &str) -> Result<String, Fault> {
    let (begin, end) = (format!("<!-- measured: {name} -->"), format!("<!-- end: {name} -->"));
    let parts = text.split_once(&begin).and_then(|(before, rest)| {
        let (_, after) = rest.split_once(&end)?;
        Some((before, after))
    });
    let (before, after) = parts.ok_or_else(|| {
        Fault::Usage(format!("two lines are needed to write between: {begin} and {end}"))
    })?;
    Ok(format!("{before}{begin}\n{content}{end}{after}"))
}

/// Our servers beside the peers, and from which run.
fn servers(document: &Document<'_>) -> Result<String, Fault> {
    let ours = FRONTS.map(|(_, title)| title.to_owned());
    let peers = PEERS.map(|peer| document.made_of(peer));
    let head: Vec<String> = ["server".to_owned()].into_iter().chain(ours).chain(peers).collect();
    let head: Vec<&str> = head.iter().map(String::as_str).collect();
    let rows = ROWS.iter().map(|row| {
        let figures = document.figures(row)?;
        let ours = FRONTS.iter().map(|(front, _)| figures.absolute(front));
        let peers = PEERS.iter().map(|peer| figures.beside(OURS, peer));
        Ok([row.about.to_owned()].into_iter().chain(ours).chain(peers).collect())
    });
    let rows = rows.collect::<Result<Vec<_>, Fault>>()?;
    Ok(format!("{}\n{}\n{}", table(&head, &rows), open(document)?, document.origin()?))
}

/// What the open loop over TCP came to, which no peer speaks.
fn open(document: &Document<'_>) -> Result<String, Fault> {
    let cell = |column| document.needed(OPEN, OURS, column);
    Ok(format!(
        "On framed TCP one shard answered {} requests a second, sent when they were due, with a 95th\n\
         percentile of {} µs.\n",
        cell("req/s")?,
        cell("p95 µs")?
    ))
}

/// Our Python server beside those of Python.
fn python(document: &Document<'_>) -> Result<String, Fault> {
    const PYTHON: &str = "mcpring-python";
    let peers = PYTHON_PEERS.map(|(_, title)| title);
    let head: Vec<&str> = ["server CPU a call", "mcpring in Python"]
        .into_iter()
        .chain(peers)
        .chain(["asked (mcp, FastMCP)"])
        .collect();
    let rows = PYTHON_ROWS.iter().map(|(row, asked)| {
        let figures = document.figures(row)?;
        let peers = PYTHON_PEERS.iter().map(|(peer, _)| figures.beside(PYTHON, peer));
        let before = [row.about.to_owned(), figures.absolute(PYTHON)];
        Ok(before.into_iter().chain(peers).chain([(*asked).to_owned()]).collect())
    });
    let rows = rows.collect::<Result<Vec<_>, Fault>>()?;
    Ok(table(&head, &rows))
}

/// The tables of a document of the comparison, by the workload or the heading above them.
struct Document<'a>(BTreeMap<&'a str, Vec<Vec<&'a str>>>);

impl<'a> Document<'a> {
    fn read(text: &'a str) -> Self {
        let (mut tables, mut name) = (BTreeMap::<_, Vec<_>>::new(), "");
        for line in text.lines() {
            let about = line.strip_prefix('`').and_then(|rest| rest.split_once("`: "));
            if let Some((workload, _)) = about {
                name = workload;
            } else if let Some(heading) = line.strip_prefix("## ") {
                name = heading;
            } else if let Some(row) = line.strip_prefix('|') {
                let cells = row.trim_end_matches('|').split('|').map(str::trim);
                tables.entry(name).or_default().push(cells.collect());
            }
        }
        Self(tables)
    }

    /// The row of that name, whose figures may be doubtful, and the cell in that column.
    fn cell(&self, table: &str, row: &str, column: &str) -> Option<(&'a str, bool)> {
        let (head, rows) = self.0.get(table)?.split_first()?;
        let column = head.iter().position(|name| *name == column)?;
        let plain = |name: &'a str| name.trim_end_matches(" !").trim_matches('`');
        let cells = rows.iter().find(|cells| plain(cells[0]) == row)?;
        let cell = cells.get(column).filter(|cell| **cell != NOTHING)?;
        Some((cell, cells[0].ends_with('!')))
    }

    /// A cell that README cannot do without.
    fn needed(&self, table: &str, row: &str, column: &str) -> Result<&'a str, Fault> {
        self.cell(table, row, column).map(|(cell, _)| cell).ok_or_else(|| {
            let what = format!("the document has no `{column}` of {row} under {table}");
            Fault::Usage(format!("{what}; README is filled from a run of everything"))
        })
    }

    /// The figures of a row, of which there is at least ours.
    fn figures<'d>(&'d self, row: &'d Row) -> Result<Figures<'d>, Fault> {
        self.needed(row.table, OURS, row.column)?;
        Ok(Figures { document: self, row })
    }

    /// What a server is made of: the first words of what the document says.
    fn made_of(&self, server: &str) -> String {
        let cell = self.cell("Servers", server, "made of");
        let name = cell.and_then(|(text, _)| text.split(',').next());
        name.unwrap_or(server).to_owned()
    }

    /// When and where it was measured.
    fn origin(&self) -> Result<String, Fault> {
        let fact = |name| self.needed("Machine", name, "here");
        let day = fact("ended")?.split('T').next().unwrap_or_default();
        let length = self.cell("Machine", "length", "here");
        let length = length.map_or(String::new(), |(length, _)| format!(", {length}"));
        let here = format!("{}, {}", fact("processor")?, fact("system")?);
        Ok(format!(
            "Measured on {day} at revision {}{length};\n{here}.\n`!`: something else kept that \
             server off its core for more than a tenth of the time.\n",
            fact("revision")?
        ))
    }
}

/// One figure of all servers.
struct Figures<'a> {
    document: &'a Document<'a>,
    row: &'a Row,
}

impl Figures<'_> {
    fn of(&self, server: &str) -> Option<(&str, bool)> {
        self.document.cell(self.row.table, server, self.row.column)
    }

    /// The figure with its unit.
    fn absolute(&self, server: &str) -> String {
        self.of(server).map_or(NOTHING.into(), |(figure, is_doubtful)| {
            marked(&format!("{figure} {}", self.row.unit), is_doubtful)
        })
    }

    /// The figure as a multiple of that of `base`: as the document has it, or the quotient.
    fn beside(&self, base: &str, server: &str) -> String {
        let Some((figure, is_doubtful)) = self.of(server) else { return NOTHING.into() };
        let told = self.document.cell(self.row.table, server, "beside ours");
        if let Some((ratio, _)) = told.filter(|_| base == OURS) {
            return marked(ratio, is_doubtful);
        }
        let value = |text: &str| text.parse::<f64>().ok();
        let base = self.of(base).and_then(|(figure, _)| value(figure));
        let ratio = value(figure).zip(base).filter(|(_, base)| *base > 0.0);
        ratio.map_or(NOTHING.into(), |(figure, base)| {
            marked(&format!("{} ×", number(figure / base)), is_doubtful)
        })
    }
}

fn marked(cell: &str, is_doubtful: bool) -> String {
    if is_doubtful { format!("{cell} !") } else { cell.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::super::{canned, document};
    use super::*;
    use crate::binaries::root;

    #[test]
    fn readme_says_what_the_document_says() {
        let read = |name: &str| fs::read_to_string(root().join(name)).expect(name);
        let (readme, document) = (read("README.md"), read("docs/BENCHMARKS.md"));
        let want = filled(&readme, &document).expect("a document of everything");
        let how = "mcpring-bench peers --from docs/BENCHMARKS.md --readme README.md";
        assert!(readme == want, "README.md is stale: {how}");
    }

    #[test]
    fn a_figure_is_found_with_its_doubt_or_not_at_all() {
        let text = document::markdown(&canned::comparison());
        let document = Document::read(&text);
        let (echo, read) = (cpu("", "tool_call_simple_10k"), cpu("", "resource_read_10k"));
        let session = at_rest("", SESSION, "B");
        for (row, base, of, want) in [
            (&echo, OURS, OURS, "2.00 µs, 1.00 ×"),
            (&echo, OURS, "rmcp", "10.0 µs, 5.00 ×"),
            (&echo, OURS, "fastmcp", "400 µs !, 200 × !"),
            (&echo, "rmcp", "fastmcp", "400 µs !, 40.0 × !"),
            (&read, OURS, "fastmcp", "–, –"),
            (&session, OURS, "rmcp", "48000 B, 40.0 ×"),
        ] {
            let figures = document.figures(row).expect(row.table);
            let got = format!("{}, {}", figures.absolute(of), figures.beside(base, of));
            assert_eq!(got, want, "{}, {of}", row.table);
        }
        assert_eq!(document.made_of("mcpring"), "mcpring 0.1.0");
        assert!(document.origin().expect("a machine").contains("2026-11-26"));
    }

    fn check(readme: &str, want: &str) {
        let content = |text: &str| between(text, "x", "new\n").map_err(|fault| fault.to_string());
        let got = content(readme).unwrap_or_else(|fault| fault);
        assert_eq!(got, want, "{readme}");
    }

    #[test]
    fn only_what_stands_between_the_marks_changes() {
        let marked = |inside: &str| format!("a\n<!-- measured: x -->\n{inside}<!-- end: x -->\nb");
        check(&marked("old\nold\n"), &marked("new\n"));
        check(&marked("new\n"), &marked("new\n"));
        let needed =
            "two lines are needed to write between: <!-- measured: x --> and <!-- end: x -->";
        check("a\nb", needed);
        check("<!-- end: x -->\n<!-- measured: x -->\n", needed);
    }

    #[test]
    fn a_run_of_a_part_fills_nothing() {
        let text = document::markdown(&canned::comparison());
        let fault = servers(&Document::read(&text)).expect_err("a row is missing").to_string();
        let want = "the document has no `CPU µs` of mcpring under tool_call_complex_100";
        assert!(fault.starts_with(want), "{fault}");
    }
}
