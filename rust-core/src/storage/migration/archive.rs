//! The format of `NSKeyedArchiver`: a binary property list with a table of objects that refer to each other by number.
//!
//! ```text
//! { $archiver: "NSKeyedArchiver", $version: 100000, $top: { root: #1 },
//!   $objects: [ "$null", { $class: #3, accessToken: #2, … }, "…", { $classname: "A0Credentials", $classes: […] }, … ] }
//! ```
//!
//! Only these values are made from it: no class is looked up, no code is run. References are followed only when a field
//! is read, one at a time, so that a cycle does no harm. The conversion to JSON, which follows all references, counts
//! them.
//! Format: Apple, "Archives and Serializations Programming Guide" (keyed archives).

use super::foreign_session::{ImportProblem, some_text};
use super::property_list::{Node, find};
use crate::model::secret::Secret;
use crate::model::time::Timestamp;

/// `NSDate` counts from 2001-01-01T00:00:00Z.
const REFERENCE_DATE: i64 = 978_307_200;

/// An archive's objects.
#[derive(Debug)]
pub struct Archive {
    objects: Vec<Node>,
    root: usize,
}

/// An object in an archive, with its fields by name.
#[derive(Clone, Copy, Debug)]
pub struct Object<'a> {
    pub(super) archive: &'a Archive,
    pub(super) fields: &'a [(String, Node)],
}

impl Archive {
    /// Reads the objects of an archive with one root, whatever its key.
    ///
    /// # Errors
    /// [`ImportProblem::Malformed`] if `NSKeyedArchiver` did not write it.
    pub(super) fn of(list: Node) -> Result<Self, ImportProblem> {
        if !list.is_archive() {
            return Err(ImportProblem::Malformed);
        }
        let Node::Fields(mut file) = list else {
            return Err(ImportProblem::Malformed);
        };
        let mut take = |name: &str| {
            let place = file.iter().position(|(key, _)| key == name);
            place.map(|place| file.swap_remove(place).1)
        };
        let (Some(Node::List(objects)), Some(Node::Fields(top))) = (take("$objects"), take("$top")) else {
            return Err(ImportProblem::Malformed);
        };
        // `archivedData(withRootObject:)` uses the key "root". Code that archives by hand chooses a key, and may add
        // numbers, which are not objects.
        let reference = |(_, node): &(String, Node)| match node {
            Node::Reference(root) => Some(*root),
            _ => None,
        };
        let named = top.iter().find(|(key, _)| key == "root").and_then(reference);
        let Some(root) = named.or_else(|| top.iter().find_map(reference)) else {
            return Err(ImportProblem::Malformed);
        };
        let root = usize::try_from(root).unwrap_or(usize::MAX);
        match objects.get(root) {
            Some(_) => Ok(Self { objects, root }),
            None => Err(ImportProblem::UnknownContent),
        }
    }

    /// Reads an archive.
    ///
    /// # Errors
    /// [`ImportProblem::TooLarge`]; [`ImportProblem::Malformed`] in all other cases.
    pub fn read(bytes: &[u8]) -> Result<Self, ImportProblem> {
        Self::of(Node::read(bytes)?)
    }

    /// Every object with fields, in the order in which they were archived.
    pub fn all(&self) -> Vec<Object<'_>> {
        self.objects.iter().filter_map(|node| self.object(node)).collect()
    }

    /// The object that was archived.
    pub fn root(&self) -> Object<'_> {
        let fields = match self.objects.get(self.root) {
            Some(Node::Fields(fields)) => fields.as_slice(),
            _ => &[],
        };
        Object { archive: self, fields }
    }

    /// The node itself, or the node that it refers to. `None` for nil, which is reference 0, and for a reference to
    /// nothing or to another reference.
    pub(super) fn resolve<'a>(&'a self, node: &'a Node) -> Option<&'a Node> {
        let Node::Reference(number) = node else {
            return Some(node);
        };
        let number = usize::try_from(*number).ok().filter(|number| *number != 0)?;
        self.objects
            .get(number)
            .filter(|found| !matches!(found, Node::Reference(_)))
    }

    pub(super) fn object<'a>(&'a self, node: &'a Node) -> Option<Object<'a>> {
        match self.resolve(node)? {
            Node::Fields(fields) => Some(Object { archive: self, fields }),
            _ => None,
        }
    }
}

impl<'a> Object<'a> {
    /// Whether the object is of that class or a subclass of it.
    pub fn is_a(&self, class: &str) -> bool {
        let Some(described) = find(self.fields, "$class").and_then(|node| self.archive.object(node)) else {
            return false;
        };
        let names = find(described.fields, "$classes");
        let inherits = matches!(names, Some(Node::List(names)) if names.iter().any(|name| name.is_text(class)));
        inherits || find(described.fields, "$classname").is_some_and(|name| name.is_text(class))
    }

