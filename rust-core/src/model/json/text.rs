//! Decodes JSON strings (RFC 8259 7), whatever they contain.

use zeroize::Zeroizing;

/// The decoded text between the quotes, and whether it was valid JSON. What cannot be read becomes U+FFFD. `is_plain`
/// means that there is no escape and no control character.
///
/// The text is built in one allocation that never moves, so that no part of a token is left behind.
pub(super) fn decode(raw: &[u8], is_plain: bool) -> (Zeroizing<String>, bool) {
    match std::str::from_utf8(raw) {
        // Nearly every string.
        Ok(text) if is_plain => (Zeroizing::new(text.to_owned()), true),
        Ok(text) => {
            let (plain, exact) = unescape(text);
            (plain, exact && !raw.iter().any(|byte| *byte < b' '))
        }
        Err(_) => (unescape(&lossy(raw)).0, false),
    }
}

/// As `String::from_utf8_lossy`, which would leave parts of a growing text in freed memory.
fn lossy(raw: &[u8]) -> Zeroizing<String> {
    const REPLACEMENT: &str = "\u{fffd}";
    // One byte becomes at most three.
    let mut text = Zeroizing::new(String::with_capacity(REPLACEMENT.len() * raw.len()));
    for chunk in raw.utf8_chunks() {
        text.push_str(chunk.valid());
        if !chunk.invalid().is_empty() {
            text.push_str(REPLACEMENT);
        }
    }
    text
}

fn unescape(text: &str) -> (Zeroizing<String>, bool) {
    // An escape is never shorter than its character, except for an incomplete `\u`, which becomes U+FFFD.
    let mut plain = Zeroizing::new(String::with_capacity(text.len() * 3 / 2));
    let mut exact = true;
    let mut rest = text;
    while let Some((before, escape)) = rest.split_once('\\') {
        plain.push_str(before);
        let Some(kind) = escape.chars().next() else {
            return (plain, false);
        };
        let after = escape.get(kind.len_utf8()..).unwrap_or_default();
        let (character, after) = match kind {
            '"' | '\\' | '/' => (kind, after),
            'b' => ('\u{8}', after),
            'f' => ('\u{c}', after),
            'n' => ('\n', after),
            'r' => ('\r', after),
            't' => ('\t', after),
            'u' => match unicode(after) {
                Some((character, after)) => (character, after),
                None => {
                    exact = false;
                    let digits = after.get(..4).filter(|digits| hexadecimal(digits).is_some());
                    (
                        char::REPLACEMENT_CHARACTER,
                        after.get(digits.map_or(0, str::len)..).unwrap_or_default(),
                    )
                }
            },
            other => {
                exact = false;
                (other, after)
            }
        };
        plain.push(character);
        rest = after;
    }
    plain.push_str(rest);
    (plain, exact)
}

/// The character for `XXXX` or `XXXX\uXXXX`, and the rest of the text; `None` for half of a surrogate pair.
fn unicode(digits: &str) -> Option<(char, &str)> {
    let unit = hexadecimal(digits.get(..4)?)?;
    let after = digits.get(4..)?;
    if let Some(character) = char::from_u32(u32::from(unit)) {
        return Some((character, after));
    }
    let second = after.strip_prefix("\\u")?;
    let pair = [unit, hexadecimal(second.get(..4)?)?];
    let character = char::decode_utf16(pair).next()?.ok()?;
    Some((character, second.get(4..)?))
}

fn hexadecimal(digits: &str) -> Option<u16> {
    let is_number = digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    u16::from_str_radix(digits, 16).ok().filter(|_| is_number)
}

/// The text of bytes in UTF-16 that begin with a byte order mark.
pub(super) fn from_utf16(bytes: &[u8]) -> Option<Zeroizing<String>> {
    let unit = match bytes {
        [0xff, 0xfe, ..] => u16::from_le_bytes,
        [0xfe, 0xff, ..] => u16::from_be_bytes,
        _ => return None,
    };
    let units = bytes.get(2..)?.chunks_exact(2);
    let units = units.map(|pair| unit([pair.first().copied().unwrap_or(0), pair.get(1).copied().unwrap_or(0)]));
    // Two bytes become at most three.
    let mut text = Zeroizing::new(String::with_capacity(bytes.len() * 3 / 2));
    text.extend(char::decode_utf16(units).map(|decoded| decoded.unwrap_or(char::REPLACEMENT_CHARACTER)));
    Some(text)
}
