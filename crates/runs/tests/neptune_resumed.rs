//! Neptune runs that several processes went on with: a folder each, one run.

mod common;

use common::{copy, copy_folder, find, open_all, run_count};
use kitbench_runs::SourceKind;
use rusqlite::Connection;

#[test]
fn folders_of_one_run_are_one_run() {
    let dir = copy("neptune-3x-offline");
    let mut readers = open_all(dir.path(), SourceKind::Neptune3);
    let before = run_count(&readers);
    let (id, key, count, folder) = {
        let run = readers[0].runs()[0];
        let (key, summary) = run.metrics.iter().next().unwrap();
        (run.id.clone(), key.clone(), summary.count, run.path.clone())
    };
    let first = readers[0].series(&id, &key).unwrap();

    // A copy adds nothing.
    let name = folder.file_name().unwrap().to_string_lossy().into_owned();
    copy_folder(&folder, &folder.with_file_name(format!("{name}9")));
    readers[0].refresh().unwrap();
    assert_eq!(run_count(&readers), before);
    assert_eq!(readers[0].series(&id, &key).unwrap(), first);

    // A part that logged less than the whole goes on with it.
    let later = folder.with_file_name(format!("{name}8"));
    copy_folder(&folder, &later);
    let database = later.join("run_operations.sqlite3");
    let open = Connection::open(database).unwrap();
    open.execute_batch(
        "DELETE FROM run_operations WHERE sequence_id > (SELECT max(sequence_id) / 2 FROM run_operations)",
    )
    .unwrap();
    drop(open);
    let refresh = readers[0].refresh().unwrap();
    assert_eq!((refresh.added, refresh.removed), (vec![], vec![]));
    assert!(refresh.changed.contains(&id));
    assert_eq!(run_count(&readers), before);
    let (reader, run) = find(&readers, &id);
    assert_eq!(reader.runs().iter().filter(|run| run.id == id).count(), 1);
    let whole = reader.series(&id, &key).unwrap();
    assert!(whole.len() as u64 > count, "{} of {count}", whole.len());
    assert_eq!(run.metrics[&key].count, whole.len() as u64);
    let begins = whole.iter().zip(first.iter());
    assert!(
        begins
            .take(first.len())
            .all(|(a, b)| a.0 == b.0 && a.1 == b.1)
    );

    std::fs::remove_dir_all(later).unwrap();
    let refresh = readers[0].refresh().unwrap();
    assert_eq!((refresh.added, refresh.removed), (vec![], vec![]));
    assert_eq!(readers[0].series(&id, &key).unwrap(), first);
}
