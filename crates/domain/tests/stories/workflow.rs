//! The state × command table, cell by cell.

use domain::Fact::Known;
use domain::clocks::Clock;
use domain::issue::{Asked, Command, Delivered, Dismissal, EscalateSla, Fix, IssueEvent, Level, LinkKind, Report};

use domain::policy::Delivery;

use super::story::{column_of, given, name_of};
use super::words::{
    accepted, asked, because, by_customer, close, closed, code_fix, component, dismissed, filed, filing, full_report,
    in_release, issue_ref, person, release, resolve, resolved, s, severity, team, text, triage, triaged, verified,
    verify,
};

/// What a cell says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Expected {
    /// An event, and the issue stands in this column.
    To(&'static str),
    /// An event, no change of state.
    Stays,
    /// Refused by this rule.
    No(&'static str),
}
use Expected::{No, Stays, To};

const COLUMNS: [&str; 7] = ["Nu", "Nt", "A", "R", "V", "C", "D"];

/// Each row: the command's variant, an example of it that nothing but the state speaks against, and its cells. `row_of` matches exhaustively: a
/// command without a row doesn't compile.
macro_rules! table {
    ($($variant:ident: $example:expr => [$($cell:expr),* $(,)?],)*) => {
        fn row_of(command: &Command) -> (&'static str, [Expected; 7]) {
            match command {
                $(Command::$variant { .. } => (stringify!($variant), [$($cell),*]),)*
            }
        }
        fn examples() -> Vec<(&'static str, Command)> {
            vec![$((stringify!($variant), $example)),*]
        }
    };
}

const DONE: Expected = No("AlreadyResolved");
const NO_OTHER: Expected = No("NothingToRebase");
const NO_NEED: Expected = No("NoShiftsNeeded");
const OVER: [Expected; 2] = [No("IsClosed"), No("IsDismissed")];

table! {
    FileIssue: filing(by_customer(), full_report())
        => [No("AlreadyFiled"), No("AlreadyFiled"), No("AlreadyFiled"), No("AlreadyFiled"), No("AlreadyFiled"), No("AlreadyFiled"), No("AlreadyFiled")],
    AmendReport: Command::AmendReport { report: Report { details: because("since Monday"), ..Report::default() } }
        => [Stays, Stays, Stays, DONE, DONE, OVER[0], OVER[1]],
    RequestInformation: Command::RequestInformation { of: Asked::Opener, text: text("which browser?") }
        => [Stays, Stays, Stays, DONE, DONE, OVER[0], OVER[1]],
    ProvideInformation: Command::ProvideInformation { questions: vec![], text: because("the blue one") }
        => [Stays, Stays, Stays, No("NothingWasAsked"), No("NothingWasAsked"), No("NothingWasAsked"), No("NothingWasAsked")],
    WithdrawRequest: Command::WithdrawRequest { questions: vec![1] }
        => [Stays, Stays, Stays, No("NothingWasAsked"), No("NothingWasAsked"), No("NothingWasAsked"), No("NothingWasAsked")],
    TriageIssue: Command::TriageIssue(domain::issue::TriageIssue { reason: because("worse"), ..triage(3, "sev1") })
        => [To("Nt"), Stays, No("AlreadyAccepted"), DONE, DONE, OVER[0], OVER[1]],
    ChangeSeverity: Command::ChangeSeverity { severity: severity("sev1"), reason: because("worse") }
        => [No("NotTriaged"), Stays, Stays, Stays, Stays, OVER[0], OVER[1]],
    ChangeLevel: Command::ChangeLevel { level: Level::System, nature: None, team: Some(team("ops")), reason: because("the disk") }
        => [No("NotTriaged"), Stays, To("Nt"), DONE, DONE, OVER[0], OVER[1]],
    AssignIssue: Command::AssignIssue { assignee: Some(person("dora")) }
        => [No("NotTriaged"), Stays, Stays, DONE, DONE, OVER[0], OVER[1]],
    HandOverIssue: Command::HandOverIssue { team: team("maint"), reason: because("old code") }
        => [No("NotTriaged"), Stays, To("Nt"), DONE, DONE, OVER[0], OVER[1]],
    AcceptIssue: Command::AcceptIssue
        => [No("NotTriaged"), To("A"), No("AlreadyAccepted"), DONE, DONE, OVER[0], OVER[1]],
    ReturnToTriage: Command::ReturnToTriage { reason: because("not ours") }
        => [No("NotAccepted"), No("NotAccepted"), To("Nu"), DONE, DONE, OVER[0], OVER[1]],
    RecordWorkaround: Command::RecordWorkaround { text: text("pay by invoice") }
        => [Stays, Stays, Stays, Stays, Stays, OVER[0], OVER[1]],
    WithdrawWorkaround: Command::WithdrawWorkaround { reason: None }
        => [Stays, Stays, Stays, Stays, Stays, OVER[0], OVER[1]],
    DelegateVerification: Command::DelegateVerification { to: person("tess") }
        => [Stays, Stays, Stays, Stays, Stays, OVER[0], OVER[1]],
    ResolveIssue: resolve(Fix::Code(code_fix()))
        => [No("NotAccepted"), No("NotAccepted"), To("R"), DONE, DONE, OVER[0], OVER[1]],
    AddRegressionTests: Command::AddRegressionTests { tests: vec![s("basket::again")] }
        => [No("NotResolved"), No("NotResolved"), No("NotResolved"), Stays, Stays, Stays, OVER[1]],
    RejectResolution: Command::RejectResolution { reason: because("still empty") }
        => [No("NotResolved"), No("NotResolved"), No("NotResolved"), To("A"), To("A"), OVER[0], OVER[1]],
    VerifyIssue: verify("carl")
        => [No("NotResolved"), No("NotResolved"), No("NotResolved"), To("V"), No("AlreadyVerified"), OVER[0], OVER[1]],
    MarkInProduction: Command::MarkInProduction { release: release("r1") }
        => [No("NotResolved"), No("NotResolved"), No("NotResolved"), Stays, Stays, OVER[0], OVER[1]],
    CloseIssue: close(in_release("r1"))
        => [No("NotVerified"), No("NotVerified"), No("NotVerified"), No("NotVerified"), To("C"), OVER[0], OVER[1]],
    WithdrawFromProduction: Command::WithdrawFromProduction { reason: None }
        => [No("NotInProduction"), No("NotInProduction"), No("NotInProduction"), No("NotInProduction"), No("NotInProduction"), To("V"), OVER[1]],
    ReopenIssue: Command::ReopenIssue { reason: because("again") }
        => [No("NotClosed"), No("NotClosed"), No("NotClosed"), No("NotClosed"), No("NotClosed"), To("A"), To("Nt")],
    DismissIssue: Command::DismissIssue { dismissal: Known(Dismissal::WontFix), note: None }
        => [To("D"), To("D"), To("D"), DONE, DONE, OVER[0], OVER[1]],
    ChangeComponent: Command::ChangeComponent { component: component("manual"), reason: because("the text is wrong") }
        => [Stays, Stays, Stays, Stays, Stays, OVER[0], OVER[1]],
    NameCause: Command::NameCause { release: release("r4") }
        => [Stays, Stays, Stays, Stays, Stays, Stays, OVER[1]],
    LinkIssues: Command::LinkIssues { kind: LinkKind::RelatesTo, other: issue_ref(2) }
        => [Stays, Stays, Stays, Stays, Stays, Stays, Stays],
    CommentOnIssue: Command::CommentOnIssue { text: text("seen it too") }
        => [Stays, Stays, Stays, Stays, Stays, Stays, Stays],
    WatchIssue: Command::WatchIssue { person: person("cora") }
        => [Stays, Stays, Stays, Stays, Stays, Stays, Stays],
    EstimateItem: Command::EstimateItem { points: 3 }
        => [No("DefectsAreNotEstimated"), No("DefectsAreNotEstimated"), No("DefectsAreNotEstimated"), No("DefectsAreNotEstimated"),
            No("DefectsAreNotEstimated"), No("DefectsAreNotEstimated"), No("DefectsAreNotEstimated")],
    PlanShifts: Command::PlanShifts
        => [NO_NEED, NO_NEED, NO_NEED, NO_NEED, NO_NEED, OVER[0], OVER[1]],
    HandOverShift: Command::HandOverShift { shift: None, to: person("dora") }
        => [No("NoShifts"), No("NoShifts"), No("NoShifts"), No("NoShifts"), No("NoShifts"), OVER[0], OVER[1]],
    RecordSlaAtRisk: Command::RecordSlaAtRisk { clock: Clock::Resolve, cycle: 1, set_by: 4 }
        => [No("SlaNotAtRisk"), No("SlaNotAtRisk"), No("SlaNotAtRisk"), No("SlaNotAtRisk"), No("SlaNotAtRisk"), No("SlaNotAtRisk"), No("SlaNotAtRisk")],
    RecordSlaBreach: Command::RecordSlaBreach { clock: Clock::Resolve, cycle: 1, set_by: 4 }
        => [No("SlaNotBreached"), No("SlaNotBreached"), No("SlaNotBreached"), No("SlaNotBreached"), No("SlaNotBreached"), No("SlaNotBreached"), No("SlaNotBreached")],
    CorrectSlaBreach: Command::CorrectSlaBreach { clock: Clock::Resolve, cycle: 1, reason: None }
        => [No("SlaBreachNotRecorded"), No("SlaBreachNotRecorded"), No("SlaBreachNotRecorded"), No("SlaBreachNotRecorded"), No("SlaBreachNotRecorded"), No("SlaBreachNotRecorded"), No("SlaBreachNotRecorded")],
    RebaseClocks: Command::RebaseClocks { policy: Some(0), reason: because("the contract changed") }
        => [NO_OTHER, NO_OTHER, NO_OTHER, NO_OTHER, NO_OTHER, OVER[0], OVER[1]],
    RecordEscalation: Command::RecordEscalation(EscalateSla { clock: Clock::Resolve, cycle: 1, set_by: 1, step: 1, people: Vec::new() })
        => [No("EscalationNotDue"), No("EscalationNotDue"), No("EscalationNotDue"), No("EscalationNotDue"), No("EscalationNotDue"), No("EscalationNotDue"), No("EscalationNotDue")],
    RecordDelivery: Command::RecordDelivery { cycle: 1, rule: Delivery::NextPush, delivered: Delivered::Kept { release: Some(release("r1")) } }
        => [No("NotVerified"), No("NotVerified"), No("NotVerified"), No("NotVerified"), Stays, Stays, No("NotVerified")],
    EndShifts: Command::EndShifts
        => [No("NoShifts"), No("NoShifts"), No("NoShifts"), No("NoShifts"), No("NoShifts"), No("NoShifts"), No("NoShifts")],
}

/// A life as far as each column, with a question open as long as it can be, and a workaround.
fn history(column: &str) -> Vec<IssueEvent> {
    let workaround = IssueEvent::WorkaroundRecorded { text: text("pay twice") };
    let life = [filed(), triaged(), accepted(), resolved(), verified(), closed()];
    let mut history: Vec<IssueEvent> = match column {
        "D" => vec![filed(), triaged(), dismissed()],
        column => {
            let reached = COLUMNS.iter().position(|name| *name == column).unwrap();
            life.into_iter().take(reached + 1).collect()
        }
    };
    history.splice(1..1, [asked(1), workaround]);
    history
}

/// Who nothing speaks against.
fn actor(command: &Command) -> &'static str {
    match command {
        Command::DelegateVerification { .. } => "carl",
        _ => "dan",
    }
}

