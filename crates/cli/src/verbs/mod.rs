//! One module per verb: its flags, what it does, what it prints.

mod carry;
mod completions;
mod diff;
mod info;
mod init;
mod inspect;
mod list;
mod login;
mod pack;
mod prune;
mod pull;
mod push;
mod remove;
mod runs;
mod serve;
mod tag;
mod unpack;
mod verify;
mod version;

use clap::Subcommand;

use crate::context::Context;
use crate::failure::Outcome;

/// What `kitbench` can do.
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// Write a first Kitfile for a folder
    Init(init::Init),
    /// Pack a folder into a ModelKit in the local store
    Pack(pack::Pack),
    /// List ModelKits of the local store or of a repository in a registry
    #[command(visible_alias = "ls")]
    List(list::List),
    /// Show digest, Kitfile and manifest of a ModelKit as JSON
    Inspect(inspect::Inspect),
    /// Show the Kitfile of a ModelKit, or one field of it
    Info(info::Info),
    /// Give a ModelKit of the local store a further name
    Tag(tag::Tag),
    /// Send a ModelKit of the local store to a registry
    Push(push::Push),
    /// Fetch a ModelKit from a registry into the local store
    Pull(pull::Pull),
    /// Write the files of a ModelKit into a folder
    Unpack(unpack::Unpack),
    /// Remove ModelKits or tags
    #[command(visible_alias = "rm")]
    Remove(remove::Remove),
    /// Compare two ModelKits, or a project folder with a ModelKit
    Diff(diff::Diff),
    /// Write ModelKits into a folder or one .tar file, to carry them where no registry is
    Export(carry::Export),
    /// Take ModelKits in from such a folder or file
    Import(carry::Import),
    /// Hash everything in the local store and report damage
    Verify(verify::Verify),
    /// Remove what no ModelKit of the local store uses
    Prune(prune::Prune),
    /// Sign in to a registry
    Login(login::Login),
    /// Forget the login of a registry
    Logout(login::Logout),
    /// List, compare and export experiment runs
    Runs(runs::Runs),
    /// Serve the workbench for a browser
    Serve(serve::Serve),
    /// Show the version
    Version(version::Version),
    /// Print the completions for a shell
    Completions(completions::Completions),
}

/// Does what the verb says.
pub async fn run(verb: Verb, context: &Context) -> Outcome {
    match verb {
        Verb::Init(verb) => verb.run(context).await,
        Verb::Pack(verb) => verb.run(context).await,
        Verb::List(verb) => verb.run(context).await,
        Verb::Inspect(verb) => verb.run(context).await,
        Verb::Info(verb) => verb.run(context).await,
        Verb::Tag(verb) => verb.run(context),
        Verb::Push(verb) => verb.run(context).await,
        Verb::Pull(verb) => verb.run(context).await,
        Verb::Unpack(verb) => verb.run(context).await,
        Verb::Remove(verb) => verb.run(context).await,
        Verb::Diff(verb) => verb.run(context).await,
        Verb::Export(verb) => verb.run(context).await,
        Verb::Import(verb) => verb.run(context).await,
        Verb::Verify(verb) => verb.run(context).await,
        Verb::Prune(verb) => verb.run(context).await,
        Verb::Login(verb) => verb.run(context).await,
        Verb::Logout(verb) => verb.run(context).await,
        Verb::Runs(verb) => verb.run(context).await,
        Verb::Serve(verb) => verb.run(context).await,
        Verb::Version(verb) => verb.run(context),
        Verb::Completions(verb) => verb.run(context),
    }
}
