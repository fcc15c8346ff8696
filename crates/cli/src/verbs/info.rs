//! `kitbench info`: the Kitfile, or one field of it.

use clap::Args;
use kitbench_protocol::ErrorKind;

use crate::context::Context;
use crate::failure::{Failure, Outcome, sentence};
use crate::json_text;
use crate::kits::{self, Place};
use crate::network::Network;

#[derive(Debug, Args)]
pub struct Info {
    /// The ModelKit, by tag or digest
    reference: String,

    /// Read it in its registry, even if it is in the local store
    #[arg(short, long)]
    remote: bool,

    /// Print only this field, such as package.name or model.parameters
    #[arg(short, long, value_name = "FIELD")]
    filter: Option<String>,

    #[command(flatten)]
    network: Network,
}

impl Info {
    pub async fn run(self, context: &Context) -> Outcome {
        let reference = kits::reference(&self.reference)?;
        let place = if self.remote {
            Place::Remote
        } else {
            Place::Local
        };
        let kit = kits::read(context, &self.network, &reference, place).await?;
        if let Some(field) = &self.filter {
            let text = kitbench_kitfile::field(&kit.kitfile, field).map_err(|error| {
                let text = error.to_string();
                let (what, advice) = text.split_once("; ").unwrap_or((&text, ""));
                Failure::failed(ErrorKind::NotFound, sentence(what), sentence(advice))
            })?;
            return context.out.show(&text, |out| writeln!(out, "{text}"));
        }
        if context.out.is_json() {
            let json = kitbench_kitfile::to_config_json(&kit.kitfile).map_err(|error| {
                Failure::failed(ErrorKind::Invalid, sentence(&error.to_string()), "")
            })?;
            let json = String::from_utf8_lossy(&json);
            return context
                .out
                .text(|out| writeln!(out, "{}", json_text::indent(&json)));
        }
        let yaml = kitbench_kitfile::to_yaml(&kit.kitfile);
        context.out.text(|out| out.write_all(yaml.as_bytes()))
    }
}
