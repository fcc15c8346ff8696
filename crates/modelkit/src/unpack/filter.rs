//! What of a kit to unpack: `types[:names]`, both lists with commas.

use std::str::FromStr;

use crate::LayerKind;
use crate::error::Error;

/// A type that a filter names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FilterType {
    Kitfile,
    /// Model and model parts.
    Model,
    Datasets,
    Code,
    Docs,
    Prompts,
    McpServers,
}

impl FilterType {
    /// All types in the order shown to people.
    pub const ALL: [FilterType; 7] = [
        FilterType::Kitfile,
        FilterType::Model,
        FilterType::Datasets,
        FilterType::Code,
        FilterType::Docs,
        FilterType::Prompts,
        FilterType::McpServers,
    ];

    /// The name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            FilterType::Kitfile => "kitfile",
            FilterType::Model => "model",
            FilterType::Datasets => "datasets",
            FilterType::Code => "code",
            FilterType::Docs => "docs",
            FilterType::Prompts => "prompts",
            FilterType::McpServers => "mcpservers",
        }
    }

    fn of(kind: LayerKind) -> FilterType {
        match kind {
            LayerKind::Model | LayerKind::ModelPart => FilterType::Model,
            LayerKind::Code => FilterType::Code,
            LayerKind::Dataset => FilterType::Datasets,
            LayerKind::Docs => FilterType::Docs,
            LayerKind::Prompt => FilterType::Prompts,
            LayerKind::McpServer => FilterType::McpServers,
        }
    }
}

/// Selects parts of a kit.
///
/// ```
/// # use kitbench_modelkit::unpack::Filter;
/// # use kitbench_modelkit::LayerKind;
/// let filter: Filter = "datasets,docs:train,README.md".parse()?;
/// assert!(filter.selects(LayerKind::Dataset, "train", "data/train.csv"));
/// assert!(!filter.selects(LayerKind::Dataset, "test", "data/test.csv"));
/// # Ok::<(), kitbench_modelkit::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Filter {
    pub types: Vec<FilterType>,
    /// Names or paths as in the Kitfile; any if empty.
    pub names: Vec<String>,
}

impl Filter {
    /// Model and model parts.
    pub fn model() -> Filter {
        Filter {
            types: vec![FilterType::Model],
            names: Vec::new(),
        }
    }

    /// Whether it selects the Kitfile.
    pub fn selects_kitfile(&self) -> bool {
        self.types.contains(&FilterType::Kitfile)
    }

    /// Whether it selects an element by its kind, and its name or its path as written.
    pub fn selects(&self, kind: LayerKind, name: &str, path: &str) -> bool {
        self.types.contains(&FilterType::of(kind))
            && (self.names.is_empty()
                || self
                    .names
                    .iter()
                    .any(|wanted| wanted == name || wanted == path))
    }

    /// What is left of it for a parent ModelKit, of which only the model is taken.
    pub(super) fn model_part_only(&self) -> Option<Filter> {
        self.types.contains(&FilterType::Model).then(|| Filter {
            types: vec![FilterType::Model],
            names: self.names.clone(),
        })
    }
}

impl FromStr for Filter {
    type Err = Error;

    fn from_str(text: &str) -> Result<Filter, Error> {
        let error = |problem: String| Error::Filter {
            filter: crate::error::shorten(text),
            problem,
        };
        let mut halves = text.split(':');
        let types = halves.next().unwrap_or_default();
        let names = halves.next();
        if halves.next().is_some() {
            return Err(error(
                "it has more than one colon; write types:names, each separated by commas".into(),
            ));
        }
        let types = types.split(',').map(|word| {
            FilterType::ALL
                .into_iter()
                .find(|t| t.name() == word)
                .ok_or_else(|| {
                    let known = FilterType::ALL.map(FilterType::name).join(", ");
                    error(format!("“{word}” is no type; the types are {known}"))
                })
        });
        Ok(Filter {
            types: types.collect::<Result<_, _>>()?,
            names: names
                .map(|names| names.split(',').map(str::to_owned).collect())
                .unwrap_or_default(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unknown_types_and_second_colons_are_errors() {
        for bad in ["", "models", "model:a:b", "model,", "Model"] {
            assert!(
                matches!(bad.parse::<Filter>(), Err(Error::Filter { .. })),
                "{bad}"
            );
        }
    }

    #[test]
    fn model_covers_parts_by_their_own_names() {
        let filter: Filter = "model:adapter".parse().unwrap();
        assert!(filter.selects(LayerKind::ModelPart, "adapter", "x"));
        assert!(!filter.selects(LayerKind::Model, "base", "w.bin"));
        assert!(!filter.selects_kitfile());
    }
}
