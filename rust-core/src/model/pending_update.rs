//! Metadata changes that are queued until the network is available. Pure.

use serde::Serialize;
use serde_json::{Map, Value};

use crate::model::depth::{DEEPEST_STORED, is_too_deep_to_store};
use crate::model::invalid::InvalidValue;
use crate::model::profile::Claims;
use crate::model::time::Timestamp;

/// The maximum number of queued changes.
pub const MOST_WAITING: usize = 100;
/// Their maximum total size in bytes: they are part of the session's single item, which has to stay small.
pub const MOST_BYTES: usize = 64 * 1024;

/// A queued change. If its answer is lost, it is sent again, which does no harm: it sets and deletes keys.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, uniffi::Record)]
pub struct PendingUpdate {
    /// Distinguishes it from the others, also from those of other processes.
    pub id: u64,
    /// The changes, as for an immediate update: merged at the first level. JSON text of an object.
    pub changes: Claims,
    /// When it was queued, by the device's clock.
    pub since: Timestamp,
}

/// Whether another change can be queued.
///
/// # Errors
/// [`InvalidValue`] if it cannot.
pub fn check_room(waiting: &[PendingUpdate], changes: &Map<String, Value>) -> Result<(), InvalidValue> {
    if is_too_deep_to_store(changes) {
        let problem = format!("cannot wait: it is nested deeper than {DEEPEST_STORED} levels");
        return Err(InvalidValue::new("metadata", problem));
    }
    let bytes = |changes: &Map<String, Value>| serde_json::to_string(changes).map_or(0, |text| text.len());
    let all = waiting.iter().map(|update| bytes(&update.changes.0)).sum::<usize>() + bytes(changes);
    if waiting.len() < MOST_WAITING && all <= MOST_BYTES {
        return Ok(());
    }
    Err(InvalidValue {
        name: "metadata",
        problem: format!("cannot wait: {MOST_WAITING} changes or {MOST_BYTES} bytes of them may, at the most"),
    })
}

/// Merges the lists of two processes that both started from `base`: a change that either has removed is gone, and a
/// change that either has added is there, in the order in which the changes were made. The changes of one process keep
/// the order of its list. Between two processes, the device's clock decides which was earlier; if it does not, the one
/// stored first is.
pub fn merge(base: &[u64], ours: Vec<PendingUpdate>, theirs: Vec<PendingUpdate>) -> Vec<PendingUpdate> {
    let has = |list: &[PendingUpdate], id| list.iter().any(|update| update.id == id);
    let is_new = |update: &PendingUpdate| !base.contains(&update.id);
    let mut merged = theirs;
    merged.retain(|update| is_new(update) || has(&ours, update.id));
    // The first possible position of our next change.
    let mut after_ours = 0;
    for update in ours {
        if let Some(place) = merged.iter().position(|there| there.id == update.id) {
            after_ours = after_ours.max(place + 1);
        } else if is_new(&update) {
            let rest = merged.get(after_ours..).unwrap_or_default();
            let later = rest.iter().position(|there| there.since > update.since);
            let place = later.map_or(merged.len(), |later| after_ours + later);
            merged.insert(place, update);
            after_ours = place + 1;
        }
    }
    merged
}

#[cfg(test)]
mod tests {
    use super::*;

    fn waiting(ids: &[u64]) -> Vec<PendingUpdate> {
        let update = |id: &u64| PendingUpdate {
            id: *id,
            changes: Claims::default(),
            since: Timestamp(1),
        };
        ids.iter().map(update).collect()
    }

    #[test]
    fn what_two_processes_did_is_both_done() {
        for (base, ours, theirs, merged) in [
            (vec![1, 2], vec![1, 2], vec![1, 2], vec![1, 2]),
            (vec![1, 2], vec![2, 3], vec![1, 2, 4], vec![2, 4, 3]),
            (vec![1, 2], vec![1, 2], vec![2], vec![2]),
            (vec![1], vec![], vec![1], vec![]),
            (vec![], vec![1], vec![1, 2], vec![1, 2]),
        ] {
            assert_eq!(merge(&base, waiting(&ours), waiting(&theirs)), waiting(&merged));
        }
    }

    /// A list of changes with their numbers and times.
    fn made(list: &[(u64, i64)]) -> Vec<PendingUpdate> {
        let update = |(id, since): &(u64, i64)| PendingUpdate {
            id: *id,
            changes: Claims::default(),
            since: Timestamp(*since),
        };
        list.iter().map(update).collect()
    }

    #[test]
    fn what_two_processes_added_is_in_the_order_in_which_it_was_made() {
        for (base, ours, theirs, merged) in [
            // Ours was made first, but could not be written earlier.
            (vec![], vec![(1, 10), (3, 30)], vec![(2, 20), (4, 40)], vec![1, 2, 3, 4]),
            (vec![1], vec![(1, 10), (3, 30)], vec![(1, 10), (2, 40)], vec![1, 3, 2]),
            (vec![1], vec![(3, 30), (4, 35)], vec![(2, 40)], vec![3, 4, 2]),
            // The clock was set back in between: the changes of one process keep their order all the same.
            (vec![1], vec![(1, 10), (3, 5)], vec![(1, 10), (2, 20)], vec![1, 3, 2]),
            (vec![], vec![(3, 30), (4, 5)], vec![(2, 20)], vec![2, 3, 4]),
            (vec![], vec![(5, 25)], vec![(2, 20), (3, 5), (4, 30)], vec![2, 3, 5, 4]),
        ] {
            let ids: Vec<_> = merge(&base, made(&ours), made(&theirs))
                .iter()
                .map(|update| update.id)
                .collect();
            assert_eq!(ids, merged, "{base:?} {ours:?} {theirs:?}");
        }
    }

    #[test]
    fn neither_too_many_nor_too_large() {
        let ids: Vec<u64> = (0..MOST_WAITING as u64).collect();
        assert!(check_room(&waiting(&ids[1..]), &Map::new()).is_ok());
        assert!(check_room(&waiting(&ids), &Map::new()).is_err());
        let text = Value::String("x".repeat(MOST_BYTES - 8));
        let large = Map::from_iter([("a".to_owned(), text)]);
        assert!(check_room(&[], &large).is_ok());
        assert!(check_room(&waiting(&[1]), &large).is_err());
    }
}
