//! `kitbench login` and `kitbench logout`.

use std::io::{self, BufRead as _, IsTerminal as _, Read as _, Write as _};

use clap::Args;
use kitbench_protocol::ErrorKind;
use kitbench_registry::{Credentials, SavedIn, Secret};
use serde::Serialize;

use crate::context::Context;
use crate::failure::{Failure, Outcome};
use crate::network::{Network, SavedLogins};

#[derive(Debug, Args)]
pub struct Login {
    /// The registry, as in ghcr.io or localhost:5000
    registry: String,

    /// User name
    #[arg(short, long, value_name = "NAME")]
    username: Option<String>,

    /// Password or access token; others can see it in the list of processes, so prefer --password-stdin
    #[arg(
        short,
        long,
        value_name = "PASSWORD",
        conflicts_with = "password_stdin"
    )]
    password: Option<String>,

    /// Read the password from standard input
    #[arg(long)]
    password_stdin: bool,

    #[command(flatten)]
    network: Network,
}

#[derive(Debug, Args)]
pub struct Logout {
    /// The registry
    registry: String,
}

/// The JSON of `login`.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct LoginJson {
    registry: String,
    username: Option<String>,
    /// `helper` or `file`.
    saved_in: &'static str,
    /// Name of the helper, or path of the file.
    place: String,
}

/// The JSON of `logout`.
#[derive(Serialize)]
struct LogoutJson {
    registry: String,
    /// Whether there was a login.
    removed: bool,
}

impl Login {
    pub async fn run(self, context: &Context) -> Outcome {
        let host = host(&self.registry)?;
        let credentials = self.credentials(context).await?;
        let username = credentials.username().map(str::to_owned);
        let registry = self.network.registry_as(&host, credentials.clone())?;
        // Nothing is kept that the registry does not take.
        tokio::select! {
            checked = registry.check_login() => checked?,
            () = context.cancel.cancelled() => return Err(Failure::Cancelled),
        };
        let (logins, key) = (SavedLogins::new(context), host.clone());
        let saved = context
            .blocking(move || Ok(logins.shared.save(&key, &credentials)?))
            .await?;
        let (saved_in, place) = match saved {
            SavedIn::Helper(name) => ("helper", name),
            SavedIn::PlainFile(path) => ("file", path.display().to_string()),
        };
        if saved_in == "file" {
            log::warn!("The password is in {place}, readable by whoever can read that file.");
        }
        let json = LoginJson {
            registry: host,
            username,
            saved_in,
            place,
        };
        context
            .out
            .show(&json, |out| writeln!(out, "Log in successful"))
    }

    /// From the flags; what is missing is asked for on a terminal.
    async fn credentials(&self, context: &Context) -> Outcome<Credentials> {
        let username = match &self.username {
            Some(name) => name.clone(),
            // A token on standard input needs no name.
            None if self.password_stdin || self.password.is_some() => String::new(),
            None => ask(context, "User name: ", false).await?,
        };
        let password = match (&self.password, self.password_stdin) {
            (Some(password), _) => password.clone(),
            (None, true) => {
                let mut text = String::new();
                io::stdin().read_to_string(&mut text).map_err(|error| {
                    Failure::failed(
                        ErrorKind::Io,
                        format!("Standard input could not be read: {error}."),
                        "",
                    )
                })?;
                text.trim().to_owned()
            }
            (None, false) => ask(context, "Password: ", true).await?,
        };
        if password.is_empty() {
            return Err(Failure::misuse(
                "There is no password.",
                "Give one with --password-stdin, or answer the question on a terminal.",
            ));
        }
        Ok(match username.as_str() {
            "" => Credentials::IdentityToken(Secret::new(password)),
            name => Credentials::basic(name, password),
        })
    }
}

impl Logout {
    pub async fn run(self, context: &Context) -> Outcome {
        let host = host(&self.registry)?;
        let (logins, key) = (SavedLogins::new(context), host.clone());
        let removed = context.blocking(move || Ok(logins.remove(&key)?)).await?;
        if !removed {
            log::warn!("There was no login for {host}.");
        }
        let json = LogoutJson {
            registry: host,
            removed,
        };
        context.out.show(&json, |out| match json.removed {
            true => writeln!(out, "Successfully logged out from {}", json.registry),
            false => Ok(()),
        })
    }
}

/// The host alone, without the scheme that people paste along.
fn host(text: &str) -> Outcome<String> {
    let host = text
        .trim_start_matches("https://")
        .trim_start_matches("http://")
        .trim_end_matches('/');
    if host.is_empty() || host.contains(['/', '@', ' ']) {
        return Err(Failure::misuse(
            format!("`{text}` is not the address of a registry."),
            "Write host and port only, as in ghcr.io or localhost:5000.",
        ));
    }
    Ok(host.to_owned())
}

/// Asks on the terminal; Ctrl-C ends the question.
pub async fn ask(context: &Context, question: &'static str, hidden: bool) -> Outcome<String> {
    if !io::stdin().is_terminal() {
        return Err(Failure::misuse(
            format!(
                "{} is missing, and there is no terminal to ask on.",
                question.trim_end_matches(": ")
            ),
            "Give it as a flag; passwords with --password-stdin.",
        ));
    }
    let answer = tokio::task::spawn_blocking(move || {
        if hidden {
            return rpassword::prompt_password(question);
        }
        eprint!("{question}");
        io::stderr().flush()?;
        let mut line = String::new();
        io::stdin().lock().read_line(&mut line)?;
        Ok(line)
    });
    let answer = tokio::select! {
        answer = answer => answer,
        () = context.cancel.cancelled() => return Err(Failure::Cancelled),
    };
    match answer {
        Ok(Ok(text)) => Ok(text.trim().to_owned()),
        Ok(Err(error)) => Err(Failure::failed(
            ErrorKind::Io,
            format!("The terminal could not be read: {error}."),
            "",
        )),
        Err(error) => Err(Failure::Failed(kitbench_engine::errors::internal(
            "a question",
            &error.to_string(),
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pasted_address_is_taken_apart() {
        assert_eq!(host("https://ghcr.io/").unwrap(), "ghcr.io");
        assert_eq!(host("localhost:5000").unwrap(), "localhost:5000");
        for bad in ["", "ghcr.io/team", "user@host", "a b"] {
            assert!(matches!(host(bad), Err(Failure::Misuse(_))), "{bad}");
        }
    }
}
