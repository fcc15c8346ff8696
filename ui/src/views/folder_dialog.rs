//! Choosing a folder where there is no native dialog: the browser door.

use egui::{Align2, Context, CursorIcon, Key, Role, ScrollArea, Sense, Ui, WidgetInfo, pos2, vec2};
use kitbench_protocol::{BrowseFolder, FolderListing};

use crate::app::{Dialog, ViewCtx};
use crate::backend::{Client, Remote, RemoteView};
use crate::commands::{Command, CommandSender};
use crate::format;
use crate::theme::{self, Tokens, Type, icons, sizes};
use crate::widgets::{self, Button, DialogFrame, FailureAction, Mark, TextField, Tone};

/// What is done with the folder that was chosen.
type Then = Box<dyn FnOnce(String, &Client, &CommandSender)>;

/// Walks the folders of the computer that Kitbench runs on, and chooses one.
pub struct FolderDialog {
    title: String,
    button: String,
    then: Option<Then>,
    /// Where to look; `None` for the home folder.
    at: Option<String>,
    text: String,
    listing: Remote<FolderListing>,
    seen: u64,
    hidden: bool,
}

impl FolderDialog {
    /// A dialog with a title and the words of its main button; `then` gets the folder's path.
    pub fn new(
        title: impl Into<String>,
        button: impl Into<String>,
        then: impl FnOnce(String, &Client, &CommandSender) + 'static,
    ) -> Self {
        Self {
            title: title.into(),
            button: button.into(),
            then: Some(Box::new(then)),
            at: None,
            text: String::new(),
            listing: Remote::default(),
            seen: 0,
            hidden: false,
        }
    }

    /// The one that adds a project.
    #[must_use]
    pub fn add_project() -> Self {
        Self::new(
            "Add a project folder",
            "Choose this folder",
            |path, _, commands| crate::app::add_project(commands, path),
        )
    }

    fn go(&mut self, path: String) {
        if self.at.as_ref() != Some(&path) || self.listing.failure().is_some() {
            self.at = Some(path);
            self.listing.invalidate();
        }
    }

    fn follow(&mut self, view: &ViewCtx<'_>) {
        let path = self.at.clone();
        self.listing
            .ask(view.client, view.now, || BrowseFolder { path });
        if self.listing.version() != self.seen {
            self.seen = self.listing.version();
            if self.listing.failure().is_none()
                && let Some(listing) = self.listing.value()
            {
                self.text.clone_from(&listing.path);
            }
        }
    }

    fn body(&mut self, ui: &mut Ui) {
        let t = Tokens::of(ui);
        let area = ui.available_rect_before_wrap();
        let line = area.left() + 168.0;
        let mut to = None;
        let mut left = ui.new_child(
            egui::UiBuilder::new()
                .id_salt("places")
                .max_rect(area.with_max_x(line)),
        );
        ui.painter()
            .vline(line, area.y_range(), egui::Stroke::new(1.0, t.line));
        left.spacing_mut().item_spacing.y = 0.0;
        left.add_space(sizes::SPACE_3);
        if let Some(listing) = self.listing.value() {
            for place in &listing.places {
                let here = place.path == listing.path;
                let icon = if place.label == "Home" {
                    icons::HOUSE
                } else {
                    icons::HARD_DRIVE
                };
                if folder_row(&mut left, icon, &place.label, None, here, false) {
                    to = Some(place.path.clone());
                }
            }
        }
        let mut right = ui.new_child(
            egui::UiBuilder::new()
                .id_salt("folders")
                .max_rect(area.with_min_x(line + 1.0)),
        );
        right.shrink_clip_rect(area.with_min_x(line + 1.0));
        right.spacing_mut().item_spacing.y = 0.0;
        if let Some(path) = self.path_row(&mut right) {
            to = Some(path);
        }
        widgets::rule(&mut right);
        if let Some(path) = self.folders(&mut right) {
            to = Some(path);
        }
        ui.allocate_rect(area, Sense::hover());
        if let Some(path) = to {
            self.go(path);
        }
    }

    fn path_row(&mut self, ui: &mut Ui) -> Option<String> {
        let parent = self.listing.value().and_then(|l| l.parent.clone());
        widgets::bar_row(ui, 48.0, sizes::SPACE_4, false, |ui| {
            let mut to = None;
            let up = Button::icon_boxed(icons::ARROW_UP, "Up one folder")
                .blocked(parent.is_none().then_some("This is the topmost folder"));
            if ui.add(up).clicked() {
                to = parent;
            }
            let width = ui.available_width();
            let field = TextField::new(&mut self.text)
                .name("Path of the folder")
                .mono()
                .width(width)
                .show(ui);
            let enter = field.response.lost_focus() && ui.input(|i| i.key_pressed(Key::Enter));
            if enter && !self.text.trim().is_empty() {
                to = Some(self.text.trim().to_owned());
            }
            to
        })
    }

    fn folders(&mut self, ui: &mut Ui) -> Option<String> {
        let mut retry = false;
        let mut to = None;
        match self.listing.view() {
            RemoteView::Loading(since) => widgets::skeleton(ui, since, sizes::ROW),
            RemoteView::Failed(error) => {
                retry = widgets::failed(ui, error) == Some(FailureAction::Retry);
            }
            RemoteView::Ready { value, failure, .. } => {
                if let Some(failure) = failure {
                    let words = format!("{} {}", failure.message, failure.hint);
                    widgets::strip(ui, Tone::Warn, words.trim(), |_| {});
                }
                to = listing_ui(ui, value, self.hidden);
            }
        }
        if retry {
            self.listing.invalidate();
        }
        to
    }
}

