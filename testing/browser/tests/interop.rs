//! Sign-ins at real servers.
