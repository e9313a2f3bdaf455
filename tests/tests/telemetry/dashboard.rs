//! The dashboards in `deploy/grafana` ask for figures that there are.

use std::path::{Path, PathBuf};

use promql_parser::label::Matchers;
use promql_parser::parser::{self, AggregateExpr, Expr, LabelModifier, VectorSelector};
use promql_parser::util::{ExprVisitor, walk_expr};
use serde_json::Value;

use crate::given::{Observed, Scraped};

/// What Prometheus itself adds to every series.
const ADDED: [&str; 2] = ["instance", "job"];

fn dashboards() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../deploy/grafana");
    let files = std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().path());
    files.filter(|path| path.extension().is_some_and(|extension| extension == "json")).collect()
}

/// Every query of a dashboard, as Grafana sends it.
fn queries(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            found.extend(fields.get("expr").and_then(Value::as_str).map(sent));
            fields.values().for_each(|value| queries(value, found));
        }
        Value::Array(values) => values.iter().for_each(|value| queries(value, found)),
        _ => {}
    }
}

/// Variables as they come to Prometheus.
fn sent(query: &str) -> String {
    let query = query.replace("$__rate_interval", "1m").replace("$__range", "1h").replace("$instance", ".*");
    assert!(!query.contains('$'), "{query}: a variable that this test doesn't know");
    query
}

/// Looks at all that a query names.
struct Names<'s> {
    scraped: &'s Scraped,
    /// What is wrong.
    wrong: Vec<String>,
    /// Series that the part of the query looked at now is made of.
    selected: Vec<String>,
}

impl Names<'_> {
    fn has_label(&self, series: &str, label: &str) -> bool {
        ADDED.contains(&label) || self.scraped.series.get(series).is_some_and(|labels| labels.contains(label))
    }

    fn selector(&mut self, VectorSelector { name, matchers, .. }: &VectorSelector) {
        let Some(name) = name.clone().or_else(|| named(matchers)) else {
            return self.wrong.push("a selector without a name".to_owned());
        };
        if !self.scraped.series.contains_key(&name) {
            self.wrong.push(format!("there is no {name}"));
        }
        for matcher in matchers.matchers.iter().filter(|matcher| matcher.name != "__name__") {
            if !self.has_label(&name, &matcher.name) {
                self.wrong.push(format!("{name} has no label {}", matcher.name));
            }
        }
        self.selected.push(name);
    }

    /// The labels that an aggregate keeps must be its series'.
    fn aggregate(&mut self, aggregate: &AggregateExpr) {
        let Some(LabelModifier::Include(kept)) = &aggregate.modifier else { return };
        let mut below = Names { scraped: self.scraped, wrong: Vec::new(), selected: Vec::new() };
        let _always = walk_expr(&mut below, &aggregate.expr);
        for series in &below.selected {
            for label in &kept.labels {
                if !self.has_label(series, label) {
                    self.wrong.push(format!("{series} has no label {label}"));
                }
            }
        }
    }
}

fn named(matchers: &Matchers) -> Option<String> {
    matchers.matchers.iter().find(|matcher| matcher.name == "__name__").map(|matcher| matcher.value.clone())
}

impl ExprVisitor for Names<'_> {
    type Error = ();

    fn pre_visit(&mut self, expr: &Expr) -> Result<bool, ()> {
        match expr {
            Expr::VectorSelector(selector) => self.selector(selector),
            Expr::MatrixSelector(matrix) => self.selector(&matrix.vs),
            Expr::Aggregate(aggregate) => self.aggregate(aggregate),
            _ => {}
        }
        Ok(true)
    }
}

fn wrong(query: &str, scraped: &Scraped) -> Vec<String> {
    let expr = match parser::parse(query) {
        Ok(expr) => expr,
        Err(error) => return vec![format!("{query}: {error}")],
    };
    let mut names = Names { scraped, wrong: Vec::new(), selected: Vec::new() };
    let _always = walk_expr(&mut names, &expr);
    if names.selected.is_empty() {
        names.wrong.push("it asks for nothing".to_owned());
    }
    names.wrong.into_iter().map(|wrong| format!("{query}: {wrong}")).collect()
}

#[tokio::test]
async fn every_query_of_a_dashboard_names_figures_and_labels_that_a_server_has() {
    // Given a server that has done everything once.
    let observed = Observed::start().await;
    observed.has_done_everything().await;
    let scraped = observed.scrape().await;
    let files = dashboards();
    assert!(!files.is_empty(), "there are dashboards");
    for file in files {
        let dashboard: Value = serde_json::from_str(&std::fs::read_to_string(&file).unwrap()).unwrap();
        let mut found = Vec::new();
        queries(&dashboard, &mut found);
        assert!(found.len() >= 10, "{}: {} queries", file.display(), found.len());
        // Then each query is sound.
        let wrong: Vec<String> = found.iter().flat_map(|query| wrong(query, &scraped)).collect();
        assert_eq!(wrong, Vec::<String>::new(), "{}", file.display());
    }
    // And one that isn't is found out.
    assert_eq!(wrong("sum by (colour) (snaglog_view_lag{view=\"x\"})", &scraped).len(), 2);
    assert_eq!(wrong("rate(snaglog_views_folded_total[1m])", &scraped).len(), 1);
}
