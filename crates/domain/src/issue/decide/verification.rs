//! Who may confirm a fix, and the confirmation.

use super::case::{Case, Outcome};
use crate::ids::PersonId;
use crate::issue::{Capacity, IssueEvent, RaisedBy, Resolved, SourceKind, State};
use crate::{Fact, Missing, Rejection};

pub(super) fn verify(case: &Case<'_>, confirmed_by: Fact<PersonId>) -> Outcome {
    case.not_over()?;
    let resolved = match &case.issue.state {
        State::Resolved(resolved) => resolved,
        State::Verified(_) => return Err(Rejection::AlreadyVerified),
        State::New { .. } | State::Accepted | State::Closed(_) | State::Dismissed(_) => {
            return Err(Rejection::NotResolved);
        }
    };
    let mut capacity = Fact::NotKnown;
    let mut self_verified = false;
    if let Fact::Known(person) = &confirmed_by {
        capacity = confirming(case, person)?;
        self_verified = is_resolver(case, resolved, person);
        not_resolver(case, resolved, person)?;
    }
    let mut evidence = case.evidence();
    evidence.know(&confirmed_by, Missing::ConfirmerMissing);
    evidence.complete()?;
    Ok(vec![IssueEvent::IssueVerified { confirmed_by, capacity, self_verified }])
}

pub(super) fn delegate(case: &Case<'_>, to: PersonId) -> Outcome {
    case.not_over()?;
    let delegated = case.issue.delegates.iter().any(|delegate| delegate.person == to);
    if delegated || capacity_by_right(case, &to).is_some() {
        return Err(Rejection::AlreadyDelegated { person: to });
    }
    // A delegate can't delegate further.
    let capacity = capacity_by_right(case, case.context.actor);
    let capacity = known_or_refused(case, case.context.actor, capacity)?;
    Ok(vec![IssueEvent::VerificationDelegated { to, capacity }])
}

/// Refuses those who resolved it, unless the project lets a team of one confirm its own fixes.
pub(super) fn not_resolver(case: &Case<'_>, resolved: &Resolved, person: &PersonId) -> Result<(), Rejection> {
    if is_resolver(case, resolved, person) && !case.project.self_verification && !case.imported() {
        return Err(Rejection::VerifierIsResolver { person: person.clone() });
    }
    Ok(())
}

fn is_resolver(case: &Case<'_>, resolved: &Resolved, person: &PersonId) -> bool {
    resolved.by == *person || case.issue.assignee.as_ref() == Some(person)
}

/// Refuses who is neither opener, nor customer, nor product owner.
pub(super) fn opener_or_customer(case: &Case<'_>, person: &PersonId) -> Result<(), Rejection> {
    known_or_refused(case, person, capacity_by_right(case, person)).map(|_| ())
}

/// The capacity in which somebody may confirm a fix. Not known of imported people without one.
fn confirming(case: &Case<'_>, person: &PersonId) -> Result<Fact<Capacity>, Rejection> {
    let named = || {
        let delegate = case.issue.delegates.iter().find(|delegate| delegate.person == *person)?;
        Some(Capacity::Delegate { named_by: delegate.named_by.clone() })
    };
    known_or_refused(case, person, capacity_by_right(case, person).or_else(named))
}

fn known_or_refused(
    case: &Case<'_>,
    person: &PersonId,
    capacity: Option<Capacity>,
) -> Result<Fact<Capacity>, Rejection> {
    match capacity {
        Some(capacity) => Ok(Fact::Known(capacity)),
        None if case.imported() => Ok(Fact::NotKnown),
        None => Err(Rejection::NotOpenerOrCustomer { person: person.clone(), opener: opener(case).cloned() }),
    }
}

fn opener<'a>(case: &Case<'a>) -> Option<&'a PersonId> {
    match &case.issue.source.raised_by {
        RaisedBy::Person(person) => Some(person),
        RaisedBy::System(_) | RaisedBy::Nobody => None,
    }
}

/// As what somebody speaks for those who have the problem: opener (the product owners, where no person raised it), customer, product owner.
fn capacity_by_right(case: &Case<'_>, person: &PersonId) -> Option<Capacity> {
    let owns = case.project.product_owners.contains(person);
    if opener(case).map_or(owns, |opener| opener == person) {
        return Some(Capacity::Opener);
    }
    if let Fact::Known(SourceKind::Customer { customer: Some(id), .. }) = &case.issue.source.kind
        && case.project.customers.get(id).is_some_and(|customer| customer.people.contains(person))
    {
        return Some(Capacity::Customer(id.clone()));
    }
    owns.then_some(Capacity::ProductOwner)
}
