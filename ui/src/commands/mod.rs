//! Commands: the one list that feeds menus, buttons, shortcuts and the palette.
//!
//! To add one: a variant of [`CommandId`], its line in [`CommandId::spec`], and the arm that runs it:
//! in `app/run.rs` when it works everywhere, else in [`crate::app::View::run`] of its screen.

mod keys;
mod palette;

pub use keys::{Shortcut, pressed, shortcut_text};
pub use palette::{Entity, Palette, fuzzy};

use std::cell::RefCell;

use crate::app::{Dialog, Place, Screen};
use crate::theme::icons;
use crate::widgets::Toast;

macro_rules! command_ids {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {
        /// Every command that has a name.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum CommandId { $($(#[$doc])* $name,)+ }

        impl CommandId {
            /// All of them, in the order the palette lists them.
            pub const ALL: &'static [Self] = &[$(Self::$name),+];
        }
    };
}

command_ids! {
    /// Open the palette.
    OpenPalette,
    /// The screen of projects.
    GoProjects,
    /// The screen of experiments.
    GoExperiments,
    /// The screen of ModelKits.
    GoModelKits,
    /// The screen of registries.
    GoRegistries,
    /// The screen of transfers.
    GoTransfers,
    /// Settings.
    GoSettings,
    /// The first-run screen.
    GoWelcome,
    /// The screen visited before.
    Back,
    /// The screen left with Back.
    Forward,
    /// Put the focus into the filter of the current list.
    FocusFilter,
    /// Add a project folder.
    AddFolder,
    /// Copy the example project and open it.
    CopyExample,
    /// Pack the selected project.
    Pack,
    /// Preview what a push would send.
    PreviewPush,
    /// Open the Kitfile of the selected project.
    EditKitfile,
    /// Compare the runs of the selected project.
    CompareRuns,
    /// Check the folder of the selected project again.
    Rescan,
    /// Stop watching the selected project.
    StopWatching,
    /// Show the selected folder in the file manager.
    Reveal,
    /// Save the Kitfile.
    Save,
    /// Discard the unsaved changes.
    Discard,
    /// Undo the last edit.
    Undo,
    /// Redo the edit that was undone.
    Redo,
    /// Switch between form, both and text.
    SwitchPanes,
    /// Go to the next problem.
    NextProblem,
    /// Go to the previous problem.
    PreviousProblem,
    /// Fix the problem at the cursor.
    FixProblem,
    /// Unpack the selected kit.
    Unpack,
    /// Push the selected kit.
    Push,
    /// Pull the selected tag.
    Pull,
    /// Give the selected kit another tag.
    Tag,
    /// Remove the selected tag.
    RemoveTag,
    /// Compare the selected kits.
    CompareKits,
    /// Add a registry.
    AddRegistry,
    /// Sign in to the selected registry.
    SignIn,
    /// Show only parameters that differ.
    DifferencesOnly,
    /// Tick all listed runs.
    TickAll,
    /// Use a logarithmic axis.
    LogAxis,
    /// Export the chart.
    ExportChart,
    /// Pause or resume the selected transfer.
    PauseTransfer,
    /// Cancel the selected transfer.
    CancelTransfer,
    /// Retry the selected transfer.
    RetryTransfer,
    /// Forget finished transfers.
    ClearFinished,
    /// Copy the equivalent command line.
    CopyCommandLine,
    /// Ask again for what is shown.
    Refresh,
    /// Use the dark theme.
    ThemeDark,
    /// Use the light theme.
    ThemeLight,
    /// Follow the system's theme.
    ThemeSystem,
    /// Larger.
    ZoomIn,
    /// Smaller.
    ZoomOut,
    /// Back to 100 %.
    ZoomReset,
    /// Shortcuts and guide.
    ShowShortcuts,
    /// The gallery of widgets.
    ShowGallery,
}

/// Where a command can be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// On every screen; run by the app.
    Everywhere,
    /// On these screens; run by their view.
    On(&'static [Screen]),
}

/// What a command is called and how it is reached.
#[derive(Debug, Clone, Copy)]
pub struct Spec {
    /// Its name; ends in an ellipsis when a question follows.
    pub name: &'static str,
    /// One sentence for the tooltip.
    pub tip: &'static str,
    /// Its icon.
    pub icon: &'static str,
    /// The keys that run it; the first one is shown.
    pub keys: &'static [Shortcut],
    /// Where it can be used.
    pub scope: Scope,
}

