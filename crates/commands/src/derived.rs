//! Ids that follow from what they name: the table is in the crate's doc.

use domain::ids::{ComponentId, IssueId, ProjectId};
use uuid::Uuid;

/// What all ids are derived from. It never changes: what is stored depends on it.
pub const NAMESPACE: Uuid = Uuid::from_u128(0x8f1d_5f0e_6a0b_5c3e_9d52_736e_6167_6c67);

/// The id of the issue that this request files.
pub(crate) fn issue_id(project: &ProjectId, request_id: Uuid) -> IssueId {
    IssueId(derive(namespace(project), "request/", &request_id.hyphenated().to_string()))
}

/// The id of the issue that is imported from another system, where it is called `reference`.
pub(crate) fn imported_issue_id(project: &ProjectId, system: &str, reference: &str) -> IssueId {
    let origin = derive(namespace(project), "origin/", system);
    IssueId(derive(origin, "", reference))
}

/// The id of the request that adds a component to a project, because an import names it.
pub(crate) fn component_request_id(project: &ProjectId, component: &ComponentId) -> Uuid {
    derive(namespace(project), "component/", component.as_str())
}

fn namespace(project: &ProjectId) -> Uuid {
    derive(NAMESPACE, "project/", project.as_str())
}

fn derive(namespace: Uuid, prefix: &str, name: &str) -> Uuid {
    Uuid::new_v5(&namespace, format!("{prefix}{name}").as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pay() -> ProjectId {
        ProjectId::parse("PAY").unwrap()
    }

    #[test]
    fn derived_ids_never_change() {
        let request = Uuid::from_u128(7);
        assert_eq!(issue_id(&pay(), request).to_string(), "f88a9550-657a-5a93-8e0e-8f1fc9fc23e9");
        assert_eq!(imported_issue_id(&pay(), "bugzilla", "446261").to_string(), "7273f9f6-baf0-5339-bd7d-b5b939b0ab7c");
        let component = ComponentId::parse("checkout").unwrap();
        assert_eq!(component_request_id(&pay(), &component).to_string(), "cf140c13-ae78-5958-b50d-52cd1f78272e");
    }

    #[test]
    fn projects_systems_and_references_are_kept_apart() {
        let ops = ProjectId::parse("OPS").unwrap();
        let ids = [
            issue_id(&pay(), Uuid::from_u128(7)),
            issue_id(&ops, Uuid::from_u128(7)),
            issue_id(&pay(), Uuid::from_u128(8)),
            imported_issue_id(&pay(), "bugzilla", "1"),
            imported_issue_id(&pay(), "bugzilla", "2"),
            imported_issue_id(&pay(), "jira", "1"),
            imported_issue_id(&ops, "bugzilla", "1"),
        ];
        let distinct: std::collections::HashSet<_> = ids.iter().collect();
        assert_eq!(distinct.len(), ids.len());
    }
}
