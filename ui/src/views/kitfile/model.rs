//! What the Kitfile editor says, as plain data: sections with their counts and worst marks, and
//! which problem belongs to which field.

use kitbench_protocol::{EntryForm, KitfileForm, KitfileProblem, PathState, Severity};

use super::diff::LineDiff;
use crate::format;
use crate::theme::LayerKind;

/// A section of the Kitfile, in the order of the form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Section {
    Package,
    Model,
    Datasets,
    Code,
    Docs,
    Prompts,
    McpServers,
}

impl Section {
    pub const ALL: [Self; 7] = [
        Self::Package,
        Self::Model,
        Self::Datasets,
        Self::Code,
        Self::Docs,
        Self::Prompts,
        Self::McpServers,
    ];

    pub fn word(self) -> &'static str {
        match self {
            Self::Package => "Package",
            Self::Model => "Model",
            Self::Datasets => "Datasets",
            Self::Code => "Code",
            Self::Docs => "Docs",
            Self::Prompts => "Prompts",
            Self::McpServers => "MCP servers",
        }
    }

    /// Its key in the Kitfile.
    pub fn key(self) -> &'static str {
        match self {
            Self::Package => "package",
            Self::Model => "model",
            Self::Datasets => "datasets",
            Self::Code => "code",
            Self::Docs => "docs",
            Self::Prompts => "prompts",
            Self::McpServers => "mcpServers",
        }
    }

    /// What one of its entries is called.
    pub fn one(self) -> &'static str {
        match self {
            Self::Package => "package",
            Self::Model => "model",
            Self::Datasets => "dataset",
            Self::Code => "code",
            Self::Docs => "document",
            Self::Prompts => "prompt",
            Self::McpServers => "MCP server",
        }
    }

    /// The layer it makes; a package makes none.
    pub fn layer(self) -> LayerKind {
        match self {
            Self::Package => LayerKind::Config,
            Self::Model => LayerKind::Model,
            Self::Datasets => LayerKind::Dataset,
            Self::Code => LayerKind::Code,
            Self::Docs => LayerKind::Docs,
            Self::Prompts => LayerKind::Prompts,
            Self::McpServers => LayerKind::McpServers,
        }
    }

    /// Its entries; package and model have none.
    pub fn entries(self, form: &KitfileForm) -> &[EntryForm] {
        match self {
            Self::Package | Self::Model => &[],
            Self::Datasets => &form.datasets,
            Self::Code => &form.code,
            Self::Docs => &form.docs,
            Self::Prompts => &form.prompts,
            Self::McpServers => &form.mcp_servers,
        }
    }

    /// Whether its entries have names.
    pub fn is_named(self) -> bool {
        matches!(self, Self::Datasets | Self::Prompts | Self::McpServers)
    }
}

/// A list of entries: of a section, or the parts of the model.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum List {
    Parts,
    Of(Section),
}

impl List {
    /// Its path in the Kitfile.
    pub fn path(self) -> &'static str {
        match self {
            Self::Parts => "model.parts",
            Self::Of(section) => section.key(),
        }
    }

    pub fn layer(self) -> LayerKind {
        match self {
            Self::Parts => LayerKind::Part,
            Self::Of(section) => section.layer(),
        }
    }

    pub fn one(self) -> &'static str {
        match self {
            Self::Parts => "part",
            Self::Of(section) => section.one(),
        }
    }

    pub fn is_named(self) -> bool {
        match self {
            Self::Parts => true,
            Self::Of(section) => section.is_named(),
        }
    }

    pub fn entries(self, form: &KitfileForm) -> &[EntryForm] {
        match self {
            Self::Parts => form.model.as_ref().map_or(&[], |model| &model.parts),
            Self::Of(section) => section.entries(form),
        }
    }
}

/// Where in the form a problem is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Spot {
    /// Above all cards: it is about no section.
    Top,
    /// In a card.
    In(Section),
    /// At a row.
    Row(List, usize),
}

impl Spot {
    /// The section whose card it is in.
    pub fn section(self) -> Option<Section> {
        match self {
            Self::Top => None,
            Self::In(section) | Self::Row(List::Of(section), _) => Some(section),
            Self::Row(List::Parts, _) => Some(Section::Model),
        }
    }
}

