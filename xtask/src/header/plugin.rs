//! `mcpring_plugin.h`: every function as a call through a table that the host fills.

use super::block::{Block, Kind, Signature};
use super::{BEGIN_C, END_C};

const LINE_MAX: usize = 100;

/// The header, from the functions of the library and the texts around.
pub(super) fn text(blocks: &[Block], top: &str, end: &str) -> String {
    let functions = blocks.iter().filter(|block| block.kind == Kind::Function);
    let functions: Vec<_> = functions.filter_map(Block::signature).collect();
    let mut out = format!(
        "{top}#pragma once\n#ifndef MCPRING_PLUGIN_H\n#define MCPRING_PLUGIN_H\n\n\
         #include \"mcpring.h\"\n\n{BEGIN_C}\n"
    );
    out.push_str("/** The functions of the host. Each plugin has its own table. */\n");
    out.push_str("struct mcpring_plugin_calls {\n");
    out.extend(functions.iter().map(member));
    out.push_str("};\n\n");
    out.push_str("extern __attribute__((visibility(\"hidden\")))\n");
    out.push_str("struct mcpring_plugin_calls mcpring_plugin_calls;\n");
    out.push_str(FIND);
    let finds: Vec<String> = functions.iter().map(|function| find(function.name)).collect();
    out.push_str(&finds.join(" &&\n"));
    out.push_str(&format!(
        ";\n  return is_whole ? MCPRING_OK : MCPRING_ERR_PLUGIN;\n}}\n\n{END_C}\n"
    ));
    out.extend(functions.iter().map(|function| {
        let name = function.name;
        format!("#define {name} mcpring_plugin_calls.{name}\n")
    }));
    out.push_str(&format!("\n{end}\n#endif /* MCPRING_PLUGIN_H */\n"));
    out
}

/// The start of what fills the table. All pointers to functions have one form here, so a copy of
/// its bytes makes one of the right type, and is no cast that compilers warn about.
const FIND: &str = "
static inline bool mcpring_plugin_find(const mcpring_host *host, const char *name, void *place) {
  mcpring_function found = host->find(name);
  memcpy(place, &found, sizeof(found));
  return found != NULL;
}

/** Fills the table; MCPRING_PLUGIN calls it. */
static inline mcpring_status mcpring_plugin_bind(const mcpring_host *host) {
  struct mcpring_plugin_calls *calls = &mcpring_plugin_calls;
  const bool is_whole =
      host->abi == MCPRING_ABI &&
";

/// The field of the table for a function, in lines that are not too long.
fn member(function: &Signature<'_>) -> String {
    let space = if function.returns.ends_with('*') { "" } else { " " };
    let text = format!("{}{space}(*{}){};", function.returns, function.name, function.parameters);
    let mut out = String::from("  ");
    let mut width = out.len();
    for part in text.split_inclusive(", ") {
        if width + part.trim_end().len() > LINE_MAX {
            out.truncate(out.trim_end().len());
            out.push_str("\n      ");
            width = "      ".len();
        }
        out.push_str(part);
        width += part.len();
    }
    out.push('\n');
    out
}

/// The condition that looks a function up.
fn find(name: &str) -> String {
    let line = format!("      mcpring_plugin_find(host, \"{name}\", &calls->{name})");
    if line.len() + " &&".len() <= LINE_MAX {
        return line;
    }
    format!(
        "      mcpring_plugin_find(host, \"{name}\",\n                          &calls->{name})"
    )
}
