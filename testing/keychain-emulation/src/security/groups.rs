//! The app's access groups.

/// The app's first group, where new items go, and one that it shares.
pub const GROUPS: [&str; 2] = ["TEAM.org.example.app", "TEAM.org.example.shared"];
