//! What the system does by itself: switched off and on, per project.

use api::projects::v1::{GetProjectRequest, Reactor, SwitchReactorRequest};
use tonic::Code;

use super::answers::refused;
use super::given::{Given, fresh};

fn switch(reactor: Reactor, on: bool) -> SwitchReactorRequest {
    SwitchReactorRequest {
        request_id: fresh(),
        project: "PAY".into(),
        reactor: reactor.into(),
        on,
        expected_revision: None,
    }
}

#[tokio::test]
async fn a_part_is_switched_off_and_on_again() {
    let given = Given::project().await;
    let mut pia = given.projects("pia");
    let off = switch(Reactor::Shifts, false);
    let answer = pia.switch_reactor(off.clone()).await.unwrap().into_inner();
    assert_eq!(answer.project.as_ref().unwrap().switched_off, [i32::from(Reactor::Shifts)]);
    assert_eq!(pia.switch_reactor(off).await.unwrap().into_inner(), answer, "a retry is answered as before");
    pia.switch_reactor(switch(Reactor::Deadlines, false)).await.unwrap();
    let shown = GetProjectRequest { project: "PAY".into() };
    let shown = pia.get_project(shown).await.unwrap().into_inner().project.unwrap();
    assert_eq!(shown.switched_off, [Reactor::Deadlines, Reactor::Shifts].map(i32::from));
    let on = pia.switch_reactor(switch(Reactor::Shifts, true)).await.unwrap().into_inner();
    assert_eq!(on.project.unwrap().switched_off, [i32::from(Reactor::Deadlines)]);
}

#[tokio::test]
async fn what_switches_nothing_is_refused() {
    let given = Given::project().await;
    let mut pia = given.projects("pia");
    refused(pia.switch_reactor(switch(Reactor::Shifts, true)).await, Code::FailedPrecondition, "SETTING_UNCHANGED");
    let neither = SwitchReactorRequest { project: "no project".into(), ..switch(Reactor::Unspecified, false) };
    let refusal = refused(pia.switch_reactor(neither).await, Code::InvalidArgument, "INVALID_FIELDS");
    let mut fields = refusal.fields();
    fields.sort_unstable();
    assert_eq!(fields, ["project", "reactor"]);
    let nowhere = SwitchReactorRequest { project: "NOPE".into(), ..switch(Reactor::Shifts, false) };
    refused(pia.switch_reactor(nowhere).await, Code::FailedPrecondition, "UNKNOWN_PROJECT");
    let stale = SwitchReactorRequest { expected_revision: Some(1), ..switch(Reactor::Shifts, false) };
    refused(pia.switch_reactor(stale).await, Code::Aborted, "CONFLICT");
}
