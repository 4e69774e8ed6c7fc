//! Valid JSON is read as serde_json reads it; from invalid JSON, only unreadable parts are lost.

use serde_json::{Map, Value, json};

use super::{DEEPEST, Object};

/// Numbers that are the same in every run.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % u64::try_from(limit).unwrap()).unwrap()
    }

    fn pick<'a, T: ?Sized>(&mut self, all: &[&'a T]) -> &'a T {
        all[self.below(all.len())]
    }

    fn value(&mut self, deepest: usize) -> Value {
        match self.below(if deepest == 0 { 5 } else { 7 }) {
            0 => Value::Null,
            1 => Value::Bool(self.below(2) == 0),
            2 => json!(self.below(1_000_000)),
            3 => json!(self.below(1_000) as f64 / 7.0 - 50.0),
            4 => json!(self.pick(&[
                "",
                "text",
                "J\u{fc}rgen",
                "\u{1f600}",
                "a\"b\\c/d\n\t\u{0}",
                "{\"refresh_token\":\"x\"}",
                "// no",
                ",\"a\":1"
            ])),
            5 => (0..self.below(4)).map(|_| self.value(deepest - 1)).collect(),
            _ => Value::Object(self.object(deepest - 1)),
        }
    }

    fn object(&mut self, deepest: usize) -> Map<String, Value> {
        let names = ["a", "b", "\u{fc}", "with \"quotes\"", "", "error", "id"];
        (0..self.below(5))
            .map(|_| (self.pick(&names).to_owned(), self.value(deepest)))
            .collect()
    }
}

#[test]
fn json_is_read_as_serde_json_reads_it() {
    let mut random = Random(0x5eed_0f15_a0b1_c2d3);
    for _ in 0..20_000 {
        let object = Value::Object(random.object(5));
        let pretty = serde_json::to_vec_pretty(&object).unwrap();
        let escaped: String = object
            .to_string()
            .chars()
            .flat_map(|c| match c {
                c if c.is_ascii() => vec![c],
                c => {
                    let mut units = [0; 2];
                    let units = c.encode_utf16(&mut units).iter();
                    units
                        .flat_map(|unit| format!("\\u{unit:04X}").chars().collect::<Vec<_>>())
                        .collect()
                }
            })
            .collect();
        for written in [object.to_string().into_bytes(), pretty, escaped.into_bytes()] {
            for start in [&b""[..], b"\xef\xbb\xbf"] {
                let read = Object::read(&[start, &written].concat()).unwrap();
                assert!(read.is_exact(), "{object}");
                assert_eq!(Value::Object(read.into_members()), object);
            }
        }
    }
}

#[test]
fn what_is_no_object_is_none() {
    for bytes in [
        "",
        " ",
        "null",
        "[]",
        "\"{}\"",
        "7",
        "<html>{\"a\":1}</html>",
        "a{}",
        "\u{feff}",
        "\\{}",
        "/* {}",
    ] {
        assert!(Object::read(bytes.as_bytes()).is_none(), "{bytes}");
    }
}

/// Neighbouring text that is not valid JSON: written like members, without the commas around them.
const NEIGHBOURS: [&[u8]; 40] = [
    b"\"n\":\"J\xfcrgen\"",
    b"\"n\xff\":1",
    b"\"n\":\"\\ud83d\"",
    b"\"n\":\"\\udc00\\ud83d\"",
    b"\"n\":\"\\u12\"",
    b"\"n\":\"\\x41\\q\"",
    b"\"n\":\"a\x00b\x01\nc\"",
    b"\"n\":\"\xed\xa0\x80\xc0\xaf\"",
    b"\x00\"n\"\x00:\x001\x00",
    b"/* a comment, \"with\": \"quotes\" } */\"n\":1",
    b"\"n\":1// to the end of the line: \"}\n",
    b"\"n\":NaN",
    b"\"n\":-Infinity",
    b"\"n\":True",
    b"\"n\":undefined",
    b"\"n\":01",
    b"\"n\":1.",
    b"\"n\":1e999",
    b"\"n\":0x1f",
    b"\"n\":",
    b"\"n\"",
    b"\"n\" 1",
    b"n:1",
    b"'n':'it''s'",
    b"\"n\":'single'",
    b",",
    b",,,",
    b"\"n\":{\"a\":}",
    b"\"n\":{\"a\":1,\"b\":[1,2,NaN],\"c\":\"}\"}",
    b"\"n\":[1 2 3]",
    b"\"n\":[,]",
    b"\"n\":{\"refresh_token\":\"of somebody else\"}",
    b"\"n\":{\"x\":NaN,\"refresh_token\":\"of somebody else\"}",
    b"\"n\":\"5\" tall\"",
    b"\"n\":\"user \"ada\" unknown\"",
    b"\"n\":\"{\\\"refresh_token\\\":\\\"quoted\\\"}\"",
    b"\"n\":1 \"m\":2",
    b"\"refresh_token\":null",
    b"\"refresh_token\":\"\"",
    b"\"refresh_token\":[\"x\"]",
];

fn token_of(bytes: &[u8]) -> Option<String> {
    let token = Object::read(bytes)?.take_token("refresh_token")?;
    Some(token.expose().to_owned())
}

