//! `kitbench`: verbs that mirror `kit`'s, experiment runs, and the browser door.
//!
//! Results go to standard output, as text or with `--json` as one JSON document; progress,
//! warnings and errors go to standard error. The exit code is 0 when done, 1 when it failed,
//! 2 for misuse, 130 when it was stopped. To add a verb: give it a module in [`verbs`] and
//! name it in [`verbs::Verb`].

mod args;
mod context;
mod failure;
mod json_text;
mod kits;
mod logging;
mod network;
mod output;
mod progress;
mod signals;
mod skills;
mod template;
mod units;
mod verbs;

use std::process::ExitCode;

use clap::Parser;

use args::Cli;
use context::Context;

fn main() -> ExitCode {
    // Misuse ends in here with code 2; help and version with 0.
    let cli = Cli::parse();
    logging::start(&cli.global);
    let json = cli.global.json;
    let runtime = match tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
    {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("[ERROR] The system gives no threads: {error}.");
            return ExitCode::FAILURE;
        }
    };
    let outcome = Context::new(cli.global, runtime.handle().clone()).and_then(|context| {
        signals::listen(runtime.handle(), context.cancel.clone());
        context.adopt_old_kits();
        runtime.block_on(verbs::run(cli.verb, &context))
    });
    // A question on the terminal that nobody answers must not keep the program.
    runtime.shutdown_background();
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            failure.report(json);
            failure.exit_code()
        }
    }
}
