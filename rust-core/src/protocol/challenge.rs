//! The challenges in an API's 401 response (RFC 9110 11.6.1, RFC 6750 3), and what they require of the user's
//! authentication (RFC 9470 3).

/// The longest header that is read.
const MOST_BYTES: usize = 16 * 1024;
/// How many classes are kept: more than any API names, and they become part of a URL.
const MOST_CLASSES: usize = 16;

/// What an API requires of the user's authentication before it serves the request (RFC 9470 3).
#[derive(Clone, Debug, Default, PartialEq, Eq, uniffi::Record)]
pub struct AuthenticationRequirement {
    /// `acr_values`: the acceptable authentication context classes, the preferred one first. Empty if any is
    /// acceptable.
    pub acr_values: Vec<String>,
    /// `max_age`: the user must have authenticated within this many seconds. None if the age does not matter.
    pub max_age_seconds: Option<u32>,
}

/// One challenge. Names are in lower case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Challenge {
    /// The scheme, such as `bearer` or `dpop`.
    pub scheme: String,
    /// Its parameters, in order. Empty if the challenge has a `token68` instead.
    pub parameters: Vec<(String, String)>,
}

impl Challenge {
    /// The parameter of that name, which may occur only once (RFC 6750 3).
    fn parameter(&self, name: &str) -> Result<Option<&str>, Repeated> {
        let mut values = self.parameters.iter().filter(|(own, _)| own == name);
        match (values.next(), values.next()) {
            (_, Some(_)) => Err(Repeated),
            (value, None) => Ok(value.map(|(_, value)| value.as_str())),
        }
    }

    fn requirement(&self) -> Option<AuthenticationRequirement> {
        let is_of_oauth = matches!(self.scheme.as_str(), "bearer" | "dpop");
        let code = self.parameter("error").ok()??;
        if !is_of_oauth || code != "insufficient_user_authentication" {
            return None;
        }
        let classes = self.parameter("acr_values").ok()?.unwrap_or_default();
        let max_age = self.parameter("max_age").ok()?;
        Some(AuthenticationRequirement {
            acr_values: classes
                .split(' ')
                .filter(|class| !class.is_empty())
                .take(MOST_CLASSES)
                .map(str::to_owned)
                .collect(),
            // Digits only: no sign, no space.
            max_age_seconds: match max_age {
                Some(seconds) if seconds.bytes().all(|byte| byte.is_ascii_digit()) => Some(seconds.parse().ok()?),
                Some(_) => return None,
                None => None,
            },
        })
    }
}

#[derive(Debug)]
struct Repeated;

/// What the `WWW-Authenticate` headers of a 401 response require of the user's authentication; `None` if they require
/// nothing. A challenge that repeats a parameter, or whose `max_age` is not a number of seconds, is ignored.
pub fn insufficient_authentication(headers: &[String]) -> Option<AuthenticationRequirement> {
    headers
        .iter()
        .flat_map(|header| challenges(header))
        .find_map(|challenge| challenge.requirement())
}

/// The challenges of one header, or of several that were joined by commas. Reading stops at the first syntax error: if
/// a quoted string does not end, the rest may be anything.
pub fn challenges(header: &str) -> Vec<Challenge> {
    let mut found = Vec::new();
    if header.len() > MOST_BYTES {
        return found;
    }
    let mut reader = Reader(header);
    loop {
        // Empty list members are ignored (RFC 9110 5.6.1).
        reader.skip(" \t,");
        let Some(scheme) = reader.token() else {
            return found;
        };
        let mut challenge = Challenge {
            scheme: scheme.to_ascii_lowercase(),
            parameters: Vec::new(),
        };
        let has_blank = reader.skip(" \t");
        if has_blank && !reader.skip_token68() && reader.parameters(&mut challenge.parameters).is_none() {
            return found;
        }
        found.push(challenge);
        reader.skip(" \t");
        if !reader.0.is_empty() && !reader.0.starts_with(',') {
            return found;
        }
    }
}

/// What is left of a header.
struct Reader<'a>(&'a str);

