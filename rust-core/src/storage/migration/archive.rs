//! What `NSKeyedArchiver` writes: a binary property list with a table of objects that refer to each other by number.
//!
//! ```text
//! { $archiver: "NSKeyedArchiver", $version: 100000, $top: { root: #1 },
//!   $objects: [ "$null", { $class: #3, accessToken: #2, … }, "…", { $classname: "A0Credentials", $classes: […] }, … ] }
//! ```
//!
//! Nothing is made of it but these values: no class is looked up, no code is run. References are followed only where a
//! field is asked for, one at a time, so that a cycle leads nowhere; [`Object::json`], which follows all of them, counts.
//! Format: Apple, "Archives and Serializations Programming Guide" (keyed archives), and `CFBinaryPList.c` of Apple's
//! published CoreFoundation.

use std::io::Cursor;

use plist::stream::{BinaryReader, Event};
use serde_json::Value;

use super::json::Conversion;
use super::{ImportProblem, some_text};
use crate::model::secret::Secret;
use crate::model::time::Timestamp;

/// An archived session has some kilobytes, most of it tokens and a profile.
pub(super) const LARGEST_BYTES: usize = 256 * 1024;
/// Values in all. One may be referred to many times, and each time counts, so that the small file that unfolds into a
/// huge one does not.
const MOST_VALUES: usize = 20_000;
/// Bytes of text and data in all, for the same reason.
const MOST_TEXT_BYTES: usize = 4 * LARGEST_BYTES;
/// Lists and dictionaries in each other, as the file writes them: an object's field is three deep.
const DEEPEST: usize = 8;
/// `NSDate` counts from 2001-01-01T00:00:00Z.
const REFERENCE_DATE: i64 = 978_307_200;

/// One value of the property list.
#[derive(Debug)]
pub(super) enum Node {
    Text(Secret),
    Integer(i64),
    Real(f64),
    Truth(bool),
    Reference(u64),
    List(Vec<Node>),
    Fields(Vec<(String, Node)>),
    /// Data, dates and numbers that no session has.
    Other,
}

/// An archive's objects.
#[derive(Debug)]
pub struct Archive {
    objects: Vec<Node>,
    root: usize,
}

/// An object in an archive, with its fields by name.
#[derive(Clone, Copy, Debug)]
pub struct Object<'a> {
    archive: &'a Archive,
    fields: &'a [(String, Node)],
}

impl Archive {
    /// Reads an archive with one root, as `archivedData(withRootObject:)` writes it.
    ///
    /// # Errors
    /// [`ImportProblem::TooLarge`]; [`ImportProblem::Malformed`] for all else, cycles in the file's own structure
    /// included.
    pub fn read(bytes: &[u8]) -> Result<Self, ImportProblem> {
        if bytes.len() > LARGEST_BYTES {
            return Err(ImportProblem::TooLarge);
        }
        let mut reading = Reading {
            events: BinaryReader::new(Cursor::new(bytes)),
            values_left: MOST_VALUES,
            text_left: MOST_TEXT_BYTES,
        };
        let Node::Fields(mut file) = reading.value(DEEPEST)? else {
            return Err(ImportProblem::Malformed);
        };
        let mut take = |name: &str| {
            let place = file.iter().position(|(key, _)| key == name);
            place.map(|place| file.swap_remove(place).1)
        };
        let archiver = take("$archiver").filter(|node| node.is_text("NSKeyedArchiver"));
        let (Some(_), Some(Node::List(objects)), Some(Node::Fields(top))) = (archiver, take("$objects"), take("$top"))
        else {
            return Err(ImportProblem::Malformed);
        };
        let root = match find(&top, "root") {
            Some(Node::Reference(root)) => usize::try_from(*root).unwrap_or(usize::MAX),
            _ => return Err(ImportProblem::Malformed),
        };
        match objects.get(root) {
            Some(Node::Fields(_)) => Ok(Self { objects, root }),
            _ => Err(ImportProblem::UnknownContent),
        }
    }

