//! The command line as a whole; each verb's own part is in its module.

use std::path::PathBuf;

use clap::{ArgAction, Args, Parser, ValueEnum};

use crate::verbs::Verb;

/// Pack, push, pull, unpack and compare ModelKits; compare experiment runs.
#[derive(Debug, Parser)]
#[command(
    name = "kitbench",
    version,
    propagate_version = false,
    arg_required_else_help = true
)]
pub struct Cli {
    #[command(flatten)]
    pub global: Global,
    #[command(subcommand)]
    pub verb: Verb,
}

/// Flags of every verb.
#[derive(Clone, Debug, Args)]
pub struct Global {
    /// Home folder shared with kit [default: $KITOPS_HOME, or the system's place]
    #[arg(long, global = true, value_name = "DIR")]
    pub config: Option<PathBuf>,

    /// Print one JSON document instead of text
    #[arg(long, global = true)]
    pub json: bool,

    /// Least severity of messages that are shown
    #[arg(long, global = true, value_name = "LEVEL", default_value = "info")]
    pub log_level: LogLevel,

    /// How progress is shown [default: fancy on a terminal, else plain]
    #[arg(long, global = true, value_name = "HOW")]
    pub progress: Option<ProgressMode>,

    /// Show more messages; repeat for still more
    #[arg(short = 'v', long = "verbose", global = true, action = ArgAction::Count)]
    pub verbose: u8,
}

/// Severity of messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum LogLevel {
    Trace,
    Debug,
    Info,
    Warn,
    Error,
}

/// How progress is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ProgressMode {
    /// A line when a step begins or ends
    Plain,
    /// Nothing
    None,
    /// A bar per layer and one for all
    Fancy,
}
