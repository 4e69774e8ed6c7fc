//! Answers that come coded (RFC 9110 8.4.1), although every request asks for `identity`: some servers and proxies code all
//! that they send, and a rotated refresh token exists nowhere else.

use miniz_oxide::inflate::decompress_slice_iter_to_slice;
use zeroize::Zeroizing;

use crate::model::secret::SecretBytes;
use crate::protocol::message::HttpAnswer;

/// As much as is read of any answer.
const LONGEST_BODY: usize = 1024 * 1024;
/// Some proxies code what is coded already.
const MOST_LAYERS: usize = 3;

/// The answer with its body as it was before gzip or deflate; as it came, where it is neither or is damaged. Whether the
/// body is coded is seen from the body itself: on the way the header is lost, or left when the body was decoded.
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

/// The coding that the answer names, where it is one.
pub(super) fn coding(answer: &HttpAnswer) -> Option<&str> {
    let coding = answer.header("content-encoding")?.rsplit(',').next()?.trim();
    (!coding.is_empty() && !coding.eq_ignore_ascii_case("identity")).then_some(coding)
}

/// RFC 1952 2.3. The checksum is left to TLS.
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
