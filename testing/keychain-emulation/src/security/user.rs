//! The user and the contexts in which they are asked (`LAContext`).

use std::collections::BTreeMap;
use std::sync::Mutex;

/// What the user does at a prompt.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Answer {
    /// Uses the right finger, face or passcode.
    #[default]
    Authenticates,
    /// Taps "Cancel".
    Cancels,
    /// Uses a finger that is not enrolled.
    Fails,
    /// Cannot be asked: the app is in the background.
    IsNotThere,
}

#[derive(Debug)]
struct Context {
    prompt: String,
    reuse_seconds: u32,
    authenticated: bool,
}

/// The living contexts, by name; and how many there ever were.
static CONTEXTS: Mutex<(BTreeMap<String, Context>, u64)> = Mutex::new((BTreeMap::new(), 0));

/// `LAContext()`, with its prompt.
pub(crate) fn new_context(prompt: &str, reuse_seconds: u32) -> String {
    let mut contexts = CONTEXTS.lock().unwrap();
    contexts.1 += 1;
    let name = format!("LAContext {}", contexts.1);
    let context = Context {
        prompt: prompt.to_owned(),
        reuse_seconds,
        authenticated: false,
    };
    contexts.0.insert(name.clone(), context);
    name
}

/// Called when the last reference is released.
pub(crate) fn invalidate_context(name: &str) {
    CONTEXTS.lock().unwrap().0.remove(name);
}

pub(super) fn is_context(name: &str) -> bool {
    CONTEXTS.lock().unwrap().0.contains_key(name)
}

/// Makes `ask` prompt the user, unless the context already has an answer.
pub(super) fn authenticate(name: Option<&str>, ask: impl FnOnce(&str, u32) -> Result<(), i32>) -> Result<(), i32> {
    let mut contexts = CONTEXTS.lock().unwrap();
    let Some(context) = name.and_then(|name| contexts.0.get_mut(name)) else {
        return ask("", 0);
    };
    if !context.authenticated {
        ask(&context.prompt, context.reuse_seconds)?;
        context.authenticated = true;
    }
    Ok(())
}
