//! The flow of imported histories: where issues stood, how many came and went, and how long things took, each on the day on which it happened.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Stdio;

use insta::assert_snapshot;
use serde_json::Value as Json;
use tests::server::{Server, binary};
use tokio::process::Command;

use super::course::course;
use super::whole::sample;
use super::{import, server, snaglog, token};

/// A server with the bugs of this file, and a token of them all.
async fn imported(folder: &Path, file: &Path) -> (Server, String) {
    let server = server(folder).await;
    assert_eq!(import(&server.url, file).await.code, Some(0));
    let token = token(&server.url).await;
    (server, token)
}

/// What the command shows to people, or as a sheet.
async fn told(url: &str, line: &str, token: &str) -> String {
    let words = line.split_whitespace().chain(["--at-least", token]);
    let mut command = Command::new(binary());
    command.args(words).args(["--server", url, "--actor", "importer"]).env("NO_COLOR", "1");
    let output = command.stdin(Stdio::null()).kill_on_drop(true).output().await.unwrap();
    assert!(output.status.success(), "{line}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// How many stood where when this instant came, by the bugs' own histories.
fn stood(bugs: &[Json], until: &str) -> BTreeMap<Stand, i64> {
    let until = until.parse().unwrap();
    let mut count = BTreeMap::new();
    for bug in bugs {
        if let Some((_, stand)) = course(bug).into_iter().take_while(|(at, _)| *at < until).last() {
            *count.entry((stand.state, stand.triaged)).or_default() += 1;
        }
    }
    count
}

/// A state, and whether the issue is triaged.
type Stand = (&'static str, bool);

const STATES: [(&str, Stand); 7] = [
    ("new_untriaged", ("New", false)),
    ("new_triaged", ("New", true)),
    ("accepted", ("Accepted", true)),
    ("resolved", ("Resolved", true)),
    ("verified", ("Verified", true)),
    ("closed", ("Closed", true)),
    ("dismissed", ("Dismissed", true)),
];

/// Holds each month against the bugs' own histories.
async fn check(server: &Server, token: &str, bugs: &[Json], years: std::ops::Range<i32>) {
    for year in years {
        let (since, until) = (format!("{year}-01-01T00:00:00Z"), format!("{}-01-01T00:00:00Z", year + 1));
        let window = ["--since", &since, "--until", &until, "--at-least", token];
        let months = snaglog(&server.url, &[&["flow", "BUG", "--step", "month"][..], &window].concat()).await;
        let days = snaglog(&server.url, &[&["flow", "BUG", "--step", "day"][..], &window].concat()).await;
        let of = |answer: &Json| answer["series"][0]["steps"].as_array().unwrap().clone();
        let (months, days) = (of(&months.lines[0]), of(&days.lines[0]));
        assert_eq!(months.len(), 12);
        for (steps, what) in [(months, "month"), (days, "day")] {
            let ends = steps[1..].iter().map(|step| step["start"].as_str().unwrap().to_owned()).chain([until.clone()]);
            for (step, end) in steps.iter().zip(ends) {
                let expected = stood(bugs, &end);
                let told = STATES.map(|(field, _)| step[field].as_i64().unwrap());
                // A dismissed issue may have been triaged or not.
                let expected = STATES.map(|(_, (state, triaged))| {
                    let same = |stand: &Stand| stand.0 == state && (state != "New" || stand.1 == triaged);
                    expected.iter().filter(|(stand, _)| same(stand)).map(|(_, count)| count).sum::<i64>()
                });
                assert_eq!(told, expected, "the {what} that ends {end}");
            }
        }
    }
}

fn bugs(file: &Path) -> Vec<Json> {
    std::fs::read_to_string(file).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[tokio::test]
async fn imported_issues_flow_as_their_histories_say() {
    let folder = tempfile::tempdir().unwrap();
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/import/bugs.jsonl");
    let (server, token) = imported(folder.path(), &file).await;
    check(&server, &token, &bugs(&file), 2019..2020).await;
}

#[tokio::test]
async fn flow_for_people_is_a_chart() {
    let folder = tempfile::tempdir().unwrap();
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/import/bugs.jsonl");
    let (server, token) = imported(folder.path(), &file).await;
    let window = "--since 2019-02-25T00:00:00Z --until 2019-04-22T00:00:00Z";
    let told = async |line: &str| told(&server.url, &format!("flow BUG {window} {line}"), &token).await;
    assert_snapshot!(told("").await, @r#"
    BUG  2019-02-25 to 2019-04-21

    12 │               ░░░░░░░░░░░░░░░░░░░░░
       │              ░░░░░░░░░░░░░░░░░░░░░░
       │             ░░░░░░░░░░░░░░░░░░░░░░░░░░░░
       │            ░░░▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒░░░░░░░
       │           ░░░▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒░▒░░░░░░░░░░░
       │          ░░░▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒░░
       │         ░░░▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒
       │        ░░▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▓▓▓▓▓▓▒▒▒▒▒▒▒▒▒▒▒▒▒
       │       ░░▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▓▓████▓▓▓▓▓▓▓▓▓▓▓▓▓▓
       │      ░░▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▓██████▓▓▓▓▓▓▓▓▓▓▓▓▓
       │     ░░▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▓███▚▚▚█████████████
       │    ░░▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▓▚▚▚▚▚▚▚▚▚▚▚▚▚▚▚▚▚▚▚
     0 └────────────────────────────────────────────────────────

      ░░ New, untriaged        0 → 1
      ▒▒ New, triaged          0 → 2
      ▓▓ Accepted              0 → 2
      ██ Resolved              0 → 1
      ▚▚ Verified              0 → 1
         Closed                0 → 1
         Dismissed             0 → 4
    "#);
    assert_snapshot!(told("--by severity").await, @r#"
    BUG  2019-02-25 to 2019-04-21

    SEVERITY  OPEN                                                      THEN  NOW  CLOSED  DISMISSED
    sev3            ▂▂▂▄▄▄▆▆██████████████████████▄▄▄▄▄▄▆▄▄▄▄▄▄▄▄▄▄▄▄▄  0     2    1       1
    -             ▃▃▃▃▃▃▃▅▅▅▅███████████████████████████▅▅▅▅▅▅▅▅▅▅▅▅▃▃  0     1    0       2
    sev1           ▃▃▃▅▅▅▅▅███████████████████████████████████████████  0     3    0       0
    sev2             ▄▄▄███████████████████████████████▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄  0     1    0       1
    "#);
}

#[tokio::test]
async fn flow_for_people_counts_and_times() {
    let folder = tempfile::tempdir().unwrap();
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/import/bugs.jsonl");
    let (server, token) = imported(folder.path(), &file).await;
    let window = "--since 2019-02-25T00:00:00Z --until 2019-04-22T00:00:00Z";
    let told = async |line: &str| told(&server.url, &format!("flow BUG {window} {line}"), &token).await;
    assert_snapshot!(told("--throughput").await, @r#"
    BUG  2019-02-25 to 2019-04-21

    FROM        FILED                        CLOSED       DISMISSED  REOPENED
    2019-02-25  3      ████████▋
    2019-03-04  7      ████████████████████
    2019-03-11  2      █████▊
    2019-03-18
    2019-03-25
    2019-04-01                                            3
    2019-04-08                               1       ██▉  1          1
    2019-04-15                                            1
    "#);
    assert_snapshot!(told("--throughput --by component").await, @r#"
    BUG  2019-02-25 to 2019-04-21

    COMPONENT      FILED                       CLOSED                       DISMISSED
    Panel          4       ▄▄ █                0                            2
    DOM:Core-HTML  3       ▄ █                 0                            2
    Search         3        █ ██               0                            1
    Display        1        █                  0                            0
    Print          1         █                 1                     █      0
    "#);
    assert_snapshot!(told("--times").await.replace(char::is_numeric, "9"), @r#"
    BUG  9999-99-99 to 9999-99-99

    TIME               ENDED  P99   P99   P99  WAIT  P99     P99     P99
    lead               9      99 d  99 d  -    9     9999 d  9999 d  -
    cycle              9      9 d   9 d   -    9     9999 d  9999 d  -
    to triage          9      99 d  99 d  -    9     9999 d  9999 d  -
    to accept          9      99 d  99 d  -    9     9999 d  9999 d  -
    to mitigate        9      99 d  99 d  -    9     9999 d  9999 d  -
    to resolve         9      99 d  99 d  -    9     9999 d  9999 d  -
    to resolve again   9      -     -     -    9     9999 d  9999 d  -
    to dismiss         9      99 d  99 d  -    9     -       -       -
    in New, untriaged  9      99 d  99 d  -    9     9999 d  9999 d  -
    in New, triaged    9      -     -     -    9     9999 d  9999 d  -
    in Accepted        9      99 h  99 h  -    9     9999 d  9999 d  -
    in Resolved        9      9 d   9 d   -    9     9999 d  9999 d  -
    in Verified        9      9 d   9 d   -    9     9999 d  9999 d  -
    "#);
}

#[tokio::test]
async fn flow_for_scripts() {
    let folder = tempfile::tempdir().unwrap();
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/import/bugs.jsonl");
    let (server, token) = imported(folder.path(), &file).await;
    let window = "--since 2019-02-25T00:00:00Z --until 2019-04-22T00:00:00Z";
    let told = async |line: &str| told(&server.url, &format!("flow BUG {window} {line}"), &token).await;
    assert_snapshot!(told("--throughput --csv").await, @r#"
    start,value,filed,closed,dismissed,reopened
    2019-02-25T00:00:00Z,-,3,0,0,0
    2019-03-04T00:00:00Z,-,7,0,0,0
    2019-03-11T00:00:00Z,-,2,0,0,0
    2019-03-18T00:00:00Z,-,0,0,0,0
    2019-03-25T00:00:00Z,-,0,0,0,0
    2019-04-01T00:00:00Z,-,0,0,3,0
    2019-04-08T00:00:00Z,-,0,1,1,1
    2019-04-15T00:00:00Z,-,0,0,1,0
    "#);
    assert_snapshot!(told("--times --by severity --csv").await, @r#"
    value,measure,ended,p50_seconds,p85_seconds,p95_seconds,waiting,age_p50_seconds,age_p85_seconds,age_p95_seconds
    sev3,lead,1,2929804,2929804,,,,,
    sev3,cycle,1,603435,603435,,,,,
    sev3,to accept,2,2351206,2598493,,,,,
    sev3,to mitigate,1,2929804,2929804,,,,,
    sev3,to resolve,1,2447163,2447163,,,,,
    sev3,to dismiss,2,1924991,2085324,,,,,
    sev3,in Accepted,1,86710,86710,,,,,
    sev3,in Resolved,1,260501,260501,,,,,
    sev3,in Verified,1,260501,260501,,,,,
    sev1,to triage,1,2704543,2704543,,,,,
    sev1,to accept,1,2003555,2003555,,,,,
    sev1,to resolve,1,2085324,2085324,,,,,
    sev1,"in New, untriaged",1,2704543,2704543,,,,,
    sev1,in Accepted,1,86710,86710,,,,,
    sev1,in Resolved,1,429502,429502,,,,,
    sev2,to accept,1,2496601,2496601,,,,,
    sev2,to resolve,1,2704543,2704543,,,,,
    sev2,to dismiss,1,2704543,2704543,,,,,
    sev2,in Accepted,1,171159,171159,,,,,
    -,to dismiss,2,2704543,3370093,,,,,
    -,"in New, untriaged",1,2704543,2704543,,,,,
    "#);
    assert_snapshot!(told("--step month --json").await, @r#"{"by":null,"project":"BUG","series":[{"rest":false,"steps":[{"accepted":0,"closed":0,"dismissed":0,"new_triaged":0,"new_untriaged":0,"resolved":0,"start":"2019-02-01T00:00:00Z","verified":0},{"accepted":0,"closed":0,"dismissed":0,"new_triaged":9,"new_untriaged":3,"resolved":0,"start":"2019-03-01T00:00:00Z","verified":0},{"accepted":2,"closed":1,"dismissed":4,"new_triaged":2,"new_untriaged":1,"resolved":1,"start":"2019-04-01T00:00:00Z","verified":1}],"value":null}],"since":"2019-02-01T00:00:00Z","step":"Month","until":"2019-05-01T00:00:00Z"}"#);
    assert_snapshot!(told("--throughput --step month --json").await, @r#"{"by":null,"project":"BUG","series":[{"rest":false,"steps":[{"closed":0,"dismissed":0,"filed":0,"reopened":0,"start":"2019-02-01T00:00:00Z"},{"closed":0,"dismissed":0,"filed":12,"reopened":0,"start":"2019-03-01T00:00:00Z"},{"closed":1,"dismissed":5,"filed":0,"reopened":1,"start":"2019-04-01T00:00:00Z"}],"value":null}],"since":"2019-02-01T00:00:00Z","step":"Month","until":"2019-05-01T00:00:00Z"}"#);
    assert_snapshot!(told("--times --by nature --json=by,since,until,values").await, @r#"{"by":"Nature","since":"2019-02-01T00:00:00Z","until":"2019-05-01T00:00:00Z","values":[{"measures":[{"ended":{"p50":2929804,"p85":2929804,"p95":null,"points":1},"measure":"Lead","state":null,"triaged":null,"waiting":null},{"ended":{"p50":603435,"p85":603435,"p95":null,"points":1},"measure":"Cycle","state":null,"triaged":null,"waiting":null},{"ended":{"p50":2704543,"p85":2704543,"p95":null,"points":1},"measure":"Triage","state":null,"triaged":null,"waiting":null},{"ended":{"p50":2351206,"p85":2598493,"p95":null,"points":4},"measure":"Accept","state":null,"triaged":null,"waiting":null},{"ended":{"p50":2929804,"p85":2929804,"p95":null,"points":1},"measure":"Mitigate","state":null,"triaged":null,"waiting":null},{"ended":{"p50":2447163,"p85":2704543,"p95":null,"points":3},"measure":"Resolve","state":null,"triaged":null,"waiting":null},{"ended":{"p50":2704543,"p85":3370093,"p95":null,"points":5},"measure":"Dismiss","state":null,"triaged":null,"waiting":null},{"ended":{"p50":2704543,"p85":2704543,"p95":null,"points":2},"measure":"InState","state":"New","triaged":false,"waiting":null},{"ended":{"p50":86710,"p85":171159,"p95":null,"points":3},"measure":"InState","state":"Accepted","triaged":null,"waiting":null},{"ended":{"p50":260501,"p85":429502,"p95":null,"points":2},"measure":"InState","state":"Resolved","triaged":null,"waiting":null},{"ended":{"p50":260501,"p85":260501,"p95":null,"points":1},"measure":"InState","state":"Verified","triaged":null,"waiting":null}],"rest":false,"value":null}]}"#);
}

/// What a query finds in the views' database, a row a line.
fn found(folder: &Path, query: &str) -> Vec<String> {
    let flags = rusqlite::OpenFlags::SQLITE_OPEN_READ_ONLY;
    let views = rusqlite::Connection::open_with_flags(folder.join("data/views.db"), flags).unwrap();
    let mut statement = views.prepare(query).unwrap();
    let columns = statement.column_count();
    let row = |row: &rusqlite::Row<'_>| {
        let values = (0..columns).map(|at| row.get::<_, rusqlite::types::Value>(at).map(|value| format!("{value:?}")));
        Ok(values.collect::<Result<Vec<_>, _>>()?.join(" "))
    };
    statement.query_map([], row).unwrap().collect::<Result<_, _>>().unwrap()
}

#[tokio::test]
async fn the_doc_s_queries_read_the_tables_directly() {
    let folder = tempfile::tempdir().unwrap();
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/import/bugs.jsonl");
    let (server, token) = imported(folder.path(), &file).await;
    told(&server.url, "flow BUG --times", &token).await;

    let doc = include_str!("../../../docs/flow.md").replace("'PAY'", "'BUG'").replace("'-90 days'", "'-90 years'");
    let queries: Vec<&str> = doc.split("```sql").skip(1).map(|rest| rest.split("```").next().unwrap()).collect();
    let [standing, lead] = queries[..] else { panic!("the doc has two queries: {queries:?}") };
    let standing = found(folder.path(), standing);
    // The last of them stands as the import left it: untriaged, triaged, accepted, resolved, verified.
    assert!(
        standing.last().unwrap().ends_with("Integer(1) Integer(2) Integer(2) Integer(1) Integer(1)"),
        "{standing:?}"
    );
    assert_eq!(found(folder.path(), lead).len(), 1, "one was closed");
}

#[tokio::test]
async fn real_bugs_where_there_are_some_flow_as_their_histories_say() {
    let Some(sample) = sample() else { return };
    let folder = tempfile::tempdir().unwrap();
    let (server, token) = imported(folder.path(), &sample).await;
    let bugs = bugs(&sample);
    let year = |text: &Json| text.as_str().unwrap()[..4].parse::<i32>().unwrap();
    let first = bugs.iter().map(|bug| year(&bug["creation_time"])).min().unwrap();
    let last =
        bugs.iter().flat_map(|bug| bug["history"].as_array().unwrap()).map(|entry| year(&entry["when"])).max().unwrap();
    check(&server, &token, &bugs, first..last + 1).await;
}
