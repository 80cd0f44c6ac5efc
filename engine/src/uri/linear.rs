//! Many templates, tried one after another: what a [`Router`](super::Router) is measured against.

use std::collections::HashSet;

use super::matcher::Bindings;
use super::template::{Template, TemplateError, TemplateErrorKind};

/// Finds the one of many templates that a URI matches, as [`Router`](super::Router) does, in time
/// that grows with their number.
#[derive(Clone, Debug)]
pub struct Linear<T> {
    routes: Vec<(Template, T)>,
    shapes: HashSet<String>,
    /// Places among the routes, most particular first.
    order: Vec<usize>,
}

impl<T> Default for Linear<T> {
    fn default() -> Self {
        Self { routes: Vec::new(), shapes: HashSet::new(), order: Vec::new() }
    }
}

impl<T> Linear<T> {
    /// Without templates.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a template; refused is what [`Router::insert`](super::Router::insert) refuses.
    pub fn insert(&mut self, template: Template, value: T) -> Result<(), TemplateError> {
        let matcher = template.matcher()?;
        let rank = rank(&template);
        if !self.shapes.insert(matcher.shape()) {
            return Err(TemplateErrorKind::Duplicate.at(0));
        }
        let at = self.order.partition_point(|place| self::rank(&self.routes[*place].0) >= rank);
        self.order.insert(at, self.routes.len());
        self.routes.push((template, value));
        Ok(())
    }

    /// The value of the most particular template that matches, and what the URI binds.
    pub fn find(&self, uri: &str) -> Option<(&T, Bindings)> {
        self.order.iter().find_map(|place| {
            let (template, value) = &self.routes[*place];
            template.matches(uri).map(|bindings| (value, bindings))
        })
    }

    /// Templates and values in order of insertion.
    pub fn iter(&self) -> impl Iterator<Item = (&Template, &T)> {
        self.routes.iter().map(|(template, value)| (template, value))
    }
}

/// How particular a template is: the literal before its first variable, then all literals, then
/// that nothing in it is wide. One without a matcher is never inserted.
fn rank(template: &Template) -> Option<(usize, (usize, bool))> {
    template.matcher().ok().map(|matcher| (matcher.prefix().len(), matcher.weight()))
}
