//! A disk on which one call fails, be it the first, the second, or any other: nothing acknowledged is lost, and a retry settles the rest.

#![expect(clippy::unwrap_used, reason = "what surprises a test ends it")]

use std::path::Path;
use std::process::Stdio;

use tests::chaos::account::{Account, Found};
use tests::chaos::open;
use tests::chaos::plan::Plan;
use tests::chaos::powerloss::disk::{Disk, Names};
use tests::chaos::powerloss::recorder::{self, Recorder};
use tests::chaos::powerloss::trace::{self, Event};
use tests::chaos::powerloss::unpacked;
use tests::chaos::writers::{BROKEN, DAMAGED};
use tokio::process::Command;

const PLAN: Plan = Plan { seed: 3 };
const WRITERS: u64 = 2;
/// Failing calls that are tried at the same time.
const AT_A_TIME: u64 = 4;

/// Writers on the recorder's folder; their exit code: 0, all was appended; 1, the log did not open; or as `tests::chaos::writers` says.
async fn write(recorder: &Recorder, appends: u64, fault: Option<&str>) -> Option<i32> {
    let mut command = Command::new(env!("CARGO_BIN_EXE_chaos"));
    let url = format!("sqlite:{}", recorder.folder.join("log.db").display());
    command.args(["writers", "--log", &url, "--seed", &PLAN.seed.to_string(), "--writers", &WRITERS.to_string()]);
    command.args(["--appends", &appends.to_string()]).arg("--ledger").arg(&recorder.acks);
    recorder.preload(&mut command, false);
    if let Some(fault) = fault {
        // What it says about the fault is what we asked for.
        command.env("RECORDER_FAIL", fault).stderr(Stdio::null());
    }
    command.stdin(Stdio::null()).stdout(Stdio::null()).kill_on_drop(true).status().await.unwrap().code()
}

/// The `n`th call fails, then all goes on without a fault. False: there was no such call any more.
async fn survives(recorder: &Recorder, folder: &Path, fault: &str) -> bool {
    let recorder = recorder.for_another(folder).unwrap();
    let ended = write(&recorder, 4, Some(fault)).await;
    // To SQLite a read that fails with EIO is damage: the log says so and serves nobody, until it is opened again.
    let is_damage = ended == Some(DAMAGED) && fault.starts_with("read");
    assert!(matches!(ended, Some(0 | 1)) || is_damage, "{fault}: {ended:?}; {BROKEN} is a broken promise");
    let failed = trace::read(&recorder.trace).unwrap();
    let failed = failed.iter().any(|record| matches!(record.event, Event::Failed(_) | Event::SyncFailed(_)));

    assert_eq!(write(&recorder, 2, None).await, Some(0), "after {fault} all goes on");
    let mut account = Account::default();
    account.catch_up(&recorder.acks).unwrap();
    assert!(account.answers() >= WRITERS * 2, "{fault}: {} answers", account.answers());
    holds(&recorder.folder, &account, fault).await;

    // And the power goes: what the failed sync had covered may be lost, what was acknowledged is not.
    let mut disk = Disk::new(Names::ByFolder, []);
    for record in trace::read(&recorder.trace).unwrap() {
        disk.apply(&record).unwrap();
    }
    for luck in 0..2 {
        let image = unpacked(&disk.image(&mut fastrand::Rng::with_seed(luck))).unwrap();
        holds(image.path(), &account, &format!("{fault}, then the power went (luck {luck})")).await;
    }
    failed
}

async fn holds(folder: &Path, account: &Account, when: &str) {
    let log = open::open(&format!("sqlite:{}", folder.join("log.db").display()), Path::new("")).await.unwrap();
    let checked = account.check(&*log, PLAN, &mut Found::default()).await;
    log.close().await;
    assert!(checked.is_ok(), "{when}: {checked:?}");
}

/// Lets the 1st call of a kind fail, the 2nd, and so on until there are no more; answers how many there were.
async fn every_call(kind: &'static str, error: &'static str) -> u64 {
    let folder = tempfile::tempdir().unwrap();
    let recorder = std::sync::Arc::new(Recorder::new(folder.path()).unwrap());
    for first in (1..).step_by(usize::try_from(AT_A_TIME).unwrap()) {
        let mut runs = tokio::task::JoinSet::new();
        for n in first..first + AT_A_TIME {
            let (recorder, folder) = (std::sync::Arc::clone(&recorder), folder.path().join(format!("{kind}-{n}")));
            runs.spawn(async move {
                let failed = survives(&recorder, &folder, &format!("{kind}:{n}:{error}")).await;
                std::fs::remove_dir_all(folder).unwrap();
                failed
            });
        }
        let failed = runs.join_all().await.into_iter().filter(|failed| *failed).count() as u64;
        if failed < AT_A_TIME {
            return first - 1 + failed;
        }
    }
    unreachable!("there is a last call")
}

#[tokio::test]
async fn any_write_that_fails_for_want_of_room_loses_nothing() {
    if recorder::can_compile() {
        let writes = every_call("write", "ENOSPC").await;
        assert!(writes > 30, "{writes} writes");
    }
}

#[tokio::test]
async fn any_sync_that_fails_loses_nothing() {
    if recorder::can_compile() {
        let syncs = every_call("sync", "EIO").await;
        assert!(syncs > 8, "{syncs} syncs");
    }
}

#[tokio::test]
async fn any_read_that_fails_loses_nothing() {
    if recorder::can_compile() {
        let reads = every_call("read", "EIO").await;
        assert!(reads > 5, "{reads} reads");
    }
}

#[tokio::test]
async fn any_file_that_is_not_made_or_removed_loses_nothing() {
    if recorder::can_compile() {
        let names = every_call("name", "EIO").await;
        assert!(names > 3, "{names} names");
    }
}
