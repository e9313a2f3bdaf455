"""An issue's whole life through grpcio, and every kind of error as a Python program sees it.

Run by the scenario beside it, with the code generated from proto/ on PYTHONPATH: python life.py HOST:PORT
"""

import sys
import uuid

import grpc
from google.rpc import error_details_pb2
from grpc_status import rpc_status
from snaglog.boards.v1 import boards_service_pb2 as boards
from snaglog.boards.v1 import boards_service_pb2_grpc as boards_rpc
from snaglog.consistency.v1 import consistency_pb2
from snaglog.errors.v1 import reason_pb2
from snaglog.history.v1 import history_service_pb2 as history
from snaglog.history.v1 import history_service_pb2_grpc as history_rpc
from snaglog.issues.v1 import issue_pb2 as issue
from snaglog.issues.v1 import issues_service_pb2 as issues
from snaglog.issues.v1 import issues_service_pb2_grpc as issues_rpc
from snaglog.projects.v1 import projects_service_pb2 as projects
from snaglog.projects.v1 import projects_service_pb2_grpc as projects_rpc
from snaglog.releases.v1 import releases_service_pb2 as releases
from snaglog.releases.v1 import releases_service_pb2_grpc as releases_rpc

TIMEOUT_SECONDS = 30
SERVICE = "/snaglog.issues.v1.IssuesService/"


class Fault:
    """A failed call: its code, and the details that come with it."""

    def __init__(self, error):
        self.code = error.code()
        self.message = error.details()
        self.info = error_details_pb2.ErrorInfo()
        self.fields = {}
        self.violations = []
        status = rpc_status.from_call(error)
        for detail in status.details if status else []:
            if detail.Is(error_details_pb2.ErrorInfo.DESCRIPTOR):
                detail.Unpack(self.info)
            elif detail.Is(error_details_pb2.BadRequest.DESCRIPTOR):
                bad = error_details_pb2.BadRequest()
                detail.Unpack(bad)
                self.fields = {one.field: one.description for one in bad.field_violations}
            elif detail.Is(error_details_pb2.PreconditionFailure.DESCRIPTOR):
                failure = error_details_pb2.PreconditionFailure()
                detail.Unpack(failure)
                self.violations = [(one.type, one.subject) for one in failure.violations]

    def __repr__(self):
        return f"{self.code}: {self.message} {self.info} {self.fields} {self.violations}"


def as_(actor):
    return {"metadata": [("snaglog-actor", actor)], "timeout": TIMEOUT_SECONDS}


def id_():
    return str(uuid.uuid4())


def fails(call, code, reason):
    """Makes a call that must fail so; answers the fault."""
    try:
        answer = call()
    except grpc.RpcError as error:
        fault = Fault(error)
    else:
        raise AssertionError(f"expected {reason}, was answered {answer!r:.200}")
    assert fault.code == code, fault
    assert (fault.info.reason, fault.info.domain) == (reason, "snaglog"), fault
    assert "REASON_" + reason in reason_pb2.Reason.keys(), f"{reason} is not of the contract"
    assert fault.message, fault
    return fault


def refused(call, reason, key="PAY-1"):
    fault = fails(call, grpc.StatusCode.FAILED_PRECONDITION, reason)
    assert fault.violations == [(reason, f"issues/{key}")], fault
    return fault


def set_up(channel):
    stub = projects_rpc.ProjectsServiceStub(channel)
    stub.CreateProject(projects.CreateProjectRequest(request_id=id_(), project="PAY", name="Payments"), **as_("dev"))
    team = projects.AddTeamRequest(request_id=id_(), project="PAY", team="core", model=projects.TEAM_MODEL_COMBINED)
    stub.AddTeam(team, **as_("dev"))
    member = projects.AddTeamMemberRequest(request_id=id_(), project="PAY", team="core", person="dev")
    stub.AddTeamMember(member, **as_("dev"))
    component = projects.AddComponentRequest(request_id=id_(), project="PAY", component="checkout", owner_team="core")
    stub.AddComponent(component, **as_("dev"))
    customer = projects.AddCustomerRequest(request_id=id_(), project="PAY", customer="acme", people=["carla"])
    stub.AddCustomer(customer, **as_("dev"))


def filing(**other):
    fields = {
        "request_id": id_(),
        "project": "PAY",
        "title": "Paid twice",
        "source": issue.Source(
            customer=issue.CustomerSource(customer="acme", channel=issue.CUSTOMER_CHANNEL_EMAIL), raised_by="carla"
        ),
        "report": issue.Report(steps="pay, go back, pay again", actual="paid twice", expected="the second is refused"),
        "component": "checkout",
    }
    return issues.FileIssueRequest(**{**fields, **other})


