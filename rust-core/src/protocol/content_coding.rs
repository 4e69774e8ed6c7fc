//! Decodes answers with a content coding (RFC 9110 8.4.1), although every request asks for `identity`. Some servers and
//! proxies encode everything that they send, and a rotated refresh token must not be lost: it exists nowhere else.

use miniz_oxide::inflate::decompress_slice_iter_to_slice;
use zeroize::Zeroizing;

use crate::model::secret::SecretBytes;
use crate::protocol::message::HttpAnswer;

/// The limit for the body of any answer.
const LONGEST_BODY: usize = 1024 * 1024;
/// Some proxies encode what is encoded already.
const MOST_LAYERS: usize = 3;

/// The answer with its body before gzip or deflate; unchanged if it has neither coding or is damaged. The body itself
/// shows whether it is encoded: on the way the header may get lost, or stay although the body was decoded.
pub fn decoded(mut answer: HttpAnswer) -> HttpAnswer {
    for _ in 0..MOST_LAYERS {
        let body = answer.body.expose();
        let plain = match (body, coding(&answer)) {
            ([0x1f, 0x8b, 8, ..], _) => gunzip(body),
            ([b'{' | b'[' | b'<' | b' ', ..], _) => None,
            (_, Some(coding)) if coding.eq_ignore_ascii_case("deflate") => {
                inflate(body, true).or_else(|| inflate(body, false))
            }
            _ => None,
        };
        let Some(plain) = plain else { break };
        answer.body = plain;
        answer.headers.retain(|(name, _)| name != "content-encoding");
    }
    answer
}

/// The content coding that the answer names, other than `identity`.
pub(super) fn coding(answer: &HttpAnswer) -> Option<&str> {
    let coding = answer.header("content-encoding")?.rsplit(',').next()?.trim();
    (!coding.is_empty() && !coding.eq_ignore_ascii_case("identity")).then_some(coding)
}

/// RFC 1952 2.3. The checksum is not checked: TLS protects the data.
fn gunzip(body: &[u8]) -> Option<SecretBytes> {
    let flags = *body.get(3)?;
    let mut rest = body.get(10..)?;
    if flags & 4 != 0 {
        let length = u16::from_le_bytes([*rest.first()?, *rest.get(1)?]);
        rest = rest.get(2 + usize::from(length)..)?;
    }
    for text in [8, 16] {
        if flags & text != 0 {
            let end = rest.iter().position(|byte| *byte == 0)?;
            rest = rest.get(end + 1..)?;
        }
    }
    if flags & 2 != 0 {
        rest = rest.get(2..)?;
    }
    inflate(rest, false)
}

