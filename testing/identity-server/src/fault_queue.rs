//! The pending faults, and their selection for a request.

use std::sync::Mutex;

use crate::faults::{Effect, Fault};
use crate::journal::Endpoint;
use crate::lock::lock;

/// A request takes at most one effect of each kind, so "a wrong date for ever" and "503, then a reset" can be combined.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Outcome,
    Timing,
    Date,
    Answer,
    Bytes,
    Coding,
    Headers,
    IdToken,
}

impl Effect {
    fn kind(&self) -> Kind {
        match self {
            Self::Delay { .. } | Self::Hold => Kind::Timing,
            Self::Date { .. } | Self::NoDate => Kind::Date,
            Self::Answer { .. } => Kind::Answer,
            Self::Bytes { .. } => Kind::Bytes,
            Self::Coded { .. } => Kind::Coding,
            Self::Headers { .. } => Kind::Headers,
            Self::IdToken(_) => Kind::IdToken,
            _ => Kind::Outcome,
        }
    }
}

/// The pending faults, in the order in which they were added.
#[derive(Debug, Default)]
pub(crate) struct FaultQueue(Mutex<Vec<(Endpoint, Fault)>>);

impl FaultQueue {
    pub(crate) fn add(&self, endpoint: Endpoint, fault: Fault) {
        if fault.times > 0 || fault.for_ever {
            lock(&self.0).push((endpoint, fault));
        }
    }

    /// Removes the faults of an endpoint, or all of them for [`Endpoint::Any`].
    pub(crate) fn clear(&self, endpoint: Endpoint) {
        lock(&self.0).retain(|(of, _)| !endpoint.matches(*of));
    }

    pub(crate) fn waiting(&self) -> Vec<(Endpoint, Fault)> {
        lock(&self.0).clone()
    }

    /// Takes the faults for one request: the first pending one of each kind of effect.
    pub(crate) fn take(&self, endpoint: Endpoint, grant_type: Option<&str>) -> Vec<Fault> {
        let mut queue = lock(&self.0);
        let mut taken: Vec<Fault> = Vec::new();
        for (of, fault) in queue.iter_mut() {
            let meant = of.matches(endpoint)
                && fault
                    .grant_type
                    .as_deref()
                    .is_none_or(|grant| Some(grant) == grant_type)
                && taken.iter().all(|other| other.effect.kind() != fault.effect.kind());
            if !meant {
                continue;
            }
            if fault.skip > 0 {
                fault.skip -= 1;
                continue;
            }
            if !fault.for_ever {
                fault.times -= 1;
            }
            taken.push(fault.clone());
        }
        queue.retain(|(_, fault)| fault.for_ever || fault.times > 0);
        taken
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(queue: &FaultQueue, endpoint: Endpoint) -> Vec<&'static str> {
        queue
            .take(endpoint, Some("refresh_token"))
            .iter()
            .map(|fault| fault.effect.name())
            .collect()
    }

    #[test]
    fn outcomes_come_one_after_the_other_and_other_kinds_combine_with_them() {
        let queue = FaultQueue::default();
        queue.add(Endpoint::Any, Fault::no_date().for_ever());
        queue.add(Endpoint::Token, Fault::status(503).times(2));
        queue.add(Endpoint::Token, Fault::reset());
        assert_eq!(names(&queue, Endpoint::Userinfo), ["no_date"]);
        assert_eq!(names(&queue, Endpoint::Token), ["no_date", "status"]);
        assert_eq!(names(&queue, Endpoint::Token), ["no_date", "status"]);
        assert_eq!(names(&queue, Endpoint::Token), ["no_date", "reset"]);
        assert_eq!(names(&queue, Endpoint::Token), ["no_date"]);
    }

    #[test]
    fn a_fault_may_skip_requests_and_mind_the_grant() {
        let queue = FaultQueue::default();
        queue.add(Endpoint::Token, Fault::reset().skip(1));
        assert!(names(&queue, Endpoint::Token).is_empty());
        assert_eq!(names(&queue, Endpoint::Token), ["reset"]);
        queue.add(Endpoint::Token, Fault::reset().grant("authorization_code"));
        assert!(names(&queue, Endpoint::Token).is_empty());
        assert_eq!(queue.waiting().len(), 1);
    }
}
