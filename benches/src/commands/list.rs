//! `mcpring-bench list`: the workloads, or what a server offers and which of them fit it.

use serde_json::{Value, json};

use super::served::{self, Era};
use super::{Ending, print, print_json};
use crate::fault::Fault;
use crate::report::grid;
use crate::subject::{Patience, Place, Subject};
use crate::target::FORMS;
use crate::workload::{self, EraSpec, Workload};

const HELP: &str = "\
Examples:
  mcpring-bench list
  mcpring-bench list http://127.0.0.1:8000/mcp
  mcpring-bench list stdio:'python server.py --stdio'
  mcpring-bench list --json";

/// The arguments of `list`.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = format!("{HELP}\n\n{FORMS}"))]
pub struct Arguments {
    /// A server to ask what it offers.
    target: Option<String>,
    /// Print JSON.
    #[arg(short, long)]
    json: bool,
}

/// Lists.
pub fn run(arguments: &Arguments) -> Result<Ending, Fault> {
    let named = |target| served::named(Some(target), None, Era::Auto, Patience::default());
    let subject = arguments.target.as_deref().map(named).transpose()?;
    let rows: Vec<Row<'_>> =
        workload::all().iter().map(|one| Row::of(one, subject.as_ref())).collect();
    if arguments.json {
        let workloads: Vec<Value> = rows.iter().map(Row::json).collect();
        match &subject {
            Some(subject) => print_json(&json!({
                "server": subject.identity(),
                "versions": versions(subject),
                "tools": names(subject, |offers| &offers.tools, "name"),
                "resources": names(subject, |offers| &offers.resources, "uri"),
                "prompts": names(subject, |offers| &offers.prompts, "name"),
                "workloads": workloads,
            }))?,
            None => print_json(&workloads)?,
        }
        return Ok(Ending::Fine);
    }
    if let Some(subject) = &subject {
        print(&about(subject))?;
    }
    let cells: Vec<_> = rows.iter().map(Row::cells).collect();
    print(&grid(&["workload", "plan", "operations", "about"], &cells))?;
    Ok(Ending::Fine)
}

struct Row<'a> {
    workload: &'a Workload,
    /// Why it cannot be measured.
    why_not: Option<String>,
}

impl<'a> Row<'a> {
    fn of(workload: &'a Workload, subject: Option<&Subject>) -> Self {
        let not_yet = workload.not_yet.as_ref().map(|why| format!("not yet: {why}"));
        let refused = || {
            let subject = subject.filter(|_| workload.inside.is_none())?;
            subject.can(workload).err().map(|why| format!("not here: {why}"))
        };
        Self { workload, why_not: not_yet.or_else(refused) }
    }

    fn cells(&self) -> Vec<String> {
        let Workload { id, plan, operations, about, .. } = self.workload;
        let about = self.why_not.as_ref().unwrap_or(about);
        vec![id.clone(), plan.clone(), operations.to_string(), about.clone()]
    }

    fn json(&self) -> Value {
        let Workload { id, plan, operations, about, .. } = self.workload;
        let (measurable, why_not) = (self.why_not.is_none(), &self.why_not);
        json!({
            "id": id, "plan": plan, "operations": operations, "about": about,
            "measurable": measurable, "why_not": why_not,
        })
    }
}

fn versions(subject: &Subject) -> Vec<&str> {
    subject.eras().into_iter().map(|era| subject.version(era)).collect()
}

fn names(
    subject: &Subject,
    pick: impl Fn(&crate::subject::Offers) -> &Vec<Value>,
    member: &str,
) -> Vec<String> {
    let items = subject.offers(EraSpec::Any).map(pick).into_iter().flatten();
    items.filter_map(|item| item[member].as_str().map(str::to_owned)).collect()
}

fn about(subject: &Subject) -> String {
    let places = subject
        .places()
        .iter()
        .map(|place| format!("{}://{}", Place::scheme(place.via), place.address()));
    let places = places.collect::<Vec<_>>().join(", ");
    let reached = if places.is_empty() { "over stdio".into() } else { format!("at {places}") };
    let mut out = format!("{} {reached}\n", subject.identity());
    let versions = versions(subject).into_iter().map(str::to_owned).collect();
    for (title, names) in [
        ("versions", versions),
        ("tools", names(subject, |offers| &offers.tools, "name")),
        ("resources", names(subject, |offers| &offers.resources, "uri")),
        ("prompts", names(subject, |offers| &offers.prompts, "name")),
    ] {
        let shown = if names.is_empty() { "none".into() } else { names.join(", ") };
        out.push_str(&format!("{title}: {shown}\n"));
    }
    out.push('\n');
    out
}
