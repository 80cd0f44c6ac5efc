//! The plugins of one server, and what each added.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde_json::{Value, json};

use super::Library;
use crate::recipe::List;

/// A plugin of a server.
pub(crate) struct Plugin {
    path: PathBuf,
    library: Arc<Library>,
    /// What it added, in its order.
    pub(super) features: Vec<(List, String)>,
}

/// The plugins of one server.
#[derive(Default)]
pub(crate) struct Plugins(Mutex<Vec<Plugin>>);

impl Plugins {
    /// Enters a plugin without features; `false` when the path is there already.
    pub(super) fn insert(&self, path: &Path, library: &Arc<Library>) -> bool {
        let mut all = self.lock();
        let is_new = all.iter().all(|plugin| plugin.path != path);
        if is_new {
            let library = Arc::clone(library);
            all.push(Plugin { path: path.to_owned(), library, features: Vec::new() });
        }
        is_new
    }

    /// Takes a plugin out.
    pub(super) fn take(&self, path: &Path) -> Option<Plugin> {
        let mut all = self.lock();
        let place = all.iter().position(|plugin| plugin.path == path)?;
        Some(all.remove(place))
    }

    /// A plugin has added a feature; `false` when it is not here any more.
    pub(crate) fn record(&self, library: &Arc<Library>, list: List, key: &str) -> bool {
        let mut all = self.lock();
        let plugin = all.iter_mut().find(|plugin| Arc::ptr_eq(&plugin.library, library));
        plugin.map(|plugin| plugin.features.push((list, key.to_owned()))).is_some()
    }

    /// A feature is gone, whoever added it.
    pub(crate) fn forget(&self, list: List, key: &str) {
        for plugin in &mut *self.lock() {
            plugin.features.retain(|(own, name)| (*own, &**name) != (list, key));
        }
    }

    /// Lets go of all.
    pub(crate) fn clear(&self) {
        let all = std::mem::take(&mut *self.lock());
        // Behind the lock, for their files may go.
        drop(all);
    }

    /// All, with the names of their features.
    pub(crate) fn json(&self) -> Value {
        let all = self.lock();
        let plugin = |plugin: &Plugin| {
            let mut json = json!({ "path": plugin.path.to_string_lossy() });
            for list in [List::Tools, List::Resources, List::Templates, List::Prompts] {
                let names = plugin.features.iter().filter(|(own, _)| *own == list);
                json[list.plural()] = names.map(|(_, name)| &**name).collect();
            }
            json
        };
        all.iter().map(plugin).collect()
    }

    /// Each change is made whole, so a panic elsewhere leaves nothing half done.
    fn lock(&self) -> MutexGuard<'_, Vec<Plugin>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
