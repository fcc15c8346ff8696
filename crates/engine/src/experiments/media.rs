//! Images, histograms and texts of a run, read when they are asked for.

use kitbench_protocol::{
    ErrorKind, ErrorView, GetMedium, ListMedia, MediaKind, MediumContent, MediumView, PackedF64,
};
use kitbench_runs::media::Content;

use super::{ProjectRuns, lock, view_of_runs};
use crate::{Inner, pictures};

/// Bytes of a text that are shown.
const MAX_TEXT: usize = 256 * 1024;

/// The names of what a run holds beside numbers.
pub fn list(inner: &Inner, call: &ListMedia) -> Result<Vec<MediaKind>, ErrorView> {
    let runs = inner.experiments.of(inner, call.project)?;
    let runs = lock(&runs);
    let run = runs.run(&call.run).ok_or_else(gone)?;
    Ok(run
        .other
        .iter()
        .map(|(kind, names)| MediaKind {
            kind: kind.clone(),
            names: names.clone(),
        })
        .collect())
}

/// One of them.
pub fn get(inner: &Inner, call: &GetMedium) -> Result<MediumView, ErrorView> {
    let runs = inner.experiments.of(inner, call.project)?;
    let mut media = lock(&runs).media(&call.run, &call.name)?;
    let steps: Vec<f64> = media.iter().map(|medium| medium.step.as_f64()).collect();
    let last = media.len().saturating_sub(1);
    let at = call.at.map_or(last, |at| (at as usize).min(last));
    let chosen = (at < media.len()).then(|| media.swap_remove(at));
    Ok(MediumView {
        steps,
        at: at as u32,
        time_ms: chosen.as_ref().and_then(|medium| medium.time_ms),
        content: chosen.map(|medium| view(medium.content)),
    })
}

fn view(content: Content) -> MediumContent {
    match content {
        Content::Image { bytes, .. } => match pictures::decode(&bytes) {
            Ok(picture) => MediumContent::Picture(picture),
            Err(why) => MediumContent::Broken(why),
        },
        Content::Histogram(buckets) => {
            let column = |value: fn(&kitbench_runs::media::Bucket) -> f64| {
                let values: Vec<f64> = buckets.iter().map(value).collect();
                PackedF64::from(values.as_slice())
            };
            MediumContent::Histogram {
                left: column(|bucket| bucket.left),
                right: column(|bucket| bucket.right),
                count: column(|bucket| bucket.count),
            }
        }
        Content::Text(mut text) => {
            if text.len() > MAX_TEXT {
                let cut = text.floor_char_boundary(MAX_TEXT);
                text.truncate(cut);
                text.push('…');
            }
            MediumContent::Text(crate::markdown::blocks(&text))
        }
    }
}

fn gone() -> ErrorView {
    ErrorView::new(
        ErrorKind::NotFound,
        "This run is not there any more.",
        "Its files were moved or deleted; look again.",
    )
}

impl ProjectRuns {
    /// What a run logged under a name, in the order logged.
    fn media(&self, id: &str, name: &str) -> Result<Vec<kitbench_runs::media::Medium>, ErrorView> {
        let (source, run) = self.place(id).ok_or_else(gone)?;
        let reader = self
            .sources
            .get(source)
            .and_then(|open| open.reader.as_ref().ok())
            .ok_or_else(gone)?;
        reader
            .media(&run, name)
            .map_err(|error| view_of_runs(&error))
    }
}
