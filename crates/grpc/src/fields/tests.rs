use super::*;

fn told<T>(parse: impl FnOnce(&mut Faults) -> T) -> (T, Vec<String>) {
    let mut faults = Faults::default();
    let parsed = parse(&mut faults);
    (parsed, faults.listed.iter().map(|fault| format!("{} {}", fault.field, fault.description)).collect())
}

#[test]
fn times_keep_microseconds_and_their_sign() {
    let time =
        |seconds, nanos| told(|faults| faults.time("at", Some(&prost_types::Timestamp { seconds, nanos })).map(stamp));
    let kept = |seconds, nanos| (Some(prost_types::Timestamp { seconds, nanos }), Vec::new());
    assert_eq!(time(1_800_000_000, 123_456_789), kept(1_800_000_000, 123_456_000));
    assert_eq!(time(-1, 999_999_000), kept(-1, 999_999_000));
    assert_eq!(time(-7, 0), kept(-7, 0));
    for (seconds, nanos) in [(i64::MAX, 0), (i64::MIN, 0), (0, -1), (0, 1_000_000_000)] {
        assert_eq!(time(seconds, nanos).1, ["at is no time between the years 1 and 9999"], "{seconds} {nanos}");
    }
}

#[test]
fn a_page_has_a_size_that_can_be() {
    let size = |size| told(|faults| faults.page_size("page_size", size, 50, 1000));
    assert_eq!(size(0), (50, vec![]));
    assert_eq!(size(7), (7, vec![]));
    assert_eq!(size(i32::MAX), (1000, vec![]));
    assert_eq!(size(-1).1, ["page_size must not be negative"]);
}

#[test]
fn short_names_are_one_line_without_what_cannot_be_stored() {
    let parse = |text: &str| short(5)(text).map_err(|malformed| malformed.to_string());
    assert_eq!(parse("  größe "), Ok("größe".into()));
    assert_eq!(parse("größer"), Err("is 6 characters long, at most 5 are allowed".to_owned()));
    assert!(parse("a\nb").is_err() && parse("a\0b").is_err() && parse("  ").is_err());
}

#[test]
fn many_faults_fit_into_headers_and_say_how_many_more_there_are() {
    let ids: Vec<String> = (0..200).map(|n| format!("not an id, number {n}")).collect();
    let mut faults = Faults::default();
    for field in ["teams", "components", "assignees"] {
        faults.list(field, &ids, domain::ids::TeamId::parse);
    }
    let status = faults.finish(Some(())).unwrap_err();
    assert!(status.details().len() < 6 * 1024, "{}", status.details().len());
    let details = tonic_types::StatusExt::get_error_details(&status);
    let listed = details.bad_request().unwrap().field_violations.len();
    assert_eq!(listed, FAULTS_MAX);
    // Of each list 100 elements are read, and its length is a fault of its own.
    assert_eq!(details.error_info().unwrap().metadata["further"], (3 * 101 - FAULTS_MAX).to_string());
}

#[test]
fn a_request_id_is_a_uuid_in_any_form_but_not_nil() {
    let parse = |text: &str| told(|faults| faults.request_id(text));
    assert!(parse("67e55044-10b1-426f-9247-bb680e5fe0c8").0.is_some());
    assert!(parse("67E5504410B1426F9247BB680E5FE0C8").0.is_some());
    assert_eq!(parse("").1, ["request_id is required"]);
    for none in ["00000000-0000-0000-0000-000000000000", "7", "67e55044-10b1-426f-9247-bb680e5fe0c"] {
        assert_eq!(parse(none).1, ["request_id must be a UUID, a new one for each request"], "{none}");
    }
}
