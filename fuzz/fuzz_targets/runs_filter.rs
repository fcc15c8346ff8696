//! The filter language of the runs table: read, completed, asked about a run.
#![no_main]

use std::sync::OnceLock;

use kitbench_fuzz::scratch;
use kitbench_runs::filter::{Filter, Vocabulary, complete};
use kitbench_runs::{Run, SourceKind};
use libfuzzer_sys::fuzz_target;

/// Runs of two CSV files.
fn runs() -> &'static [Run] {
    static RUNS: OnceLock<Vec<Run>> = OnceLock::new();
    RUNS.get_or_init(|| {
        let mut runs = Vec::new();
        for (name, text) in [
            ("a.csv", "step,val_loss,acc\n1,0.5,nan\n2,0.25,1\n"),
            ("b.csv", "step,ünï,acc\n1,inf,-1\n"),
        ] {
            let path = scratch().join(name);
            std::fs::write(&path, text).expect("the table is written");
            let source = kitbench_fuzz::source(SourceKind::Csv, &path, scratch());
            let reader = kitbench_runs::open(&source).expect("a table");
            runs.extend(reader.runs().into_iter().cloned());
        }
        runs
    })
}

fuzz_target!(|text: &str| {
    match Filter::parse(text) {
        Ok(filter) => {
            for run in runs() {
                let _ = filter.matches_at(run, 0);
            }
        }
        Err(error) => assert!(text.get(error.start..error.end).is_some(), "{error:?}"),
    }
    let words = Vocabulary::of(runs());
    for cursor in [0, text.len() / 2, text.len()] {
        let offered = complete(text, cursor, &words);
        assert!(text.get(offered.replace.clone()).is_some(), "{offered:?}");
    }
});
