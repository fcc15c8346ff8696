//! Every request and who answers it.

use std::sync::Arc;

use kitbench_protocol::{Answer, ErrorKind, ErrorView, Request, encode};
use serde::Serialize;

use crate::experiments::{mapping, reviews, servers};
use crate::jobs::JobSpec;
use crate::{
    Inner, app, blocking, experiments, folders, jobs, kitfile, kits, packing, projects, registries,
    transfers,
};

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
        Request::GetStatus(_) => answer(blocking(inner, |inner| app::status(inner)).await),
        Request::FindOnComputer(_) => {
            answer(blocking(inner, |inner| Ok(app::find_on_computer(inner))).await)
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

        Request::GetProject(call) => {
            answer(blocking(inner, move |inner| projects::detail(inner, call.project)).await)
        }
        Request::Decide(call) => answer(
            blocking(inner, move |inner| {
                projects::decisions::decide(inner, &call)
            })
            .await,
        ),
        Request::UndoDecision(call) => answer(
            blocking(inner, move |inner| {
                projects::decisions::undo(inner, call.undo)
            })
            .await,
        ),
        Request::ListTree(call) => {
            answer(blocking(inner, move |inner| projects::list_tree(inner, &call)).await)
        }

        Request::OpenKitfile(call) => {
            answer(blocking(inner, move |inner| kitfile::open(inner, call.project)).await)
        }
        Request::AnalyzeKitfile(call) => answer(
            blocking(inner, move |inner| {
                kitfile::analyze(inner, call.project, call.text)
            })
            .await,
        ),
        Request::EditKitfile(call) => answer(
            blocking(inner, move |inner| {
                kitfile::edit(inner, call.project, &call.text, &call.edits)
            })
            .await,
        ),
        Request::SaveKitfile(call) => answer(
            blocking(inner, move |inner| {
                kitfile::save(inner, call.project, &call.text, call.revision.as_deref())
            })
            .await,
        ),
        Request::DraftKitfile(call) => {
            answer(blocking(inner, move |inner| kitfile::drafted(inner, call.project)).await)
        }

        Request::PlanPack(call) => {
            answer(blocking(inner, move |inner| packing::plan(inner, &call)).await)
        }
        Request::CheckReference(call) => answer(
            blocking(inner, move |inner| {
                Ok(packing::check_reference(inner, &call.text))
            })
            .await,
        ),
        Request::StartPack(call) => answer(
            packing::check_start(&call).and_then(|()| jobs::start(inner, JobSpec::Pack(call))),
        ),

        Request::PlanAttach(call) => {
            answer(blocking(inner, move |inner| experiments::plan_attach(inner, &call)).await)
        }

        Request::ListKits(_) => answer(blocking(inner, |inner| kits::list(inner)).await),
        Request::GetKit(call) => answer(
            blocking(inner, move |inner| {
                kits::local_detail(inner, &call.reference)
            })
            .await,
        ),
        Request::ListLayerFiles(call) => answer(kits::list_layer(inner, call).await),
        Request::ReadKitFile(call) => answer(kits::read_file(inner, call).await),
        Request::TagKit(call) => answer(
            blocking(inner, move |inner| {
                kits::tag(inner, &call.source, &call.target)
            })
            .await,
        ),
        Request::PlanRemoveKit(call) => answer(
            blocking(inner, move |inner| {
                kits::plan_removal(inner, &call.reference, call.all_tags)
            })
            .await,
        ),
        Request::RemoveKit(call) => answer(
            blocking(inner, move |inner| {
                kits::remove(inner, &call.reference, call.all_tags)
            })
            .await,
        ),
        Request::VerifyKit(call) => answer(jobs::start(
            inner,
            JobSpec::Verify {
                reference: call.reference,
            },
        )),
        Request::PlanUnpack(call) => answer(
            blocking(inner, move |inner| {
                kits::plan_unpack(inner, &call.reference, &call.target, &call.filters)
            })
            .await,
        ),
        Request::StartUnpack(call) => answer(
            kits::unpack_options(&call.target, &call.filters, call.if_exists).and_then(|_| {
                let spec = JobSpec::Unpack {
                    reference: call.reference,
                    target: call.target,
                    filters: call.filters,
                    if_exists: call.if_exists,
                };
                jobs::start(inner, spec)
            }),
        ),
        Request::DiffKits(call) => answer(kits::diff(inner, &call.left, &call.right).await),

        Request::ListRegistries(_) => {
            answer(blocking(inner, |inner| registries::list(inner)).await)
        }
        Request::SaveRegistry(call) => answer(
            blocking(inner, move |inner| {
                registries::save(inner, call.id, call.address)
            })
            .await,
        ),
        Request::RemoveRegistry(call) => answer(
            blocking(inner, move |inner| {
                registries::remove(inner, call.id, call.and_secret)
            })
            .await,
        ),
        Request::SignIn(call) => {
            answer(registries::sign_in(inner, call.id, call.user, call.secret).await)
        }
        Request::SignOut(call) => {
            answer(blocking(inner, move |inner| registries::sign_out(inner, call.id)).await)
        }
        Request::TestRegistry(call) => answer(registries::test(inner, call.address).await),
        Request::ListRepositories(call) => answer(registries::repositories(inner, call.id).await),
        Request::ListTags(call) => answer(registries::tags(inner, call.id, call.repository).await),
        Request::GetRemoteKit(call) => answer(kits::remote_detail(inner, &call.reference).await),
        Request::DeleteRemote(call) => answer(registries::delete(inner, &call.reference).await),
        Request::PlanTransfer(call) => answer(transfers::plan(inner, call).await),
        Request::StartPush(call) => answer(jobs::start(
            inner,
            JobSpec::Push {
                source: call.source,
                target: call.target,
            },
        )),
        Request::StartPull(call) => {
            answer(registries::remote_reference(&call.reference).and_then(|_| {
                jobs::start(
                    inner,
                    JobSpec::Pull {
                        reference: call.reference,
                    },
                )
            }))
        }

        Request::ListJobs(_) => answer(Ok(inner.jobs.list())),
        Request::CancelJob(call) => answer(jobs::stop(inner, call.job, false)),
        Request::PauseJob(call) => answer(jobs::stop(inner, call.job, true)),
        Request::RetryJob(call) => answer(jobs::retry(inner, call.job)),
        Request::ClearJobs(call) => {
            answer(blocking(inner, move |inner| jobs::clear(inner, call.job)).await)
        }

        Request::ListRuns(call) => answer(
            blocking(inner, move |inner| {
                servers::follow(inner, call.project);
                experiments::table(inner, call.project, &call.filter)
            })
            .await,
        ),
        Request::GetSeries(call) => {
            answer(blocking(inner, move |inner| experiments::get_series(inner, &call)).await)
        }
        Request::ListMedia(call) => {
            answer(blocking(inner, move |inner| experiments::list_media(inner, &call)).await)
        }
        Request::GetMedium(call) => {
            answer(blocking(inner, move |inner| experiments::get_medium(inner, &call)).await)
        }
        Request::GetBands(call) => {
            answer(blocking(inner, move |inner| experiments::get_bands(inner, &call)).await)
        }
        Request::GetPlot(call) => {
            answer(blocking(inner, move |inner| experiments::get_plot(inner, &call)).await)
        }
        Request::ExportPlot(call) => {
            answer(blocking(inner, move |inner| experiments::export_plot(inner, &call)).await)
        }
        Request::GetValuesAt(call) => {
            answer(blocking(inner, move |inner| experiments::values_at(inner, &call)).await)
        }
        Request::ExportChart(call) => {
            answer(blocking(inner, move |inner| experiments::export(inner, &call)).await)
        }
        Request::GetRunMarks(call) => {
            answer(blocking(inner, move |inner| experiments::marks(inner, call.project)).await)
        }
        Request::SetRunMark(call) => {
            answer(blocking(inner, move |inner| experiments::set_mark(inner, &call)).await)
        }
        Request::ListPackedRuns(call) => answer(experiments::packed_runs(inner, call).await),
        Request::CompareRuns(call) => {
            answer(blocking(inner, move |inner| experiments::compare(inner, &call)).await)
        }

        Request::GetColumnMapping(call) => {
            answer(blocking(inner, move |inner| mapping::get(inner, &call)).await)
        }
        Request::SetColumnMapping(call) => {
            answer(blocking(inner, move |inner| mapping::set(inner, &call)).await)
        }
        Request::ListTrackingServers(call) => answer(
            blocking(inner, move |inner| {
                servers::follow(inner, call.project);
                servers::list(inner, call.project)
            })
            .await,
        ),
        Request::SaveTrackingServer(call) => {
            answer(blocking(inner, move |inner| servers::save(inner, &call)).await)
        }
        Request::RemoveTrackingServer(call) => answer(
            blocking(inner, move |inner| {
                servers::remove(inner, call.id, call.and_login)
            })
            .await,
        ),
        Request::SignInTrackingServer(call) => answer(
            blocking(inner, move |inner| {
                servers::sign_in(inner, call.id, &call.user, call.secret)
            })
            .await,
        ),
        Request::SignOutTrackingServer(call) => {
            answer(blocking(inner, move |inner| servers::sign_out(inner, call.id)).await)
        }
        Request::LookAtTrackingServer(call) => {
            answer(blocking(inner, move |inner| servers::look_now(inner, call.id)).await)
        }

        Request::ListReviews(call) => {
            answer(blocking(inner, move |inner| reviews::list(inner, call.project)).await)
        }
        Request::SaveReview(call) => {
            answer(blocking(inner, move |inner| reviews::save(inner, &call)).await)
        }
        Request::GetReview(call) => answer(
            blocking(inner, move |inner| {
                reviews::get(inner, call.project, &call.file)
            })
            .await,
        ),
        Request::EditReview(call) => {
            answer(blocking(inner, move |inner| reviews::edit(inner, &call)).await)
        }
        Request::DeleteReview(call) => answer(
            blocking(inner, move |inner| {
                reviews::delete(inner, call.project, &call.file)
            })
            .await,
        ),
        Request::PackReview(call) => {
            answer(blocking(inner, move |inner| reviews::pack(inner, &call)).await)
        }
        Request::ExportReview(call) => {
            answer(blocking(inner, move |inner| reviews::export(inner, &call)).await)
        }
        Request::WriteReview(call) => {
            answer(blocking(inner, move |inner| reviews::write_files(inner, &call)).await)
        }
        Request::ReportRuns(call) => {
            answer(blocking(inner, move |inner| reviews::report(inner, &call)).await)
        }
        Request::ReviewChartFile(call) => {
            answer(blocking(inner, move |inner| reviews::chart_file(inner, &call)).await)
        }
    }
}
