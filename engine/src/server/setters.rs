//! The builder methods that tools, resources, templates and prompts share, written once.

/// Where and how long the handler of `self` runs: `self.execution`, `self.timeout`; and who
/// may: `self.scopes`; and whether it sees the request: `self.keeps_request`.
macro_rules! run_setters {
    () => {
        /// Runs the handler on the thread that serves sockets: for brief computing that never
        /// blocks. See [`Execution::Inline`](crate::server::Execution::Inline).
        pub fn inline(self) -> Self {
            self.execution(crate::server::Execution::Inline)
        }

        /// Runs the handler on the worker pool, where it may block; the default.
        pub fn pool(self) -> Self {
            self.execution(crate::server::Execution::Pool)
        }

        /// Says where the handler runs.
        pub fn execution(mut self, execution: crate::server::Execution) -> Self {
            self.execution = execution;
            self
        }

        /// Says which scopes a caller needs, beside those the server always wants. They count where
        /// [`Authorization`](crate::Authorization) is configured, and over HTTP only.
        pub fn scopes<S: AsRef<str>>(mut self, scopes: impl IntoIterator<Item = S>) -> Self {
            self.scopes.extend(scopes.into_iter().map(|scope| Box::from(scope.as_ref())));
            self
        }

        /// Limits how long a call may take before it is answered with an error.
        pub fn timeout(mut self, timeout: std::time::Duration) -> Self {
            self.timeout = Some(timeout);
            self
        }

        /// Says whether calls keep what came with their request, at the price of a copy:
        /// [`CallContext::request`](crate::server::CallContext::request).
        pub fn keep_request(mut self, is_kept: bool) -> Self {
            self.keeps_request = is_kept;
            self
        }
    };
}

/// What people and hosts see of `self.$info`: title, description, icons, `_meta`.
macro_rules! info_setters {
    ($($info:tt)+) => {
        /// Sets the name for people.
        pub fn title(mut self, title: impl Into<crate::model::Text>) -> Self {
            self.$($info)+.title = Some(title.into());
            self
        }

        /// Says what it is for; models read this.
        pub fn description(mut self, description: impl Into<crate::model::Text>) -> Self {
            self.$($info)+.description = Some(description.into());
            self
        }

        /// Adds a picture.
        pub fn icon(mut self, icon: crate::model::Icon) -> Self {
            self.$($info)+.icons.push(icon);
            self
        }

        /// Sets the open members.
        pub fn meta(mut self, meta: crate::model::Meta) -> Self {
            self.$($info)+.meta = Some(meta);
            self
        }
    };
}

/// What readers see of `self.$info`: media type, size, hints.
macro_rules! resource_setters {
    ($($info:tt)+) => {
        /// Sets the media type.
        pub fn mime_type(mut self, mime_type: impl Into<crate::model::Text>) -> Self {
            self.$($info)+.mime_type = Some(mime_type.into());
            self
        }

        /// Sets the hints for the reader.
        pub fn annotations(mut self, annotations: crate::model::Annotations) -> Self {
            self.$($info)+.annotations = Some(annotations);
            self
        }

        /// Says how long clients may keep what is read here; without it, not at all.
        pub fn cache_hint(mut self, hint: crate::model::CacheHint) -> Self {
            self.cache = Some(hint);
            self
        }
    };
}

/// What completes the arguments or variables of `self`: `self.completers`.
macro_rules! completer_setters {
    ($what:literal) => {
        #[doc = concat!("Completes the ", $what, " `name` with what `complete` returns: it reads")]
        /// what was typed so far with [`Call::partial`](crate::server::Call::partial), and the
        /// others that are known already with [`Call::argument`](crate::server::Call::argument).
        pub fn complete<R, F>(self, name: impl Into<crate::model::Text>, complete: F) -> Self
        where
            R: crate::server::CompletionReturn + 'static,
            F: Fn(&mut crate::server::Call<'_>) -> R + Send + Sync + 'static,
        {
            self.completer(name, crate::server::Completer::new(complete))
        }

        #[doc = concat!("Completes the ", $what, " `name` with any [`Completer`].")]
        pub fn completer(
            mut self,
            name: impl Into<crate::model::Text>,
            completer: crate::server::Completer,
        ) -> Self {
            self.completers.push((name.into(), completer));
            self
        }
    };
}

pub(super) use {completer_setters, info_setters, resource_setters, run_setters};