impl CommandId {
    /// Name, tooltip, icon, keys and scope.
    #[must_use]
    #[rustfmt::skip]
    pub fn spec(self) -> Spec {
        use CommandId as C;
        use Screen::{Experiments, Kitfile, ModelKits, Projects, Registries, Transfers, Welcome};
        const EVERYWHERE: Scope = Scope::Everywhere;
        const PROJECT: Scope = Scope::On(&[Projects, Kitfile]);
        const PROJECTS: Scope = Scope::On(&[Projects]);
        const EDITOR: Scope = Scope::On(&[Kitfile]);
        const RUNS: Scope = Scope::On(&[Experiments]);
        const KITS: Scope = Scope::On(&[ModelKits]);
        const REMOTE: Scope = Scope::On(&[Registries]);
        const JOBS: Scope = Scope::On(&[Transfers]);
        let (name, tip, icon, keys, scope): (_, _, _, &'static [Shortcut], _) = match self {
            C::OpenPalette => ("Search, open or run a command", "Every command, by name", icons::COMMAND, const { &[Shortcut::ctrl("K")] }, EVERYWHERE),
            C::GoProjects => ("Projects", "What changed, what to do next", icons::FOLDERS, const { &[Shortcut::ctrl("1")] }, EVERYWHERE),
            C::GoExperiments => ("Experiments", "Compare runs", icons::CHART_LINE, const { &[Shortcut::ctrl("2")] }, EVERYWHERE),
            C::GoModelKits => ("ModelKits", "What is in the local store", icons::PACKAGE, const { &[Shortcut::ctrl("3")] }, EVERYWHERE),
            C::GoRegistries => ("Registries", "Find kits without downloading them", icons::CLOUD, const { &[Shortcut::ctrl("4")] }, EVERYWHERE),
            C::GoTransfers => ("Transfers", "All jobs, running and past", icons::ARROWS_DOWN_UP, const { &[Shortcut::ctrl("5")] }, EVERYWHERE),
            C::GoSettings => ("Settings", "Theme, store, about", icons::GEAR_SIX, const { &[Shortcut::ctrl(",")] }, EVERYWHERE),
            C::GoWelcome => ("Welcome", "The first-run screen", icons::HOUSE, &[], EVERYWHERE),
            C::Back => ("Back", "The screen visited before", icons::ARROW_LEFT, const { &[Shortcut::alt("Left")] }, EVERYWHERE),
            C::Forward => ("Forward", "The screen left with Back", icons::ARROW_RIGHT, const { &[Shortcut::alt("Right")] }, EVERYWHERE),
            C::FocusFilter => ("Filter the list", "Put the focus into the filter of the current list", icons::FUNNEL_SIMPLE, const { &[Shortcut::ctrl("F"), Shortcut::plain("/")] }, EVERYWHERE),
            C::AddFolder => ("Add folder…", "Watch a project folder", icons::FOLDER_PLUS, const { &[Shortcut::ctrl("O")] }, EVERYWHERE),
            C::CopyExample => ("Copy the example", "A small project with runs, ready to pack", icons::WINE, &[], Scope::Everywhere),
            C::Pack => ("Pack…", "Pack the selected project as a ModelKit", icons::PACKAGE, const { &[Shortcut::ctrl("P"), Shortcut::plain("P")] }, PROJECT),
            C::PreviewPush => ("Preview push", "Ask the registry what is already there; sends nothing", icons::BINOCULARS, &[], PROJECTS),
            C::EditKitfile => ("Edit Kitfile", "Open the Kitfile of the selected project", icons::TEXT_ALIGN_LEFT, const { &[Shortcut::plain("K")] }, PROJECTS),
            C::CompareRuns => ("Compare runs", "Open the experiments of the selected project", icons::CHART_LINE, const { &[Shortcut::plain("E")] }, PROJECT),
            C::Rescan => ("Check now", "Look at the folder again", icons::ARROW_CLOCKWISE, &[], PROJECTS),
            C::StopWatching => ("Stop watching…", "The files stay where they are", icons::EYE_SLASH, const { &[Shortcut::plain("Delete")] }, PROJECTS),
            C::Reveal => ("Reveal folder", "Show the folder in the file manager", icons::FOLDER_OPEN, &[], PROJECT),
            C::Save => ("Save", "Write the Kitfile", icons::FLOPPY_DISK, const { &[Shortcut::ctrl("S")] }, EDITOR),
            C::Discard => ("Discard…", "Back to the file on disk, after showing the changes", icons::ARROW_U_UP_LEFT, &[], EDITOR),
            C::Undo => ("Undo", "Undo the last edit", icons::ARROW_U_UP_LEFT, const { &[Shortcut::ctrl("Z")] }, EDITOR),
            C::Redo => ("Redo", "Redo the edit that was undone", icons::ARROW_U_UP_RIGHT, const { &[Shortcut::ctrl_shift("Z")] }, EDITOR),
            C::SwitchPanes => ("Switch panes", "Form, both or text", icons::COLUMNS, const { &[Shortcut::ctrl("E")] }, EDITOR),
            C::NextProblem => ("Next problem", "Go to the next problem", icons::ARROW_DOWN, const { &[Shortcut::plain("F8")] }, EDITOR),
            C::PreviousProblem => ("Previous problem", "Go to the previous problem", icons::ARROW_UP, const { &[Shortcut::shift("F8")] }, EDITOR),
            C::FixProblem => ("Fix problem", "Apply the suggested fix as one undo step", icons::WRENCH, const { &[Shortcut::ctrl(".")] }, EDITOR),
            C::Unpack => ("Unpack…", "Write its files into a folder", icons::FOLDER_OPEN, const { &[Shortcut::plain("U")] }, KITS),
            C::Push => ("Push…", "Send it to a registry", icons::UPLOAD_SIMPLE, const { &[Shortcut::shift("P")] }, KITS),
            C::Pull => ("Pull", "Download it into the local store", icons::DOWNLOAD_SIMPLE, const { &[Shortcut::ctrl("Enter")] }, REMOTE),
            C::Tag => ("Tag…", "Give it another name", icons::TAG, const { &[Shortcut::plain("T")] }, KITS),
            C::RemoveTag => ("Remove…", "Take the tag away and free what nothing else uses", icons::TRASH, const { &[Shortcut::plain("Delete")] }, KITS),
            C::CompareKits => ("Compare…", "Compare two kits", icons::SCALES, const { &[Shortcut::plain("C")] }, Scope::On(&[ModelKits, Registries])),
            C::AddRegistry => ("Add registry…", "Host, then only what the host asks for", icons::PLUS, &[], REMOTE),
            C::SignIn => ("Sign in…", "Sign in to the selected registry", icons::SIGN_IN, &[], REMOTE),
            C::DifferencesOnly => ("Differences only", "Hide parameters that are equal in all listed runs", icons::GIT_DIFF, const { &[Shortcut::plain("D")] }, RUNS),
            C::TickAll => ("Tick all listed", "Draw all listed runs", icons::CHECK_SQUARE, const { &[Shortcut::plain("A")] }, RUNS),
            C::LogAxis => ("Log y", "Logarithmic axis in all charts", icons::MATH_OPERATIONS, const { &[Shortcut::plain("L")] }, RUNS),
            C::ExportChart => ("Export chart…", "As PNG or SVG", icons::EXPORT, const { &[Shortcut::plain("E")] }, RUNS),
            C::PauseTransfer => ("Pause or resume", "Keeps what has arrived", icons::PAUSE, const { &[Shortcut::plain("Space")] }, JOBS),
            C::CancelTransfer => ("Cancel transfer", "Ends it; nothing half-done stays", icons::X, const { &[Shortcut::plain("Delete")] }, JOBS),
            C::RetryTransfer => ("Retry", "Start it again", icons::ARROW_CLOCKWISE, const { &[Shortcut::plain("R")] }, JOBS),
            C::ClearFinished => ("Clear finished", "Forget finished transfers", icons::BROOM, &[], JOBS),
            C::CopyCommandLine => ("Copy command", "The same with the kit command", icons::TERMINAL_WINDOW, const { &[Shortcut::alt("C")] }, Scope::On(&[Projects, Kitfile, ModelKits, Registries, Transfers, Welcome])),
            C::Refresh => ("Refresh", "Ask again for what is shown", icons::ARROWS_CLOCKWISE, const { &[Shortcut::plain("F5")] }, EVERYWHERE),
            C::ThemeDark => ("Dark theme", "Use the dark theme", icons::MOON, &[], EVERYWHERE),
            C::ThemeLight => ("Light theme", "Use the light theme", icons::SUN, &[], EVERYWHERE),
            C::ThemeSystem => ("System theme", "Follow the system", icons::CIRCLE_HALF, &[], EVERYWHERE),
            C::ZoomIn => ("Zoom in", "Everything larger", icons::MAGNIFYING_GLASS_PLUS, const { &[Shortcut::ctrl("+"), Shortcut::ctrl("=")] }, EVERYWHERE),
            C::ZoomOut => ("Zoom out", "Everything smaller", icons::MAGNIFYING_GLASS_MINUS, const { &[Shortcut::ctrl("-")] }, EVERYWHERE),
            C::ZoomReset => ("Zoom to 100 %", "The usual size", icons::MAGNIFYING_GLASS, const { &[Shortcut::ctrl("0")] }, EVERYWHERE),
            C::ShowShortcuts => ("Shortcuts and guide", "Every shortcut", icons::KEYBOARD, const { &[Shortcut::plain("F1")] }, EVERYWHERE),
            C::ShowGallery => ("Widget gallery", "Every widget in every state", icons::SQUARES_FOUR, &[], EVERYWHERE),
        };
        Spec { name, tip, icon, keys, scope }
    }

