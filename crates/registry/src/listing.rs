//! Listings: repositories of a registry, tags of a repository, page by page.

use reqwest::header::LINK;
use reqwest::{Method, Response, StatusCode, Url};
use serde::Deserialize;

use crate::auth::Scope;
use crate::error::{Error, Result};
use crate::names::check_repository;
use crate::registry::Registry;
use crate::transport::Request;

/// Largest page of a listing.
const MAX_LIST_BYTES: usize = 16 * 1024 * 1024;
/// Names in one page of a listing unless the caller wants another number.
pub const PAGE: usize = 100;

/// One page of a listing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Page {
    pub names: Vec<String>,
    /// Give this to the next call to get the next page; `None` on the last one.
    pub next: Option<String>,
}

impl Registry {
    /// One page of the registry's repositories. `from` is [`Page::next`] of the page before.
    ///
    /// # Errors
    /// [`Error::Unsupported`] where there is no catalogue (Docker Hub, GitHub …).
    pub async fn catalog(&self, page_size: usize, from: Option<&str>) -> Result<Page> {
        #[derive(Deserialize)]
        struct Answer {
            #[serde(default)]
            repositories: Option<Vec<String>>,
        }
        let url = self.page_url("_catalog", page_size, from)?;
        let request = Request::new(
            Method::GET,
            url,
            Scope::catalog(),
            "the list of repositories",
        );
        let response = match self.transport.call(request, &[StatusCode::OK]).await {
            Err(Error::NotFound { host, what }) => return Err(Error::Unsupported { host, what }),
            other => other?,
        };
        let next = self.next_page(&response)?;
        let answer: Answer = self
            .json(response, MAX_LIST_BYTES, "the list of repositories")
            .await?;
        Ok(Page {
            names: answer.repositories.unwrap_or_default(),
            next,
        })
    }

    /// One page of a repository's tags. `from` is [`Page::next`] of the page before.
    ///
    /// # Errors
    /// [`Error::NotFound`] for an unknown repository.
    pub async fn tags(
        &self,
        repository: &str,
        page_size: usize,
        from: Option<&str>,
    ) -> Result<Page> {
        #[derive(Deserialize)]
        struct Answer {
            #[serde(default)]
            tags: Option<Vec<String>>,
        }
        check_repository(repository)?;
        let what = format!("the tags of {repository}");
        let url = self.page_url(&format!("{repository}/tags/list"), page_size, from)?;
        let request = Request::new(
            Method::GET,
            url,
            Scope::pull(repository),
            format!("repository {repository}"),
        );
        let response = self.transport.call(request, &[StatusCode::OK]).await?;
        let next = self.next_page(&response)?;
        let answer: Answer = self.json(response, MAX_LIST_BYTES, &what).await?;
        Ok(Page {
            names: answer.tags.unwrap_or_default(),
            next,
        })
    }

    /// All tags, page by page, at most `limit` of them.
    ///
    /// # Errors
    /// Those of [`Registry::tags`].
    pub async fn all_tags(&self, repository: &str, limit: usize) -> Result<Vec<String>> {
        let mut tags = Vec::new();
        let mut from: Option<String> = None;
        loop {
            let page = self.tags(repository, PAGE, from.as_deref()).await?;
            let empty = page.names.is_empty();
            tags.extend(page.names);
            // An empty page that names a next one would never end.
            if page.next.is_none() || empty || tags.len() >= limit {
                tags.truncate(limit);
                return Ok(tags);
            }
            from = page.next;
        }
    }

    fn page_url(&self, path: &str, page_size: usize, from: Option<&str>) -> Result<Url> {
        let mut url = self.transport.url(path)?;
        match from {
            // `next` is the query of the next page as the registry gave it.
            Some(query) => url.set_query(Some(query)),
            None => {
                url.query_pairs_mut()
                    .append_pair("n", &page_size.max(1).to_string());
            }
        }
        Ok(url)
    }

    /// The query of `Link: <…>; rel="next"`. Only the query counts: the page is asked from the same place.
    fn next_page(&self, response: &Response) -> Result<Option<String>> {
        let Some(link) = response
            .headers()
            .get(LINK)
            .and_then(|value| value.to_str().ok())
        else {
            return Ok(None);
        };
        for part in link.split(',') {
            let Some((address, params)) = part.split_once(';') else {
                continue;
            };
            if !params
                .to_ascii_lowercase()
                .replace('"', "")
                .contains("rel=next")
            {
                continue;
            }
            let address = address.trim().trim_start_matches('<').trim_end_matches('>');
            let url = response
                .url()
                .join(address)
                .map_err(|error| Error::Protocol {
                    host: self.host().to_owned(),
                    problem: format!("its next page has no usable address: {error}"),
                })?;
            return Ok(url.query().map(str::to_owned));
        }
        Ok(None)
    }
}
