//! The repositories of a registry.

use std::sync::Arc;

use kitbench_protocol::{ErrorView, RegistryId, RepositoryList};

use super::{client_for, note, record};
use crate::errors::view_of_state;
use crate::{Inner, blocking};

/// Names asked for per page, and the most that are listed.
const PAGE: usize = 100;
const MAX_REPOSITORIES: usize = 5_000;

/// Repositories of a registry: its catalogue, else those used before.
pub async fn repositories(inner: &Arc<Inner>, id: RegistryId) -> Result<RepositoryList, ErrorView> {
    use kitbench_registry::ErrorKind as Kind;
    let host = blocking(inner, move |inner| Ok(record(inner, id)?.address.host)).await?;
    let client = client_for(inner, &host).await?;
    let used: Vec<String> = inner
        .state
        .used_repositories()
        .map_err(|e| view_of_state(&e))?
        .into_iter()
        .filter(|(known, _)| *known == host)
        .map(|(_, repository)| repository)
        .collect();
    let mut repositories = Vec::new();
    let mut from = None;
    loop {
        let page = client.catalog(PAGE, from.as_deref()).await;
        if let Err(error) = &page
            && matches!(
                error.kind(),
                Kind::NotFound | Kind::Unsupported | Kind::Forbidden | Kind::Rejected
            )
        {
            return Ok(RepositoryList {
                repositories: used,
                no_catalogue: true,
            });
        }
        let page = note(inner, &host, page)?;
        repositories.extend(page.names);
        from = page.next;
        if from.is_none() || repositories.len() >= MAX_REPOSITORIES {
            break;
        }
    }
    for repository in used {
        if !repositories.contains(&repository) {
            repositories.push(repository);
        }
    }
    repositories.sort();
    Ok(RepositoryList {
        repositories,
        no_catalogue: false,
    })
}
