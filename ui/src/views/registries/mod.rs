//! Registries: finding and judging a kit without downloading it.

mod add;
mod drawer;
mod inside;
mod model;
mod panels;
mod tags;

use egui::Ui;
use kitbench_protocol::{
    EventKind, GetRemoteKit, JobKind, KitDetail, ListRepositories, ListTags, PlanTransfer,
    RegistryId, RegistryRow, RemoveRegistry, RepositoryList, SignOut, StartPull, TagList,
    TransferPlan,
};

use crate::app::{Place, View, ViewCtx};
use crate::backend::RemoteMap;
use crate::commands::{Command, CommandId};
use crate::theme::icons;
use crate::widgets::table::TableState;
use crate::widgets::{Button, Side, Toast, empty, split, split_with};

/// The screen's state.
#[derive(Default)]
pub struct Registries {
    registry: Option<RegistryId>,
    repository: Option<String>,
    tag: Option<String>,
    /// Typed where a registry has no catalogue.
    typed: String,
    repository_filter: String,
    tag_filter: String,
    table: TableState,
    repositories: RemoteMap<RegistryId, RepositoryList>,
    tags: RemoteMap<(RegistryId, String), TagList>,
    kits: RemoteMap<String, KitDetail>,
    plans: RemoteMap<String, TransferPlan>,
    drawer_tab: usize,
    inside: inside::Inside,
    widths: [Option<f32>; 3],
}

/// What the user asked for.
#[derive(Clone, Debug)]
enum Ask {
    Registry(RegistryId),
    Repository(String),
    Tag(Option<String>),
    Add,
    Edit(RegistryRow),
    SignIn(RegistryRow),
    SignOut(RegistryId),
    Remove(RegistryId),
    Pull(String),
    Again,
}

impl Registries {
    fn row<'a>(&self, ctx: &'a ViewCtx<'_>) -> Option<&'a RegistryRow> {
        let rows = ctx.shared.registries.value()?;
        rows.iter()
            .find(|row| Some(row.id) == self.registry)
            .or_else(|| rows.first())
    }

    fn refresh_registry(&mut self, id: RegistryId) {
        self.repositories.invalidate(&id);
        self.tags.invalidate_all();
        self.kits.invalidate_all();
        self.plans.invalidate_all();
        self.inside.refresh();
    }

    fn perform(&mut self, ask: Ask, ctx: &ViewCtx<'_>) {
        match ask {
            Ask::Registry(id) => {
                if self.registry != Some(id) {
                    self.registry = Some(id);
                    self.repository = None;
                    self.tag = None;
                }
            }
            Ask::Repository(name) => {
                self.repository = Some(name);
                self.tag = None;
                self.table = TableState::default();
            }
            Ask::Tag(tag) => self.tag = tag,
            Ask::Add => ctx.commands.send(Command::Show(add::add(None))),
            Ask::Edit(row) => ctx.commands.send(Command::Show(add::add(Some(&row)))),
            Ask::SignIn(row) => ctx.commands.send(Command::Show(add::sign_in(&row))),
            Ask::SignOut(id) => ctx.act(SignOut { id }, |_, commands| {
                commands.toast(Toast::done("Signed out"));
            }),
            Ask::Remove(id) => ctx.act(
                RemoveRegistry {
                    id,
                    and_secret: false,
                },
                |(), commands| {
                    commands.toast(Toast::done(
                        "Registry removed from the list; its login was kept",
                    ));
                },
            ),
            Ask::Pull(reference) => {
                let words = format!("Pulling {reference}");
                ctx.act(StartPull { reference }, move |_, commands| {
                    let show = Command::Go(Place::Transfers(None));
                    commands.toast(Toast::note(words).action("Show", show));
                });
            }
            Ask::Again => {
                if let Some(id) = self.row(ctx).map(|row| row.id) {
                    self.refresh_registry(id);
                }
            }
        }
    }

    fn repository_panel(
        &mut self,
        ui: &mut Ui,
        row: &RegistryRow,
        ctx: &ViewCtx<'_>,
    ) -> Option<Ask> {
        let id = row.id;
        let list = self
            .repositories
            .of(&id)
            .ask(ctx.client, ctx.now, || ListRepositories { id });
        panels::repositories(
            ui,
            row,
            list,
            self.repository.as_deref(),
            &mut self.repository_filter,
            &mut self.typed,
            ctx,
        )
    }

