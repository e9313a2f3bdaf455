//! Who subscribes to what happens in a project, and waits for it.
#![expect(clippy::unwrap_used, reason = "a scenario ends where nothing is to be heard")]

use std::collections::BTreeMap;
use std::time::Duration;

use api::events::v1::subscribe_events_response::Message;
use api::events::v1::{Event, SubscribeEventsRequest};
use prost_types::Timestamp;

use crate::client::Client;

/// A story that hears nothing for so long waits in vain.
const IN_VAIN: Duration = Duration::from_secs(240);

/// Subscribes to a project's events, and comes back with its token after each end of the server.
#[derive(Debug)]
pub struct Subscriber {
    project: String,
    token: String,
    heard: Vec<Event>,
}

impl Subscriber {
    /// One who has heard nothing yet, and hears all from the project's first event on.
    pub fn of_project(project: &str) -> Self {
        Self { project: project.to_owned(), token: String::new(), heard: Vec::new() }
    }

    /// Listens until so many events of these types are heard, and gives the last of them.
    pub async fn hears(&mut self, url: &str, types: &[&str], count: usize) -> Event {
        let client = Client::connect(url).await.unwrap();
        let projects = vec![self.project.clone()];
        let request = SubscribeEventsRequest { token: self.token.clone(), projects, ..Default::default() };
        let mut messages = client.events("zoe").subscribe_events(request).await.unwrap().into_inner();
        while self.of(types).count() < count {
            let message = tokio::time::timeout(IN_VAIN, messages.message()).await;
            let heard = || self.heard.iter().map(|event| (&event.r#type, &event.subject)).collect::<Vec<_>>();
            let message = message.unwrap_or_else(|_| panic!("{types:?} are waited for in vain: {:?}", heard()));
            let message = message.unwrap().unwrap();
            if let Some(Message::Event(event)) = message.message {
                self.heard.push(event);
            }
            self.token = message.token;
        }
        self.of(types).nth(count - 1).unwrap().clone()
    }

    /// What was heard of these types, in order.
    pub fn of<'a>(&'a self, types: &'a [&str]) -> impl Iterator<Item = &'a Event> {
        self.heard.iter().filter(|event| types.contains(&event.r#type.as_str()))
    }

    /// By issue: when each event of this type happened.
    pub fn instants(&self, r#type: &str) -> BTreeMap<String, Vec<Timestamp>> {
        let mut instants = BTreeMap::<_, Vec<_>>::new();
        for event in self.of(&[r#type]) {
            instants.entry(event.subject.clone()).or_default().push(event.occurred_at.unwrap());
        }
        instants
    }
}
