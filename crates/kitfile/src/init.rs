//! A first Kitfile for a folder, by the rules of `kit init`.
//!
//! The rules look at names and sizes, and at folders one level deep. What we would do better is
//! offered as [`Suggestion`]s, so that the Kitfile itself is what `kit` of the same rules writes.

mod license;
mod listing;
mod suggest;

use crate::model::{
    Code, Dataset, Docs, KITFILE_NAMES, Kitfile, McpServer, Model, ModelPart, Package, Prompt,
    Rules,
};
use crate::to_yaml::to_yaml;
pub use license::detect_license;
use listing::{File, FileKind, Folder, kind_of};
pub use suggest::Suggestion;

/// A file or folder of the project. Links and other special files are not listed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InitEntry {
    /// Path from the project folder, `/` between elements, nothing at the end.
    pub path: String,
    /// Bytes; 0 for folders.
    pub size: u64,
    /// Whether it is a folder.
    pub is_folder: bool,
}

/// The texts that the rules look into: licenses and `SKILL.md`.
pub trait ProjectTexts {
    /// The text of the file at `path`; `None` if it cannot be read.
    fn text(&self, path: &str) -> Option<String>;
}

/// What is known beforehand.
#[derive(Debug, Clone, Default)]
pub struct InitOptions {
    /// Whose rules to follow.
    pub rules: Rules,
    /// `package.name`; may be empty.
    pub name: String,
    /// `package.description`; may be empty.
    pub description: String,
    /// `package.authors`; may be empty.
    pub authors: Vec<String>,
    /// The name of the project folder, for suggestions; may be empty.
    pub folder_name: String,
}

/// A generated Kitfile.
#[derive(Debug, Clone, PartialEq)]
pub struct Generated {
    /// The Kitfile.
    pub kitfile: Kitfile,
    /// Its text.
    pub yaml: String,
    /// What could be better.
    pub suggestions: Vec<Suggestion>,
}

/// Generates a Kitfile for the listed files.
///
/// `entries` may be in any order and any depth. Nothing is packed that `kit pack` would not find.
pub fn init(entries: &[InitEntry], options: &InitOptions, texts: &dyn ProjectTexts) -> Generated {
    let root = Folder::root(entries, options.rules);
    let mut builder = Builder {
        rules: options.rules,
        texts,
        kitfile: Kitfile {
            manifest_version: "1.0.0".to_owned(),
            package: Package {
                name: options.name.clone(),
                description: options.description.clone(),
                authors: options.authors.clone(),
                ..Package::default()
            },
            ..Kitfile::default()
        },
    };
    builder.build(&root);
    let kitfile = builder.kitfile;
    Generated {
        yaml: to_yaml(&kitfile),
        suggestions: suggest::suggestions(&kitfile, entries, options),
        kitfile,
    }
}

/// The front matter of a `SKILL.md`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Skill {
    pub name: String,
    pub description: String,
    pub license: String,
}

struct Builder<'b> {
    rules: Rules,
    texts: &'b dyn ProjectTexts,
    kitfile: Kitfile,
}

