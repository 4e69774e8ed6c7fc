//! A binary property list as a tree of values, limited in size, depth and number.
//!
//! Format: `CFBinaryPList.c` of Apple's published CoreFoundation.

use std::io::Cursor;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use plist::stream::{BinaryReader, Event};

use super::foreign_session::ImportProblem;
use crate::model::secret::{Secret, SecretBytes};

/// The first bytes of a binary property list.
const MAGIC: &[u8] = b"bplist";
/// The maximum size. An archived session has a few kilobytes, most of it tokens and a profile.
pub(super) const LARGEST_BYTES: usize = 256 * 1024;
/// The maximum number of values. A value that is referred to several times counts each time, so that a small file
/// cannot unfold into a huge one.
const MOST_VALUES: usize = 20_000;
/// The maximum number of bytes of text and data, for the same reason.
const MOST_TEXT_BYTES: usize = 4 * LARGEST_BYTES;
/// How deep lists and dictionaries may be nested in the file: an object's field is at depth three.
const DEEPEST: usize = 8;
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
    Data(SecretBytes),
    /// Dates, and numbers that no session contains.
    Other,
}

impl Node {
    /// Reads a binary property list.
    ///
    /// # Errors
    /// [`ImportProblem::TooLarge`]; [`ImportProblem::Malformed`] in all other cases, including cycles in the file's own
    /// structure.
    pub(super) fn read(bytes: &[u8]) -> Result<Self, ImportProblem> {
        if bytes.len() > LARGEST_BYTES {
            return Err(ImportProblem::TooLarge);
        }
        let mut reading = Reading {
            events: BinaryReader::new(Cursor::new(bytes)),
            values_left: MOST_VALUES,
            text_left: MOST_TEXT_BYTES,
        };
        reading.value(DEEPEST)
    }

    /// Whether `NSKeyedArchiver` wrote it.
    pub(super) fn is_archive(&self) -> bool {
        let Self::Fields(fields) = self else { return false };
        find(fields, "$archiver").is_some_and(|archiver| archiver.is_text("NSKeyedArchiver"))
    }

    pub(super) fn is_text(&self, expected: &str) -> bool {
        matches!(self, Self::Text(text) if text.expose() == expected)
    }

    pub(super) fn holds_data(&self) -> bool {
        !self.data().is_empty()
    }

    /// All data in it that may itself be an archive.
    pub(super) fn data(&self) -> Vec<SecretBytes> {
        let mut found = Vec::new();
        self.collect_data(&mut found);
        found
    }

    fn collect_data(&self, found: &mut Vec<SecretBytes>) {
        match self {
            Self::Data(data) if data.expose().starts_with(MAGIC) => found.push(data.clone()),
            Self::List(values) => values.iter().for_each(|value| value.collect_data(found)),
            Self::Fields(fields) => fields.iter().for_each(|(_, value)| value.collect_data(found)),
            _ => {}
        }
    }
}

/// The property list that is encoded in base64; `None` if there is none.
pub(super) fn from_base64(bytes: &SecretBytes) -> Option<SecretBytes> {
    if bytes.expose().starts_with(MAGIC) || bytes.expose().len() > 2 * LARGEST_BYTES {
        return None;
    }
    let decoded = SecretBytes::new(STANDARD.decode(bytes.expose().trim_ascii()).ok()?);
    decoded.expose().starts_with(MAGIC).then_some(decoded)
}

/// The first field with this name: there should be only one.
pub(super) fn find<'a>(fields: &'a [(String, Node)], name: &str) -> Option<&'a Node> {
    fields.iter().find(|(key, _)| key == name).map(|(_, node)| node)
}

/// The state of reading a property list.
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
                Node::Data(SecretBytes::new(data.into_owned()))
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

#[cfg(test)]
mod tests {
    use super::*;

    /// One text, and with `copies` a list that refers to it that many times.
    fn written(bytes: usize, copies: Option<u8>) -> Vec<u8> {
        let mut file = b"bplist00".to_vec();
        let mut offsets = Vec::new();
        if let Some(copies) = copies {
            offsets.push(file.len());
            file.extend([0xaf, 0x10, copies]);
            file.extend(vec![1; copies.into()]);
        }
        offsets.push(file.len());
        file.extend([0x5f, 0x12]);
        file.extend(u32::try_from(bytes).unwrap().to_be_bytes());
        file.extend(vec![b'x'; bytes]);
        let table = file.len();
        for offset in &offsets {
            file.extend(u32::try_from(*offset).unwrap().to_be_bytes());
        }
        file.extend([0, 0, 0, 0, 0, 0, 4, 1]);
        for number in [offsets.len(), 0, table] {
            file.extend(u64::try_from(number).unwrap().to_be_bytes());
        }
        file
    }

    #[test]
    fn a_file_of_256_kib_is_read_and_no_larger_one() {
        let frame = written(0, None).len();
        let read = |bytes: usize| Node::read(&written(bytes - frame, None));
        assert!(matches!(read(262_144), Ok(Node::Text(text)) if text.expose().len() == 262_144 - frame));
        assert_eq!(read(262_145).err(), Some(ImportProblem::TooLarge));
    }

    #[test]
    fn a_small_file_does_not_unfold_into_more_than_a_megabyte_of_text() {
        assert!(matches!(Node::read(&written(65_536, Some(16))), Ok(Node::List(texts)) if texts.len() == 16));
        assert_eq!(
            Node::read(&written(65_536, Some(17))).err(),
            Some(ImportProblem::TooLarge)
        );
    }

    #[test]
    fn only_data_that_may_be_an_archive_counts() {
        let data = |bytes: &[u8]| Node::Data(SecretBytes::new(bytes.to_vec()));
        let inside = Node::Fields(vec![(
            "a".to_owned(),
            Node::List(vec![data(b"png"), data(b"bplist00")]),
        )]);
        assert!(inside.holds_data());
        assert_eq!(inside.data().len(), 1);
        let without = Node::List(vec![data(b"png"), Node::Other]);
        assert!(!without.holds_data());
    }

    #[test]
    fn base64_is_decoded_up_to_twice_the_largest_file() {
        let encoded = |characters: usize| {
            let mut plain = MAGIC.to_vec();
            plain.resize(characters / 4 * 3, b'x');
            SecretBytes::new(STANDARD.encode(plain).into_bytes())
        };
        let decoded = from_base64(&encoded(524_288)).map(|bytes| bytes.expose().len());
        assert_eq!(decoded, Some(393_216));
        assert!(from_base64(&encoded(524_292)).is_none());
        assert!(from_base64(&SecretBytes::new(MAGIC.to_vec())).is_none());
        let padded = [b"\n", encoded(400).expose(), b" \n"].concat();
        assert!(from_base64(&SecretBytes::new(padded)).is_some());
    }
}