impl<'a> Reader<'a> {
    /// Skips these characters. True if there were any.
    fn skip(&mut self, characters: &str) -> bool {
        let rest = self.0.trim_start_matches(|c| characters.contains(c));
        let skipped = rest.len() < self.0.len();
        self.0 = rest;
        skipped
    }

    fn token(&mut self) -> Option<&'a str> {
        let is_of_token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
        let length = self.0.bytes().take_while(|byte| is_of_token(*byte)).count();
        let (token, rest) = self.0.split_at(length);
        self.0 = rest;
        (!token.is_empty()).then_some(token)
    }

    /// Skips a `token68`. True if there was one, or if nothing follows: the challenge ends there. In contrast, the name
    /// of a parameter is followed by `=` and a value.
    fn skip_token68(&mut self) -> bool {
        let is_of_it = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~+/".contains(&byte);
        let length = self.0.bytes().take_while(|byte| is_of_it(*byte)).count();
        let rest = self.0[length..].trim_start_matches('=').trim_start_matches([' ', '\t']);
        let is_it = rest.is_empty() || rest.starts_with(',');
        if is_it {
            self.0 = rest;
        }
        is_it
    }

    /// Reads the parameters up to the comma before the next challenge, or to the end. `None` for a syntax error.
    fn parameters(&mut self, found: &mut Vec<(String, String)>) -> Option<()> {
        let mut before = self.0;
        loop {
            match self.parameter()? {
                Ok(parameter) => found.push(parameter),
                // The name is the next challenge's scheme.
                Err(NoParameter) if before.starts_with(',') => {
                    self.0 = before;
                    return Some(());
                }
                Err(NoParameter) => return None,
            }
            self.skip(" \t");
            before = self.0;
            if !self.0.starts_with(',') {
                return Some(());
            }
            self.skip(" \t,");
            if self.0.is_empty() {
                return Some(());
            }
        }
    }

    /// `None` for a syntax error.
    fn parameter(&mut self) -> Option<Result<(String, String), NoParameter>> {
        let name = self.token()?;
        self.skip(" \t");
        let Some(rest) = self.0.strip_prefix('=') else {
            return Some(Err(NoParameter));
        };
        self.0 = rest;
        self.skip(" \t");
        let value = match self.0.strip_prefix('"') {
            Some(rest) => {
                self.0 = rest;
                self.quoted()?
            }
            None => self.token()?.to_owned(),
        };
        Some(Ok((name.to_ascii_lowercase(), value)))
    }

    /// Reads the rest of a quoted string (RFC 9110 5.6.4).
    fn quoted(&mut self) -> Option<String> {
        let mut value = String::new();
        let mut characters = self.0.char_indices();
        loop {
            let (place, character) = characters.next()?;
            match character {
                '"' => {
                    self.0 = &self.0[place + 1..];
                    return Some(value);
                }
                '\\' => value.push(
                    characters
                        .next()
                        .map(|(_, escaped)| escaped)
                        .filter(|c| !c.is_control())?,
                ),
                '\t' => value.push(character),
                control if control.is_control() => return None,
                character => value.push(character),
            }
        }
    }
}

struct NoParameter;

#[cfg(test)]
mod tests {
    use super::*;

    fn read(header: &str) -> Option<(String, Option<u32>)> {
        let found = insufficient_authentication(&[header.to_owned()])?;
        Some((found.acr_values.join("|"), found.max_age_seconds))
    }

    #[test]
    fn what_rfc_9470_shows_is_read() {
        let first = r#"Bearer error="insufficient_user_authentication", error_description="A different authentication level is required", acr_values="myACR""#;
        assert_eq!(read(first), Some(("myACR".to_owned(), None)));
        let second = r#"Bearer error="insufficient_user_authentication", error_description="More recent authentication is required", max_age="5""#;
        assert_eq!(read(second), Some((String::new(), Some(5))));
    }