fn inflate(body: &[u8], has_zlib_header: bool) -> Option<SecretBytes> {
    let mut room = Zeroizing::new(vec![0; LONGEST_BODY]);
    let length = decompress_slice_iter_to_slice(&mut room, std::iter::once(body), has_zlib_header, false).ok()?;
    room.get(..length).map(|plain| SecretBytes::new(plain.to_vec()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Stored (uncompressed) blocks (RFC 1951 3.2.4).
    fn stored(plain: &[u8]) -> Vec<u8> {
        let mut coded = Vec::new();
        let mut blocks = plain.chunks(65_535).peekable();
        while let Some(block) = blocks.next() {
            let length = u16::try_from(block.len()).unwrap();
            coded.push(u8::from(blocks.peek().is_none()));
            coded.extend(length.to_le_bytes());
            coded.extend((!length).to_le_bytes());
            coded.extend(block);
        }
        coded
    }

    /// A gzip member with the optional header fields that `flags` names (RFC 1952 2.3.1).
    fn gzip(flags: u8, plain: &[u8]) -> Vec<u8> {
        let mut coded = vec![0x1f, 0x8b, 8, flags, 1, 2, 3, 4, 0, 3];
        if flags & 4 != 0 {
            coded.extend([2, 1]);
            coded.extend([0; 258]);
        }
        if flags & 8 != 0 {
            coded.extend(b"name\0");
        }
        if flags & 16 != 0 {
            coded.extend(b"comment\0");
        }
        if flags & 2 != 0 {
            coded.extend([0, 9]);
        }
        coded.extend(stored(plain));
        coded.extend([0; 8]);
        coded
    }

    /// The data with zlib's two-byte header (RFC 1950 2.2) and checksum.
    fn zlib(plain: &[u8]) -> Vec<u8> {
        let (mut a, mut b) = (1_u32, 0_u32);
        for byte in plain {
            a = (a + u32::from(*byte)) % 65_521;
            b = (b + a) % 65_521;
        }
        [&[0x78, 0x01], stored(plain).as_slice(), &(b << 16 | a).to_be_bytes()].concat()
    }

    fn answer(named: Option<&str>, body: Vec<u8>) -> HttpAnswer {
        let name = |coding: &str| ("content-encoding".to_owned(), coding.to_owned());
        HttpAnswer {
            host: String::new(),
            status: 200,
            headers: named.map(name).into_iter().collect(),
            body: SecretBytes::new(body),
        }
    }

    fn decode(named: Option<&str>, body: Vec<u8>) -> Vec<u8> {
        decoded(answer(named, body)).body.expose().to_vec()
    }

    const PLAIN: &[u8] = br#"{"access_token":"a"}"#;

    #[test]
    fn gzip_is_seen_from_the_body_whatever_parts_its_header_has() {
        for flags in 0..32 {
            assert_eq!(decode(None, gzip(flags, PLAIN)), PLAIN, "flags {flags:05b}");
        }
        let twice = gzip(0, &gzip(8, PLAIN));
        assert_eq!(decode(Some("gzip, gzip"), twice.clone()), PLAIN);
        let four_times = gzip(0, &gzip(0, &twice));
        assert_eq!(decode(None, four_times), gzip(8, PLAIN), "three times are enough");
    }

    #[test]
    fn deflate_is_decoded_where_it_is_named_with_and_without_zlibs_header() {
        for named in ["deflate", "Deflate", "gzip, deflate", " deflate "] {
            assert_eq!(decode(Some(named), zlib(PLAIN)), PLAIN, "{named}");
            assert_eq!(decode(Some(named), stored(PLAIN)), PLAIN, "{named}");
        }
        for named in [None, Some("br"), Some("deflate, br")] {
            assert_eq!(decode(named, stored(PLAIN)), stored(PLAIN), "{named:?}");
        }
        let answer = decoded(answer(Some("deflate"), zlib(PLAIN)));
        assert_eq!(answer.header("content-encoding"), None);
    }

    #[test]
    fn what_is_decoded_already_or_damaged_stays_as_it_came() {
        for plain in [PLAIN, b"[1]", b"<html>", b" {}", b""] {
            assert_eq!(decode(Some("deflate"), plain.to_vec()), plain);
            assert_eq!(decode(Some("gzip"), plain.to_vec()), plain);
        }
        for flags in [0, 31] {
            let whole = gzip(flags, PLAIN);
            for length in (0..whole.len() - 8).step_by(11) {
                let cut = whole[..length].to_vec();
                assert_eq!(decode(None, cut.clone()), cut, "{length} bytes, flags {flags:05b}");
            }
        }
    }

    #[test]
    fn as_much_is_decoded_as_is_read_of_any_answer() {
        let (longest, longer) = (vec![b'x'; 1_048_576], vec![b'x'; 1_048_577]);
        assert!(decode(None, gzip(0, &longest)) == longest);
        assert!(decode(None, gzip(0, &longer)) == gzip(0, &longer));
    }

    #[test]
    fn no_coding_and_identity_are_none() {
        for (named, expected) in [
            (None, None),
            (Some(""), None),
            (Some("identity"), None),
            (Some("IDENTITY"), None),
            (Some("gzip, identity"), None),
            (Some("br"), Some("br")),
            (Some("gzip, br "), Some("br")),
        ] {
            assert_eq!(coding(&answer(named, Vec::new())), expected);
        }
    }
}
