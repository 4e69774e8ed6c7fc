//! The issuer: refresh tokens in families, one for each sign-in, rotated at each use; and the metadata changes of
//! users.

use pilotlight_core::model::proof_key::{ProofKey, PublicPoint};
use pilotlight_core::model::secret::Secret;
use pilotlight_core::protocol::token::TokenAnswer;

use crate::bounds::Rotation;
use crate::step_up::Grant;

/// Access tokens of step-ups have numbers from here on.
const STEPPED_UP: u8 = 50;

/// One sign-in at the issuer, by its number.
pub(crate) type Family = u8;

/// A refresh token and the access token that came with it: the sign-in, and the token's number in it.
pub(crate) type TokenName = (Family, u8);

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Issuer {
    rotation: Rotation,
    families: Vec<State>,
    /// The metadata changes in the order in which they were made: the user and the change.
    pub(crate) changes: Vec<(User, u8)>,
    /// Keys that processes have made.
    keys: u8,
    /// Step-ups so far.
    step_ups: u8,
}

/// The users that can sign in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum User {
    Ada,
    Grace,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct State {
    user: User,
    current: u8,
    is_alive: bool,
    /// The key that its tokens are bound to, by its number.
    bound_to: Option<u8>,
}

/// The issuer's answer to a refresh grant.
pub(crate) enum Granted {
    Tokens(TokenAnswer),
    /// The token is dead.
    Dead,
    /// It is bound to another key than the request's, or the request has none.
    OfAnotherKey,
}

impl User {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Ada => "ada",
            Self::Grace => "grace",
        }
    }
}

impl Issuer {
    pub(crate) fn new(rotation: Rotation) -> Self {
        Self {
            rotation,
            families: Vec::new(),
            changes: Vec::new(),
            keys: 0,
            step_ups: 0,
        }
    }

    pub(crate) fn sign_in(&mut self, user: User) -> (Family, TokenAnswer) {
        let family = Family::try_from(self.families.len()).unwrap();
        self.families.push(State {
            user,
            current: 0,
            is_alive: true,
            bound_to: None,
        });
        (family, answer((family, 0), None))
    }

    /// The user authenticates again. If there is a refresh token, it belongs to another sign-in at the issuer.
    pub(crate) fn step_up(&mut self, of: Family, grant: Grant) -> (Family, TokenAnswer) {
        self.step_ups += 1;
        let (family, mut tokens) = match grant {
            Grant::WithRefreshToken => self.sign_in(self.user_of(of)),
            Grant::AccessTokenOnly => (of, answer((of, 0), None)),
        };
        tokens.access_token = answer((family, STEPPED_UP + self.step_ups), None).access_token;
        (family, tokens)
    }

    /// A new key, different from all others.
    pub(crate) fn make_key(&mut self) -> ProofKey {
        self.keys += 1;
        let name = format!("{:02}", self.keys);
        ProofKey {
            handle: Secret::new(name.clone()),
            public: PublicPoint {
                x: name,
                y: String::new(),
            },
            in_hardware: false,
        }
    }

    /// A refresh grant with the key of the request.
    pub(crate) fn renew(&mut self, token: &Secret, key: Option<&ProofKey>) -> Granted {
        let (family, number) = name_of(token);
        let state = &mut self.families[usize::from(family)];
        let is_taken = number == state.current || (self.rotation == Rotation::Overlap && number + 1 == state.current);
        if !state.is_alive || !is_taken {
            state.is_alive &= self.rotation == Rotation::Tolerant;
            return Granted::Dead;
        }
        let shown = key.map(|key| key.public.x.parse().unwrap());
        if state.bound_to.is_some() && shown != state.bound_to {
            return Granted::OfAnotherKey;
        }
        state.bound_to = shown.or(state.bound_to);
        state.current += 1;
        Granted::Tokens(answer((family, state.current), key))
    }

    pub(crate) fn revoke(&mut self, token: &Secret) {
        self.families[usize::from(family_of(token))].is_alive = false;
    }

    pub(crate) fn is_alive(&self, family: Family) -> bool {
        self.families[usize::from(family)].is_alive
    }

    /// Whether this is the newest refresh token of its family.
    pub(crate) fn is_current(&self, token: &Secret) -> bool {
        let (family, number) = name_of(token);
        self.families[usize::from(family)].current == number
    }

    pub(crate) fn user_of(&self, family: Family) -> User {
        self.families[usize::from(family)].user
    }

    pub(crate) fn families(&self) -> impl Iterator<Item = Family> + use<> {
        0..Family::try_from(self.families.len()).unwrap()
    }
}

/// Whether this access token came with a step-up.
pub(crate) fn is_of_step_up(access_token: &Secret) -> bool {
    name_of(access_token).1 > STEPPED_UP
}

/// The family that a token belongs to.
pub(crate) fn family_of(token: &Secret) -> Family {
    name_of(token).0
}

/// Reads a token, for access or for refresh.
pub(crate) fn name_of(token: &Secret) -> TokenName {
    let bytes = token.expose().as_bytes();
    let digit = |place: usize| bytes[place] - b'0';
    (digit(1), digit(2) * 10 + digit(3))
}

fn answer((family, number): TokenName, key: Option<&ProofKey>) -> TokenAnswer {
    let named = |kind: char| Some(Secret::new(format!("{kind}{family}{number:02}")));
    TokenAnswer {
        access_token: named('a'),
        refresh_token: named('r'),
        id_token: None,
        device_secret: None,
        scope: None,
        expires_in: Some(3600),
        problem: None,
        proof_key: key.cloned(),
        is_bound: key.is_some(),
    }
}