    /// Whether it can be used on this screen.
    #[must_use]
    pub fn works_on(self, screen: Screen) -> bool {
        match self.spec().scope {
            Scope::Everywhere => true,
            Scope::On(screens) => screens.contains(&screen),
        }
    }

    /// Its first shortcut as shown on a key cap, or nothing.
    #[must_use]
    pub fn key(self) -> Option<String> {
        self.spec().keys.first().map(shortcut_text)
    }
}

/// Something small that needs the client.
pub type Deed = Box<dyn FnOnce(&crate::backend::Client, &CommandSender)>;

/// What a view asks for. Executed after the frame, in one place.
pub enum Command {
    /// Run a named command.
    Run(CommandId),
    /// Go to a place; the place left can be reached with Back.
    Go(Place),
    /// Open a dialog over the page.
    Show(Box<dyn Dialog>),
    /// Close the topmost dialog.
    CloseDialog,
    /// Show a short message.
    Toast(Toast),
    /// Put a text on the clipboard and say so.
    Copy(String),
    /// Several, one after the other.
    All(Vec<Command>),
    /// Do something small that needs the client, such as a call without an answer to show.
    Call(Deed),
}

/// Collects the commands of a frame. Views hold a shared reference.
#[derive(Default, Clone)]
pub struct CommandSender(std::rc::Rc<RefCell<Vec<Command>>>);

