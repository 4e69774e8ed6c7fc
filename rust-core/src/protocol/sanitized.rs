//! An issuer's own words, made safe to show and to log.

/// Makes a server's own words safe to show: servers quote what they were sent, including tokens, addresses and names.
/// Keeps the words around a value: those in lower case, the first word of a sentence, short numbers and acronyms.
/// Everything else is cut out, control characters are dropped, and at most 200 characters are kept.
pub fn sanitized_description(words: &str) -> String {
    const LONGEST: usize = 200;
    let mut kept = String::new();
    let mut starts_sentence = true;
    for word in words
        .split(|c: char| c.is_whitespace() || c.is_control())
        .filter(|word| !word.is_empty())
    {
        let shown = if is_prose(word, starts_sentence) {
            word
        } else {
            "[redacted]"
        };
        starts_sentence = word.ends_with('.');
        if kept.chars().count() + shown.chars().count() >= LONGEST {
            kept.push('…');
            break;
        }
        if !kept.is_empty() {
            kept.push(' ');
        }
        kept.push_str(shown);
    }
    kept
}

fn is_prose(word: &str, starts_sentence: bool) -> bool {
    const LONGEST_WORD: usize = 20;
    let word = word.trim_matches(|c: char| matches!(c, '.' | ',' | ';' | ':' | '!' | '?' | '\'' | '"' | '(' | ')'));
    let lower = |text: &str| {
        text.split(['_', '-', ':', '\''])
            .all(|part| part.len() <= LONGEST_WORD && part.bytes().all(|byte| byte.is_ascii_lowercase()))
    };
    let capitalised = || {
        word.get(1..)
            .is_some_and(|rest| word.as_bytes()[0].is_ascii_uppercase() && lower(rest))
    };
    let acronym = || word.len() <= 5 && word.bytes().all(|byte| byte.is_ascii_uppercase());
    let number = || word.len() <= 3 && word.bytes().all(|byte| byte.is_ascii_digit());
    word.len() <= 2 * LONGEST_WORD && (lower(word) || (starts_sentence && capitalised()) || acronym() || number())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sanitized_descriptions_keep_the_sentence_and_lose_the_values_in_it() {
        for (said, shown) in [
            ("Unknown or invalid refresh token.", "Unknown or invalid refresh token."),
            (
                "Grant type 'refresh_token' not allowed. Use PKCE.",
                "Grant type 'refresh_token' not allowed. Use PKCE.",
            ),
            (
                "Insufficient scope, expected any of: read:users",
                "Insufficient scope, expected any of: read:users",
            ),
            ("error_unauthorized_client", "error_unauthorized_client"),
            ("token v1.MjAyNS1wbGFudGVk is spent", "token [redacted] is spent"),
            (
                "no user ada@example.com, Ms Lovelace",
                "no user [redacted] [redacted] [redacted]",
            ),
            ("wait 30 of 12345 s", "wait 30 of [redacted] s"),
            ("abcdefghijklmnopqrstuvwxyzabcdef", "[redacted]"),
            ("Ünïcödé \u{1b}[31mred", "[redacted] [redacted]"),
        ] {
            assert_eq!(sanitized_description(said), shown);
        }
    }

    #[test]
    fn words_of_a_sentence_are_no_longer_than_those_of_people() {
        let twenty = "a".repeat(20);
        for (word, is_shown) in [
            (twenty.clone(), true),
            (format!("{twenty}a"), false),
            (format!("{twenty}_{}", &twenty[1..]), true),
            (format!("{twenty}_{twenty}"), false),
            ("ABCDE".to_owned(), true),
            ("ABCDEF".to_owned(), false),
            ("AbCdE".to_owned(), false),
            ("123".to_owned(), true),
            ("1234".to_owned(), false),
            ("1a".to_owned(), false),
            ("Ada".to_owned(), false),
        ] {
            let shown = if is_shown { &word } else { "[redacted]" };
            assert_eq!(sanitized_description(&format!("the {word}")), format!("the {shown}"));
        }
        for (first, is_shown) in [(format!("A{twenty}"), true), (format!("A{twenty}a"), false)] {
            let shown = if is_shown { &first } else { "[redacted]" };
            assert_eq!(sanitized_description(&first), *shown);
        }
    }

    #[test]
    fn two_hundred_characters_are_kept_on_one_line() {
        let nine = [&"a".repeat(20); 9].map(String::as_str).join("\n");
        let kept = nine.replace('\n', " ");
        let tenth = "b".repeat(11);
        assert_eq!(
            sanitized_description(&format!("{nine}\r{tenth}")),
            format!("{kept} {tenth}")
        );
        assert_eq!(
            sanitized_description(&format!("{nine} {tenth}b and more")),
            format!("{kept}…")
        );
    }
}
