//! One function for each kind of input from outside: it must return, whatever it is given, and what it makes of the input
//! must hold against a second opinion. libFuzzer calls them (`scripts/fuzz.sh`), and so does a test of the core with the
//! committed corpus and mutations of it (`rust-core/tests/fuzz`), which needs no special compiler.

mod answers;
mod callback;
mod challenges;
mod foreign;
mod id_tokens;
mod legacy;
mod stored;

pub use answers::{discovery_document, token_answer, userinfo_answer, users_answer};
pub use callback::callback_url;
pub use challenges::challenge;
pub use foreign::foreign_archive;
pub use id_tokens::{id_token, id_token_claims, key_set};
pub use legacy::legacy_answer;
pub use stored::{envelope, metadata};

/// A function that is given input.
pub type Target = fn(&[u8]);

/// All of them, by the names of their corpora.
pub const TARGETS: [(&str, Target); 13] = [
    ("callback_url", callback_url),
    ("challenge", challenge),
    ("token_answer", token_answer),
    ("userinfo_answer", userinfo_answer),
    ("users_answer", users_answer),
    ("discovery_document", discovery_document),
    ("key_set", key_set),
    ("id_token", id_token),
    ("id_token_claims", id_token_claims),
    ("envelope", envelope),
    ("metadata", metadata),
    ("foreign_archive", foreign_archive),
    ("legacy_answer", legacy_answer),
];

/// What an app may show or log is short and one line, whatever a server wrote.
fn assert_presentable(error: &pilotlight_core::machine::error::Error) {
    let words = error.to_string();
    assert!(words.len() < 2000, "{} bytes: {words}", words.len());
    assert!(!words.chars().any(char::is_control), "{words:?}");
}