#[test]
fn a_refresh_token_survives_each_unreadable_neighbour_before_and_after_it() {
    let deep = [b"\"n\":".to_vec(), b"[".repeat(5_000), b"]".repeat(5_000)].concat();
    let open = [
        b"\"n\":".to_vec(),
        b"{\"a\":".repeat(5_000),
        b"1".to_vec(),
        b"}".repeat(5_000),
    ]
    .concat();
    let neighbours = NEIGHBOURS.iter().copied().chain([deep.as_slice(), open.as_slice()]);
    for neighbour in neighbours {
        for (before, after) in [
            (&b"{"[..], &b"}"[..]),
            (b"\xef\xbb\xbf { ", b" } \n"),
            (b"\0{\0", b"}\0\0<!-- page -->"),
            (b")]}',\n{", b"}}]"),
        ] {
            let token = b"\"refresh_token\":\"good\"";
            let first = [before, neighbour, b",", token, after].concat();
            let last = [before, token, b",", neighbour, after].concat();
            let both = [before, neighbour, b",\r\n", token, b" , ", neighbour, after].concat();
            for body in [first, last, both] {
                assert_eq!(
                    token_of(&body).as_deref(),
                    Some("good"),
                    "{}",
                    String::from_utf8_lossy(&body).chars().take(200).collect::<String>()
                );
            }
        }
    }
}

#[test]
fn a_refresh_token_survives_any_mixture_of_unreadable_neighbours() {
    let mut random = Random(0x00dd_0f5e_ed00_1234);
    for _ in 0..20_000 {
        let mut neighbour = || -> Vec<u8> {
            match random.below(3) {
                0 => format!("\"v\":{}", random.value(4)).into_bytes(),
                _ => random.pick(&NEIGHBOURS).to_vec(),
            }
        };
        let mut parts: Vec<Vec<u8>> = (0..4).map(|_| neighbour()).collect();
        parts.insert(random.below(5), b"\"refresh_token\" : \"go\\u006fd\"".to_vec());
        let body = [b"{".to_vec(), parts.join(&b","[..]), b"}".to_vec()].concat();
        assert_eq!(
            token_of(&body).as_deref(),
            Some("good"),
            "{}",
            String::from_utf8_lossy(&body)
        );
    }
}

#[test]
fn an_answer_that_is_cut_off_has_the_members_before_the_cut() {
    let whole = br#"{"refresh_token":"good","scope":"openid","deep":{"a":[1,"x"]}}"#;
    let end_of_token = 23;
    for end in 0..whole.len() {
        let token = token_of(&whole[..end]);
        assert_eq!(token.as_deref(), (end >= end_of_token).then_some("good"), "{end}");
        let read = Object::read(&whole[..end]);
        assert!(read.is_none_or(|read| !read.is_complete()), "{end}");
    }
    assert!(Object::read(whole).unwrap().is_exact());
}

#[test]
fn utf_16_is_read_by_its_byte_order_mark() {
    let text = "{\"name\":\"J\u{fc}rgen \u{1f600}\",\"refresh_token\":\"good\"}";
    let little = |unit: u16| unit.to_le_bytes();
    let big = |unit: u16| unit.to_be_bytes();
    for (mark, bytes) in [
        ([0xff, 0xfe], text.encode_utf16().flat_map(little).collect::<Vec<_>>()),
        ([0xfe, 0xff], text.encode_utf16().flat_map(big).collect()),
    ] {
        let read = Object::read(&[&mark[..], &bytes].concat()).unwrap();
        assert!(read.is_complete() && !read.is_exact());
        assert_eq!(
            Value::Object(read.into_members()),
            serde_json::from_str::<Value>(text).unwrap()
        );
    }
}

#[test]
fn what_cannot_be_read_is_said() {
    for (body, exact, complete) in [
        (&br#"{"a":1}"#[..], true, true),
        (br#"{"a":1,"a":2}"#, false, true),
        (b"{\"a\":\"\xff\"}", false, true),
        (br#"{"a":1,}"#, false, true),
        (br#"{"a":1} x"#, false, true),
        (br#"{"a":1"#, false, false),
        (br#"{"a":NaN,"b":1}"#, false, false),
    ] {
        let read = Object::read(body).unwrap();
        assert_eq!(
            (read.is_exact(), read.is_complete()),
            (exact, complete),
            "{}",
            String::from_utf8_lossy(body)
        );
    }
    let nested = |levels: usize| format!("{}1{}", "{\"a\":".repeat(levels), "}".repeat(levels));
    assert!(Object::read(nested(DEEPEST + 1).as_bytes()).unwrap().is_exact());
    let too_deep = Object::read(format!("{{\"b\":2,\"a\":{}}}", nested(DEEPEST + 1)).as_bytes()).unwrap();
    assert!(!too_deep.is_complete());
    assert_eq!(Value::Object(too_deep.into_members()), json!({"b": 2}));
}

#[test]
fn hostile_bytes_come_to_an_end() {
    for piece in [
        "{\"a\":[",
        ",\"a\":{\"b\":[[",
        "\"a",
        ",\"a\":\"b\" c",
        ",\"a\":\"",
        "/*",
        ",/*",
        ",\"a\":x /*",
        ",\"",
        "\\\"",
    ] {
        let body = format!("{{{}", piece.repeat(1_000_000 / piece.len()));
        assert!(
            Object::read(body.as_bytes()).is_none_or(|read| !read.is_complete()),
            "{piece}"
        );
    }
}