    /// The object that was archived.
    pub fn root(&self) -> Object<'_> {
        let fields = match self.objects.get(self.root) {
            Some(Node::Fields(fields)) => fields.as_slice(),
            _ => &[],
        };
        Object { archive: self, fields }
    }

    /// What a node stands for: itself, or what it refers to. `None` for nil, which is reference 0, and for a reference
    /// to nothing or to another reference.
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
    /// Whether the object is of that class or of one that inherits from it.
    pub fn is_a(&self, class: &str) -> bool {
        let Some(described) = find(self.fields, "$class").and_then(|node| self.archive.object(node)) else {
            return false;
        };
        let names = find(described.fields, "$classes");
        let inherits = matches!(names, Some(Node::List(names)) if names.iter().any(|name| name.is_text(class)));
        inherits || find(described.fields, "$classname").is_some_and(|name| name.is_text(class))
    }

    /// What is in a field; `None` where there is no such field, or nil.
    pub(super) fn field(&self, name: &str) -> Option<&'a Node> {
        find(self.fields, name).and_then(|node| self.archive.resolve(node))
    }

    /// Whether a field holds anything but nil.
    pub fn holds(&self, name: &str) -> bool {
        self.field(name).is_some()
    }

    /// Whether a field is true, as `encodeBool:forKey:` writes it.
    pub fn is_set(&self, name: &str) -> bool {
        matches!(self.field(name), Some(Node::Truth(true)))
    }

    /// A field's `NSString` that is not empty.
    pub fn text(&self, name: &str) -> Option<Secret> {
        self.archive.text(self.field(name)?).cloned().and_then(some_text)
    }

    /// The same, for what is no secret.
    pub fn plain_text(&self, name: &str) -> Option<String> {
        self.text(name).map(|text| text.expose().to_owned())
    }

    /// A field's `NSDate`, in whole seconds; out of range it is the end of the range.
    pub fn moment(&self, name: &str) -> Option<Timestamp> {
        self.archive.moment(self.field(name)?)
    }

    /// A field's `NSURL`, as text.
    pub fn url(&self, name: &str) -> Option<String> {
        self.object(name, "NSURL")?.plain_text("NS.relative")
    }

    /// A field's object of that class.
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

    /// A field's dictionaries, arrays, strings and numbers as JSON. `None` where there is no such field, and for what is
    /// deeper or more than any profile: a cycle.
    pub fn json(&self, name: &str) -> Option<Value> {
        Conversion::of(self.archive).value(find(self.fields, name)?)
    }
}

impl Archive {
    /// An `NSString`: in place, or `NSMutableString`, which is an object.
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

impl Node {
    fn is_text(&self, expected: &str) -> bool {
        matches!(self, Node::Text(text) if text.expose() == expected)
    }
}

/// The first of that name: there should be one.
pub(super) fn find<'a>(fields: &'a [(String, Node)], name: &str) -> Option<&'a Node> {
    fields.iter().find(|(key, _)| key == name).map(|(_, node)| node)
}

/// A property list while it is read.
struct Reading<'a> {
    events: BinaryReader<Cursor<&'a [u8]>>,
    values_left: usize,
    text_left: usize,
}

impl Reading<'_> {
    /// The next event; `None` at the end of a list or a dictionary.
    fn next(&mut self) -> Result<Option<Event<'static>>, ImportProblem> {
        match self.events.next() {
            Some(Ok(Event::EndCollection)) => Ok(None),
            Some(Ok(event)) => {
                self.values_left = self.values_left.checked_sub(1).ok_or(ImportProblem::TooLarge)?;
                Ok(Some(event))
            }
            _ => Err(ImportProblem::Malformed),
        }
    }

    fn value(&mut self, depth: usize) -> Result<Node, ImportProblem> {
        let event = self.next()?.ok_or(ImportProblem::Malformed)?;
        self.node(event, depth)
    }

    fn node(&mut self, event: Event<'static>, depth: usize) -> Result<Node, ImportProblem> {
        let below = depth.checked_sub(1).ok_or(ImportProblem::TooLarge);
        Ok(match event {
            Event::String(text) => Node::Text(Secret::new(self.counted(text.into_owned())?)),
            Event::Integer(number) => number.as_signed().map_or(Node::Other, Node::Integer),
            Event::Real(number) => Node::Real(number),
            Event::Boolean(truth) => Node::Truth(truth),
            Event::Uid(number) => Node::Reference(number.get()),
            Event::Data(data) => {
                self.count(data.len())?;
                Node::Other
            }
            Event::StartArray(_) => {
                let mut list = Vec::new();
                while let Some(event) = self.next()? {
                    list.push(self.node(event, below?)?);
                }
                Node::List(list)
            }
            Event::StartDictionary(_) => {
                let mut fields = Vec::new();
                while let Some(event) = self.next()? {
                    let Event::String(name) = event else {
                        return Err(ImportProblem::Malformed);
                    };
                    let name = self.counted(name.into_owned())?;
                    fields.push((name, self.value(below?)?));
                }
                Node::Fields(fields)
            }
            _ => Node::Other,
        })
    }

    fn counted(&mut self, text: String) -> Result<String, ImportProblem> {
        self.count(text.len())?;
        Ok(text)
    }

    fn count(&mut self, bytes: usize) -> Result<(), ImportProblem> {
        self.text_left = self.text_left.checked_sub(bytes).ok_or(ImportProblem::TooLarge)?;
        Ok(())
    }
}