impl Builder<'_> {
    fn current(&self) -> bool {
        self.rules == Rules::Current
    }

    /// How a folder's path is written.
    fn folder_path(&self, path: &str) -> String {
        match self.current() && path != "." {
            true => format!("{path}/"),
            false => path.to_owned(),
        }
    }

    fn build(&mut self, root: &Folder) {
        if self.current()
            && let Some(path) = root.skill()
        {
            let skill = self.skill(path).unwrap_or_default();
            self.kitfile.prompts.push(Prompt {
                name: skill.name.clone(),
                path: ".".to_owned(),
                description: skill.description.clone(),
                layer: None,
            });
            self.describe_package(&skill, true);
            return;
        }
        let mut models = Vec::new();
        let mut metadata = Vec::new();
        let mut unknown = Vec::new();
        let mut license = None;
        for file in &root.files {
            let lower = file.name.to_lowercase();
            if KITFILE_NAMES.contains(&file.name.as_str()) {
                continue;
            }
            if lower.starts_with("readme") {
                self.docs(&file.path, "Readme file");
            } else if lower.starts_with("license") {
                self.docs(&file.path, "License file");
                license = self
                    .texts
                    .text(&file.path)
                    .and_then(|text| detect_license(&text));
            } else {
                match kind_of(&file.name, self.rules) {
                    FileKind::Model => models.push(file.clone()),
                    FileKind::Metadata => metadata.push(file.clone()),
                    FileKind::Docs => self.docs(&file.path, ""),
                    FileKind::Dataset => self.dataset(&file.path),
                    FileKind::Prompt => self.prompt(&file.path, Skill::default()),
                    FileKind::McpServer => self.mcp_server(file),
                    FileKind::Unknown => unknown.push(file.path.clone()),
                }
            }
        }
        let mut unprocessed = Vec::new();
        let mut skills = Vec::new();
        for folder in &root.folders {
            if !self.folder(folder, &mut models, &mut skills) {
                unprocessed.push(self.folder_path(&folder.path));
            }
        }
        self.model(&models, &metadata);
        self.code(unknown, unprocessed);
        self.license(license);
        self.skills(&skills);
    }

    fn docs(&mut self, path: &str, description: &str) {
        self.kitfile.docs.push(Docs {
            path: path.to_owned(),
            description: description.to_owned(),
            layer: None,
        });
    }

    fn dataset(&mut self, path: &str) {
        self.kitfile.datasets.push(Dataset {
            path: path.to_owned(),
            ..Dataset::default()
        });
    }

    fn prompt(&mut self, path: &str, skill: Skill) {
        self.kitfile.prompts.push(Prompt {
            name: skill.name,
            path: path.to_owned(),
            description: skill.description,
            layer: None,
        });
    }

    fn mcp_server(&mut self, file: &File) {
        let stem = file.name.strip_suffix(".mcpb").unwrap_or(&file.name);
        let taken = |name: &str| {
            self.kitfile
                .mcp_servers
                .iter()
                .any(|server| server.name == name)
        };
        let name = match taken(stem) {
            true => file.path.clone(),
            false => stem.to_owned(),
        };
        self.kitfile.mcp_servers.push(McpServer {
            name,
            path: file.path.clone(),
            ..McpServer::default()
        });
    }

    /// Files a folder under what it holds. False if it holds nothing in particular; its models are
    /// counted all the same.
    fn folder(&mut self, folder: &Folder, models: &mut Vec<File>, skills: &mut Vec<Skill>) -> bool {
        let path = self.folder_path(&folder.path);
        match folder.name.as_str() {
            "docs" => {
                self.docs(&path, "");
                return true;
            }
            "src" | "pkg" | "lib" | "build" => {
                self.kitfile.code.push(Code {
                    path,
                    ..Code::default()
                });
                return true;
            }
            _ => {}
        }
        let of_kind = |kind| {
            let rules = self.rules;
            folder
                .files
                .iter()
                .filter(move |file| kind_of(&file.name, rules) == kind)
        };
        models.extend(of_kind(FileKind::Model).cloned());
        let mut kinds: Vec<FileKind> = folder
            .files
            .iter()
            .map(|file| kind_of(&file.name, self.rules))
            .filter(|kind| *kind != FileKind::Metadata)
            .collect();
        if !folder.folders.is_empty() {
            kinds.push(FileKind::Unknown);
        }
        kinds.sort_unstable();
        kinds.dedup();
        let &[kind] = kinds.as_slice() else {
            return false;
        };
        match kind {
            FileKind::Model => models.extend(of_kind(FileKind::Metadata).cloned()),
            FileKind::Dataset => self.dataset(&path),
            FileKind::Docs => self.docs(&path, ""),
            FileKind::Prompt => {
                let skill = match folder.skill() {
                    Some(file) if self.current() => self.skill(file),
                    _ => None,
                };
                let named = Skill {
                    license: String::new(),
                    ..skill.clone().unwrap_or_default()
                };
                self.prompt(&path, named);
                skills.extend(skill);
            }
            FileKind::McpServer => {
                let servers: Vec<File> = of_kind(FileKind::McpServer).cloned().collect();
                servers.iter().for_each(|file| self.mcp_server(file));
            }
            FileKind::Metadata | FileKind::Unknown => return false,
        }
        true
    }

    fn model(&mut self, files: &[File], metadata: &[File]) {
        let Some(first) = files.first() else {
            for file in metadata {
                self.dataset(&file.path);
            }
            return;
        };
        let total: u64 = files
            .iter()
            .fold(0, |total, file| total.saturating_add(file.size));
        let average = total / files.len() as u64;
        let mut largest = first;
        for file in files {
            if file.size > largest.size {
                largest = file;
            }
        }
        // One file that stands out is the model and has a name; equal shards have none.
        let stands_out = files.len() == 1 || largest.size > average.saturating_add(average / 2);
        let main = if stands_out { largest } else { first };
        let name = match (stands_out, main.name.rfind('.')) {
            (false, _) => String::new(),
            (true, Some(dot)) => {
                let extension = main.name.get(dot..).unwrap_or_default();
                main.path
                    .strip_suffix(extension)
                    .unwrap_or(&main.path)
                    .to_owned()
            }
            (true, None) => main.path.clone(),
        };
        let others = files.iter().filter(|file| *file != main);
        self.kitfile.model = Some(Model {
            name,
            path: main.path.clone(),
            parts: others
                .chain(metadata)
                .map(|file| ModelPart {
                    path: file.path.clone(),
                    ..ModelPart::default()
                })
                .collect(),
            ..Model::default()
        });
    }

    fn code(&mut self, unknown: Vec<String>, unprocessed: Vec<String>) {
        let most_unknown = if self.current() { 5 } else { 0 };
        if unknown.len() > most_unknown || unprocessed.len() > 5 {
            self.kitfile.code = vec![Code {
                path: ".".to_owned(),
                ..Code::default()
            }];
            return;
        }
        let code = unknown.into_iter().chain(unprocessed).map(|path| Code {
            path,
            ..Code::default()
        });
        self.kitfile.code.extend(code);
    }

    fn license(&mut self, license: Option<&str>) {
        let Some(license) = license else {
            return;
        };
        let kitfile = &mut self.kitfile;
        let place = match (
            &mut kitfile.model,
            &mut kitfile.datasets[..],
            &mut kitfile.code[..],
        ) {
            (Some(model), ..) => &mut model.license,
            (None, [set], _) => &mut set.license,
            (None, _, [code]) => &mut code.license,
            _ => &mut kitfile.package.license,
        };
        *place = license.to_owned();
    }

    /// What skills in sub-folders say about the whole kit.
    fn skills(&mut self, skills: &[Skill]) {
        let Some(first) = skills.first() else {
            return;
        };
        let kitfile = &self.kitfile;
        let only_prompts = kitfile.model.is_none()
            && kitfile.code.is_empty()
            && kitfile.datasets.is_empty()
            && kitfile.docs.is_empty();
        self.describe_package(first, only_prompts && skills.len() == 1);
    }

    fn describe_package(&mut self, skill: &Skill, by_name: bool) {
        let package = &mut self.kitfile.package;
        let fill = |field: &mut String, text: &str| {
            if field.is_empty() {
                text.clone_into(field);
            }
        };
        if by_name {
            fill(&mut package.name, &skill.name);
            fill(&mut package.description, &skill.description);
        }
        fill(&mut package.license, &skill.license);
    }

    fn skill(&self, path: &str) -> Option<Skill> {
        Skill::parse(&self.texts.text(path)?)
    }
}

impl Skill {
    /// What stands between the first two `---` lines of a `SKILL.md`; `None` if there is nothing of the
    /// kind.
    pub fn parse(text: &str) -> Option<Skill> {
        let text = text.replace("\r\n", "\n");
        let matter = text.strip_prefix("---\n")?;
        let end = match matter.starts_with("---\n") {
            true => 0,
            false => matter.find("\n---\n").or_else(|| {
                matter
                    .ends_with("\n---")
                    .then(|| matter.len() - "\n---".len())
            })?,
        };
        let document = crate::yaml::compose(matter.get(..end)?).ok()??;
        let text = |key| {
            let (_, value) = crate::locate::entry(&document, document.root, key)?;
            Some(document.node(document.target(value)).value().to_owned())
        };
        Some(Skill {
            name: text("name").unwrap_or_default(),
            description: text("description").unwrap_or_default(),
            license: text("license").unwrap_or_default(),
        })
    }
}
