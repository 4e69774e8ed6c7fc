//! Scans the bytes of an object, member by member, and continues after what it cannot read.

use serde_json::Value;
use zeroize::Zeroizing;

use super::object::{Fidelity, Object};
use super::text::decode;
use crate::model::secret_members::{SecretMembers, SecretValue};

/// How deep values may be nested. Even inside the session's own stored objects, that stays within serde_json's limit
/// (128).
pub const DEEPEST: usize = 100;

/// How often the scanner searches for the next member. This limits the work for hostile bytes.
const MOST_SEARCHES: usize = 64;

struct Scanner<'a> {
    bytes: &'a [u8],
    at: usize,
    fidelity: Fidelity,
    searches: usize,
}

/// A value that is not JSON, or is nested too deep.
struct Unreadable;

pub(super) fn read(bytes: &[u8]) -> Option<Object> {
    let mut scanner = Scanner {
        bytes: bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes),
        at: 0,
        fidelity: Fidelity::Exact,
        searches: 0,
    };
    let mut object = Object::default();
    scanner.skip_blank();
    // A prefix that some servers send, so that no script can execute the JSON.
    if scanner.rest().starts_with(b")]}'") {
        scanner.fidelity = Fidelity::Repaired;
        scanner.at += 4;
        scanner.take(b',');
        scanner.skip_blank();
    }
    if !scanner.take(b'{') {
        return None;
    }
    scanner.members(&mut object);
    object.lower(scanner.fidelity);
    // If the bytes are not complete JSON, at least one member must have been read.
    (object.is_complete() || !object.is_empty()).then_some(object)
}

