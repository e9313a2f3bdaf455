//! `snaglog demo`: an own-written shop's issues, driven through real gRPC against a server in a temporary folder.
//!
//! What is done stands in [`script`], as the command lines that anybody could type; [`stage`] does them and keeps what they answer. To add an issue:
//! its lines in the script, nothing else.

mod script;
mod stage;

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use clap::Args;
use serde_json::{Value as Json, json};

use self::script::{MEANWHILE, SETUP, STORY, Scene};
use self::stage::{Stage, head, indented};
use crate::client::{Failure, Global};
use crate::storage::Place;
use crate::{serve, signals};

/// Show an issue's whole life, and a board full of others, on a server in a temporary folder. Ends by itself within seconds.
#[derive(Debug, Args)]
pub(crate) struct Demo {
    /// Keep the server's data in this folder, to go on with `snaglog serve --data DIR`
    #[arg(long, value_name = "DIR")]
    keep: Option<PathBuf>,
}

impl Demo {
    /// Shows it. Whatever happens, the server stops, and the temporary folder goes.
    pub(crate) async fn run(self, global: &Global) -> Result<(), Failure> {
        let output = global.output();
        output.expect_fields(&["board", "history", "refusals"])?;
        let folder = tempfile::tempdir().map_err(|error| Failure::failed(format!("no temporary folder: {error}")))?;
        let options = serve::Options {
            place: Place {
                data: self.keep.clone().unwrap_or_else(|| folder.path().to_owned()),
                log: None,
                views: None,
            },
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            trust_actor_header: false,
            drain: 1,
            freshness_wait: 5,
            // Who acts is shown one by one: what the system does by itself would come between.
            no_reactors: true,
        };
        let failed = |error: anyhow::Error| Failure::failed(format!("{error:#}"));
        let stop = signals::stop().map_err(failed)?;
        let running = serve::start(&options, None).await.map_err(failed)?;
        let server = format!("http://{}", running.address);
        let stage = Stage::new(global, &server);
        let played = tokio::select! {
            played = self.play(&stage) => played,
            () = stop => Err(Failure::failed("interrupted")),
        };
        running.stop().await.map_err(failed)?;
        folder.close().map_err(|error| Failure::failed(format!("the temporary folder stays: {error}")))?;
        let shown = played?;
        if output.is_json() {
            output.json(shown);
        }
        Ok(())
    }

    async fn play(&self, stage: &Stage<'_>) -> Result<Json, Failure> {
        stage.say(head("A payments shop"));
        stage.say(script::SHOP);
        for (actor, line) in SETUP {
            stage.run(actor, line).await?;
        }
        let mut refusals = Vec::new();
        stage.say(head("One issue, from filing to closing"));
        for (nth, scene) in STORY.iter().enumerate() {
            match *scene {
                Scene::Say(text) if nth == 0 => stage.say(text),
                Scene::Say(text) => stage.say(format!("\n{text}")),
                Scene::Do(actor, line) => stage.show(actor, line).await?,
                Scene::Refused(actor, line) => refusals.push(stage.show_refused(actor, line).await?),
            }
        }
        stage.say(head("Meanwhile"));
        for (text, lines) in MEANWHILE {
            let mut answer = Vec::new();
            for (actor, line) in *lines {
                answer = stage.run(actor, line).await?;
            }
            stage.say(format!("{text}\n{}", indented(&answer)));
        }
        let board = self.close(stage).await?;
        let history = stage.run("paula", "history PAY-1").await?;
        stage.say(head("One issue's history, as the log tells it: snaglog history PAY-1"));
        stage.say(history.join("\n"));
        stage.say(head("What to try next"));
        stage.say(self.next());
        let parse = |lines: &[String]| {
            lines.iter().map(|line| serde_json::from_str(line).unwrap_or_default()).collect::<Vec<Json>>()
        };
        Ok(json!({ "board": parse(&board).first(), "history": parse(&history), "refusals": refusals }))
    }

    /// The board, once it shows all that was done.
    async fn close(&self, stage: &Stage<'_>) -> Result<Vec<String>, Failure> {
        let token = stage.token("PAY-12").await?;
        let board = stage.run("paula", &format!("board PAY --at-least {token}")).await?;
        stage.say(head("The board: snaglog board PAY"));
        stage.say(board.join("\n"));
        Ok(board)
    }

    fn next(&self) -> String {
        match &self.keep {
            Some(folder) => format!(
                "The data is kept. Go on with it:\n  snaglog serve --data {}\n{}",
                folder.display(),
                script::GO_ON
            ),
            None => String::from(script::NEXT),
        }
    }
}