def the_life(channel):
    """Every step, and in every state every step that is not its turn."""
    stub = issues_rpc.IssuesServiceStub(channel)
    code = issue.CodeFix(changes=["4f2a91c"], tests=["pays_once"], environment="staging")
    released = issue.Released(release="r1", reverified_by="olga")
    steps = {
        "triage": lambda: stub.TriageIssue(
            issues.TriageIssueRequest(
                request_id=id_(), key="PAY-1", level=issue.LEVEL_CODE_OR_DATA, severity="sev2"
            ),
            **as_("dev"),
        ),
        "accept": lambda: stub.AcceptIssue(issues.AcceptIssueRequest(request_id=id_(), key="PAY-1"), **as_("dev")),
        "resolve": lambda: stub.ResolveIssue(
            issues.ResolveIssueRequest(request_id=id_(), key="PAY-1", code=code), **as_("dev")
        ),
        "verify": lambda: stub.VerifyIssue(issues.VerifyIssueRequest(request_id=id_(), key="PAY-1"), **as_("carla")),
        "close": lambda: stub.CloseIssue(
            issues.CloseIssueRequest(request_id=id_(), key="PAY-1", released=released), **as_("olga")
        ),
        "reopen": lambda: stub.ReopenIssue(
            issues.ReopenIssueRequest(request_id=id_(), key="PAY-1", reason="again"), **as_("dev")
        ),
    }
    # In each state: the step whose turn it is, and what the others are refused with.
    turns = [
        ("triage", "accept NOT_TRIAGED, resolve NOT_ACCEPTED, verify NOT_RESOLVED, close NOT_VERIFIED, reopen NOT_CLOSED"),
        ("accept", "triage ALREADY_TRIAGED, resolve NOT_ACCEPTED, verify NOT_RESOLVED, close NOT_VERIFIED, reopen NOT_CLOSED"),
        ("resolve", "triage ALREADY_ACCEPTED, accept ALREADY_ACCEPTED, verify NOT_RESOLVED, close NOT_VERIFIED, reopen NOT_CLOSED"),
        ("verify", "triage ALREADY_RESOLVED, accept ALREADY_RESOLVED, resolve ALREADY_RESOLVED, close NOT_VERIFIED, reopen NOT_CLOSED"),
        ("close", "triage ALREADY_RESOLVED, accept ALREADY_RESOLVED, resolve ALREADY_RESOLVED, verify ALREADY_VERIFIED, reopen NOT_CLOSED"),
        (None, "triage IS_CLOSED, accept IS_CLOSED, resolve IS_CLOSED, verify IS_CLOSED, close IS_CLOSED"),
    ]
    filed = stub.FileIssue(filing(), **as_("carla"))
    assert (filed.issue.key, filed.issue.state, filed.revision) == ("PAY-1", issue.ISSUE_STATE_NEW, 1), filed
    deployment = releases.RecordDeploymentRequest(
        request_id=id_(), project="PAY", release="r1", environment="production", changes=["4f2a91c"]
    )
    releases_rpc.ReleasesServiceStub(channel).RecordDeployment(deployment, **as_("olga"))
    answer = filed
    for turn, others in turns:
        for name, reason in (other.split() for other in others.split(", ")):
            refused(steps[name], reason)
        if turn:
            answer = steps[turn]()
    assert answer.issue.state == issue.ISSUE_STATE_CLOSED, answer
    estimate = issues.EstimateItemRequest(request_id=id_(), key="PAY-1", points=5)
    refused(lambda: stub.EstimateItem(estimate, **as_("dev")), "DEFECTS_ARE_NOT_ESTIMATED")

    fresh = consistency_pb2.Consistency(
        at_least_as_fresh=consistency_pb2.AtLeastAsFresh(tokens=[answer.consistency_token])
    )
    board = boards_rpc.BoardsServiceStub(channel).GetBoard(
        boards.GetBoardRequest(project="PAY", consistency=fresh), **as_("dev")
    )
    assert [column.state for column in board.board.columns if column.count] == [issue.ISSUE_STATE_CLOSED], board
    events = history_rpc.HistoryServiceStub(channel).ListEvents(history.ListEventsRequest(key="PAY-1"), **as_("dev"))
    assert [event.revision for event in events.events] == [1, 2, 3, 4, 5, 6], "refused commands left no event"


