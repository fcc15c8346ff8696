//! What the engine and the front end say to each other.
//!
//! Each call is a type with an associated reply type ([`Call`]); [`Request`] is
//! the sum of all calls, [`Event`] the one ordered stream back. Everything is
//! Postcard on the wire ([`encode`], [`decode`]); series travel as packed
//! little-endian numbers ([`PackedF64`]). This crate does no I/O and compiles to
//! WebAssembly.
//!
//! To add a verb: write its struct in the module of its subject, name it with its
//! reply in the `calls!` list below, and answer it in the engine's `dispatch`.

mod app;
mod attached;
mod error;
mod events;
mod jobs;
mod kitfile;
mod kits;
mod leaderboard;
mod markdown;
mod marks;
mod media;
mod packed;
mod packing;
mod pair;
mod plots;
mod projects;
mod registries;
mod reviews;
mod runs;
mod tracking;
mod wire;

pub use app::*;
pub use attached::*;
pub use error::*;
pub use events::*;
pub use jobs::*;
pub use kitfile::*;
pub use kits::*;
pub use leaderboard::*;
pub use markdown::*;
pub use marks::*;
pub use media::*;
pub use packed::*;
pub use packing::*;
pub use pair::*;
pub use plots::*;
pub use projects::*;
pub use registries::*;
pub use reviews::*;
pub use runs::*;
pub use tracking::*;
pub use wire::*;

use serde::{Deserialize, Serialize, de::DeserializeOwned};

/// A request whose answer has a known type.
pub trait Call: Into<Request> {
    /// What the engine answers with when it succeeds.
    type Reply: Serialize + DeserializeOwned + Send + 'static;
}

macro_rules! calls {
    ($($(#[$doc:meta])* $name:ident => $reply:ty),+ $(,)?) => {
        /// Every call there is, as one type for the wire.
        #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
        pub enum Request { $($name($name),)+ }

        impl Request {
            /// The call's name, for logs and error details.
            pub fn name(&self) -> &'static str {
                match self { $(Request::$name(_) => stringify!($name),)+ }
            }
        }

        $(
            impl From<$name> for Request {
                fn from(call: $name) -> Self { Request::$name(call) }
            }
            impl Call for $name { type Reply = $reply; }
        )+
    };
}

calls! {
    // The program itself.
    GetApp => AppInfo,
    GetSettings => Settings,
    SetSettings => Settings,
    GetStatus => Status,
    FindOnComputer => Found,
    BrowseFolder => FolderListing,

    // Answered by the shell that holds the window; the engine refuses them.
    PickFolder => Option<String>,
    SaveFile => Option<String>,
    Reveal => (),

    // Projects.
    ListProjects => Vec<ProjectRow>,
    AddProject => ProjectRow,
    CopyExample => ProjectRow,
    UpdateProject => ProjectRow,
    RemoveProject => (),
    GetProject => ProjectDetail,
    Decide => DecisionDone,
    UndoDecision => (),
    ListTree => Vec<TreeEntry>,

    // The Kitfile editor.
    OpenKitfile => KitfileDoc,
    AnalyzeKitfile => KitfileDoc,
    EditKitfile => KitfileDoc,
    SaveKitfile => SaveOutcome,
    DraftKitfile => KitfileDoc,

    // Packing.
    PlanPack => PackPlan,
    CheckReference => ReferenceCheck,
    StartPack => JobId,
    PlanAttach => AttachPlan,

    // The local store.
    ListKits => KitList,
    GetKit => KitDetail,
    ListLayerFiles => LayerFiles,
    ReadKitFile => FileView,
    TagKit => (),
    PlanRemoveKit => RemovalPlan,
    RemoveKit => RemovalPlan,
    VerifyKit => JobId,
    PlanUnpack => UnpackPlan,
    StartUnpack => JobId,
    DiffKits => KitDiff,

    // Registries.
    ListRegistries => Vec<RegistryRow>,
    SaveRegistry => RegistryRow,
    RemoveRegistry => (),
    SignIn => RegistryRow,
    SignOut => RegistryRow,
    TestRegistry => RegistryTest,
    ListRepositories => RepositoryList,
    ListTags => TagList,
    GetRemoteKit => KitDetail,
    DeleteRemote => (),
    PlanTransfer => TransferPlan,
    StartPush => JobId,
    StartPull => JobId,

    // Jobs.
    ListJobs => Vec<JobView>,
    CancelJob => (),
    PauseJob => (),
    RetryJob => JobId,
    ClearJobs => (),

    // Experiments.
    ListRuns => RunsTable,
    GetSeries => Vec<SeriesView>,
    GetBands => Vec<BandView>,
    ListMedia => Vec<MediaKind>,
    GetMedium => MediumView,
    GetPlot => PlotView,
    GetValuesAt => ValuesAt,
    ExportChart => ExportedFile,
    GetRunMarks => Vec<RunMark>,
    SetRunMark => (),
    ListPackedRuns => PackedRuns,
    CompareRuns => RunPair,
    GetColumnMapping => ColumnMapping,
    SetColumnMapping => ColumnMapping,
    ListTrackingServers => Vec<TrackingServer>,
    SaveTrackingServer => TrackingServer,
    RemoveTrackingServer => (),
    SignInTrackingServer => TrackingServer,
    SignOutTrackingServer => TrackingServer,
    LookAtTrackingServer => TrackingServer,

    // Reviews.
    ListReviews => Vec<ReviewRow>,
    SaveReview => ReviewRow,
    GetReview => ReviewView,
    EditReview => ReviewRow,
    DeleteReview => (),
    PackReview => ReviewRow,
    ExportReview => ExportedFile,
    WriteReview => Vec<String>,
    ReportRuns => ExportedFile,
    ReviewChartFile => ExportedFile,
    ExportPlot => ExportedFile,
}
