//! Many templates, one look-up: a radix tree over the literal text before each first variable.
//!
//! Only templates whose literal prefix begins the URI are tried, so the cost grows with the
//! length of the URI and not with the number of templates, as long as prefixes differ. Templates
//! that share a prefix are tried one after another.
//!
//! Of several templates that match, the most particular wins: the longest literal prefix, then
//! the most literal bytes in all, then one without `{+x}`, then the one inserted first.

use std::collections::HashSet;

use super::matcher::Bindings;
use super::template::{Template, TemplateError, TemplateErrorKind};

/// Finds the one of many templates that a URI matches.
#[derive(Clone, Debug)]
pub struct Router<T> {
    routes: Vec<(Template, T)>,
    shapes: HashSet<String>,
    /// The root is node 0.
    nodes: Vec<Node>,
}

#[derive(Clone, Debug, Default)]
struct Node {
    /// The bytes between the parent's place and this one; empty only at the root.
    edge: Box<[u8]>,
    parent: usize,
    /// Sorted by first byte; no two children share one.
    children: Vec<(u8, usize)>,
    /// Routes whose prefix ends here, most particular first.
    routes: Vec<usize>,
}

impl<T> Default for Router<T> {
    fn default() -> Self {
        Self { routes: Vec::new(), shapes: HashSet::new(), nodes: vec![Node::default()] }
    }
}

impl<T> Router<T> {
    /// A router without templates.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a template. Refused: one that cannot be matched without guessing, and one that
    /// matches exactly the URIs of another.
    pub fn insert(&mut self, template: Template, value: T) -> Result<(), TemplateError> {
        let matcher = template.matcher()?;
        let weight = matcher.weight();
        if !self.shapes.insert(matcher.shape()) {
            return Err(TemplateErrorKind::Duplicate.at(0));
        }
        let node = self.node_for(matcher.prefix().as_bytes());
        let at = self.nodes[node].routes.partition_point(|route| self.weight(*route) >= weight);
        self.nodes[node].routes.insert(at, self.routes.len());
        self.routes.push((template, value));
        Ok(())
    }

    /// The value of the most particular template that matches, and what the URI binds.
    pub fn find(&self, uri: &str) -> Option<(&T, Bindings)> {
        let mut at = self.deepest(uri.as_bytes());
        loop {
            for route in &self.nodes[at].routes {
                let (template, value) = &self.routes[*route];
                if let Some(bindings) = template.matches(uri) {
                    return Some((value, bindings));
                }
            }
            if at == 0 {
                return None;
            }
            at = self.nodes[at].parent;
        }
    }

    /// Templates and values in order of insertion.
    pub fn iter(&self) -> impl Iterator<Item = (&Template, &T)> {
        self.routes.iter().map(|(template, value)| (template, value))
    }

    /// How many templates there are.
    pub fn len(&self) -> usize {
        self.routes.len()
    }

    /// Whether there are no templates.
    pub fn is_empty(&self) -> bool {
        self.routes.is_empty()
    }

    fn weight(&self, route: usize) -> (usize, bool) {
        let matcher = self.routes[route].0.matcher();
        matcher.expect("only templates with a matcher are inserted").weight()
    }

    /// The last node whose whole path begins `text`.
    fn deepest(&self, text: &[u8]) -> usize {
        let (mut node, mut rest) = (0, text);
        while let Some((child, behind)) = self.child(node, rest).and_then(|child| {
            rest.strip_prefix(&*self.nodes[child].edge).map(|behind| (child, behind))
        }) {
            (node, rest) = (child, behind);
        }
        node
    }

    fn child(&self, node: usize, rest: &[u8]) -> Option<usize> {
        let children = &self.nodes[node].children;
        let at = children.binary_search_by_key(rest.first()?, |(first, _)| *first).ok()?;
        Some(children[at].1)
    }

    /// The node at `prefix`, made if need be.
    fn node_for(&mut self, prefix: &[u8]) -> usize {
        let (mut node, mut rest) = (0, prefix);
        while !rest.is_empty() {
            let Some(child) = self.child(node, rest) else {
                return self.add(node, rest);
            };
            let common = common_len(&self.nodes[child].edge, rest);
            if common < self.nodes[child].edge.len() {
                self.split(child, common);
            }
            (node, rest) = (child, &rest[common..]);
        }
        node
    }

    fn add(&mut self, parent: usize, edge: &[u8]) -> usize {
        let new = self.nodes.len();
        self.nodes.push(Node { edge: edge.into(), parent, ..Node::default() });
        let children = &mut self.nodes[parent].children;
        let at = children.partition_point(|(first, _)| *first < edge[0]);
        children.insert(at, (edge[0], new));
        new
    }