def fields_at_once(channel):
    stub = issues_rpc.IssuesServiceStub(channel)
    invalid = grpc.StatusCode.INVALID_ARGUMENT
    fault = fails(lambda: stub.FileIssue(issues.FileIssueRequest(), **as_("dev")), invalid, "INVALID_FIELDS")
    assert set(fault.fields) == {"request_id", "project", "title", "source"}, fault
    long = filing(title="x" * 201, report=issue.Report(details="x" * (64 * 1024 + 1)))
    fault = fails(lambda: stub.FileIssue(long, **as_("dev")), invalid, "INVALID_FIELDS")
    assert set(fault.fields) == {"title", "report.details"}, fault


def unknown_enum_number(channel):
    stub = issues_rpc.IssuesServiceStub(channel)
    request = issues.TriageIssueRequest(request_id=id_(), key="PAY-1", level=77, severity="sev2")
    fault = fails(lambda: stub.TriageIssue(request, **as_("dev")), grpc.StatusCode.INVALID_ARGUMENT, "INVALID_FIELDS")
    assert "77" in fault.fields["level"], fault


def several_things_missing(channel):
    stub = issues_rpc.IssuesServiceStub(channel)
    request = filing(source=issue.Source(security=issue.SecuritySource(advisories=["CVE-2026-1"])))
    code = grpc.StatusCode.FAILED_PRECONDITION
    fault = fails(lambda: stub.FileIssue(request, **as_("dev")), code, "PACKAGE_MISSING")
    assert [kind for kind, _ in fault.violations] == ["PACKAGE_MISSING", "RANGE_MISSING"], fault
    assert fault.info.metadata["missing"] == "PACKAGE_MISSING,RANGE_MISSING", fault


def raw(channel, method="FileIssue"):
    """A call whose request is bytes."""
    return channel.unary_unary(SERVICE + method, request_serializer=lambda it: it, response_deserializer=lambda it: it)


def invalid_utf_8(channel):
    # A valid request, whose title is then replaced by as many bytes that are no text.
    request = filing(title="PLACEHOLDER").SerializeToString()
    torn = request.replace(b"PLACEHOLDER", b"\xff\xfe\xc0\x80 broken")
    fails(lambda: raw(channel)(torn, **as_("dev")), grpc.StatusCode.INVALID_ARGUMENT, "MALFORMED_MESSAGE")


def bytes_that_are_no_message(channel):
    code = grpc.StatusCode.INVALID_ARGUMENT
    fails(lambda: raw(channel)(b"\x0a\xff\xff\xff\xff\x0f", **as_("dev")), code, "MALFORMED_MESSAGE")


def oversize(channel):
    code = grpc.StatusCode.INVALID_ARGUMENT
    stub = issues_rpc.IssuesServiceStub(channel)
    huge = filing(report=issue.Report(details="x" * (10 << 20)))
    fails(lambda: stub.FileIssue(huge, **as_("dev")), code, "MESSAGE_TOO_LARGE")


def compressed_oversize(channel):
    code = grpc.StatusCode.INVALID_ARGUMENT
    stub = issues_rpc.IssuesServiceStub(channel)
    huge = filing(report=issue.Report(details="x" * (10 << 20)))
    gzip = {"compression": grpc.Compression.Gzip}
    fails(lambda: stub.FileIssue(huge, **as_("dev"), **gzip), code, "MESSAGE_TOO_LARGE")
    small = stub.FileIssue(filing(title="compressed"), **as_("dev"), **gzip)
    assert small.issue.title == "compressed", small


def request_ids(channel):
    stub = issues_rpc.IssuesServiceStub(channel)
    request = filing(title="once")
    first, again = (stub.FileIssue(request, **as_("carla")) for _ in range(2))
    assert (first.issue.key, first.revision) == (again.issue.key, again.revision), (first, again)
    request.title = "twice"
    fails(lambda: stub.FileIssue(request, **as_("carla")), grpc.StatusCode.ALREADY_EXISTS, "REQUEST_ID_REUSED")


def a_deadline_and_its_retry(channel):
    stub = issues_rpc.IssuesServiceStub(channel)
    request = filing(title="hurried")
    try:
        stub.FileIssue(request, metadata=[("snaglog-actor", "carla")], timeout=0.000_1)
    except grpc.RpcError as error:
        assert error.code() == grpc.StatusCode.DEADLINE_EXCEEDED, error
    # Whatever became of it, a retry settles it, and it is there once.
    settled = stub.FileIssue(request, **as_("carla"))
    assert settled.revision == 1, settled
    again = stub.FileIssue(request, **as_("carla"))
    assert again.issue.key == settled.issue.key, again


