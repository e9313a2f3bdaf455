//! Whatever happens can be stored, and is read as it was.

mod calendar;
mod issues;
mod others;
mod policy;
mod vocabulary;
mod words;

use domain::Event;
use proptest::prelude::*;

use crate::records::{chain, kind, record};

/// In every generated text, and in nothing else: no id may contain it.
const MARK: char = '§';

fn events() -> BoxedStrategy<Event> {
    prop_oneof![
        4 => issues::events().prop_map(Event::Issue),
        1 => others::project_events().prop_map(Event::Project),
        1 => others::team_events().prop_map(Event::Team),
        1 => others::release_events().prop_map(Event::Release),
    ]
    .boxed()
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(2000) })]

    #[test]
    fn every_event_comes_back(event in events(), origin in proptest::option::of(vocabulary::origins())) {
        let encoded = codec::encode(&event, origin.as_ref());
        let read = codec::decode(&record(kind(&event), &encoded))
            .map_err(|error| TestCaseError::fail(chain(&error)))?;
        prop_assert_eq!(read.event, event);
        prop_assert_eq!(read.origin, origin);
    }

    #[test]
    fn no_text_is_among_the_facts(event in events()) {
        let encoded = codec::encode(&event, None);
        let facts = String::from_utf8(encoded.facts).unwrap();
        prop_assert!(!facts.contains(MARK), "{}", facts);
        prop_assert_eq!(format!("{event:?}").contains(MARK), !encoded.texts.is_empty());
    }

    #[test]
    fn every_event_outlives_its_texts(event in events()) {
        let encoded = codec::encode(&event, None);
        let mut recorded = record(kind(&event), &encoded);
        recorded.record.body.texts = None;
        let read = codec::decode(&recorded).map_err(|error| TestCaseError::fail(chain(&error)))?;
        prop_assert!(!format!("{:?}", read.event).contains(MARK), "a text is left");
        prop_assert_eq!(codec::encode(&read.event, None).facts, encoded.facts);
    }
}
