//! `docs/operations.md` lists every figure, and no other.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use crate::given::Observed;

/// The page's table of figures: each with its labels.
fn listed() -> BTreeMap<String, BTreeSet<String>> {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/operations.md");
    let page = std::fs::read_to_string(page).unwrap();
    let (_, section) = page.split_once("\n## Metrics\n").expect("the page has a section on metrics");
    let section = section.split("\n## ").next().unwrap_or_default();
    let rows = section.lines().filter_map(|line| line.strip_prefix("| `"));
    let named = |cell: &str| cell.split('`').skip(1).step_by(2).map(str::to_owned).collect();
    rows.map(|row| {
        let (name, rest) = row.split_once('`').expect("a name ends with a backtick");
        let labels = rest.split('|').nth(3).expect("a row has labels");
        (name.to_owned(), named(labels))
    })
    .collect()
}

#[tokio::test]
async fn every_figure_is_documented_with_its_labels_and_every_documented_one_is_told() {
    // Given a server that has done everything once.
    let observed = Observed::start().await;
    observed.has_done_everything().await;
    // When it is scraped, then the page says the same.
    let told = observed.scrape().await.families;
    let listed = listed();
    let names = |of: &BTreeMap<String, BTreeSet<String>>| of.keys().cloned().collect::<Vec<_>>();
    assert_eq!(names(&told), names(&listed), "told, and listed in docs/operations.md");
    for (name, labels) in &told {
        assert_eq!(labels, &listed[name], "the labels of {name}, as told and as listed");
    }
}