def conflicts(channel):
    stub = issues_rpc.IssuesServiceStub(channel)
    comment = issues.CommentOnIssueRequest(request_id=id_(), key="PAY-1", text="late", expected_revision=2)
    fault = fails(lambda: stub.CommentOnIssue(comment, **as_("dev")), grpc.StatusCode.ABORTED, "CONFLICT")
    assert (fault.info.metadata["expected"], fault.info.metadata["actual"]) == ("2", "6"), fault


def actors(channel):
    stub = issues_rpc.IssuesServiceStub(channel)
    comment = issues.CommentOnIssueRequest(request_id=id_(), key="PAY-1", text="anonymous")
    code = grpc.StatusCode.UNAUTHENTICATED
    fails(lambda: stub.CommentOnIssue(comment, timeout=TIMEOUT_SECONDS), code, "ACTOR_MISSING")
    fails(lambda: stub.CommentOnIssue(comment, **as_("no body")), code, "ACTOR_MISSING")


def what_is_not_there(channel):
    stub = issues_rpc.IssuesServiceStub(channel)
    nowhere = issues.GetIssueRequest(key="PAY-4711")
    fails(lambda: stub.GetIssue(nowhere, **as_("dev")), grpc.StatusCode.NOT_FOUND, "NO_SUCH_ISSUE")
    code = grpc.StatusCode.UNIMPLEMENTED
    fails(lambda: raw(channel, "DeleteIssue")(b"", **as_("dev")), code, "UNKNOWN_METHOD")


def pages(channel):
    stub = issues_rpc.IssuesServiceStub(channel)
    created = [stub.FileIssue(filing(title=f"page {n}"), **as_("carla")) for n in range(5)]
    fresh = consistency_pb2.Consistency(
        at_least_as_fresh=consistency_pb2.AtLeastAsFresh(tokens=[created[-1].consistency_token])
    )
    request = issues.ListIssuesRequest(project="PAY", page_size=2, consistency=fresh)
    keys = []
    while True:
        page = stub.ListIssues(request, **as_("dev"))
        keys += [one.key for one in page.issues]
        request.page_token = page.next_page_token
        if not page.next_page_token:
            break
        assert len(page.issues) == 2, page
    assert len(keys) == len(set(keys)) and {one.issue.key for one in created} <= set(keys), keys
    request.page_size = -1
    request.page_token = ""
    fault = fails(lambda: stub.ListIssues(request, **as_("dev")), grpc.StatusCode.INVALID_ARGUMENT, "INVALID_FIELDS")
    assert "page_size" in fault.fields, fault


def health_and_reflection(channel):
    check = channel.unary_unary("/grpc.health.v1.Health/Check")
    serving = b"\x08\x01"
    assert check(b"", timeout=TIMEOUT_SECONDS) == serving
    name = b"snaglog.issues.v1.IssuesService"
    assert check(b"\x0a" + bytes([len(name)]) + name, timeout=TIMEOUT_SECONDS) == serving
    for version in ("v1", "v1alpha"):
        reflect = channel.stream_stream(f"/grpc.reflection.{version}.ServerReflection/ServerReflectionInfo")
        list_services = b"\x3a\x00"
        (answer,) = reflect(iter([list_services]), timeout=TIMEOUT_SECONDS)
        assert name in answer, (version, answer)


CHECKS = [
    set_up,
    the_life,
    fields_at_once,
    unknown_enum_number,
    several_things_missing,
    invalid_utf_8,
    bytes_that_are_no_message,
    oversize,
    compressed_oversize,
    request_ids,
    a_deadline_and_its_retry,
    conflicts,
    actors,
    what_is_not_there,
    pages,
    health_and_reflection,
]


def main():
    failed = 0
    with grpc.insecure_channel(sys.argv[1]) as channel:
        grpc.channel_ready_future(channel).result(timeout=TIMEOUT_SECONDS)
        for check in CHECKS:
            try:
                check(channel)
            except (AssertionError, grpc.RpcError) as error:
                failed += 1
                line = error.__traceback__
                while line.tb_next:
                    line = line.tb_next
                print(f"FAILED: {check.__name__}, line {line.tb_lineno}: {error!r}", flush=True)
            else:
                print(f"ok: {check.__name__}", flush=True)
    sys.exit(1 if failed else 0)


main()