#[track_caller]
fn check(name: &str, command: &Command, column: &str, expected: Expected) {
    let told = given(history(column)).beside(2, [filed()]).by(actor(command)).when(command.clone());
    let got = match &told.result {
        Err(rejection) => format!("No({:?})", name_of(rejection)),
        Ok(_) => match column_of(&told.then_issue().state) {
            after if after == column => "Stays".to_owned(),
            after => format!("To({after:?})"),
        },
    };
    assert_eq!(got, format!("{expected:?}"), "{name} in {column}");
}

#[test]
fn every_cell_is_as_the_table_says() {
    for (name, command) in examples() {
        let (row, cells) = row_of(&command);
        assert_eq!(row, name, "the example of a row is the row's own command");
        for (column, expected) in COLUMNS.into_iter().zip(cells) {
            check(name, &command, column, expected);
        }
    }
}

#[test]
fn each_history_stands_in_its_column() {
    for column in COLUMNS {
        assert_eq!(column_of(&given(history(column)).issue.unwrap().state), column);
    }
}

#[test]
fn what_changes_the_state_is_what_the_events_say() {
    for (name, command) in examples() {
        for column in COLUMNS {
            let told = given(history(column)).beside(2, [filed()]).by(actor(&command)).when(command.clone());
            let Ok(decision) = &told.result else { continue };
            let before = told.story.issue.clone().unwrap();
            let moves = decision.events.iter().any(|event| event.changes_state(&before.state));
            assert_eq!(moves, column_of(&told.then_issue().state) != column, "{name} in {column}");
        }
    }
}
