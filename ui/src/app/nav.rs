//! Screens, places and the history of visited ones.

use kitbench_protocol::{JobId, ProjectId};

/// A screen of the workbench.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Screen {
    /// First run.
    Welcome,
    /// What changed, what to do next.
    Projects,
    /// The Kitfile editor, a room of Projects.
    Kitfile,
    /// Comparing runs.
    Experiments,
    /// The local store.
    ModelKits,
    /// Remote kits.
    Registries,
    /// Jobs.
    Transfers,
    /// Settings.
    Settings,
    /// Every widget in every state.
    Gallery,
}

impl Screen {
    /// All screens.
    pub const ALL: [Self; 9] = [
        Self::Welcome,
        Self::Projects,
        Self::Kitfile,
        Self::Experiments,
        Self::ModelKits,
        Self::Registries,
        Self::Transfers,
        Self::Settings,
        Self::Gallery,
    ];

    /// Those with an item in the rail, from the top; Settings stands at the bottom.
    pub const RAIL: [Self; 5] = [
        Self::Projects,
        Self::Experiments,
        Self::ModelKits,
        Self::Registries,
        Self::Transfers,
    ];

    /// Its name.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Welcome => "Welcome",
            Self::Projects => "Projects",
            Self::Kitfile => "Kitfile",
            Self::Experiments => "Experiments",
            Self::ModelKits => "ModelKits",
            Self::Registries => "Registries",
            Self::Transfers => "Transfers",
            Self::Settings => "Settings",
            Self::Gallery => "Gallery",
        }
    }

    /// The rail item that is lit while this screen is open.
    #[must_use]
    pub fn rail(self) -> Self {
        match self {
            Self::Welcome | Self::Kitfile => Self::Projects,
            other => other,
        }
    }

    /// The place that shows this screen as it was left.
    #[must_use]
    pub fn place(self) -> Option<Place> {
        Some(match self {
            Self::Welcome => Place::Welcome,
            Self::Projects => Place::Projects(None),
            Self::Kitfile => return None,
            Self::Experiments => Place::Experiments(None),
            Self::ModelKits => Place::ModelKits(None),
            Self::Registries => Place::Registries(None),
            Self::Transfers => Place::Transfers(None),
            Self::Settings => Place::Settings,
            Self::Gallery => Place::Gallery,
        })
    }
}

/// A place one can go to: a screen and what it shows. `None` leaves the selection as it was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// First run.
    Welcome,
    /// A project.
    Projects(Option<ProjectId>),
    /// The Kitfile of a project.
    Kitfile(ProjectId),
    /// The runs of a project.
    Experiments(Option<ProjectId>),
    /// A kit of the local store, by reference or digest.
    ModelKits(Option<String>),
    /// A registry, repository or tag, by reference.
    Registries(Option<String>),
    /// A job.
    Transfers(Option<JobId>),
    /// Settings.
    Settings,
    /// The gallery.
    Gallery,
}

impl Place {
    /// The screen it is on.
    #[must_use]
    pub fn screen(&self) -> Screen {
        match self {
            Self::Welcome => Screen::Welcome,
            Self::Projects(_) => Screen::Projects,
            Self::Kitfile(_) => Screen::Kitfile,
            Self::Experiments(_) => Screen::Experiments,
            Self::ModelKits(_) => Screen::ModelKits,
            Self::Registries(_) => Screen::Registries,
            Self::Transfers(_) => Screen::Transfers,
            Self::Settings => Screen::Settings,
            Self::Gallery => Screen::Gallery,
        }
    }
}

/// The visited places.
pub struct History {
    visited: Vec<Place>,
    at: usize,
}

/// How many places are remembered.
const KEPT: usize = 100;

impl History {
    /// Starts somewhere.
    #[must_use]
    pub fn new(start: Place) -> Self {
        Self {
            visited: vec![start],
            at: 0,
        }
    }

    /// Where one is.
    #[must_use]
    pub fn here(&self) -> &Place {
        &self.visited[self.at]
    }

    /// Go somewhere; what could be reached with Forward is forgotten.
    pub fn go(&mut self, place: Place) {
        if *self.here() == place {
            return;
        }
        self.visited.truncate(self.at + 1);
        self.visited.push(place);
        if self.visited.len() > KEPT {
            self.visited.remove(0);
        }
        self.at = self.visited.len() - 1;
    }

    /// The selection changed within the screen: Back returns to it, but it is no step of its own.
    pub fn refine(&mut self, place: Place) {
        if place.screen() == self.here().screen() {
            self.visited[self.at] = place;
        }
    }

    /// Whether [`Self::back`] leads anywhere.
    #[must_use]
    pub fn can_go_back(&self) -> bool {
        self.at > 0
    }

    /// Whether [`Self::forward`] leads anywhere.
    #[must_use]
    pub fn can_go_forward(&self) -> bool {
        self.at + 1 < self.visited.len()
    }

    /// One step back.
    pub fn back(&mut self) -> Option<Place> {
        self.at = self.at.checked_sub(1)?;
        Some(self.here().clone())
    }

    /// One step forward.
    pub fn forward(&mut self) -> Option<Place> {
        if !self.can_go_forward() {
            return None;
        }
        self.at += 1;
        Some(self.here().clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn back_and_forward_walk_the_visited_places() {
        let mut history = History::new(Place::Welcome);
        history.go(Place::Projects(None));
        history.refine(Place::Projects(Some(ProjectId(3))));
        history.go(Place::Settings);
        history.go(Place::Settings);
        assert_eq!(history.back(), Some(Place::Projects(Some(ProjectId(3)))));
        assert_eq!(history.back(), Some(Place::Welcome));
        assert_eq!(history.back(), None);
        assert_eq!(history.here(), &Place::Welcome);
        assert_eq!(history.forward(), Some(Place::Projects(Some(ProjectId(3)))));
        history.go(Place::Transfers(None));
        assert!(!history.can_go_forward());
        history.refine(Place::Settings);
        assert_eq!(
            history.here(),
            &Place::Transfers(None),
            "another screen is no refinement"
        );
    }
}
