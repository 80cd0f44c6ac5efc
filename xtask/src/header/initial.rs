//! `MCPRING_..._INIT`: an initialiser for each struct that a program fills in.
//!
//! Every field is written out, because compilers warn about what is left out.

use super::block::Block;

/// Structs that a program does not fill in, or fills in otherwise.
const WITHOUT: &[&str] = &["mcpring_str", "mcpring_host"];

/// Fields that do not start as zero: their type, and what it starts as.
const STARTS: &[(&str, &str)] =
    &[("mcpring_str", "MCPRING_ABSENT"), ("mcpring_node", "MCPRING_NO_NODE"), ("bool", "false")];

const LINE_MAX: usize = 100;

/// The macro for a struct, if it has one.
pub(super) fn text(block: &Block) -> Option<String> {
    let fields = block.fields().filter(|_| !WITHOUT.contains(&block.name.as_str()))?;
    let values: Vec<String> =
        fields.iter().map(|(kind, name)| value(&block.name, kind, name)).collect();
    let name = block.name.to_ascii_uppercase();
    let mut lines = vec![format!("#define {name}_INIT")];
    let mut line = "  {".to_owned();
    for (at, value) in values.iter().enumerate() {
        let comma = if at + 1 < values.len() { "," } else { " }" };
        // Room for the backslash.
        if line.len() + value.len() + comma.len() + 3 > LINE_MAX {
            lines.push(std::mem::replace(&mut line, "   ".to_owned()));
        }
        line.push(' ');
        line.push_str(value);
        line.push_str(comma);
    }
    lines.push(line);
    Some(format!("/** How a {} starts. */\n{}\n", block.name, lines.join(" \\\n")))
}

fn value(owner: &str, kind: &str, name: &str) -> String {
    if name == "struct_size" {
        return format!("sizeof({owner})");
    }
    let is_pointer = kind.contains('*') || kind.ends_with("_fn") || kind == "mcpring_function";
    let start = STARTS.iter().find(|(of, _)| *of == kind).map(|(_, start)| *start);
    start.unwrap_or(if is_pointer { "NULL" } else { "0" }).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(code: &str, want: Option<&str>) {
        let blocks = Block::read_all(code).expect("one item");
        assert_eq!(text(&blocks[0]).as_deref(), want, "for {code}");
    }

    #[test]
    fn every_field_has_its_start() {
        let code = "typedef struct {\n  size_t struct_size;\n  mcpring_str name;\n  \
                    const mcpring_str *names;\n  uint32_t count;\n  bool is_x;\n  \
                    mcpring_node root;\n  mcpring_call_fn call;\n} mcpring_x;";
        let want = "/** How a mcpring_x starts. */\n#define MCPRING_X_INIT \\\n  { \
                    sizeof(mcpring_x), MCPRING_ABSENT, NULL, 0, false, MCPRING_NO_NODE, NULL }\n";
        check(code, Some(want));
        check("typedef struct {\n  size_t len;\n} mcpring_str;", None);
        check("typedef int32_t mcpring_status;", None);
    }

    #[test]
    fn lines_are_short() {
        let fields = "  mcpring_str field;\n".repeat(20);
        let blocks = Block::read_all(&format!("typedef struct {{\n{fields}}} mcpring_long;"));
        let text = text(&blocks.expect("one item")[0]).expect("it has one");
        assert!(text.lines().all(|line| line.len() <= LINE_MAX), "{text}");
        assert_eq!(text.matches("MCPRING_ABSENT").count(), 20);
    }
}