    /// Cuts a node's edge after `len` bytes: the node keeps its number and the upper half, a new
    /// node below takes its lower half, children and routes.
    fn split(&mut self, node: usize, len: usize) {
        let below = self.nodes.len();
        let edge = std::mem::take(&mut self.nodes[node].edge);
        let lower = Node {
            edge: edge[len..].into(),
            parent: node,
            children: std::mem::take(&mut self.nodes[node].children),
            routes: std::mem::take(&mut self.nodes[node].routes),
        };
        for (_, child) in &lower.children {
            self.nodes[*child].parent = below;
        }
        self.nodes[node].edge = edge[..len].into();
        self.nodes[node].children.push((edge[len], below));
        self.nodes.push(lower);
    }
}

fn common_len(a: &[u8], b: &[u8]) -> usize {
    a.iter().zip(b).take_while(|(a, b)| a == b).count()
}

#[cfg(test)]
mod tests {
    use super::super::Linear;
    use super::*;
    use proptest::prelude::*;

    fn router(texts: &[&str]) -> Router<String> {
        let mut router = Router::new();
        for text in texts {
            router.insert(Template::parse(text).unwrap(), (*text).to_owned()).unwrap();
        }
        router
    }

    #[track_caller]
    fn check(texts: &[&str], rows: &[(&str, Option<&str>)]) {
        let forward = router(texts);
        for (uri, want) in rows {
            let got = forward.find(uri).map(|(value, _)| value.as_str());
            assert_eq!(got, *want, "{uri}");
        }
    }

    #[test]
    fn the_most_particular_wins() {
        check(
            &["a/{x}", "a/b{x}", "a/{+x}", "a/{x}.json", "{+x}", "ab", "a/{x}/c"],
            &[
                ("a/z", Some("a/{x}")),
                ("a/bz", Some("a/b{x}")),
                ("a/z.json", Some("a/{x}.json")),
                ("a/z/c", Some("a/{x}/c")),
                ("a/z/d", Some("a/{+x}")),
                ("ab", Some("ab")),
                ("abc", Some("{+x}")),
                ("", None),
                ("../x", None),
            ],
        );
    }

    #[test]
    fn same_shape_is_refused() {
        let mut router = router(&["a/{x}", "a/{+x}", "b{?x}"]);
        for (text, kind) in [
            ("a/{other}", TemplateErrorKind::Duplicate),
            ("a{/x}", TemplateErrorKind::Duplicate),
            ("b{?y,z}", TemplateErrorKind::Duplicate),
            ("a/{x}{y}", TemplateErrorKind::Adjacent),
        ] {
            let fault = router.insert(Template::parse(text).unwrap(), String::new()).unwrap_err();
            assert_eq!(fault.kind, kind, "{text}");
        }
        assert_eq!(router.len(), 3);
    }

    /// The rule of the module's doc, applied to every template in turn.
    fn naive<'a>(templates: &'a [Template], uri: &str) -> Option<&'a str> {
        let key = |template: &Template| {
            let text = template.as_str();
            let fixed: String =
                text.split('{').map(|s| s.split('}').next_back().unwrap()).collect();
            (text.find('{').unwrap_or(text.len()), fixed.len(), !text.contains("{+"))
        };
        let matching = templates.iter().rev().filter(|template| template.matches(uri).is_some());
        matching.max_by_key(|template| key(template)).map(Template::as_str)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(1000))]

        #[test]
        fn equals_a_linear_search(
            texts in prop::collection::vec("[ab/]{0,4}(\\{x\\}|\\{\\+x\\})?[ab/.]{0,2}", 1..40),
            uris in prop::collection::vec("[ab/.]{0,8}", 1..40),
        ) {
            let (mut router, mut linear) = (Router::new(), Linear::new());
            let mut kept = Vec::new();
            for text in &texts {
                let template = Template::parse(text).unwrap();
                let is_kept = router.insert(template.clone(), text.clone()).is_ok();
                prop_assert_eq!(linear.insert(template.clone(), text).is_ok(), is_kept, "{}", text);
                if is_kept {
                    kept.push(template);
                }
            }
            for uri in uris.iter().chain(&texts) {
                let found = router.find(uri);
                let tried = linear.find(uri);
                prop_assert_eq!(format!("{found:?}"), format!("{:?}", tried), "{}", uri);
                let got = found.as_ref().map(|(value, _)| value.as_str());
                prop_assert_eq!(got, naive(&kept, uri), "{}", uri);
                if let Some((_, bindings)) = found {
                    prop_assert_eq!(bindings.is_empty(), !got.unwrap().contains('{'));
                }
            }
        }
    }
}
