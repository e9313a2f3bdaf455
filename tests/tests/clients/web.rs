//! gRPC-Web, as browsers speak it: over HTTP/1.1, on the same port.

use serde_json::json;
use tests::client::request_id;

use super::curl::Curl;

#[tokio::test]
async fn commands_queries_and_refusals_go_over_http_1() {
    let Some(curl) = Curl::start().await else { return };
    // There is no reflection over HTTP/1.1: the contract comes from its files, as a browser's code does.
    let schema = concat!(env!("CARGO_MANIFEST_DIR"), "/../proto");
    let flags = ["--protocol", "grpcweb", "--schema", schema];

    let create = json!({ "requestId": request_id(), "project": "WEB", "name": "Web" });
    let created = curl.call_with(&flags, "dev", "ProjectsService/CreateProject", &create).await.unwrap();
    assert_eq!(created["project"]["id"], "WEB");
    let shown =
        curl.call_with(&flags, "dev", "ProjectsService/GetProject", &json!({ "project": "web" })).await.unwrap();
    assert_eq!(shown["project"]["name"], "Web");

    let again = json!({ "requestId": request_id(), "project": "WEB", "name": "Web" });
    let fault = curl.call_with(&flags, "dev", "ProjectsService/CreateProject", &again).await.unwrap_err();
    assert_eq!((fault.code.as_str(), fault.reason.as_str()), ("failed_precondition", "PROJECT_EXISTS"), "{fault:?}");
    let fault = curl.call_with(&flags, "dev", "ProjectsService/CreateProject", &json!({})).await.unwrap_err();
    assert_eq!((fault.code.as_str(), fault.reason.as_str()), ("invalid_argument", "INVALID_FIELDS"), "{fault:?}");
    assert!(fault.fields.len() >= 2, "{fault:?}");
}
