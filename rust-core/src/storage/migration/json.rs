//! Foundation's dictionaries, arrays, strings, numbers and dates as JSON, for a profile.

use serde_json::{Map, Number, Value};

use super::archive::{Archive, Object};
use super::property_list::{Node, find};

/// How deep objects may be nested. No profile comes near it, and a cycle always reaches it.
const DEEPEST: usize = 32;
/// The maximum number of values: an object with two references is written twice.
const MOST_VALUES: usize = 20_000;

/// The JSON of a field. `None` if there is no such field, or if it is larger or deeper than any profile, as with a
/// cycle.
pub(super) fn field(object: &Object<'_>, name: &str) -> Option<Value> {
    Conversion::of(object.archive).value(find(object.fields, name)?)
}

/// A conversion and its remaining limits.
struct Conversion<'a> {
    archive: &'a Archive,
    values_left: usize,
}

impl<'a> Conversion<'a> {
    fn of(archive: &'a Archive) -> Self {
        Self {
            archive,
            values_left: MOST_VALUES,
        }
    }

    /// `None` if a limit is reached; a value that JSON cannot represent becomes null.
    fn value(&mut self, node: &Node) -> Option<Value> {
        self.within(node, DEEPEST)
    }

    fn within(&mut self, node: &Node, depth: usize) -> Option<Value> {
        self.values_left = self.values_left.checked_sub(1)?;
        let depth = depth.checked_sub(1)?;
        let Some(node) = self.archive.resolve(node) else {
            return Some(Value::Null);
        };
        Some(match node {
            Node::Integer(number) => Value::from(*number),
            Node::Real(number) => Number::from_f64(*number).map_or(Value::Null, Value::Number),
            Node::Truth(truth) => Value::Bool(*truth),
            Node::Text(text) => Value::from(text.expose()),
            Node::Fields(fields) => self.object(node, fields, depth)?,
            Node::List(_) | Node::Reference(_) | Node::Data(_) | Node::Other => Value::Null,
        })
    }

    fn object(&mut self, node: &Node, fields: &[(String, Node)], depth: usize) -> Option<Value> {
        let list = |name| match find(fields, name) {
            Some(Node::List(list)) => Some(list.as_slice()),
            _ => None,
        };
        if let (Some(keys), Some(values)) = (list("NS.keys"), list("NS.objects")) {
            let mut members = Map::new();
            for (key, value) in keys.iter().zip(values) {
                let value = self.within(value, depth)?;
                // JSON allows only strings as keys.
                if let Some(key) = self.archive.resolve(key).and_then(|key| self.archive.text(key)) {
                    members.insert(key.expose().to_owned(), value);
                }
            }
            return Some(Value::Object(members));
        }
        if let Some(items) = list("NS.objects") {
            let items: Option<Vec<_>> = items.iter().map(|item| self.within(item, depth)).collect();
            return items.map(Value::Array);
        }
        if let Some(moment) = self.archive.moment(node) {
            return Some(Value::from(moment.0));
        }
        let text = self.archive.text(node).or_else(|| {
            let address = self.archive.resolve(find(fields, "NS.relative")?)?;
            self.archive.text(address)
        });
        Some(text.map_or(Value::Null, |text| Value::from(text.expose())))
    }
}