    fn content(&mut self, ui: &mut Ui, row: &RegistryRow, ctx: &ViewCtx<'_>) -> Vec<Ask> {
        let Some(repository) = self.repository.clone() else {
            empty(
                ui,
                icons::CLOUD,
                "Choose a repository",
                "Its tags are listed here, with what each would add to this computer.",
                |_| {},
            );
            return Vec::new();
        };
        let id = row.id;
        let key = (id, repository.clone());
        let list = self.tags.of(&key).ask(ctx.client, ctx.now, || ListTags {
            id,
            repository: repository.clone(),
        });
        let tag = self.tag.clone();
        let Some(tag) = tag else {
            return tags::tags(
                ui,
                row,
                &repository,
                list,
                None,
                &mut self.tag_filter,
                &mut self.table,
                ctx,
            )
            .into_iter()
            .collect();
        };
        let reference = format!("{}/{repository}:{tag}", row.address.host);
        let kit = self
            .kits
            .of(&reference)
            .ask(ctx.client, ctx.now, || GetRemoteKit {
                reference: reference.clone(),
            });
        let plan = self
            .plans
            .of(&reference)
            .ask(ctx.client, ctx.now, || PlanTransfer {
                direction: kitbench_protocol::Direction::Pull,
                source: reference.clone(),
                target: String::new(),
            });
        let mut width = self.widths[2].unwrap_or(356.0);
        let Self {
            tag_filter,
            table,
            drawer_tab,
            inside,
            ..
        } = self;
        let (drawer_ask, tags_ask) = split(
            ui,
            "Tag",
            Side::Right,
            &mut width,
            356.0,
            |ui| drawer::drawer(ui, &reference, kit, plan, drawer_tab, inside, ctx),
            |ui| {
                tags::tags(
                    ui,
                    row,
                    &repository,
                    list,
                    Some(&tag),
                    tag_filter,
                    table,
                    ctx,
                )
            },
        );
        self.widths[2] = Some(width);
        drawer_ask.into_iter().chain(tags_ask).collect()
    }
}

impl View for Registries {
    fn ui(&mut self, ui: &mut Ui, ctx: &ViewCtx<'_>) {
        let current = self.row(ctx).cloned();
        let mut first = self.widths[0].unwrap_or(222.0);
        let mut second = self.widths[1].unwrap_or(226.0);
        let selected = current.as_ref().map(|row| row.id);
        let (list_ask, rest_ask) = split_with(
            ui,
            "Registries",
            Side::Left,
            &mut first,
            222.0,
            self,
            |ui, _| panels::registries(ui, selected, ctx),
            |ui, view| {
                let Some(row) = &current else {
                    let mut ask = None;
                    empty(
                        ui,
                        icons::CLOUD,
                        "No registry yet",
                        "Add one by its address: a local one, GHCR, Harbor, Jozu Hub …",
                        |ui| {
                            if ui
                                .add(Button::primary("Add registry…").icon(icons::PLUS))
                                .clicked()
                            {
                                ask = Some(Ask::Add);
                            }
                        },
                    );
                    return ask.into_iter().collect::<Vec<Ask>>();
                };
                let (repository_ask, content_ask) = split_with(
                    ui,
                    "Repositories",
                    Side::Left,
                    &mut second,
                    226.0,
                    view,
                    |ui, view| view.repository_panel(ui, row, ctx),
                    |ui, view| view.content(ui, row, ctx),
                );
                repository_ask.into_iter().chain(content_ask).collect()
            },
        );
        self.widths[0] = Some(first);
        self.widths[1] = Some(second);
        // A slow frame may bring several presses, from left to right: none of them is dropped.
        for ask in list_ask.into_iter().chain(rest_ask) {
            self.perform(ask, ctx);
        }
    }

    fn open(&mut self, place: &Place, ctx: &ViewCtx<'_>) {
        let Place::Registries(Some(reference)) = place else {
            return;
        };
        let (host, rest) = match reference.split_once('/') {
            Some((host, rest)) => (host, Some(rest)),
            None => (reference.as_str(), None),
        };
        let rows = ctx.shared.registries.value();
        let row = rows.and_then(|rows| rows.iter().find(|row| row.address.host == host));
        if let Some(row) = row {
            self.registry = Some(row.id);
            if let Some(rest) = rest {
                let (repository, tag) = model::split_tag(rest);
                self.repository = Some(repository.to_owned());
                self.tag = tag.map(str::to_owned);
            }
        }
    }

    fn place(&self) -> Option<Place> {
        Some(Place::Registries(None))
    }

    fn crumbs(&self, ctx: &ViewCtx<'_>) -> Vec<(String, Option<Place>)> {
        let Some(row) = self.row(ctx) else {
            return Vec::new();
        };
        let host = row.address.host.clone();
        let mut crumbs = vec![(host.clone(), Some(Place::Registries(Some(host))))];
        if let Some(repository) = &self.repository {
            crumbs.push((repository.clone(), None));
        }
        crumbs
    }

    fn run(&mut self, command: CommandId, ctx: &ViewCtx<'_>) -> bool {
        let row = self.row(ctx).cloned();
        let ask = match (command, row) {
            (CommandId::AddRegistry, _) => Ask::Add,
            (CommandId::SignIn, Some(row)) => Ask::SignIn(row),
            (CommandId::Pull, Some(row)) => match (&self.repository, &self.tag) {
                (Some(repository), Some(tag)) => {
                    Ask::Pull(format!("{}/{repository}:{tag}", row.address.host))
                }
                _ => return false,
            },
            _ => return false,
        };
        self.perform(ask, ctx);
        true
    }

    fn on_event(&mut self, event: &EventKind) {
        match event {
            EventKind::Store => {
                // What is here already changed, so relations and plans did too.
                self.tags.invalidate_all();
                self.plans.invalidate_all();
            }
            // A pack may push, too.
            EventKind::Job(job)
                if matches!(job.kind, JobKind::Pack | JobKind::Push) && job.ended_ms.is_some() =>
            {
                self.repositories.invalidate_all();
                self.tags.invalidate_all();
            }
            _ => {}
        }
    }

    fn refresh(&mut self) {
        self.repositories.invalidate_all();
        self.tags.invalidate_all();
        self.kits.invalidate_all();
        self.plans.invalidate_all();
    }
}
