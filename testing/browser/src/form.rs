//! Reads pages: finds the form that continues a sign-in, and fills it in as a user would.

use scraper::{ElementRef, Html, Selector};

use crate::credentials::Credentials;

/// Words on a button, or in its name, that agree or continue; the surest come first.
const AFFIRMATIVE: [&str; 15] = [
    "allow",
    "accept",
    "authorize",
    "authorise",
    "approve",
    "grant",
    "agree",
    "confirm",
    "yes",
    "log in",
    "login",
    "sign in",
    "signin",
    "continue",
    "next",
];
/// Words on a button, or in its name, that lead away from the sign-in.
const NEGATIVE: [&str; 15] = [
    "cancel", "deny", "decline", "abort", "reject", "refuse", "disagree", "disallow", "don t", "no", "back", "forgot",
    "reset", "register", "sign up",
];
/// Parts of the names of fields for the user's name.
const USERNAME: [&str; 4] = ["user", "mail", "login", "identifier"];
/// How many characters of a page's text an error repeats.
const MAX_TEXT: usize = 300;

/// The parts of a page that a sign-in needs.
pub(crate) struct Page {
    /// The text of the page, shortened, for errors.
    pub(crate) text: String,
    /// The form that continues the sign-in, filled in; `None` if there is none or every button leads away.
    pub(crate) form: Option<Submission>,
}

/// A filled form, ready to send.
pub(crate) struct Submission {
    pub(crate) action: String,
    pub(crate) post: bool,
    pub(crate) fields: Vec<(String, String)>,
    pub(crate) asks_password: bool,
    asks_name: bool,
}

impl Page {
    pub(crate) fn read(body: &str, credentials: &Credentials) -> Self {
        let html = Html::parse_document(body);
        let mut best: Option<Submission> = None;
        for form in select(&html, "form")
            .into_iter()
            .filter_map(|form| fill(&html, form, credentials))
        {
            // If two forms rank the same, the first one stays: later ones are usually the language menu or a way out.
            if best.as_ref().is_none_or(|best| form.rank() > best.rank()) {
                best = Some(form);
            }
        }
        Self {
            text: words(&html),
            form: best,
        }
    }
}

impl Submission {
    /// A form with a password field ranks before one with only a name, and that before one with only a button.
    fn rank(&self) -> u8 {
        if self.asks_password {
            2
        } else {
            u8::from(self.asks_name)
        }
    }
}

/// The form as a browser would send it: the "form data set" of the HTML Standard, "Constructing the entry list".
fn fill(html: &Html, form: ElementRef<'_>, credentials: &Credentials) -> Option<Submission> {
    let controls = controls(html, form);
    let button = match choose_button(&controls) {
        Choice::Button(button) => Some(button),
        Choice::NoButtons => None,
        Choice::AllLeadAway => return None,
    };
    let mut fields = Vec::new();
    let (mut asks_password, mut asks_name) = (false, false);
    for control in controls {
        let Some(name) = control.attr("name").filter(|name| !name.is_empty()) else {
            continue;
        };
        let value = match kind(control).as_str() {
            "submit" | "image" | "button" | "reset" | "file" => continue,
            "checkbox" | "radio" if !is_ticked(control) => continue,
            "checkbox" | "radio" => control.attr("value").unwrap_or("on").to_owned(),
            "password" => {
                asks_password = true;
                credentials.password.clone()
            }
            "email" | "text" if is_username(control) => {
                asks_name = true;
                credentials.username.clone()
            }
            "select" => selected(control),
            "textarea" => control.text().collect(),
            _ => control.attr("value").unwrap_or_default().to_owned(),
        };
        fields.push((name.to_owned(), value));
    }
    if let Some(name) = button.and_then(|button| button.attr("name")) {
        let value = button.and_then(|button| button.attr("value")).unwrap_or_default();
        fields.push((name.to_owned(), value.to_owned()));
    }
    // A button may send the form to another URL or with another method.
    let attribute = |of_button: &str, of_form: &str| {
        button
            .and_then(|button| button.attr(of_button))
            .or(form.attr(of_form))
            .unwrap_or_default()
    };
    Some(Submission {
        action: attribute("formaction", "action").to_owned(),
        post: attribute("formmethod", "method").eq_ignore_ascii_case("post"),
        fields,
        asks_password,
        asks_name,
    })
}

