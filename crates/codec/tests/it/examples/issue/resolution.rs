//! Resolution, verification, closing and dismissal.

use domain::Fact::{Known, NotKnown};
use domain::issue::{Capacity, Closing, CodeFix, DataFix, Dismissal, Fix, IssueEvent as I, IssueRef};
use jiff::Timestamp;

use super::super::{Example, example, imported, issue_id, key, list, person, reason, text};

pub(super) fn examples() -> Vec<Example> {
    let mut examples = fixes();
    examples.extend(work());
    examples.extend(verifications());
    examples.extend(closings());
    examples.extend(dismissals());
    examples
}

fn fixes() -> Vec<Example> {
    let code = || CodeFix {
        changes: vec!["git:4f2a".parse().unwrap()],
        tests: list(&["tests/pay.rs::declined"]),
        environment: Some("staging".into()),
    };
    let data = || DataFix { correction: Some("sql/2026-10-01.sql".into()), tried_in: Some("staging".into()) };
    let operation = Fix::Operation { action: reason("Restarted the gateway") };
    let explanation = Fix::Explanation {
        explanation: reason("The card must be activated first"),
        topic: Some("card activation".into()),
    };
    let resolved = |golden, fix| example(golden, I::IssueResolved { fix: Known(fix) });
    vec![
        resolved("IssueResolved.v1", Fix::Code(code())),
        resolved("IssueResolved.v1.data", Fix::Data(data())),
        resolved("IssueResolved.v1.code_and_data", Fix::CodeAndData(code(), data())),
        resolved("IssueResolved.v1.operation", operation),
        resolved("IssueResolved.v1.explanation", explanation),
        imported("IssueResolved.v1.imported", I::IssueResolved { fix: NotKnown }, true),
    ]
}

fn work() -> Vec<Example> {
    let text = text("Pay by invoice");
    let because = |why| reason(why);
    let tests = list(&["tests/pay.rs::declined_twice"]);
    let rejected = I::ResolutionRejected { reason: because("Still declined"), unassigned: true };
    let withdrawn = I::WorkaroundWithdrawn { reason: because("Invoices are off") };
    vec![
        example("WorkaroundRecorded.v1", I::WorkaroundRecorded { text }),
        example("WorkaroundWithdrawn.v1", withdrawn),
        example("RegressionTestsAdded.v1", I::RegressionTestsAdded { tests }),
        example("ResolutionRejected.v1", rejected),
    ]
}

fn verifications() -> Vec<Example> {
    let verified = |capacity| I::IssueVerified {
        confirmed_by: Known(person("zoe")),
        capacity: Known(capacity),
        self_verified: false,
    };
    let delegate = Capacity::Delegate { named_by: person("pia") };
    let delegated = |capacity| I::VerificationDelegated { to: person("quinn"), capacity };
    let untold = I::IssueVerified { confirmed_by: NotKnown, capacity: NotKnown, self_verified: false };
    vec![
        example("IssueVerified.v1", verified(Capacity::Opener)),
        example("IssueVerified.v1.customer", verified(Capacity::Customer("acme".parse().unwrap()))),
        example("IssueVerified.v1.product_owner", verified(Capacity::ProductOwner)),
        example("IssueVerified.v1.delegate", verified(delegate)),
        imported("IssueVerified.v1.imported", untold, false),
        example("VerificationDelegated.v1", delegated(Known(Capacity::ProductOwner))),
        imported("VerificationDelegated.v1.imported", delegated(NotKnown), false),
    ]
}

fn closings() -> Vec<Example> {
    let at = Timestamp::from_microsecond(1_760_000_000_123_456).unwrap();
    let closed =
        |golden, closing, deployed_at| example(golden, I::IssueClosed { closing: Known(closing), deployed_at });
    let released =
        Closing::Released { release: Some("2026.10".parse().unwrap()), reverified_by: Some(person("quinn")) };
    let applied = Closing::DataApplied { at: Some(at), by: Some(person("ada")) };
    let reopened = I::IssueReopened { reason: reason("It is back"), unassigned: false };
    let release = "2026.10".parse().unwrap();
    let rolled_back = I::WithdrawnFromProduction { reason: reason("Rolled back") };
    vec![
        closed("IssueClosed.v2", released, Some(at)),
        closed("IssueClosed.v2.data_applied", applied, None),
        closed("IssueClosed.v2.confirmed", Closing::Confirmed, None),
        imported("IssueClosed.v2.imported", I::IssueClosed { closing: NotKnown, deployed_at: None }, false),
        example("MarkedInProduction.v1", I::MarkedInProduction { release }),
        example("WithdrawnFromProduction.v1", rolled_back),
        example("IssueReopened.v1", reopened),
    ]
}

fn dismissals() -> Vec<Example> {
    let dismissed = |golden, dismissal| {
        let (dismissal, note) = (Known(dismissal), reason("We looked"));
        example(golden, I::IssueDismissed { dismissal, note })
    };
    let root = IssueRef::Issue { id: issue_id(7), key: key("PAY-7") };
    let elsewhere = IssueRef::External("bugzilla:7".into());
    let untold = I::IssueDismissed { dismissal: NotKnown, note: None };
    vec![
        dismissed("IssueDismissed.v1", Dismissal::DuplicateOf(root)),
        dismissed("IssueDismissed.v1.external", Dismissal::DuplicateOf(elsewhere)),
        dismissed("IssueDismissed.v1.cannot_reproduce", Dismissal::CannotReproduce),
        dismissed("IssueDismissed.v1.not_a_defect", Dismissal::NotADefect),
        dismissed("IssueDismissed.v1.wont_fix", Dismissal::WontFix),
        dismissed("IssueDismissed.v1.withdrawn", Dismissal::Withdrawn),
        dismissed("IssueDismissed.v1.no_answer", Dismissal::NoAnswer),
        imported("IssueDismissed.v1.imported", untold, false),
    ]
}
