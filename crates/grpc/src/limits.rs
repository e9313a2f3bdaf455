//! Every bound of the edge, in one place. Those of single fields are in the comments of the contract.

/// Most bytes of a message, after decompression: 1 MiB.
pub const MESSAGE_BYTES_MAX: usize = 1024 * 1024;
/// Most elements of a list in a request.
pub const LIST_ITEMS_MAX: usize = 100;
/// Most characters of a reference: of a source, a test, a correction, a package, versions, a fingerprint.
pub const REFERENCE_CHARS_MAX: usize = 200;
/// Most characters of a short name: an environment, a topic, a monitor, a system, an advisory, a tier, a severity's name.
pub const NAME_CHARS_MAX: usize = 100;
/// Most characters of the name of a system that histories are imported from.
pub const ORIGIN_SYSTEM_CHARS_MAX: usize = 40;
/// Most characters of a severity's definition.
pub const DEFINITION_CHARS_MAX: usize = 500;
/// Most severities of a scheme.
pub const SEVERITIES_MAX: usize = domain::project::SEVERITIES_MAX;

/// So many rows a page has where the caller doesn't say.
pub const PAGE_ROWS_DEFAULT: u32 = 50;
/// Most rows of a page.
pub const PAGE_ROWS_MAX: u32 = 1000;
/// A page ends once its rows have this many bytes, so that an answer stays below [`MESSAGE_BYTES_MAX`].
pub const PAGE_BYTES_MAX: usize = 960 * 1024;
/// So many open questions an issue shows.
pub const QUESTIONS_SHOWN_MAX: usize = 100;
/// Once the questions shown have this many bytes, those after them are cut …
pub const QUESTIONS_WHOLE_BYTES: usize = 256 * 1024;
/// … to so many characters.
pub const QUESTION_CUT_CHARS: usize = 200;
/// So many elements an issue shows of its tests, causes, links and watchers.
pub const LIST_SHOWN_MAX: usize = 1000;
/// So many comments come with an issue.
pub const COMMENTS_PAGE_ROWS: u32 = 50;
/// So many cards a board's column has where the caller doesn't say.
pub const CARDS_DEFAULT: u32 = 20;
/// Most cards of a board's column.
pub const CARDS_MAX: u32 = 100;

/// So many subscriptions to the event feed a server has at once: each holds a page at most.
pub const SUBSCRIBERS_MAX: usize = 1000;
/// Events of a partition that a subscription reads at a time; the log ends a page earlier, by its size.
pub const FEED_PAGE_EVENTS: usize = 128;

/// So many similar issues are offered where the caller doesn't say.
pub const SIMILAR_DEFAULT: u32 = 5;
/// Most similar issues offered.
pub const SIMILAR_MAX: u32 = 20;

/// So many days a window of the flow has where the caller doesn't say since when.
pub const FLOW_DAYS_DEFAULT: i32 = 90;
/// Most days of a window of the flow: five years.
pub const FLOW_DAYS_MAX: i32 = 1830;
/// Most days of such a window told by days or weeks, and by a dimension.
pub const FLOW_DAYS_BY_DIMENSION_MAX: i32 = 366;

/// Most days of a window of compliance that is told by a dimension, and of one of pauses: two years.
pub const SLA_DAYS_BY_DIMENSION_MAX: i32 = 731;
/// So many issues that come due are watched where the caller doesn't say.
pub const WATCH_DUE_DEFAULT: u32 = 20;
/// Most of them.
pub const WATCH_DUE_MAX: u32 = 100;
/// Whoever watches them is told again after so long at the earliest.
pub const WATCH_DUE_PACE_MS: u64 = 100;

/// A watch's message is closed once it has so many bytes.
pub const WATCH_MESSAGE_BYTES: usize = 256 * 1024;
/// So many rows of a board's column a watch reads at a time.
pub const WATCH_PAGE_ROWS: u32 = 200;

/// Most bytes of a consistency token or a page token, as text.
pub const TOKEN_CHARS_MAX: usize = 4096;
/// Most field faults that an error lists; it says how many more there are. An error travels in headers, which clients bound.
pub const FAULTS_MAX: usize = 40;
/// Most characters of one fact in an error's metadata.
pub const FACT_CHARS_MAX: usize = 1000;

/// A query waits so long at most for the views to become fresh enough, unless the server was told otherwise.
pub const FRESHNESS_WAIT_MS: u64 = 5_000;
/// A view that lacks events of what there was when the server began is waited for this part of it at most …
pub const CATCH_UP_WAIT_PART: u32 = 5;
/// … and not at all when it lacks more of them than this.
pub const CATCH_UP_EVENTS_MAX: u64 = 10_000;
/// An answer of several reads is made so often at most, where its view is rebuilt between two of them.
pub const ANSWER_ATTEMPTS_MAX: u32 = 3;
/// A deadline is answered this much before it passes, so that the answer still reaches its caller …
pub const DEADLINE_MARGIN_MS_MAX: u64 = 50;
/// … but at most this part of it.
pub const DEADLINE_MARGIN_PART: u32 = 10;

/// After so long may a caller try again, when more waits than can be queued.
pub const RETRY_OVERLOADED_MS: u64 = 100;
/// After so long may a caller try again, when log or views can't serve.
pub const RETRY_UNAVAILABLE_MS: u64 = 1_000;
/// After so long may a caller settle an unknown outcome.
pub const RETRY_UNKNOWN_MS: u64 = 200;

const _: () = {
    assert!(PAGE_BYTES_MAX + 64 * 1024 <= MESSAGE_BYTES_MAX, "a page and what stands around it fit into an answer");
    assert!(
        WATCH_MESSAGE_BYTES + 5 * 100 * 1024 <= MESSAGE_BYTES_MAX,
        "a watch's message and its last element fit into an answer"
    );
    assert!(PAGE_ROWS_DEFAULT <= PAGE_ROWS_MAX && CARDS_DEFAULT <= CARDS_MAX);
    assert!(SIMILAR_MAX as usize <= views::search::OFFERED_MAX && PAGE_ROWS_MAX <= views::search::PAGE_MAX);
    assert!(
        COMMENTS_PAGE_ROWS as usize * domain::text::TEXT_BYTES_MAX > PAGE_BYTES_MAX,
        "so comments' pages may end early, too"
    );
    assert!(FAULTS_MAX * 160 + FACT_CHARS_MAX <= 8 * 1024, "an error fits into the headers that most clients accept");
    assert!(4 * domain::text::TEXT_BYTES_MAX < MESSAGE_BYTES_MAX, "the longest report fits into a message");
};
