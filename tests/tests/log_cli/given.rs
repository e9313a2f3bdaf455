//! Servers under load, and commands on their logs.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use api::boards::v1::{Board, GetBoardRequest};
use api::history::v1::{Event, ListEventsRequest};
use serde_json::Value;
use tests::client::{Client, as_fresh_as, reason, request_id};
use tests::life::{self, Answered, DEVELOPER, Step};
use tests::shell::{Said, clean, said};
use tokio::task::JoinHandle;
use tonic::{Code, Status};

pub(crate) const PROJECT: &str = "LOG";

/// `snaglog log` with these words, on the log of this data folder.
pub(crate) async fn log(data: &Path, words: &[&str]) -> Said {
    let mut command = clean(data);
    command.arg("log").args(words).arg("--data").arg(data);
    said(command).await
}

/// The same, which must succeed with one JSON object.
pub(crate) async fn log_json(data: &Path, words: &[&str]) -> Value {
    let said = log(data, &[words, &["--json"]].concat()).await;
    assert_eq!((said.code, said.err.as_str()), (0, ""), "{words:?}: {said:?}");
    serde_json::from_str(&said.out).unwrap_or_else(|error| panic!("{words:?}: {error}: {said:?}"))
}

/// `sqlite:` and the log of this data folder.
pub(crate) fn url(data: &Path) -> String {
    format!("sqlite:{}", data.join("log.db").display())
}

/// A command, and the id of its request: sent again it is the same one.
#[derive(Debug, Clone)]
pub(crate) struct Call {
    number: u64,
    key: String,
    step: Step,
    request_id: String,
}

impl Call {
    pub(crate) async fn send(&self, client: &Client) -> Result<Answered, Status> {
        life::step_as(client, PROJECT, self.number, &self.key, self.step, self.request_id.clone()).await
    }

    /// Sends it until it is answered: a log that has just come back may be gone again for a moment.
    pub(crate) async fn settle(&self, client: &Client) -> Answered {
        loop {
            match self.send(client).await {
                Err(status) if [Code::Unavailable, Code::DeadlineExceeded].contains(&status.code()) => {
                    tokio::time::sleep(Duration::from_millis(50)).await;
                }
                settled => return settled.unwrap(),
            }
        }
    }
}

/// Lives issues against a server until told to stop, or until it takes no more.
pub(crate) struct Load {
    stop: Arc<AtomicBool>,
    answered: Arc<Mutex<Vec<Answered>>>,
    workers: Vec<JoinHandle<Option<(Call, Status)>>>,
}

impl Load {
    pub(crate) fn start(client: &Client, workers: u64) -> Self {
        let (stop, answered) = (Arc::<AtomicBool>::default(), Arc::<Mutex<Vec<_>>>::default());
        let worker = |n| {
            let (client, stop, answered) = (client.clone(), Arc::clone(&stop), Arc::clone(&answered));
            tokio::spawn(async move { live(&client, (n, workers), &stop, &answered).await })
        };
        let workers = (0..workers).map(worker).collect();
        Self { stop, answered, workers }
    }

    /// What was answered so far, deployments aside: their revisions are releases'.
    pub(crate) fn answered(&self) -> Vec<Answered> {
        self.answered.lock().unwrap().clone()
    }

    /// Waits until so many more were answered.
    pub(crate) async fn goes_on(&self, more: usize) {
        let before = self.answered().len();
        let enough = async {
            while self.answered().len() < before + more {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(180), enough).await.expect("the server goes on under load");
    }

    /// Stops it; answers what was answered, and what was not.
    pub(crate) async fn end(self) -> (Vec<Answered>, Vec<(Call, Status)>) {
        self.stop.store(true, Ordering::SeqCst);
        self.until_refused().await
    }

    /// Goes on until the server takes no more; answers what was answered, and what was not.
    pub(crate) async fn until_refused(self) -> (Vec<Answered>, Vec<(Call, Status)>) {
        let mut refused = Vec::new();
        for worker in self.workers {
            refused.extend(worker.await.unwrap());
        }
        let answered = std::mem::take(&mut *self.answered.lock().unwrap());
        (answered, refused)
    }
}

async fn live(
    client: &Client,
    (first, workers): (u64, u64),
    stop: &AtomicBool,
    answered: &Mutex<Vec<Answered>>,
) -> Option<(Call, Status)> {
    for number in (first..).step_by(usize::try_from(workers).unwrap()) {
        let mut key = String::new();
        for step in
            life::steps(life::level(number)).iter().filter(|step| **step != Step::Deploy && **step != Step::Close)
        {
            if stop.load(Ordering::SeqCst) {
                return None;
            }
            let call = Call { number, key: key.clone(), step: *step, request_id: request_id() };
            match call.send(client).await {
                Ok(answer) => {
                    key.clone_from(&answer.key);
                    answered.lock().unwrap().push(answer);
                }
                Err(status) => return Some((call, status)),
            }
        }
    }
    None
}

/// An issue's whole history.
async fn history(client: &Client, key: &str) -> Vec<Event> {
    let request = ListEventsRequest { key: key.to_owned(), page_size: 100, ..Default::default() };
    client.histories(DEVELOPER).list_events(request).await.unwrap().into_inner().events
}

/// Every answered request is in its issue's history once, at the revision that was answered.
pub(crate) async fn is_recorded(client: &Client, answered: &[Answered]) {
    let mut by_key: BTreeMap<&str, Vec<&Answered>> = BTreeMap::new();
    for one in answered {
        by_key.entry(&one.key).or_default().push(one);
    }
    for (key, answered) in by_key {
        let events = history(client, key).await;
        for one in answered {
            let at: Vec<u64> =
                events.iter().filter(|event| event.request_id == one.request_id).map(|event| event.revision).collect();
            assert_eq!(at, [one.revision], "{key}: {}", one.request_id);
        }
    }
}

/// The board at least as fresh as a last filing; ages left aside.
pub(crate) async fn board(client: &Client) -> Board {
    let filed = life::step(client, PROJECT, 0, "", Step::File).await.unwrap();
    board_at(client, filed.token).await
}

/// The board at least as fresh as this.
pub(crate) async fn board_at(client: &Client, token: String) -> Board {
    let consistency = as_fresh_as([token]);
    let request = GetBoardRequest { project: PROJECT.into(), cards_per_column: 100, consistency, ..Default::default() };
    let mut board = client.boards(DEVELOPER).get_board(request).await.unwrap().into_inner().board.unwrap();
    board.as_of = None;
    for card in board.columns.iter_mut().flat_map(|column| &mut column.cards) {
        card.age = None;
        card.age_in_state = None;
    }
    board
}

/// The reasons of what was not answered.
pub(crate) fn reasons(refused: &[(Call, Status)]) -> Vec<String> {
    refused.iter().map(|(_, status)| reason(status)).collect()
}