/// Where the problem of this field is shown. `form` says which rows there are.
pub fn spot(path: &str, form: Option<&KitfileForm>) -> Spot {
    let lists = [
        List::Parts,
        List::Of(Section::Datasets),
        List::Of(Section::Code),
        List::Of(Section::Docs),
        List::Of(Section::Prompts),
        List::Of(Section::McpServers),
    ];
    for list in lists {
        let index = path
            .strip_prefix(list.path())
            .and_then(|rest| rest.strip_prefix('['))
            .and_then(|rest| rest.split_once(']'))
            .and_then(|(index, _)| index.parse::<usize>().ok());
        if let Some(index) = index
            && form.is_some_and(|form| index < list.entries(form).len())
        {
            return Spot::Row(list, index);
        }
    }
    let head = path.split(['.', '[']).next().unwrap_or_default();
    Section::ALL
        .into_iter()
        .find(|section| section.key() == head)
        .map_or(Spot::Top, Spot::In)
}

/// Whether a path is this field or lies within it.
pub fn is_within(path: &str, field: &str) -> bool {
    path.strip_prefix(field)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
}

/// Errors and warnings.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    pub errors: usize,
    pub warnings: usize,
}

impl Tally {
    pub fn of<'a>(problems: impl Iterator<Item = &'a KitfileProblem>) -> Self {
        problems.fold(Self::default(), |mut tally, problem| {
            match problem.severity {
                Severity::Error => tally.errors += 1,
                Severity::Warning => tally.warnings += 1,
                Severity::Info => {}
            }
            tally
        })
    }

    pub fn error_words(self) -> Option<String> {
        (self.errors > 0).then(|| format::count(self.errors as u64, "error", "errors"))
    }

    pub fn warning_words(self) -> Option<String> {
        (self.warnings > 0).then(|| format::count(self.warnings as u64, "warning", "warnings"))
    }
}

/// A chip of the section bar.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chip {
    pub section: Section,
    pub count: Option<usize>,
    pub tally: Tally,
}

/// The chips.
pub fn chips(form: Option<&KitfileForm>, problems: &[KitfileProblem]) -> Vec<Chip> {
    Section::ALL
        .into_iter()
        .map(|section| Chip {
            section,
            count: match section {
                Section::Package | Section::Model => None,
                _ => form.map(|form| section.entries(form).len()),
            },
            tally: Tally::of(
                problems
                    .iter()
                    .filter(|problem| spot(&problem.path, form).section() == Some(section)),
            ),
        })
        .collect()
}

/// `9 unsaved lines`; nothing when all is saved.
pub fn unsaved_words(diff: &LineDiff, dirty: bool) -> Option<String> {
    match (diff.touched(), dirty) {
        (0, false) => None,
        // Blanks at the end or other line ends.
        (0, true) => Some("Unsaved line ends".to_owned()),
        (n, _) => Some(format::count(n as u64, "unsaved line", "unsaved lines")),
    }
}

/// The words behind the name of the model card.
pub fn model_note(form: &KitfileForm) -> Option<String> {
    let model = form.model.as_ref()?;
    let parts = format::count(model.parts.len() as u64, "part", "parts");
    let parameters = format::count(model.parameters.len() as u64, "parameter", "parameters");
    match (model.parts.is_empty(), model.parameters.is_empty()) {
        (true, true) => None,
        (true, false) => Some(parameters),
        (false, true) => Some(parts),
        (false, false) => Some(format!("{parts}, {parameters}")),
    }
}

/// What a path leads to, in words, and whether that is well.
pub fn path_words(state: &PathState) -> Option<(bool, String)> {
    match state {
        PathState::Empty => None,
        PathState::Found { files: 1, bytes } => Some((true, format::bytes(*bytes))),
        PathState::Found { files, bytes } => Some((
            true,
            format!(
                "{}, {}",
                format::count(u64::from(*files), "file", "files"),
                format::bytes(*bytes)
            ),
        )),
        PathState::Missing => Some((false, "Not found".to_owned())),
        PathState::Reference => Some((true, "Another ModelKit".to_owned())),
    }
}

