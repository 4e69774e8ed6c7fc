//! The issuer: refresh tokens in families, one for each sign-in, rotated at each use.

use pilotlight_core::model::secret::Secret;
use pilotlight_core::protocol::token::TokenAnswer;

/// One sign-in at the issuer, by its number.
pub(crate) type Family = u8;

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Issuer {
    /// Whether the refresh token before the current one is taken, too.
    overlap: bool,
    families: Vec<State>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct State {
    current: u8,
    is_alive: bool,
}

impl Issuer {
    pub(crate) fn new(overlap: bool) -> Self {
        Self {
            overlap,
            families: Vec::new(),
        }
    }

    pub(crate) fn sign_in(&mut self, user: &str) -> (Family, TokenAnswer) {
        let family = Family::try_from(self.families.len()).unwrap();
        self.families.push(State {
            current: 0,
            is_alive: true,
        });
        (family, answer(&name(user, family, 0)))
    }

    /// A refresh grant: new tokens, or none where the token is dead. A token that was spent before ends its family.
    pub(crate) fn renew(&mut self, token: &Secret) -> Option<TokenAnswer> {
        let (user, family, number) = parse(token.expose());
        let state = &mut self.families[usize::from(family)];
        let is_taken = number == state.current || (self.overlap && number + 1 == state.current);
        if !state.is_alive || !is_taken {
            state.is_alive = false;
            return None;
        }
        state.current += 1;
        Some(answer(&name(user, family, state.current)))
    }

    pub(crate) fn revoke(&mut self, token: &Secret) {
        let (_, family, _) = parse(token.expose());
        self.families[usize::from(family)].is_alive = false;
    }

    pub(crate) fn is_alive(&self, family: Family) -> bool {
        self.families[usize::from(family)].is_alive
    }

    /// Whether this is the newest refresh token of its family.
    pub(crate) fn is_current(&self, token: &Secret) -> bool {
        let (_, family, number) = parse(token.expose());
        self.families[usize::from(family)].current == number
    }

    pub(crate) fn families(&self) -> impl Iterator<Item = Family> {
        0..Family::try_from(self.families.len()).unwrap()
    }
}

/// The family that a token belongs to.
pub(crate) fn family_of(token: &Secret) -> Family {
    parse(token.expose()).1
}

fn answer(refresh_token: &str) -> TokenAnswer {
    TokenAnswer {
        access_token: Some(Secret::new(format!("access {refresh_token}"))),
        refresh_token: Some(Secret::new(refresh_token)),
        id_token: None,
        scope: None,
        expires_in: Some(3600),
        problem: None,
    }
}

fn name(user: &str, family: Family, number: u8) -> String {
    format!("{user} {family} {number}")
}

fn parse(token: &str) -> (&str, Family, u8) {
    let mut parts = token.split(' ');
    let mut next = || parts.next().unwrap();
    (next(), next().parse().unwrap(), next().parse().unwrap())
}
