//! DER of two positive numbers. An ECDSA signature (RFC 3279 2.2.3) and an RSA public key (RFC 8017 A.1.1) are both a
//! `SEQUENCE` of two `INTEGER`s; this file reads and writes nothing else.

const SEQUENCE: u8 = 0x30;
const INTEGER: u8 = 0x02;

/// Both numbers, big-endian and without leading zeros. `None` for anything but the one valid encoding of two positive
/// numbers, with nothing after it.
pub(super) fn read_pair(der: &[u8]) -> Option<(&[u8], &[u8])> {
    let (content, rest) = element(SEQUENCE, der)?;
    let (first, second) = element(INTEGER, content)?;
    let (second, end) = element(INTEGER, second)?;
    (rest.is_empty() && end.is_empty()).then_some((positive(first)?, positive(second)?))
}

/// The encoding of two positive numbers, which may have leading zeros. `None` if one is zero, or longer than any key.
pub(super) fn write_pair(first: &[u8], second: &[u8]) -> Option<Vec<u8>> {
    let mut content = Vec::with_capacity(first.len() + second.len() + 10);
    for number in [first, second] {
        let digits = without_zeros(number);
        let sign = usize::from(*digits.first()? >= 0x80);
        write_head(&mut content, INTEGER, sign + digits.len())?;
        content.resize(content.len() + sign, 0);
        content.extend_from_slice(digits);
    }
    let mut der = Vec::with_capacity(content.len() + 4);
    write_head(&mut der, SEQUENCE, content.len())?;
    der.extend(content);
    Some(der)
}

/// The number without leading zeros.
pub(super) fn without_zeros(number: &[u8]) -> &[u8] {
    let zeros = number.iter().take_while(|byte| **byte == 0).count();
    number.get(zeros..).unwrap_or_default()
}

/// The content of the element that `der` begins with, and what follows it.
fn element(tag: u8, der: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = match der {
        [found, ..] if *found != tag => return None,
        [_, short @ ..=0x7f, rest @ ..] => (usize::from(*short), rest),
        [_, 0x81, length @ 0x80..=0xff, rest @ ..] => (usize::from(*length), rest),
        [_, 0x82, high @ 1..=0xff, low, rest @ ..] => (usize::from(u16::from_be_bytes([*high, *low])), rest),
        _ => return None,
    };
    rest.split_at_checked(length)
}

/// The digits of an `INTEGER`, without the zero that precedes a high bit. `None` if it is not positive, or has other
/// leading zeros.
fn positive(content: &[u8]) -> Option<&[u8]> {
    match content {
        [0, 0x80..=0xff, ..] => content.get(1..),
        [1..=0x7f, ..] => Some(content),
        _ => None,
    }
}

fn write_head(der: &mut Vec<u8>, tag: u8, length: usize) -> Option<()> {
    let [high, low] = u16::try_from(length).ok()?.to_be_bytes();
    der.push(tag);
    match (high, low) {
        (0, ..=0x7f) => der.push(low),
        (0, _) => der.extend([0x81, low]),
        _ => der.extend([0x82, high, low]),
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each form of a length, a high bit that needs a leading zero, and leading zeros that must be removed.
    #[test]
    fn what_is_written_is_read_and_has_the_one_right_form() {
        for (first, second, head) in [
            (vec![1], vec![0x7f], &[0x30, 6, 2, 1, 1][..]),
            (vec![0x80], vec![0, 0, 1], &[0x30, 7, 2, 2, 0, 0x80, 2, 1, 1]),
            (vec![0xff; 61], vec![0x7f; 60], &[0x30, 0x7f - 1, 2, 62, 0, 0xff]),
            (vec![0xff; 62], vec![0x7f; 60], &[0x30, 0x7f, 2, 63, 0, 0xff]),
            (vec![0xff; 63], vec![0x7f; 60], &[0x30, 0x81, 0x80, 2, 64, 0, 0xff]),
            (
                vec![0xff; 256],
                vec![1, 0, 1],
                &[0x30, 0x82, 1, 10, 2, 0x82, 1, 1, 0, 0xff],
            ),
        ] {
            let der = write_pair(&first, &second).unwrap();
            assert_eq!(&der[..head.len()], head);
            assert_eq!(read_pair(&der), Some((without_zeros(&first), without_zeros(&second))));
        }
    }

    #[test]
    fn what_cannot_be_written_is_not() {
        for (first, second) in [(&[0][..], &[1][..]), (&[1], &[]), (&[1], &[0, 0]), (&[1; 65_536], &[1])] {
            assert_eq!(write_pair(first, second), None);
        }
    }

    #[test]
    fn only_the_one_right_form_is_read() {
        assert!(read_pair(&[0x30, 6, 2, 1, 1, 2, 1, 1]).is_some());
        for wrong in [
            &[][..],
            &[0x30],
            &[0x30, 0],
            &[0x30, 3, 2, 1, 1],
            &[0x31, 6, 2, 1, 1, 2, 1, 1],          // a SET
            &[0x30, 6, 4, 1, 1, 2, 1, 1],          // an OCTET STRING
            &[0x30, 6, 2, 1, 1, 2, 1, 1, 0],       // something behind it
            &[0x30, 9, 2, 1, 1, 2, 1, 1, 2, 1, 1], // a third number
            &[0x30, 7, 2, 1, 1, 2, 1, 1],          // longer than there is
            &[0x30, 5, 2, 1, 1, 2, 1, 1],          // shorter
            &[0x30, 6, 2, 1, 0, 2, 1, 1],          // zero
            &[0x30, 5, 2, 0, 2, 1, 1],             // no digits
            &[0x30, 6, 2, 1, 0x80, 2, 1, 1],       // negative
            &[0x30, 7, 2, 2, 0, 1, 2, 1, 1],       // a zero too many
            &[0x30, 0x81, 6, 2, 1, 1, 2, 1, 1],    // a length that has a shorter form
            &[0x30, 0x80, 2, 1, 1, 2, 1, 1, 0, 0], // indefinite length, as BER allows it
        ] {
            assert_eq!(read_pair(wrong), None, "{wrong:02x?}");
        }
        let mut long = write_pair(&[0xff; 100], &[0x7f; 100]).unwrap();
        assert!(read_pair(&long).is_some());
        long.splice(1..2, [0x82, 0]);
        assert_eq!(read_pair(&long), None);
    }

    /// Truncated or changed input never panics.
    #[test]
    fn no_bytes_panic() {
        let der = write_pair(&[0xff; 256], &[1, 0, 1]).unwrap();
        for end in 0..der.len() {
            assert_eq!(read_pair(&der[..end]), None);
        }
        for position in 0..8 {
            for value in 0..=255 {
                let mut changed = der.clone();
                changed[position] = value;
                let _ = read_pair(&changed);
            }
        }
    }
}