fn listing_ui(ui: &mut Ui, listing: &FolderListing, hidden: bool) -> Option<String> {
    let shown: Vec<_> = listing
        .folders
        .iter()
        .filter(|folder| hidden || !folder.hidden)
        .collect();
    if shown.is_empty() {
        let how = format!(
            "{} here.",
            format::count(u64::from(listing.files), "file", "files")
        );
        widgets::empty(ui, icons::FOLDER_OPEN, "No folders in here", &how, |_| {});
        return None;
    }
    let mut to = None;
    ScrollArea::vertical()
        .id_salt(&listing.path)
        .auto_shrink([false, false])
        .show_rows(ui, sizes::ROW, shown.len(), |ui, range| {
            ui.spacing_mut().item_spacing.y = 0.0;
            for folder in shown.get(range).unwrap_or_default() {
                let mark = folder.has_kitfile.then_some("Kitfile");
                if folder_row(ui, icons::FOLDER, &folder.name, mark, false, folder.hidden) {
                    to = Some(join(&listing.path, &folder.name));
                }
            }
        });
    to
}

/// The path of a folder inside another, on either family of systems.
fn join(folder: &str, name: &str) -> String {
    let separator = if folder.contains('\\') && !folder.starts_with('/') {
        '\\'
    } else {
        '/'
    };
    format!("{}{separator}{name}", folder.trim_end_matches(separator))
}

fn folder_row(
    ui: &mut Ui,
    icon: &str,
    name: &str,
    mark: Option<&str>,
    current: bool,
    faded: bool,
) -> bool {
    let t = Tokens::of(ui);
    let (rect, response) =
        ui.allocate_exact_size(vec2(ui.available_width(), sizes::ROW), Sense::click());
    response.widget_info(|| {
        let mut info = WidgetInfo::labeled(Role::Button, true, name);
        info.selected = current.then_some(true);
        info
    });
    if let Some(mark) = mark {
        widgets::describe(ui, &response, &format!("Holds a {mark}"));
    }
    if current {
        ui.painter().rect_filled(rect, 0.0, t.accent_bg);
    } else if response.hovered() {
        ui.painter().rect_filled(rect, 0.0, t.bg_hover);
    }
    let color = if faded { t.text_3 } else { t.text };
    let inner = rect.shrink2(vec2(sizes::SPACE_4, 0.0));
    let icon_color = if mark.is_some() {
        t.accent_text
    } else {
        t.text_2
    };
    theme::icon(
        ui.painter(),
        pos2(inner.left() + 8.0, rect.center().y),
        icon,
        sizes::ICON,
        icon_color,
    );
    let mut text = inner.with_min_x(inner.left() + 26.0);
    if let Some(mark) = mark {
        let (placed, _) = widgets::line(
            ui,
            text.with_min_x(text.center().x),
            Type::Small,
            t.ok,
            mark,
            Align2::RIGHT_CENTER,
        );
        widgets::paint_mark(
            ui,
            pos2(placed.left() - 10.0, rect.center().y),
            Mark::Done,
            13.0,
        );
        text.max.x = placed.left() - 22.0;
    }
    widgets::line(ui, text, Type::Body, color, name, Align2::LEFT_CENTER);
    widgets::focus_ring(ui, rect.shrink(2.0), sizes::RADIUS_S, &response);
    response.on_hover_cursor(CursorIcon::PointingHand).clicked()
}

impl Dialog for FolderDialog {
    fn show(&mut self, ctx: &Context, view: &ViewCtx<'_>) -> bool {
        self.follow(view);
        let title = self.title.clone();
        let frame = DialogFrame {
            title: &title,
            icon: Some(icons::FOLDER_OPEN),
            note: Some("on the computer that Kitbench runs on"),
            size: vec2(760.0, 560.0),
        };
        let mut keep = true;
        let closed = widgets::dialog_with(
            ctx,
            &frame,
            self,
            |ui, this| this.body(ui),
            |ui, this| {
                let listing = this.listing.value();
                let path = listing.map(|listing| listing.path.clone());
                let blocked = path.is_none().then_some("No folder is open yet");
                let button = Button::primary(this.button.clone())
                    .large()
                    .blocked(blocked);
                if ui.add(button).clicked()
                    && let (Some(path), Some(then)) = (path, this.then.take())
                {
                    view.commands
                        .send(Command::Call(Box::new(move |client, commands| {
                            then(path, client, commands)
                        })));
                    keep = false;
                }
                keep &= !ui
                    .add(Button::neutral("Cancel").large().key("Esc"))
                    .clicked();
                let words = listing.map(|listing| {
                    if listing.has_kitfile {
                        (Mark::Done, "This folder holds a Kitfile")
                    } else {
                        (
                            Mark::Note,
                            "No Kitfile here: one is drafted for you to check",
                        )
                    }
                });
                ui.with_layout(egui::Layout::left_to_right(egui::Align::Center), |ui| {
                    widgets::checkbox(ui, &mut this.hidden, "Hidden folders");
                    if let Some((mark, words)) = words {
                        widgets::mark(ui, mark, words);
                    }
                });
            },
        );
        keep && !closed
    }
}

#[cfg(test)]
mod tests {
    use super::join;

    #[test]
    fn paths_join_as_their_system_writes_them() {
        assert_eq!(join("/home/me", "ml"), "/home/me/ml");
        assert_eq!(join("/", "ml"), "/ml");
        assert_eq!(join("C:\\", "ml"), "C:\\ml");
        assert_eq!(join("C:\\Users\\me", "ml"), "C:\\Users\\me\\ml");
        assert_eq!(join("/odd\\name", "ml"), "/odd\\name/ml");
    }
}
