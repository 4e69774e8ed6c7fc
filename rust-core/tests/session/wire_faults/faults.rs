//! Network faults that affect one request or its answer.

use std::time::Duration;

use pilotlight_identity_server::Fault;

/// Each with its name in the table.
pub(super) fn faults() -> Vec<(&'static str, Fault)> {
    vec![
        ("reset before processing", Fault::reset()),
        ("reset after processing", Fault::reset().after_processing()),
        ("cut off within the answer", Fault::truncate()),
        ("slow", Fault::delay(Duration::from_millis(300))),
        ("no answer", Fault::stall()),
        ("stalled within the answer", Fault::stall_body()),
        ("200 that is not JSON", Fault::garbage_json()),
        ("200 with a page", Fault::html(200)),
        ("a redirect elsewhere", Fault::redirect("http://127.0.0.1:1/login")),
        ("2 MB where an answer should be", Fault::huge_body(2 * 1024 * 1024)),
    ]
}
