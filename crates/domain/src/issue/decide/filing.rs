//! Filing, and completing a report.

use super::case::{Case, Evidence, Outcome, knows_component, knows_severity};
use crate::issue::{FileIssue, IssueEvent, Report, SourceKind};
use crate::project::Project;
use crate::{Context, Fact, Missing, Rejection};

pub(super) fn file(project: &Project, context: &Context<'_>, filing: FileIssue) -> Outcome {
    let FileIssue { id, title, source, report, reported_severity, component } = filing;
    if let Fact::Known(SourceKind::Customer { customer: Some(customer), .. }) = &source.kind
        && !project.customers.contains_key(customer)
    {
        return Err(Rejection::UnknownCustomer { customer: customer.clone() });
    }
    if let Some(severity) = &reported_severity {
        knows_severity(project, context, severity)?;
    }
    if let Some(component) = &component {
        knows_component(project, component)?;
    }
    source_evidence(&source.kind, context)?;
    Ok(vec![IssueEvent::IssueFiled { id, title, source, report, reported_severity, component }])
}

/// Security reports and systems bring their own data, without which nothing can be found again.
fn source_evidence(kind: &Fact<SourceKind>, context: &Context<'_>) -> Result<(), Rejection> {
    let mut evidence = Evidence::new(context);
    match evidence.know(kind, Missing::SourceMissing) {
        Some(SourceKind::Security { advisories, package, affected }) => {
            evidence.need(advisories.iter().any(|advisory| !advisory.trim().is_empty()), Missing::AdvisoryMissing);
            evidence.need(!package.trim().is_empty(), Missing::PackageMissing);
            evidence.need(!affected.trim().is_empty(), Missing::RangeMissing);
        }
        Some(SourceKind::System { fingerprint, .. }) => {
            evidence.need(!fingerprint.trim().is_empty(), Missing::FingerprintMissing);
        }
        Some(SourceKind::Customer { .. } | SourceKind::ProductOwner { .. }) | None => {}
    }
    evidence.complete()
}

pub(super) fn amend_report(case: &Case<'_>, report: Report) -> Outcome {
    case.not_resolved()?;
    let old = &case.issue.report;
    let amends = [
        (&report.steps, &old.steps),
        (&report.actual, &old.actual),
        (&report.expected, &old.expected),
        (&report.details, &old.details),
    ]
    .into_iter()
    .any(|(new, old)| new.is_some() && new != old);
    if amends { Ok(vec![IssueEvent::ReportAmended { report }]) } else { Err(Rejection::NothingAmended) }
}

/// Notes the parts of a report that a developer needs and doesn't have.
pub(super) fn report_evidence(report: &Report, evidence: &mut Evidence) {
    report.missing().into_iter().for_each(|missing| evidence.need(false, missing));
}
