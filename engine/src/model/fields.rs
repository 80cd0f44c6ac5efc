//! Which optional members exist where a value is going: the one table of the model.
//!
//! The protocol versions are rows here and nothing else: encoders ask for a member by name, never
//! for a version. Which row a session uses is decided by whoever knows its version.

/// One row: the members a reader knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(clippy::struct_excessive_bools, reason = "a table row, one column a member")]
pub struct Fields {
    row: u8,
    /// Audio content; written as a text placeholder where it does not exist.
    pub audio: bool,
    /// `annotations` on a tool.
    pub tool_annotations: bool,
    /// The `completions` capability.
    pub completions: bool,
    /// Resolved arguments beside the one to complete.
    pub completion_context: bool,
    /// `message` in a progress notification.
    pub progress_message: bool,
    /// `title` on tools, resources, templates, prompts, prompt arguments and implementations.
    pub titles: bool,
    /// `_meta` on listed features and on content (results always may have it).
    pub item_meta: bool,
    /// `structuredContent` in results and `outputSchema` on tools.
    pub structured: bool,
    /// Resource links as content; written as text where they do not exist.
    pub resource_links: bool,
    /// `lastModified` in annotations.
    pub last_modified: bool,
    /// `icons` on features and implementations.
    pub icons: bool,
    /// `description` and `websiteUrl` on implementations.
    pub implementation_details: bool,
    /// Questions to the person, as a form.
    pub elicitation: bool,
    /// Defaults of every property of a form, titled choices as `oneOf`, choices of several. Where
    /// this is false, titles travel as `enumNames` and a choice of several is one of one.
    pub rich_forms: bool,
    /// Questions to the person at a URL, and with them the member `mode`.
    pub url_elicitation: bool,
    /// The id of a question at a URL, the notification that it is done, and the error −32042.
    pub elicitation_id: bool,
    /// Tools in questions to the client's model, and messages of several blocks.
    pub sampling_tools: bool,
    /// Tasks as a part of the protocol: `execution` on tools and the `tasks` capability.
    pub core_tasks: bool,
    /// The `extensions` capability; tasks are one of them.
    pub extensions: bool,
    /// Structured content may be any JSON value and output schemas need no `type: object`. Where
    /// this is false another value travels as `{"result": …}` and such a schema is not listed.
    pub any_structured: bool,
}

impl Fields {
    /// Number of rows.
    pub const ROWS: usize = 5;

    /// 2024-11-05: the least of all.
    pub const V2024_11_05: Self = Self {
        row: 0,
        audio: false,
        tool_annotations: false,
        completions: false,
        completion_context: false,
        progress_message: false,
        titles: false,
        item_meta: false,
        structured: false,
        resource_links: false,
        last_modified: false,
        icons: false,
        implementation_details: false,
        elicitation: false,
        rich_forms: false,
        url_elicitation: false,
        elicitation_id: false,
        sampling_tools: false,
        core_tasks: false,
        extensions: false,
        any_structured: false,
    };
    /// 2025-03-26 adds audio, tool annotations, completions and words beside progress.
    pub const V2025_03_26: Self = Self {
        row: 1,
        audio: true,
        tool_annotations: true,
        completions: true,
        progress_message: true,
        ..Self::V2024_11_05
    };
    /// 2025-06-18 adds titles, structured output, resource links, forms and more `_meta`.
    pub const V2025_06_18: Self = Self {
        row: 2,
        titles: true,
        item_meta: true,
        structured: true,
        resource_links: true,
        last_modified: true,
        elicitation: true,
        completion_context: true,
        ..Self::V2025_03_26
    };
    /// 2025-11-25 adds icons, a fuller introduction, richer questions and tasks.
    pub const V2025_11_25: Self = Self {
        row: 3,
        icons: true,
        implementation_details: true,
        rich_forms: true,
        url_elicitation: true,
        elicitation_id: true,
        sampling_tools: true,
        core_tasks: true,
        ..Self::V2025_06_18
    };
    /// 2026-07-28 lets structured content be any JSON value, and makes tasks an extension.
    pub const V2026_07_28: Self = Self {
        row: 4,
        any_structured: true,
        elicitation_id: false,
        core_tasks: false,
        extensions: true,
        ..Self::V2025_11_25
    };

    /// All rows, oldest first; [`Fields::row`] is the place here.
    pub const TABLE: [Self; Self::ROWS] = [
        Self::V2024_11_05,
        Self::V2025_03_26,
        Self::V2025_06_18,
        Self::V2025_11_25,
        Self::V2026_07_28,
    ];

    /// The row without links as content, for messages of a model, which have none.
    pub(super) const fn without_links(self) -> Self {
        Self { resource_links: false, ..self }
    }

    /// The row's place in [`Fields::TABLE`], for tables of ready bytes.
    pub const fn row(&self) -> usize {
        self.row as usize
    }
}
