//! What was asked, whether the call is inside its callback or was taken along.

use std::sync::Arc;

use mcpring::Call;
use mcpring::json::Value;
use mcpring::server::{Answers, CallContext, Deferred, FeatureKind};

/// What a client asked.
pub(crate) trait Subject {
    /// What kind of feature is called.
    fn kind(&self) -> FeatureKind;
    /// The feature's name, or the argument's that is completed.
    fn name(&self) -> &str;
    /// The sender's bytes of the arguments.
    fn arguments_json(&self) -> &[u8];
    /// The argument of that name.
    fn argument_value(&self, name: &str) -> Option<Value<'_>>;
    /// The URI that is read.
    fn uri(&self) -> &str;
    /// What was typed of an argument so far.
    fn partial(&self) -> &str;
    /// The registered media type of a resource.
    fn mime_type(&self) -> Option<&str>;
    /// What the URI has in the place of a variable.
    fn variable(&self, name: &str) -> Option<&str>;
    /// Everything else that is known of the call.
    fn context(&self) -> &Arc<CallContext>;
    /// What the client answered before.
    fn answers(&self) -> &Answers;
    /// What the handler left for itself.
    fn state(&self) -> Option<&[u8]>;
    /// Takes the call along; once.
    fn defer(&mut self) -> Option<Deferred>;
}

/// The methods that an engine's call of either form has under the same name.
macro_rules! same {
    ($call:ty) => {
        fn kind(&self) -> FeatureKind {
            <$call>::kind(self)
        }

        fn name(&self) -> &str {
            <$call>::name(self)
        }

        fn arguments_json(&self) -> &[u8] {
            <$call>::arguments_json(self)
        }

        fn argument_value(&self, name: &str) -> Option<Value<'_>> {
            <$call>::argument_value(self, name)
        }

        fn uri(&self) -> &str {
            <$call>::uri(self)
        }

        fn partial(&self) -> &str {
            <$call>::partial(self)
        }

        fn mime_type(&self) -> Option<&str> {
            <$call>::mime_type(self)
        }

        fn variable(&self, name: &str) -> Option<&str> {
            <$call>::variable(self, name)
        }

        fn context(&self) -> &Arc<CallContext> {
            <$call>::context(self)
        }

        fn answers(&self) -> &Answers {
            <$call>::answers(self)
        }

        fn state(&self) -> Option<&[u8]> {
            <$call>::state(self)
        }
    };
}

impl Subject for Call<'_> {
    same!(Call<'_>);

    fn defer(&mut self) -> Option<Deferred> {
        Some(Call::defer(self))
    }
}

impl Subject for Deferred {
    same!(Deferred);

    fn defer(&mut self) -> Option<Deferred> {
        None
    }
}

/// A call that was taken along and is inside a callback now.
pub(crate) struct HostCall(Option<Deferred>);

impl HostCall {
    pub(crate) fn new(call: Deferred) -> Self {
        Self(Some(call))
    }

    /// The call, unless it was kept.
    pub(crate) fn into_inner(self) -> Option<Deferred> {
        self.0
    }

    /// Nobody looks into a call here once it was kept.
    fn call(&self) -> &Deferred {
        self.0.as_ref().expect("a call that was kept is looked for among the kept ones")
    }
}

impl Subject for HostCall {
    fn kind(&self) -> FeatureKind {
        self.call().kind()
    }

    fn name(&self) -> &str {
        self.call().name()
    }

    fn arguments_json(&self) -> &[u8] {
        self.call().arguments_json()
    }

    fn argument_value(&self, name: &str) -> Option<Value<'_>> {
        self.call().argument_value(name)
    }

    fn uri(&self) -> &str {
        self.call().uri()
    }

    fn partial(&self) -> &str {
        self.call().partial()
    }

    fn mime_type(&self) -> Option<&str> {
        self.call().mime_type()
    }

    fn variable(&self, name: &str) -> Option<&str> {
        self.call().variable(name)
    }

    fn context(&self) -> &Arc<CallContext> {
        self.call().context()
    }

    fn answers(&self) -> &Answers {
        self.call().answers()
    }

    fn state(&self) -> Option<&[u8]> {
        self.call().state()
    }

    fn defer(&mut self) -> Option<Deferred> {
        self.0.take()
    }
}
