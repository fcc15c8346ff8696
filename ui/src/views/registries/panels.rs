//! The lists at the left: registries, and repositories of one.

use egui::{ScrollArea, Ui};
use kitbench_protocol::{RegistryId, RegistryRow, RepositoryList, SignInState};

use super::{Ask, model};
use crate::app::ViewCtx;
use crate::backend::{Remote, RemoteView};
use crate::commands::CommandId;
use crate::theme::{Tokens, Type, icons, sizes};
use crate::widgets::{
    Button, FailureAction, ListRow, MenuItem, TextField, failed, failed_with, inset, no_match,
    panel_head, paragraph, row_menu, rule, skeleton,
};

pub fn registries(ui: &mut Ui, selected: Option<RegistryId>, ctx: &ViewCtx<'_>) -> Option<Ask> {
    let t = Tokens::of(ui);
    let mut ask = None;
    let rows = ctx.shared.registries.value();
    let count = rows.map(|rows| rows.len().to_string());
    panel_head(ui, "Registries", count.as_deref(), |ui| {
        if ui.add(Button::neutral("Add…").icon(icons::PLUS)).clicked() {
            ask = Some(Ask::Add);
        }
    });
    match ctx.shared.registries.view() {
        RemoteView::Loading(since) => skeleton(ui, since, sizes::LIST_2),
        RemoteView::Failed(error) => {
            if failed(ui, error) == Some(FailureAction::Retry) {
                ctx.commands.run(CommandId::Refresh);
            }
        }
        RemoteView::Ready { value, .. } => {
            let height = (ui.available_height() - 116.0).max(60.0);
            ScrollArea::vertical()
                .max_height(height)
                .auto_shrink(false)
                .show(ui, |ui| {
                    ui.spacing_mut().item_spacing.y = 0.0;
                    for row in value {
                        ask = registry_row(ui, row, selected == Some(row.id)).or(ask.take());
                    }
                });
        }
    }
    rule(ui);
    if let Some(status) = ctx.shared.status.value() {
        inset(ui, 10.0, |ui| {
            paragraph(ui, Type::Caption, t.text_3, &status.secret_store);
        });
    }
    ask
}

fn registry_row(ui: &mut Ui, row: &RegistryRow, selected: bool) -> Option<Ask> {
    let t = Tokens::of(ui);
    let mut ask = None;
    let letter = model::letter(&row.address.host);
    let (sign, words) = model::state(row);
    let response = ListRow::new(&row.address.host)
        .letter(&letter, t.text_2)
        .mark(sign, &words)
        .selected(selected)
        .show(ui, egui::Id::unique(("registry", row.id.0)));
    row_menu(&response, ui, &row.address.host, |ui| {
        let signed_in = !matches!(row.sign_in, SignInState::Anonymous);
        if MenuItem::new("Sign in…").icon(icons::SIGN_IN).show(ui) {
            ask = Some(Ask::SignIn(row.clone()));
        }
        if signed_in && MenuItem::new("Sign out").icon(icons::SIGN_OUT).show(ui) {
            ask = Some(Ask::SignOut(row.id));
        }
        if MenuItem::new("Edit…").icon(icons::PENCIL_SIMPLE).show(ui) {
            ask = Some(Ask::Edit(row.clone()));
        }
        if MenuItem::new("Remove from the list")
            .icon(icons::TRASH)
            .danger()
            .show(ui)
        {
            ask = Some(Ask::Remove(row.id));
        }
    });
    if response.clicked() {
        ask = Some(Ask::Registry(row.id));
    }
    ask
}

pub fn repositories(
    ui: &mut Ui,
    row: &RegistryRow,
    list: &mut Remote<RepositoryList>,
    selected: Option<&str>,
    filter: &mut String,
    typed: &mut String,
    ctx: &ViewCtx<'_>,
) -> Option<Ask> {
    let t = Tokens::of(ui);
    let mut ask = None;
    let count = list.value().map(|list| list.repositories.len().to_string());
    panel_head(ui, "Repositories", count.as_deref(), |ui| {
        let again = Button::icon_only(icons::ARROW_CLOCKWISE, "Ask again");
        if ui.add(again.busy(list.is_loading())).clicked() {
            ask = Some(Ask::Again);
        }
    });
    inset(ui, 12.0, |ui| {
        let id = egui::Id::unique("repositories-filter");
        if ctx.focus_filter {
            ui.memory_mut(|memory| memory.request_focus(id));
        }
        TextField::search(filter, "Filter repositories")
            .id(id)
            .show(ui);
    });
    rule(ui);
    let mut retry = false;
    match list.view() {
        RemoteView::Loading(since) => skeleton(ui, since, sizes::LIST_2),
        RemoteView::Failed(error) => {
            let locked = error.kind == kitbench_protocol::ErrorKind::Unauthorized;
            let action = failed_with(ui, error, |ui| {
                let sign_in = Button::primary("Sign in…").icon(icons::SIGN_IN);
                if locked && ui.add(sign_in).clicked() {
                    ask = Some(Ask::SignIn(row.clone()));
                }
            });
            retry = action == Some(FailureAction::Retry);
        }
        RemoteView::Ready { value, .. } => {
            if value.no_catalogue {
                inset(ui, 12.0, |ui| {
                    paragraph(
                        ui,
                        Type::Small,
                        t.text_2,
                        "This registry does not list its repositories. Type a name; those used before are below.",
                    );
                    ui.add_space(6.0);
                    let field = TextField::new(typed)
                        .name("Repository name")
                        .hint("team/model")
                        .mono()
                        .show(ui);
                    if field.submitted && !typed.trim().is_empty() {
                        ask = Some(Ask::Repository(typed.trim().to_owned()));
                    }
                });
            }
            let wanted = filter.trim().to_lowercase();
            let shown: Vec<&String> = value
                .repositories
                .iter()
                .filter(|name| name.to_lowercase().contains(&wanted))
                .collect();
            if shown.is_empty() && !value.repositories.is_empty() && no_match(ui, filter) {
                filter.clear();
            } else if shown.is_empty() && !value.no_catalogue {
                inset(ui, 12.0, |ui| {
                    paragraph(
                        ui,
                        Type::Body,
                        t.text_2,
                        "No repositories yet. Push a ModelKit to make one.",
                    );
                });
            }
            ui.spacing_mut().item_spacing.y = 0.0;
            let height = ListRow::new("").height();
            ScrollArea::vertical().auto_shrink(false).show_rows(
                ui,
                height,
                shown.len(),
                |ui, range| {
                    for name in &shown[range] {
                        let response = ListRow::new(name)
                            .selected(selected == Some(name.as_str()))
                            .show(ui, egui::Id::unique(("repository", name)));
                        if response.clicked() {
                            ask = Some(Ask::Repository((*name).clone()));
                        }
                    }
                },
            );
        }
    }
    if retry {
        list.invalidate();
    }
    ask
}