impl Scanner<'_> {
    /// Reads the members of the outermost object.
    fn members(&mut self, object: &mut Object) {
        let mut separated = true;
        let mut first = true;
        loop {
            self.skip_blank();
            match self.peek() {
                Some(b',') => {
                    self.repaired_if(separated);
                    separated = true;
                    self.at += 1;
                }
                Some(b'}') => {
                    self.repaired_if(separated && !first);
                    self.at += 1;
                    self.skip_blank();
                    match self.peek() {
                        None => return,
                        // The scanner misread something earlier, and this was not the end.
                        Some(b',') => self.fidelity = Fidelity::Partial,
                        Some(_) if self.fidelity == Fidelity::Partial => self.search(self.at),
                        Some(_) => {
                            self.repaired_if(true);
                            return;
                        }
                    }
                }
                Some(b'"') => {
                    self.repaired_if(!separated);
                    self.member(object);
                    separated = false;
                    first = false;
                }
                Some(_) => self.search(self.at),
                None => {
                    self.fidelity = Fidelity::Partial;
                    return;
                }
            }
        }
    }

    fn member(&mut self, object: &mut Object) {
        let start = self.at;
        let Some(mut name) = self.string() else {
            return self.search(start + 1);
        };
        self.skip_blank();
        if !self.take(b':') {
            return self.search(start + 1);
        }
        self.skip_blank();
        let from = self.at;
        let is_text = self.peek() == Some(b'"');
        match self.value(DEEPEST) {
            Ok(value) => {
                self.skip_blank();
                let is_whole = match self.peek() {
                    Some(b',' | b'}') | None => true,
                    // A comma is missing.
                    Some(b'"') => self.is_name(self.at),
                    Some(_) => false,
                };
                if is_whole {
                    object.put(std::mem::take(&mut *name), value.take());
                } else {
                    // A quote inside a text ended it too early, or its closing quote is missing.
                    self.search(if is_text { from } else { self.at });
                }
            }
            Err(Unreadable) => self.step_over(from),
        }
    }

    fn value(&mut self, deepest: usize) -> Result<SecretValue, Unreadable> {
        match self.peek() {
            Some(b'"') => {
                let mut text = self.string().ok_or(Unreadable)?;
                Ok(SecretValue::new(Value::String(std::mem::take(&mut *text))))
            }
            Some(b'{') => self.nested_object(deepest.checked_sub(1).ok_or(Unreadable)?),
            Some(b'[') => self.array(deepest.checked_sub(1).ok_or(Unreadable)?),
            _ => {
                let end = self.rest().iter().position(|byte| b",}] \t\r\n/\0".contains(byte));
                let word = self.rest().get(..end.unwrap_or(usize::MAX)).unwrap_or(self.rest());
                let value = serde_json::from_slice(word).map_err(|_| Unreadable)?;
                self.at += word.len();
                Ok(SecretValue::new(value))
            }
        }
    }

    fn nested_object(&mut self, deepest: usize) -> Result<SecretValue, Unreadable> {
        let mut members = SecretMembers::default();
        self.each_within(b'}', |scanner| {
            let mut name = scanner.string().ok_or(Unreadable)?;
            scanner.skip_blank();
            if !scanner.take(b':') {
                return Err(Unreadable);
            }
            scanner.skip_blank();
            let value = scanner.value(deepest)?;
            // A value with the same name is dropped, and wiped.
            drop(members.insert(std::mem::take(&mut *name), value.take()));
            Ok(())
        })?;
        Ok(SecretValue::new(Value::Object(members.take())))
    }

    fn array(&mut self, deepest: usize) -> Result<SecretValue, Unreadable> {
        let mut elements = SecretValue::new(Value::Array(Vec::new()));
        self.each_within(b']', |scanner| {
            let element = scanner.value(deepest)?;
            if let Value::Array(elements) = elements.expose_mut() {
                elements.push(element.take());
            }
            Ok(())
        })?;
        Ok(elements)
    }

    fn each_within(
        &mut self,
        end: u8,
        mut read: impl FnMut(&mut Self) -> Result<(), Unreadable>,
    ) -> Result<(), Unreadable> {
        self.at += 1;
        let mut separated = true;
        let mut first = true;
        loop {
            self.skip_blank();
            if self.take(end) {
                self.repaired_if(separated && !first);
                return Ok(());
            }
            if self.take(b',') {
                self.repaired_if(separated);
                separated = true;
                continue;
            }
            self.repaired_if(!separated);
            if self.peek().is_none() || (end == b'}' && self.peek() != Some(b'"')) {
                return Err(Unreadable);
            }
            read(self)?;
            separated = false;
            first = false;
        }
    }

    /// Reads a string, whose opening quote is next; `None` if it does not end.
    fn string(&mut self) -> Option<Zeroizing<String>> {
        let (end, is_plain) = self.extent_of_string(self.at)?;
        let (text, exact) = decode(self.bytes.get(self.at + 1..end)?, is_plain);
        self.repaired_if(!exact);
        self.at = end + 1;
        Some(text)
    }

    /// The position of the closing quote of the string whose opening quote is at `start`.
    fn end_of_string(&self, start: usize) -> Option<usize> {
        self.extent_of_string(start).map(|(end, _)| end)
    }

    /// The position of the closing quote, and whether the string is plain: it has no escape and no control character.
    fn extent_of_string(&self, start: usize) -> Option<(usize, bool)> {
        let (mut at, mut is_plain) = (start + 1, true);
        loop {
            let rest = self.bytes.get(at..)?;
            at += rest.iter().position(|byte| matches!(byte, b'"' | b'\\' | ..b' '))?;
            match self.bytes.get(at) {
                Some(b'"') => return Some((at, is_plain)),
                Some(b'\\') => at += 2,
                _ => at += 1,
            }
            is_plain = false;
        }
    }

    /// Whether a string that begins there is the name of a member.
    fn is_name(&self, start: usize) -> bool {
        let after = self.end_of_string(start).map(|end| self.after_blank(end + 1).0);
        after.is_some_and(|after| self.bytes.get(after) == Some(&b':'))
    }

    /// Skips the unreadable value that begins at `from`, if its end is clear.
    fn step_over(&mut self, from: usize) {
        self.fidelity = Fidelity::Partial;
        let mut open = 0_usize;
        let mut at = from;
        while let Some(byte) = self.bytes.get(at) {
            match byte {
                b'"' => match self.end_of_string(at) {
                    Some(end) => at = end,
                    None => break,
                },
                b'{' | b'[' => open += 1,
                b',' | b'}' if open == 0 => {
                    self.at = at;
                    return;
                }
                b'}' | b']' => open = open.saturating_sub(1),
                _ => {}
            }
            at += 1;
        }
        self.search(from);
    }

    /// Goes to the next comma after `from` that is followed by a member.
    fn search(&mut self, from: usize) {
        self.fidelity = Fidelity::Partial;
        self.searches += 1;
        // Limits the total number of bytes that are read ahead after commas.
        let mut budget = 2 * self.bytes.len();
        let allowed = if self.searches <= MOST_SEARCHES {
            from..self.bytes.len()
        } else {
            0..0
        };
        for at in allowed {
            if self.bytes.get(at) != Some(&b',') {
                continue;
            }
            let (name, _) = self.after_blank(at + 1);
            let mut looked_at = name;
            if self.bytes.get(name) == Some(&b'"') {
                looked_at = self.end_of_string(name).unwrap_or(self.bytes.len());
                if self.bytes.get(self.after_blank(looked_at + 1).0) == Some(&b':') {
                    self.at = at;
                    return;
                }
            }
            match budget.checked_sub(looked_at - at) {
                Some(left) => budget = left,
                None => break,
            }
        }
        self.at = self.bytes.len();
    }

    /// Skips white space, and comments and control characters, which JSON does not allow.
    fn skip_blank(&mut self) {
        // Usually there is none.
        if matches!(self.peek(), Some(b'"' | b',' | b':' | b'}' | b']')) {
            return;
        }
        let (after, exact) = self.after_blank(self.at);
        self.at = after;
        self.repaired_if(!exact);
    }

    /// The end of the white space that begins at `at`, and whether it is only white space. Comments and control
    /// characters, which JSON does not allow, are skipped too.
    fn after_blank(&self, mut at: usize) -> (usize, bool) {
        let mut exact = true;
        loop {
            let rest = self.bytes.get(at..).unwrap_or_default();
            let white = rest
                .iter()
                .take_while(|byte| matches!(byte, b' ' | b'\t' | b'\r' | b'\n'))
                .count();
            let rest = rest.get(white..).unwrap_or_default();
            let length = match rest {
                [b'/', b'*', inside @ ..] => {
                    let end = inside.windows(2).position(|pair| pair == b"*/");
                    end.map_or(rest.len(), |end| end + 4)
                }
                [b'/', b'/', ..] => rest.iter().position(|byte| *byte == b'\n').unwrap_or(rest.len()),
                [0xef, 0xbb, 0xbf, ..] => 3,
                [(..=0x1f), ..] => 1,
                _ => return (at + white, exact),
            };
            at += white + length;
            exact = false;
        }
    }

    fn rest(&self) -> &[u8] {
        self.bytes.get(self.at..).unwrap_or_default()
    }

    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn take(&mut self, byte: u8) -> bool {
        let is_next = self.peek() == Some(byte);
        self.at += usize::from(is_next);
        is_next
    }

    fn repaired_if(&mut self, condition: bool) {
        if condition {
            self.fidelity = self.fidelity.max(Fidelity::Repaired);
        }
    }
}