    #[test]
    fn it_is_found_among_others_however_they_are_written() {
        const ERROR: &str = "error=insufficient_user_authentication";
        for header in [
            format!("DPoP {ERROR}, max_age=60,acr_values=\"a b\""),
            format!("dpop algs=\"ES256 PS256\",{ERROR} ,\tmax_age = \"60\" , ACR_VALUES=\"a  b \""),
            format!("Negotiate, Basic realm=\"x, Bearer {ERROR}\", Bearer {ERROR},max_age=60,acr_values=\"a b\""),
            format!(
                ", ,NTLM TlRMTVNTUAAB==, Bearer realm=\"say \\\"a\\\", b\", {ERROR}, acr_values=\"a b\", max_age=60,"
            ),
            format!("Bearer error=\"invalid_token\", BEARER {ERROR}, acr_values=\"\\a b\", max_age=060"),
            format!("Negotiate , Bearer {ERROR}, acr_values=\"a b\", max_age=60"),
        ] {
            assert_eq!(read(&header), Some(("a|b".to_owned(), Some(60))), "{header}");
        }
    }

    #[test]
    fn what_does_not_say_so_says_nothing() {
        const ERROR: &str = "error=\"insufficient_user_authentication\"";
        for header in [
            String::new(),
            "Bearer".to_owned(),
            format!("Basic {ERROR}"),
            format!("Bearer realm={ERROR}"),
            "Bearer error=\"invalid_token\", error_description=\"insufficient_user_authentication\"".to_owned(),
            "Bearer realm=\"error=insufficient_user_authentication".to_owned(),
            format!("Bearer {ERROR}, {ERROR}"),
            format!("Bearer {ERROR}, max_age=1, max_age=2"),
            format!("Bearer {ERROR}, acr_values=a, acr_values=b"),
            format!("Bearer {ERROR}, max_age=-1"),
            format!("Bearer {ERROR}, max_age=\"+1\""),
            format!("Bearer {ERROR}, max_age=\"\""),
            format!("Bearer {ERROR}, max_age=99999999999"),
            format!("Bearer realm=\"a\u{7}\", {ERROR}"),
            format!("Bearer realm=\"a\" x, DPoP {ERROR}"),
            format!("Bearer realm x, DPoP {ERROR}"),
        ] {
            assert_eq!(read(&header), None, "{header}");
        }
    }

    #[test]
    fn a_header_of_16_kib_is_read_and_no_longer_one() {
        const ERROR: &str = "error=\"insufficient_user_authentication\"";
        for (bytes, is_read) in [(16_384, true), (16_385, false)] {
            let realm = "x".repeat(bytes - format!("Bearer realm=\"\", {ERROR}").len());
            let header = format!("Bearer realm=\"{realm}\", {ERROR}");
            assert_eq!((header.len(), read(&header).is_some()), (bytes, is_read));
        }
    }

    #[test]
    fn from_the_first_fault_on_nothing_is_read() {
        for (header, schemes) in [
            ("Bearer foo bar", &[][..]),
            ("Basic realm=a, Bearer foo bar", &["basic"]),
            ("Basic realm=\"a\" x, Bearer", &["basic"]),
            ("Basic, Bearer realm=\"a", &["basic"]),
            ("NTLM abc==, Bearer", &["ntlm", "bearer"]),
        ] {
            let found: Vec<_> = challenges(header)
                .into_iter()
                .map(|challenge| challenge.scheme)
                .collect();
            assert_eq!(found, schemes, "{header}");
        }
    }

    #[test]
    fn several_headers_are_read_one_after_the_other() {
        let headers = ["Basic realm=\"open", "Bearer error=insufficient_user_authentication"].map(str::to_owned);
        assert_eq!(
            insufficient_authentication(&headers),
            Some(AuthenticationRequirement::default())
        );
    }

    #[test]
    fn no_more_classes_go_into_a_url_than_anybody_needs() {
        let classes = "a ".repeat(100);
        let header = format!("Bearer error=insufficient_user_authentication, acr_values=\"{classes}\"");
        let found = insufficient_authentication(&[header]).unwrap();
        assert_eq!(found.acr_values.len(), MOST_CLASSES);
    }
}