    /// The value of a field; `None` if there is no such field, or it is nil.
    pub(super) fn field(&self, name: &str) -> Option<&'a Node> {
        find(self.fields, name).and_then(|node| self.archive.resolve(node))
    }

    /// Whether a field has a value other than nil.
    pub fn holds(&self, name: &str) -> bool {
        self.field(name).is_some()
    }

    /// Whether a field is true, as `encodeBool:forKey:` writes it.
    pub fn is_set(&self, name: &str) -> bool {
        matches!(self.field(name), Some(Node::Truth(true)))
    }

    /// A field's `NSString`, if it is not empty.
    pub fn text(&self, name: &str) -> Option<Secret> {
        self.archive.text(self.field(name)?).cloned().and_then(some_text)
    }

    /// [`Object::text`] for text that is not secret.
    pub fn plain_text(&self, name: &str) -> Option<String> {
        self.text(name).map(|text| text.expose().to_owned())
    }

    /// A field's `NSDate`, in whole seconds; saturates at the ends of the range.
    pub fn moment(&self, name: &str) -> Option<Timestamp> {
        self.archive.moment(self.field(name)?)
    }

    /// A field's `NSURL`, as text.
    pub fn url(&self, name: &str) -> Option<String> {
        self.object(name, "NSURL")?.plain_text("NS.relative")
    }

    /// A field's object, if it is of that class.
    pub fn object(&self, name: &str, class: &str) -> Option<Object<'a>> {
        let object = self.archive.object(find(self.fields, name)?)?;
        object.is_a(class).then_some(object)
    }

    /// The objects in a field's `NSArray`.
    pub fn objects(&self, name: &str) -> Vec<Object<'a>> {
        let list = self
            .object(name, "NSArray")
            .and_then(|array| find(array.fields, "NS.objects"));
        match list {
            Some(Node::List(items)) => items.iter().filter_map(|item| self.archive.object(item)).collect(),
            _ => Vec::new(),
        }
    }
}

impl Archive {
    /// An `NSString`: in place, or an `NSMutableString`, which is an object.
    pub(super) fn text<'a>(&'a self, node: &'a Node) -> Option<&'a Secret> {
        match node {
            Node::Text(text) => Some(text),
            Node::Fields(fields) => match self.resolve(find(fields, "NS.string")?)? {
                Node::Text(text) => Some(text),
                _ => None,
            },
            _ => None,
        }
    }

    pub(super) fn moment(&self, node: &Node) -> Option<Timestamp> {
        let Node::Fields(fields) = node else { return None };
        let seconds = match find(fields, "NS.time")? {
            Node::Real(seconds) if seconds.is_finite() => *seconds as i64,
            Node::Integer(seconds) => *seconds,
            _ => return None,
        };
        Some(Timestamp(seconds.saturating_add(REFERENCE_DATE)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str) -> Node {
        Node::Text(Secret::new(text))
    }

    fn fields<const COUNT: usize>(fields: [(&str, Node); COUNT]) -> Node {
        Node::Fields(fields.map(|(name, node)| (name.to_owned(), node)).into())
    }

    fn archive(top: Node, objects: Vec<Node>) -> Result<Archive, ImportProblem> {
        Archive::of(fields([
            ("$archiver", text("NSKeyedArchiver")),
            ("$top", top),
            ("$objects", Node::List(objects)),
        ]))
    }

    fn class(names: Option<Vec<Node>>, name: Option<&str>) -> Node {
        let names = names.map(|names| ("$classes".to_owned(), Node::List(names)));
        let name = name.map(|name| ("$classname".to_owned(), text(name)));
        Node::Fields(names.into_iter().chain(name).collect())
    }

    #[test]
    fn a_class_is_known_by_its_name_or_by_one_that_it_inherits_from() {
        for (described, is_one) in [
            (class(Some(vec![text("Sub"), text("Base")]), Some("Sub")), true),
            (class(Some(vec![text("Base")]), None), true),
            (class(None, Some("Base")), true),
            (class(Some(vec![text("Other")]), Some("Other")), false),
            (class(None, None), false),
        ] {
            let top = fields([("root", Node::Reference(1))]);
            let object = fields([("$class", Node::Reference(2))]);
            let archive = archive(top, vec![Node::Other, object, described]).unwrap();
            assert_eq!(archive.root().is_a("Base"), is_one);
        }
    }

    #[test]
    fn the_root_is_the_one_of_that_name_and_else_the_first_that_is_an_object() {
        let objects = || {
            vec![
                Node::Other,
                fields([("one", Node::Truth(true))]),
                fields([("two", Node::Truth(true))]),
            ]
        };
        for (top, root) in [
            (fields([("x", Node::Reference(1)), ("root", Node::Reference(2))]), "two"),
            (fields([("n", Node::Integer(2)), ("x", Node::Reference(1))]), "one"),
            (fields([("root", Node::Integer(2)), ("x", Node::Reference(1))]), "one"),
        ] {
            assert!(archive(top, objects()).unwrap().root().holds(root), "{root}");
        }
        let nowhere = archive(fields([("root", Node::Reference(3))]), objects());
        assert_eq!(nowhere.err(), Some(ImportProblem::UnknownContent));
        assert_eq!(archive(fields([]), objects()).err(), Some(ImportProblem::Malformed));
    }

    #[test]
    fn a_moment_is_a_number_of_seconds_since_2001() {
        let archive = archive(fields([("root", Node::Reference(0))]), vec![Node::Other]).unwrap();
        let moment = |seconds| archive.moment(&fields([("NS.time", seconds)]));
        assert_eq!(moment(Node::Real(1.5)), Some(Timestamp(REFERENCE_DATE + 1)));
        assert_eq!(moment(Node::Integer(5)), Some(Timestamp(REFERENCE_DATE + 5)));
        for none in [Node::Real(f64::NAN), Node::Real(f64::INFINITY), text("5"), Node::Other] {
            assert_eq!(moment(none), None);
        }
        assert_eq!(archive.moment(&Node::Real(1.5)), None);
    }
}
