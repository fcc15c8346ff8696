//! Notes and stars of runs.

use kitbench_protocol::{
    ErrorKind, ErrorView, EventKind, MAX_NOTE, ProjectId, RunMark, SetRunMark,
};

use crate::Inner;
use crate::errors::view_of_state;

pub fn marks(inner: &Inner, project: ProjectId) -> Result<Vec<RunMark>, ErrorView> {
    inner
        .state
        .run_marks(project)
        .map_err(|e| view_of_state(&e))
}

pub fn set_mark(inner: &Inner, call: &SetRunMark) -> Result<(), ErrorView> {
    if call.mark.note.len() > MAX_NOTE {
        return Err(ErrorView::new(
            ErrorKind::Invalid,
            format!(
                "The note has {} bytes, the limit is {MAX_NOTE}.",
                call.mark.note.len()
            ),
            "Keep what is longer in a file of the project and name that file in the note.",
        ));
    }
    // Whether the project is known is told better than by a foreign key.
    crate::projects::folder(inner, call.project)?;
    inner
        .state
        .set_run_mark(call.project, &call.mark)
        .map_err(|e| view_of_state(&e))?;
    inner.events.send(EventKind::Runs(call.project));
    Ok(())
}