enum Choice<'a> {
    Button(ElementRef<'a>),
    /// The form is sent by the Enter key or a script.
    NoButtons,
    AllLeadAway,
}

fn choose_button<'a>(controls: &[ElementRef<'a>]) -> Choice<'a> {
    let buttons: Vec<_> = controls
        .iter()
        .filter(|control| ["submit", "image"].contains(&kind(**control).as_str()))
        .collect();
    if buttons.is_empty() {
        return Choice::NoButtons;
    }
    let leads_on = buttons.into_iter().filter_map(|button| {
        let label = label(*button);
        let says = |word: &str| label.contains(&format!(" {word} "));
        if NEGATIVE.iter().any(|word| says(word)) {
            return None;
        }
        let rank = AFFIRMATIVE
            .iter()
            .position(|word| says(word))
            .unwrap_or(AFFIRMATIVE.len());
        Some((rank, *button))
    });
    match leads_on.min_by_key(|(rank, _)| *rank) {
        Some((_, button)) => Choice::Button(button),
        None => Choice::AllLeadAway,
    }
}

/// The text of a button and its name, in lower case, each surrounded by spaces.
fn label(button: ElementRef<'_>) -> String {
    let attribute = |name| button.attr(name).unwrap_or_default();
    let text: String = button.text().collect();
    let all = [&text, attribute("value"), attribute("name"), attribute("aria-label")]
        .join(" ")
        .to_lowercase();
    let words: Vec<_> = all
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .collect();
    format!(" {} ", words.join(" "))
}

/// The enabled controls of a form, including those that belong to it through their `form` attribute.
fn controls<'a>(html: &'a Html, form: ElementRef<'a>) -> Vec<ElementRef<'a>> {
    let belongs = |control: &ElementRef<'a>| match control.attr("form") {
        Some(id) => form.attr("id") == Some(id),
        None => control.ancestors().any(|ancestor| ancestor.id() == form.id()),
    };
    let all = select(html, "input, button, select, textarea").into_iter();
    all.filter(|control| belongs(control) && control.attr("disabled").is_none())
        .collect()
}

/// What a control is: an input's or a button's type, or the element's name.
fn kind(control: ElementRef<'_>) -> String {
    let default = match control.value().name() {
        "input" => "text",
        "button" => "submit",
        other => return other.to_owned(),
    };
    control.attr("type").unwrap_or(default).to_lowercase()
}

fn is_username(control: ElementRef<'_>) -> bool {
    let named = ["name", "id", "autocomplete", "type"].map(|name| control.attr(name).unwrap_or_default());
    let named = named.join(" ").to_lowercase();
    USERNAME.iter().any(|word| named.contains(word))
}

/// A user who wants to continue ticks a required box (terms of use).
fn is_ticked(control: ElementRef<'_>) -> bool {
    control.attr("checked").is_some() || (kind(control) == "checkbox" && control.attr("required").is_some())
}

fn selected(control: ElementRef<'_>) -> String {
    let options: Vec<_> = control
        .descendants()
        .filter_map(ElementRef::wrap)
        .filter(|e| e.value().name() == "option")
        .collect();
    let chosen = options
        .iter()
        .find(|option| option.attr("selected").is_some())
        .or(options.first());
    chosen.map_or_else(String::new, |option| match option.attr("value") {
        Some(value) => value.to_owned(),
        None => option.text().collect::<String>().trim().to_owned(),
    })
}

fn select<'a>(html: &'a Html, selectors: &str) -> Vec<ElementRef<'a>> {
    // The selectors are constants in this file. If one is wrong, it finds nothing and every test fails.
    Selector::parse(selectors).map_or_else(|_| Vec::new(), |selector| html.select(&selector).collect())
}

fn words(html: &Html) -> String {
    let is_shown = |element: &ElementRef<'_>| !["script", "style", "head"].contains(&element.value().name());
    let mut text = String::new();
    for node in html.tree.root().descendants() {
        let shown = node
            .ancestors()
            .filter_map(ElementRef::wrap)
            .all(|element| is_shown(&element));
        if let Some(piece) = node.value().as_text().filter(|_| shown) {
            for word in piece.split_whitespace() {
                text.push_str(word);
                text.push(' ');
            }
        }
    }
    text.chars().take(MAX_TEXT).collect::<String>().trim_end().to_owned()
}
