//! Operations in any order.

use std::collections::BTreeMap;

use pilotlight_core::model::secret::Fingerprint;

use crate::{Place, bytes, sorted_names};

/// The contract describes a map: 400 operations on few names, always the same ones, have the same results as on a map.
pub async fn any_sequence_of_operations_does_what_a_map_does(place: &dyn Place) {
    let stores = [place.open(), place.open()];
    let mut map = BTreeMap::new();
    let mut drawn = Drawn(20_240_229);
    for step in 0..400 {
        let store = &stores[drawn.below(2)];
        let name = ["", "a", "b", "ä", "session|unreadable"][drawn.below(5)];
        match drawn.below(5) {
            0 => {
                let value: Vec<u8> = (0..drawn.below(300)).map(|_| drawn.below(256) as u8).collect();
                store.write(name, bytes(value.clone())).await.unwrap();
                map.insert(name.to_owned(), value);
            }
            1 => {
                store.delete(name).await.unwrap();
                map.remove(name);
            }
            2 => {
                let new = (drawn.below(3) > 0).then(|| vec![drawn.below(256) as u8]);
                let stale = drawn.below(2) == 0;
                let there = map.get(name).cloned();
                let seen = if stale { Some(vec![0; 301]) } else { there };
                let seen = seen.map(|value| Fingerprint::of(&bytes(value)));
                let swapped = store.swap(name, seen, new.clone().map(bytes)).await;
                assert_eq!(swapped, Ok(!stale), "step {step}, {name:?}");
                match new {
                    _ if stale => {}
                    Some(value) => drop(map.insert(name.to_owned(), value)),
                    None => drop(map.remove(name)),
                }
            }
            3 => {
                let expected = map.get(name).cloned().map(bytes);
                assert_eq!(store.read(name).await, Ok(expected), "step {step}, {name:?}");
            }
            _ => {
                let expected: Vec<_> = map.keys().cloned().collect();
                assert_eq!(sorted_names(&**store).await, expected, "step {step}");
            }
        }
    }
}

/// Numbers that look random and are the same every time (Knuth's MMIX generator).
struct Drawn(u64);

impl Drawn {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % end
    }
}
