//! What a job is asked to do, kept in the journal so that it can be done again.

use kitbench_protocol::{IfExists, JobKind, ProjectId, StartPack};
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum JobSpec {
    Pack(StartPack),
    Push {
        source: String,
        target: String,
    },
    Pull {
        reference: String,
    },
    Unpack {
        reference: String,
        target: String,
        filters: Vec<String>,
        if_exists: IfExists,
    },
    Verify {
        reference: String,
    },
}

impl JobSpec {
    pub fn kind(&self) -> JobKind {
        match self {
            JobSpec::Pack(_) => JobKind::Pack,
            JobSpec::Push { .. } => JobKind::Push,
            JobSpec::Pull { .. } => JobKind::Pull,
            JobSpec::Unpack { .. } => JobKind::Unpack,
            JobSpec::Verify { .. } => JobKind::Verify,
        }
    }

    /// The reference the job is about.
    pub fn subject(&self) -> String {
        match self {
            JobSpec::Pack(pack) => match pack.tags.first() {
                Some(tag) => format!("{}:{tag}", pack.reference),
                None => pack.reference.clone(),
            },
            JobSpec::Push { source, target } if target.is_empty() => source.clone(),
            JobSpec::Push { target, .. } => target.clone(),
            JobSpec::Pull { reference }
            | JobSpec::Unpack { reference, .. }
            | JobSpec::Verify { reference } => reference.clone(),
        }
    }

    pub fn project(&self) -> Option<ProjectId> {
        match self {
            JobSpec::Pack(pack) => Some(pack.project),
            _ => None,
        }
    }

    /// Only transfers keep what has arrived.
    pub fn can_pause(&self) -> bool {
        matches!(self, JobSpec::Push { .. } | JobSpec::Pull { .. })
    }

    pub fn cancelled_summary(&self) -> String {
        match self {
            JobSpec::Pack(_) => "Cancelled; the store is as it was",
            JobSpec::Push { .. } => "Cancelled; nothing was published",
            JobSpec::Pull { .. } => "Cancelled; no kit was added",
            JobSpec::Unpack { .. } => "Cancelled; files written so far were kept",
            JobSpec::Verify { .. } => "Cancelled",
        }
        .into()
    }

    pub fn interrupted_summary(&self) -> String {
        match self {
            JobSpec::Push { .. } | JobSpec::Pull { .. } => {
                "Interrupted; resume goes on from what is kept"
            }
            _ => "Interrupted; start it again",
        }
        .into()
    }
}