/// The name to show for an entry: its own, else the last part of its path.
pub fn entry_title(entry: &EntryForm) -> String {
    if !entry.name.is_empty() {
        return entry.name.clone();
    }
    let last = entry.path.trim_end_matches('/').rsplit('/').next();
    match last {
        Some(last) if !last.is_empty() => last.to_owned(),
        _ => "No path".to_owned(),
    }
}

/// A name for what is at this path: the file without its ending.
pub fn name_for(path: &str) -> String {
    let last = path
        .trim_end_matches('/')
        .rsplit('/')
        .next()
        .unwrap_or(path);
    match last.rsplit_once('.') {
        Some((stem, _)) if !stem.is_empty() => stem.to_owned(),
        _ => last.to_owned(),
    }
}

/// `Line 10, Unknown key author.`: the first problem, for the foot of the text.
pub fn foot_words(problem: &KitfileProblem) -> String {
    format!("Line {}: {}", problem.line, problem.message)
}

/// The kind of line ends of a text.
pub fn line_ends(text: &str) -> &'static str {
    let crlf = text.matches("\r\n").count();
    match (crlf, text.matches('\n').count()) {
        (0, _) => "LF",
        (crlf, all) if crlf == all => "CRLF",
        _ => "LF and CRLF",
    }
}

#[cfg(test)]
mod tests {
    use std::fmt;

    use kitbench_protocol::{Fix, ModelForm, PackageForm, Parameter};

    use super::*;
    use crate::views::kitfile::diff::compare;

