//! Sorted short lists. The standard library's sort is made for long lists, and adds 3 kB to every app for each type.

/// Sorts the items and removes duplicates.
pub(crate) fn sorted<T: Ord>(items: impl IntoIterator<Item = T>) -> Vec<T> {
    let mut list = Vec::new();
    for item in items {
        if let Err(place) = list.binary_search(&item) {
            list.insert(place, item);
        }
    }
    list
}

#[cfg(test)]
mod tests {
    use super::sorted;

    #[test]
    fn a_list_is_in_order_and_has_each_once() {
        assert_eq!(sorted(["b", "c", "a", "b"]), ["a", "b", "c"]);
        assert_eq!(sorted([""; 0]), [""; 0]);
    }
}
