//! Every request and who answers it.

use std::sync::Arc;

use kitbench_protocol::{Answer, ErrorKind, ErrorView, Request, encode};
use serde::Serialize;

use crate::{Inner, app, blocking, folders, jobs, projects};

fn answer<T: Serialize>(result: Result<T, ErrorView>) -> Vec<u8> {
    let answer: Answer<T> = result;
    encode(&answer)
}

fn only_in_the_window(request: &Request) -> ErrorView {
    ErrorView::new(
        ErrorKind::Unsupported,
        format!("{} needs the desktop window.", request.name()),
        "In a browser, choose folders in the page and save files as downloads.",
    )
}

/// Answers one request with an encoded [`Answer`].
pub async fn dispatch(inner: &Arc<Inner>, request: Request) -> Vec<u8> {
    match request {
        Request::GetApp(_) => answer(Ok(app::info(inner))),
        Request::GetSettings(_) => answer(blocking(inner, |inner| app::settings(inner)).await),
        Request::SetSettings(call) => {
            answer(blocking(inner, move |inner| app::set_settings(inner, call.0)).await)
        }
        Request::BrowseFolder(call) => {
            answer(blocking(inner, move |_| folders::list(call.path.as_deref())).await)
        }
        request @ (Request::PickFolder(_) | Request::SaveFile(_) | Request::Reveal(_)) => {
            answer::<()>(Err(only_in_the_window(&request)))
        }

        Request::ListProjects(_) => answer(blocking(inner, |inner| projects::list(inner)).await),
        Request::AddProject(call) => {
            answer(blocking(inner, move |inner| projects::add(inner, &call.path, false)).await)
        }
        Request::CopyExample(call) => answer(
            blocking(inner, move |inner| {
                projects::copy_example(inner, call.target.as_deref())
            })
            .await,
        ),
        Request::UpdateProject(call) => {
            answer(blocking(inner, move |inner| projects::update(inner, &call)).await)
        }
        Request::RemoveProject(call) => {
            answer(blocking(inner, move |inner| projects::remove(inner, call.project)).await)
        }

        Request::ListJobs(_) => answer(Ok(inner.jobs.list())),
        Request::CancelJob(call) => answer(jobs::stop(inner, call.job, false)),
        Request::PauseJob(call) => answer(jobs::stop(inner, call.job, true)),
        Request::RetryJob(call) => answer(jobs::retry(inner, call.job)),
        Request::ClearJobs(call) => {
            answer(blocking(inner, move |inner| jobs::clear(inner, call.job)).await)
        }
        other => answer::<()>(Err(only_in_the_window(&other))),
    }
}
