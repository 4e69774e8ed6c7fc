//! Invalid values from the app.

/// An invalid value of the configuration or argument of a call. The layers above say which of the two it is. Quotes a
/// value of the configuration, which is public, but never an argument.
#[derive(Clone, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[error("{name} {problem}")]
pub struct InvalidValue {
    /// The field or argument.
    pub name: &'static str,
    /// The problem, as the rest of a sentence that begins with the name.
    pub problem: String,
}

impl InvalidValue {
    /// `problem` is the rest of a sentence that begins with the name.
    pub fn new(name: &'static str, problem: impl Into<String>) -> Self {
        Self {
            name,
            problem: problem.into(),
        }
    }
}

/// Quotes a value of the configuration for an error.
pub fn quoted(value: &str) -> String {
    const LONGEST: usize = 120;
    if value.chars().count() > LONGEST {
        format!("{:?}", value.chars().take(LONGEST).chain(['…']).collect::<String>())
    } else {
        format!("{value:?}")
    }
}

/// An [`InvalidValue`] of the configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvalidConfiguration(pub InvalidValue);
