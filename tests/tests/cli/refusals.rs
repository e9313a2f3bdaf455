//! What a refusal says: the rule's name, the facts, and the command that would succeed.

use insta::assert_snapshot;
use tests::shell::Shell;

use super::{ACCEPTED, DEPLOYED, FILED, RESOLVED, TRIAGED, VERIFIED, given};

#[tokio::test]
async fn a_step_out_of_order_names_the_step_that_comes_next() {
    let shell = Shell::start().await.unwrap();
    given(&shell, &[FILED]).await;
    assert_snapshot!(shell.run(ACCEPTED).await.shown(), @r"
    NotTriaged: PAY-1: it has no level yet
    Try: snaglog issue triage PAY-1 --level 3 --severity sev3
    exit code 3
    ");
    assert_snapshot!(shell.run(RESOLVED).await.shown(), @r"
    NotAccepted: PAY-1: it is not accepted
    Try: snaglog issue triage PAY-1 --level 3 --severity sev3
    exit code 3
    ");
    given(&shell, &[TRIAGED]).await;
    assert_snapshot!(shell.run(VERIFIED).await.shown(), @r"
    NotResolved: PAY-1: it is not resolved
    Try: snaglog issue accept PAY-1 --actor dev
    exit code 3
    ");
    given(&shell, &[ACCEPTED, RESOLVED, DEPLOYED]).await;
    assert_snapshot!(shell.run("issue close pay-1 --release 2026.11.1 --reverified-by olga").await.shown(), @r"
    NotVerified: PAY-1: it is not verified
    Try: snaglog issue verify PAY-1 --confirmed-by carla
    exit code 3
    ");
    given(&shell, &[VERIFIED]).await;
    assert_snapshot!(shell.run("issue close pay-1 --release r1 --reverified-by olga").await.shown(), @r"
    UnknownRelease: PAY-1: nothing was ever recorded of release r1
    Try: snaglog release deploy PAY r1 --issue PAY-1
    exit code 3
    ");
    assert_snapshot!(shell.run(ACCEPTED).await.shown(), @r"
    AlreadyResolved: PAY-1: it was resolved before
    exit code 3
    ");
}

#[tokio::test]
async fn a_duplicate_of_a_duplicate_leads_to_the_one_it_is_of() {
    let shell = Shell::start().await.unwrap();
    given(&shell, &[FILED, FILED, FILED, "issue dismiss PAY-2 --as duplicate --of PAY-1"]).await;
    assert_snapshot!(shell.run("issue dismiss PAY-3 --as duplicate --of PAY-2").await.shown(), @r"
    DuplicateOfDuplicate: PAY-3: that issue is a duplicate itself
    It is a duplicate of PAY-1; look at that one: snaglog issue show PAY-1
    exit code 3
    ");
}

#[tokio::test]
async fn the_command_it_names_succeeds() {
    let shell = Shell::start().await.unwrap();
    given(&shell, &["issue file PAY --title Slow --product-owner --raised-by paula --reported-severity sev2"]).await;
    // Each is refused; what the hint says is done instead, with the placeholders filled in, until it is closed.
    let mut done = Vec::new();
    for refused in ["accept", "accept", "accept", "verify", "verify", "close"].map(|step| format!("issue {step} PAY-1"))
    {
        let said = shell.run(&refused).await;
        if said.code == 0 {
            done.push(refused);
            continue;
        }
        let hint = said.err.lines().last().unwrap_or_default();
        let command = match (hint.strip_prefix("Try: snaglog "), hint.strip_prefix("Add ")) {
            (Some(command), _) => command.to_owned(),
            (None, Some(flags)) => format!("{refused} {flags}"),
            (None, None) => panic!("{refused}: {said:?}"),
        };
        let command = command.replace("RELEASE", "r1").replace("PERSON", "olga");
        if command.starts_with("issue close") {
            given(&shell, &["release deploy PAY r1 --issue PAY-1"]).await;
        }
        given(&shell, &[&command]).await;
        done.push(command);
    }
    assert_snapshot!(done.join("\n"), @r"
    issue triage PAY-1 --level 3 --severity sev2 --component checkout
    issue amend PAY-1 --steps TEXT --actual TEXT --expected TEXT
    issue accept PAY-1
    issue resolve PAY-1 --change COMMIT --test TEST --environment NAME
    issue verify PAY-1 --confirmed-by paula
    issue close PAY-1 --release r1 --reverified-by olga
    ");
}

#[tokio::test]
async fn all_that_is_missing_is_told_at_once() {
    let shell = Shell::start().await.unwrap();
    given(&shell, &["issue file PAY --title Slow --customer acme --raised-by carla --component checkout", TRIAGED])
        .await;
    assert_snapshot!(shell.run(ACCEPTED).await.shown(), @r"
    StepsMissing: PAY-1: 3 things are missing
      StepsMissing: the report lacks the steps to reproduce
      ActualMissing: the report lacks what actually happens
      ExpectedMissing: the report lacks what was expected
    Try: snaglog issue amend PAY-1 --steps TEXT --actual TEXT --expected TEXT
    exit code 3
    ");
    given(&shell, &["issue amend PAY-1 --steps a --actual b --expected c", ACCEPTED]).await;
    assert_snapshot!(shell.run("issue resolve PAY-1 --change c1").await.shown(), @r"
    RegressionTestMissing: PAY-1: 2 things are missing
      RegressionTestMissing: name at least one regression test
      TestEnvironmentMissing: name the test environment
    Add --test TEST --environment NAME
    exit code 3
    ");
    assert_snapshot!(shell.run("issue resolve PAY-1").await.shown(), @r"
    InvalidFields: the request is malformed
      code: is required, or data, or operation, or explanation
    Try: snaglog issue resolve PAY-1 --change COMMIT --test TEST --environment NAME
    exit code 2
    ");
    assert_snapshot!(shell.run("issue resolve PAY-1 --action restarted").await.shown(), @r"
    WrongFixForLevel: PAY-1: a fix of this kind does not go with level 3
    Try: snaglog issue resolve PAY-1 --change COMMIT --test TEST --environment NAME
    exit code 3
    ");
    let title = "x".repeat(201);
    let overlong = ["issue", "file", "PAY", "--customer", "acme", "--reported-severity", "sev 1", "--title", &title];
    assert_snapshot!(shell.words(overlong).await.shown(), @r"
    InvalidFields: the request is malformed
      --title: is 201 characters long, at most 200 are allowed
      --reported-severity: may not contain ' '; letters, digits and . _ - : + @ / # are allowed
    exit code 2
    ");
}

#[tokio::test]
async fn who_may_is_named() {
    let shell = Shell::start().await.unwrap();
    given(&shell, &[FILED, TRIAGED]).await;
    assert_snapshot!(shell.run("issue accept PAY-1 --actor zoe").await.shown(), @r"
    NotAMember: PAY-1: zoe is not a member of team core
    Try: snaglog project add-member PAY core zoe
    exit code 3
    ");
    given(&shell, &["project add-team PAY ops --model operations"]).await;
    assert_snapshot!(shell.run("issue hand-over PAY-1 --team ops --reason theirs").await.shown(), @r"
    WrongTeamForLevel: PAY-1: team ops may not take level 3
    Give --team TEAM, one of: core
    exit code 3
    ");
    assert_snapshot!(shell.run("issue dismiss PAY-1 --as withdrawn").await.shown(), @r"
    NotOpenerOrCustomer: PAY-1: dev is neither the opener, nor of the customer, nor a product owner, nor named by one of them
    Give --actor carla, its opener.
    exit code 3
    ");
    assert_snapshot!(shell.run("issue delegate PAY-1 --to zoe").await.shown(), @r"
    NotOpenerOrCustomer: PAY-1: dev is neither the opener, nor of the customer, nor a product owner, nor named by one of them
    Give --actor carla, its opener.
    exit code 3
    ");
    given(&shell, &["project add-member PAY core zoe", "issue assign PAY-1 --to zoe"]).await;
    assert_snapshot!(shell.run(ACCEPTED).await.shown(), @r"
    NotAssignee: PAY-1: it is assigned to zoe
    Give --actor zoe, or first: snaglog issue assign PAY-1 --to @me
    exit code 3
    ");
    given(&shell, &["issue accept PAY-1 --actor zoe", &format!("{RESOLVED} --actor zoe")]).await;
    assert_snapshot!(shell.run("issue verify PAY-1 --actor zoe").await.shown(), @r"
    NotOpenerOrCustomer: PAY-1: zoe is neither the opener, nor of the customer, nor a product owner, nor named by one of them
    Try: snaglog issue verify PAY-1 --confirmed-by carla
    exit code 3
    ");
}

#[tokio::test]
async fn who_made_the_fix_is_not_named_to_confirm_it() {
    let shell = Shell::start().await.unwrap();
    let filed = "issue file PAY --title Slow --product-owner --raised-by dev --component checkout --steps a --actual b --expected c";
    given(&shell, &[filed, TRIAGED, ACCEPTED, RESOLVED]).await;
    assert_snapshot!(shell.run("issue verify PAY-1 --actor zoe").await.shown(), @r"
    NotOpenerOrCustomer: PAY-1: zoe is neither the opener, nor of the customer, nor a product owner, nor named by one of them
    Try: snaglog issue delegate PAY-1 --to PERSON --actor dev
    exit code 3
    ");
    assert_snapshot!(shell.run("issue verify PAY-1").await.shown(), @r"
    VerifierIsResolver: PAY-1: dev resolved it; somebody else must verify it
    Try: snaglog issue delegate PAY-1 --to PERSON
    exit code 3
    ");
    given(&shell, &["issue delegate PAY-1 --to zoe", "project add-product-owner PAY paula"]).await;
    assert_snapshot!(shell.run("issue verify PAY-1").await.shown(), @r"
    VerifierIsResolver: PAY-1: dev resolved it; somebody else must verify it
    Try: snaglog issue verify PAY-1 --confirmed-by paula
    exit code 3
    ");
    given(&shell, &["issue verify PAY-1 --confirmed-by zoe"]).await;
}

#[tokio::test]
async fn what_is_unknown_is_named_with_the_command_that_adds_it() {
    let shell = Shell::start().await.unwrap();
    given(&shell, &[FILED]).await;
    assert_snapshot!(shell.run("issue show NOPE-1").await.shown(), @r"
    NoSuchIssue: NOPE-1: there is no such issue
    There is no project NOPE either. Try: snaglog project create NOPE
    exit code 3
    ");
    assert_snapshot!(shell.run("issue show PAY-7").await.shown(), @r"
    NoSuchIssue: PAY-7: there is no such issue
    Those there are: snaglog issue list PAY
    exit code 3
    ");
    assert_snapshot!(shell.run("issue file PAY --title t --customer emca").await.shown(), @r"
    UnknownCustomer: PAY: the project has no customer emca
    Try: snaglog project add-customer PAY emca
    exit code 3
    ");
    assert_snapshot!(shell.run("issue triage PAY-1 --level 3 --severity sev9").await.shown(), @r"
    UnknownSeverity: PAY-1: the project's scheme has no severity sev9 in use
    The project's severities: sev1, sev2, sev3
    exit code 3
    ");
    assert_snapshot!(shell.run("issue triage PAY-1 --level 3 --severity sev2 --component cart").await.shown(), @r"
    UnknownComponent: PAY-1: the project has no component cart
    Try: snaglog project add-component PAY cart --owner TEAM
    exit code 3
    ");
    assert_snapshot!(shell.run("release show PAY r9").await.shown(), @r"
    UnknownRelease: PAY/r9: nothing was ever recorded of this release
    Try: snaglog release deploy PAY r9
    exit code 3
    ");
}
