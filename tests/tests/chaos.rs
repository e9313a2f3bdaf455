//! Writers and readers on a log that is killed again and again; a thousand times by `cargo xtask chaos log`.

use std::path::Path;

use indicatif::ProgressBar;
use tests::chaos::kills::Kills;

#[tokio::test]
async fn a_node_killed_thirty_times_has_lost_nothing_and_doubled_nothing() {
    let kills = Kills { cycles: 30, seed: 5, writers: 8, pause_ms_max: 200, folder: None };
    let outcome = kills.run(Path::new(env!("CARGO_BIN_EXE_chaos")), &ProgressBar::hidden()).await.unwrap();
    assert_eq!(outcome.cycles, 30);
    assert!(outcome.answers > 30, "the load was a load: {outcome:?}");
    assert!(outcome.appends >= outcome.answers, "{outcome:?}");
}