    /// Everything the bar, the chips and the foot say, as text.
    struct Overview<'a> {
        form: Option<&'a KitfileForm>,
        problems: &'a [KitfileProblem],
        diff: &'a LineDiff,
        dirty: bool,
    }

    impl fmt::Display for Overview<'_> {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            let tally = Tally::of(self.problems.iter());
            let words = [
                unsaved_words(self.diff, self.dirty),
                tally.error_words(),
                tally.warning_words(),
            ];
            let words: Vec<_> = words.into_iter().flatten().collect();
            writeln!(f, "bar: {}", words.join(" · "))?;
            for chip in chips(self.form, self.problems) {
                write!(f, "{}", chip.section.word())?;
                if let Some(count) = chip.count {
                    write!(f, " {count}")?;
                }
                for words in [chip.tally.error_words(), chip.tally.warning_words()]
                    .into_iter()
                    .flatten()
                {
                    write!(f, " [{words}]")?;
                }
                writeln!(f)?;
                let Some(form) = self.form else { continue };
                if chip.section == Section::Model {
                    for entry in List::Parts.entries(form) {
                        writeln!(f, "  part {}", line_of(entry))?;
                    }
                }
                for entry in chip.section.entries(form) {
                    writeln!(f, "  {}", line_of(entry))?;
                }
            }
            for problem in self.problems {
                let fixes: Vec<_> = problem.fixes.iter().map(|fix| fix.label.as_str()).collect();
                writeln!(
                    f,
                    "{:?} {} [{}]",
                    spot(&problem.path, self.form),
                    foot_words(problem),
                    fixes.join(", ")
                )?;
            }
            Ok(())
        }
    }

    fn line_of(entry: &EntryForm) -> String {
        let state = path_words(&entry.path_state)
            .map_or_else(String::new, |(_, words)| format!(" ({words})"));
        format!("{} {}{state}", entry_title(entry), entry.path)
    }

    fn entry(name: &str, path: &str, path_state: PathState) -> EntryForm {
        EntryForm {
            name: name.into(),
            path: path.into(),
            path_state,
            ..EntryForm::default()
        }
    }

    fn found(files: u32, bytes: u64) -> PathState {
        PathState::Found { files, bytes }
    }

    fn form() -> KitfileForm {
        KitfileForm {
            manifest_version: "1.0.0".into(),
            package: PackageForm {
                name: "support-triage".into(),
                version: "0.8.0".into(),
                ..PackageForm::default()
            },
            model: Some(ModelForm {
                name: "triage".into(),
                path: "model/".into(),
                parts: vec![entry(
                    "triage-lora",
                    "adapters/triage-lora/",
                    found(3, 35_300_000),
                )],
                parameters: vec![Parameter {
                    key: "lora_r".into(),
                    yaml: "16".into(),
                    nested: false,
                }],
                path_state: found(6, 995_100_000),
                ..ModelForm::default()
            }),
            datasets: vec![
                entry("train", "data/train/", found(12, 744_600_000)),
                entry("holdout", "data/holdout/", PathState::Missing),
            ],
            code: vec![entry("", "src", found(86, 59_700_000))],
            docs: vec![entry("", "README.md", found(1, 12_800))],
            ..KitfileForm::default()
        }
    }

    fn problem(
        severity: Severity,
        path: &str,
        line: u32,
        message: &str,
        fixes: &[&str],
    ) -> KitfileProblem {
        KitfileProblem {
            code: "rule".into(),
            severity,
            message: message.into(),
            hint: String::new(),
            path: path.into(),
            start: 0,
            end: 0,
            line,
            column: 1,
            fixes: fixes
                .iter()
                .map(|label| Fix {
                    label: (*label).into(),
                    edits: Vec::new(),
                })
                .collect(),
        }
    }

    #[test]
    fn the_editor_as_text() {
        let form = form();
        let problems = [
            problem(
                Severity::Error,
                "package.author",
                10,
                "Unknown key author.",
                &["Rename to `authors`"],
            ),
            problem(
                Severity::Warning,
                "datasets[1].path",
                39,
                "Nothing at data/holdout/.",
                &["Use it", "Remove it"],
            ),
            problem(
                Severity::Warning,
                "model.parts[0].type",
                22,
                "Unusual.",
                &[],
            ),
            problem(Severity::Warning, "extra", 1, "Unknown section.", &[]),
        ];
        let diff = compare("a: 1\nb: 2\n", "a: 3\nb: 2\nc: 4\n");
        let overview = Overview {
            form: Some(&form),
            problems: &problems,
            diff: &diff,
            dirty: true,
        };
        assert_eq!(
            overview.to_string(),
            "bar: 2 unsaved lines · 1 error · 3 warnings
Package [1 error]
Model [1 warning]
  part triage-lora adapters/triage-lora/ (3 files, 35.3 MB)
Datasets 2 [1 warning]
  train data/train/ (12 files, 744.6 MB)
  holdout data/holdout/ (Not found)
Code 1
  src src (86 files, 59.7 MB)
Docs 1
  README.md README.md (12.8 KB)
Prompts 0
MCP servers 0
In(Package) Line 10: Unknown key author. [Rename to `authors`]
Row(Of(Datasets), 1) Line 39: Nothing at data/holdout/. [Use it, Remove it]
Row(Parts, 0) Line 22: Unusual. []
Top Line 1: Unknown section. []
"
        );
        assert_eq!(model_note(&form).as_deref(), Some("1 part, 1 parameter"));
    }

    #[test]
    fn a_problem_of_a_row_that_is_not_there_stays_in_its_section() {
        assert_eq!(
            spot("datasets[7].path", Some(&form())),
            Spot::In(Section::Datasets)
        );
        assert_eq!(
            spot("datasets[0]", Some(&form())),
            Spot::Row(List::Of(Section::Datasets), 0)
        );
        assert_eq!(spot("model.parts[0].path", None), Spot::In(Section::Model));
        assert_eq!(spot("", None), Spot::Top);
        assert!(is_within("model.parts[0]", "model.parts"));
        assert!(!is_within("package.names", "package.name"));
    }

    #[test]
    fn names_from_paths() {
        assert_eq!(name_for("data/train.csv"), "train");
        assert_eq!(name_for("adapters/triage-lora/"), "triage-lora");
        assert_eq!(name_for(".env"), ".env");
        assert_eq!(line_ends("a\r\nb\r\n"), "CRLF");
        assert_eq!(line_ends("a\r\nb\n"), "LF and CRLF");
    }
}
