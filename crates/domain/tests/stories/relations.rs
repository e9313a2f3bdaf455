//! Links, causes, watchers, comments, estimates.

use domain::Rejection;
use domain::issue::{Command, IssueEvent, IssueRef, LinkKind};

use super::story::given;
use super::words::{filed, issue_ref, key, person, release, s, text, to_closed, to_triaged};

fn link(other: IssueRef) -> Command {
    Command::LinkIssues { kind: LinkKind::CausedBy, other }
}

#[test]
fn linked_with_an_issue_of_the_project_or_of_elsewhere() {
    let linked = |other| IssueEvent::IssuesLinked { kind: LinkKind::CausedBy, other };
    given(to_triaged()).beside(2, [filed()]).when(link(issue_ref(2))).then([linked(issue_ref(2))]);
    let elsewhere = || IssueRef::External(s("bugzilla:1"));
    given(to_triaged()).when(link(elsewhere())).then([linked(elsewhere())]);
}

#[test]
fn not_linked_twice_but_in_another_way() {
    let once = given(to_triaged()).when(link(IssueRef::External(s("bugzilla:1")))).then_on();
    once.clone().when(link(IssueRef::External(s("bugzilla:1")))).then_rejected(Rejection::AlreadyLinked);
    let other = IssueRef::External(s("bugzilla:1"));
    let issue = once.when(Command::LinkIssues { kind: LinkKind::RelatesTo, other }).then_issue();
    assert_eq!(issue.links.len(), 2);
}

#[test]
fn not_linked_with_itself_or_with_nothing() {
    given(to_triaged()).when(link(issue_ref(1))).then_rejected(Rejection::LinkToItself);
    given(to_triaged()).when(link(issue_ref(9))).then_rejected(Rejection::UnknownIssue { issue: key(9) });
}

#[test]
fn a_release_is_named_as_cause_once() {
    let name = |id| Command::NameCause { release: release(id) };
    let named = given(to_closed()).when(name("r4")).then_on();
    named.when(name("r4")).then_rejected(Rejection::AlreadyNamed { release: release("r4") });
    given(to_closed()).when(name("r9")).then_rejected(Rejection::UnknownRelease { release: release("r9") });
}

#[test]
fn watched_once() {
    let watch = || Command::WatchIssue { person: person("cora") };
    let watched = given(to_triaged()).when(watch()).then_on();
    watched.when(watch()).then_rejected(Rejection::AlreadyWatching { person: person("cora") });
}

#[test]
fn comments_may_repeat() {
    let comment = || Command::CommentOnIssue { text: text("me too") };
    let issue = given(to_triaged()).when(comment()).then_on().when(comment()).then_issue();
    assert_eq!(issue.comments, 2);
}

#[test]
fn defects_are_not_estimated() {
    given(to_triaged()).when(Command::EstimateItem { points: 5 }).then_rejected(Rejection::DefectsAreNotEstimated);
}