impl CommandSender {
    /// Ask for something.
    pub fn send(&self, command: Command) {
        self.0.borrow_mut().push(command);
    }

    /// Run a named command.
    pub fn run(&self, id: CommandId) {
        self.send(Command::Run(id));
    }

    /// Go somewhere.
    pub fn go(&self, place: Place) {
        self.send(Command::Go(place));
    }

    /// Show a message.
    pub fn toast(&self, toast: Toast) {
        self.send(Command::Toast(toast));
    }

    /// Take what was asked for.
    #[must_use]
    pub fn take(&self) -> Vec<Command> {
        self.0.take()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_commands_share_a_key_on_one_screen() {
        for screen in Screen::ALL {
            let mut seen: Vec<(Shortcut, CommandId)> = Vec::new();
            for id in CommandId::ALL.iter().filter(|id| id.works_on(screen)) {
                for key in id.spec().keys {
                    if let Some((_, other)) = seen.iter().find(|(taken, _)| taken == key) {
                        panic!(
                            "{id:?} and {other:?} share {} on {screen:?}",
                            shortcut_text(key)
                        );
                    }
                    seen.push((*key, *id));
                }
            }
        }
    }

    #[test]
    fn names_are_in_sentence_case_and_unique() {
        for id in CommandId::ALL {
            let spec = id.spec();
            assert!(spec.name.starts_with(char::is_uppercase), "{id:?}");
            assert!(
                !spec.name.ends_with("..."),
                "{id:?} uses three dots instead of an ellipsis"
            );
            assert!(!spec.tip.is_empty() && !spec.tip.ends_with('.'), "{id:?}");
            for other in CommandId::ALL {
                assert!(
                    id == other || spec.name != other.spec().name || !shares_screen(*id, *other),
                    "{id:?}, {other:?}"
                );
            }
        }
    }

    fn shares_screen(a: CommandId, b: CommandId) -> bool {
        Screen::ALL
            .iter()
            .any(|screen| a.works_on(*screen) && b.works_on(*screen))
    }
}
