//! What an app passed and cannot be used.

/// A value of the configuration, or an argument of a call, that is wrong. The layers above say which of the two it is.
/// Quotes a value of the configuration, which is public; never another argument's.
#[derive(Clone, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[error("{name} {problem}")]
pub struct InvalidValue {
    /// The field or argument.
    pub name: &'static str,
    /// What is wrong with it, as the rest of a sentence that begins with the name.
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

/// A value of the configuration as an error quotes it.
pub fn quoted(value: &str) -> String {
    const LONGEST: usize = 120;
    if value.chars().count() > LONGEST {
        format!("{:?}", value.chars().take(LONGEST).chain(['…']).collect::<String>())
    } else {
        format!("{value:?}")
    }
}

/// The same, where the value is a field of the configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvalidConfiguration(pub InvalidValue);
