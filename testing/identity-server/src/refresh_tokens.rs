//! Refresh token families: rotation, the overlap period and reuse detection. Pure bookkeeping, no I/O.

use std::collections::{BTreeMap, HashMap};

use crate::grant::Grant;
use crate::random;
use crate::settings::Settings;

/// Every refresh token ever issued, including dead ones, because reuse can be detected only by remembering them.
#[derive(Default)]
pub(crate) struct RefreshTokens {
    tokens: HashMap<String, Token>,
    families: BTreeMap<u64, Family>,
    next_family: u64,
}

struct Token {
    family: u64,
    parent: Option<String>,
    touched_at_ms: i64,
    /// When it was first exchanged for a successor.
    spent_at_ms: Option<i64>,
    /// Whether a successor was exchanged in turn: this token is then no longer the *immediately* previous one.
    superseded: bool,
}

#[derive(Debug)]
struct Family {
    grant: Grant,
    began_at_ms: i64,
    alive: bool,
}

/// The result of presenting a token.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Presented {
    /// Valid. `overlap`: it was spent before, but is still within the overlap period.
    Usable {
        family: u64,
        grant: Box<Grant>,
        overlap: bool,
    },
    /// Reuse: the family has just been ended.
    Reused { family: u64 },
    /// Unknown, another client's, expired or dead. `spent`: it had been exchanged once.
    Dead { spent: bool },
}

impl RefreshTokens {
    /// Begins a family. Returns its id and first token.
    pub(crate) fn begin(&mut self, grant: Grant, now_ms: i64, settings: &Settings) -> (u64, String) {
        let family = self.next_family;
        self.next_family += 1;
        let same = |other: &Grant| (&other.user_id, &other.client_id) == (&grant.user_id, &grant.client_id);
        let mut live: Vec<u64> = self
            .families
            .iter()
            .filter(|(_, f)| f.alive && same(&f.grant))
            .map(|(id, _)| *id)
            .collect();
        while live.len() >= settings.refresh_token_limit.max(1) {
            self.end(live.remove(0));
        }
        self.families.insert(
            family,
            Family {
                grant,
                began_at_ms: now_ms,
                alive: true,
            },
        );
        (family, self.issue(family, None, now_ms))
    }

    /// Checks a token. Ends its family if it is reused.
    pub(crate) fn present(&mut self, token: &str, client_id: &str, now_ms: i64, settings: &Settings) -> Presented {
        let Some(known) = self.tokens.get(token) else {
            return Presented::Dead { spent: false };
        };
        let (id, spent) = (known.family, known.spent_at_ms.is_some());
        let Some(family) = self.families.get_mut(&id) else {
            return Presented::Dead { spent };
        };
        let expires = family.grant.device.is_none();
        let over = |since: i64, seconds: i64| expires && now_ms >= since.saturating_add(seconds.saturating_mul(1000));
        let idle_for_too_long = settings
            .refresh_token_idle_lifetime
            .is_some_and(|seconds| over(known.touched_at_ms, seconds));
        if !family.alive
            || family.grant.client_id != client_id
            || over(family.began_at_ms, settings.refresh_token_lifetime)
            || idle_for_too_long
        {
            return Presented::Dead { spent };
        }
        if let Some(spent_at) = known.spent_at_ms
            && (known.superseded || over(spent_at, settings.leeway))
        {
            family.alive = false;
            return Presented::Reused { family: id };
        }
        Presented::Usable {
            family: id,
            grant: Box::new(family.grant.clone()),
            overlap: spent,
        }
    }

    /// Checks a device's token, which is never rotated. Any other token counts as dead here and does not change.
    pub(crate) fn present_device(
        &mut self,
        token: &str,
        client_id: &str,
        now_ms: i64,
        settings: &Settings,
    ) -> Presented {
        let family = self
            .tokens
            .get(token)
            .and_then(|known| self.families.get(&known.family));
        if family.is_none_or(|family| family.grant.device.is_none()) {
            return Presented::Dead { spent: false };
        }
        self.present(token, client_id, now_ms, settings)
    }

    /// Exchanges a usable token. Returns its successor, or none if tokens are not rotated.
    pub(crate) fn exchange(&mut self, token: &str, now_ms: i64, settings: &Settings) -> Option<String> {
        let known = self.tokens.get_mut(token)?;
        known.touched_at_ms = now_ms;
        if !settings.rotation {
            return None;
        }
        // The overlap counts from the first exchange, so that reuse does not prolong it.
        known.spent_at_ms.get_or_insert(now_ms);
        let (family, parent) = (known.family, known.parent.clone());
        if let Some(parent) = parent.and_then(|parent| self.tokens.get_mut(&parent)) {
            parent.superseded = true;
        }
        Some(self.issue(family, Some(token.to_owned()), now_ms))
    }

    /// The family of a token of this client, dead or alive.
    pub(crate) fn family_of(&self, token: &str, client_id: &str) -> Option<u64> {
        let family = self.tokens.get(token)?.family;
        (self.families.get(&family)?.grant.client_id == client_id).then_some(family)
    }

    /// Binds a family to a key, from now on (RFC 9449 section 5).
    pub(crate) fn bind(&mut self, family: u64, key: &Option<String>) {
        if let Some(family) = self.families.get_mut(&family) {
            family.grant.key.clone_from(key);
        }
    }

    /// Ends a family. Returns whether it was alive.
    pub(crate) fn end(&mut self, family: u64) -> bool {
        self.families
            .get_mut(&family)
            .is_some_and(|family| std::mem::replace(&mut family.alive, false))
    }

    /// The families of a user that are alive.
    pub(crate) fn live_of(&self, user_id: &str) -> Vec<u64> {
        let live = self
            .families
            .iter()
            .filter(|(_, f)| f.alive && f.grant.user_id == user_id);
        live.map(|(id, _)| *id).collect()
    }

    fn issue(&mut self, family: u64, parent: Option<String>, now_ms: i64) -> String {
        // The prefix of Auth0's refresh tokens.
        let token = format!("v1.{}", random::token());
        let record = Token {
            family,
            parent,
            touched_at_ms: now_ms,
            spent_at_ms: None,
            superseded: false,
        };
        self.tokens.insert(token.clone(), record);
        token
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const T0: i64 = 1_000_000;

    fn grant() -> Grant {
        Grant {
            client_id: "app".into(),
            user_id: "auth0|1".into(),
            ..Grant::default()
        }
    }

    fn with_leeway(leeway: i64) -> Settings {
        Settings {
            leeway,
            ..Settings::default()
        }
    }

    /// Presents a token and exchanges it if it is usable.
    fn refresh(tokens: &mut RefreshTokens, token: &str, at: i64, settings: &Settings) -> Option<String> {
        match tokens.present(token, "app", at, settings) {
            Presented::Usable { .. } => tokens.exchange(token, at, settings),
            _ => None,
        }
    }

    #[test]
    fn without_leeway_a_second_use_ends_the_family() {
        let (mut tokens, settings) = (RefreshTokens::default(), with_leeway(0));
        let (family, first) = tokens.begin(grant(), T0, &settings);
        let second = refresh(&mut tokens, &first, T0, &settings).unwrap();
        assert_eq!(
            tokens.present(&first, "app", T0, &settings),
            Presented::Reused { family }
        );
        assert_eq!(
            tokens.present(&second, "app", T0, &settings),
            Presented::Dead { spent: false }
        );
    }

    #[test]
    fn inside_the_overlap_each_use_of_the_previous_token_issues_a_new_one() {
        let (mut tokens, settings) = (RefreshTokens::default(), with_leeway(10));
        let (_, first) = tokens.begin(grant(), T0, &settings);
        let second = refresh(&mut tokens, &first, T0, &settings).unwrap();
        let third = refresh(&mut tokens, &first, T0 + 9_999, &settings).unwrap();
        assert_ne!(second, third);
        assert!(refresh(&mut tokens, &third, T0 + 9_999, &settings).is_some());
        assert!(refresh(&mut tokens, &second, T0 + 9_999, &settings).is_some());
    }

    #[test]
    fn reuse_does_not_prolong_the_overlap() {
        let (mut tokens, settings) = (RefreshTokens::default(), with_leeway(10));
        let (family, first) = tokens.begin(grant(), T0, &settings);
        refresh(&mut tokens, &first, T0, &settings).unwrap();
        refresh(&mut tokens, &first, T0 + 9_000, &settings).unwrap();
        assert_eq!(
            tokens.present(&first, "app", T0 + 10_000, &settings),
            Presented::Reused { family }
        );
    }

    #[test]
    fn an_older_token_ends_the_family_even_inside_the_overlap() {
        let (mut tokens, settings) = (RefreshTokens::default(), with_leeway(10));
        let (family, first) = tokens.begin(grant(), T0, &settings);
        let second = refresh(&mut tokens, &first, T0, &settings).unwrap();
        let third = refresh(&mut tokens, &second, T0, &settings).unwrap();
        assert_eq!(
            tokens.present(&first, "app", T0 + 1, &settings),
            Presented::Reused { family }
        );
        assert_eq!(
            tokens.present(&third, "app", T0 + 1, &settings),
            Presented::Dead { spent: false }
        );
    }

    #[test]
    fn without_rotation_one_token_serves_for_its_lifetime() {
        let settings = Settings {
            rotation: false,
            refresh_token_lifetime: 100,
            ..Settings::default()
        };
        let mut tokens = RefreshTokens::default();
        let (_, token) = tokens.begin(grant(), T0, &settings);
        for at in [T0, T0 + 50_000, T0 + 99_999] {
            assert!(matches!(
                tokens.present(&token, "app", at, &settings),
                Presented::Usable { overlap: false, .. }
            ));
            assert_eq!(tokens.exchange(&token, at, &settings), None);
        }
        assert_eq!(
            tokens.present(&token, "app", T0 + 100_000, &settings),
            Presented::Dead { spent: false }
        );
    }

    #[test]
    fn idle_tokens_expire_and_used_ones_do_not() {
        let settings = Settings {
            refresh_token_idle_lifetime: Some(10),
            ..Settings::default()
        };
        let mut tokens = RefreshTokens::default();
        let (_, first) = tokens.begin(grant(), T0, &settings);
        let second = refresh(&mut tokens, &first, T0 + 9_000, &settings).unwrap();
        assert!(matches!(
            tokens.present(&second, "app", T0 + 18_000, &settings),
            Presented::Usable { .. }
        ));
        assert_eq!(
            tokens.present(&second, "app", T0 + 19_000, &settings),
            Presented::Dead { spent: false }
        );
    }

    #[test]
    fn past_the_limit_the_oldest_family_goes() {
        let settings = Settings {
            refresh_token_limit: 2,
            ..Settings::default()
        };
        let mut tokens = RefreshTokens::default();
        let all: Vec<String> = (0..3).map(|_| tokens.begin(grant(), T0, &settings).1).collect();
        assert_eq!(
            tokens.present(&all[0], "app", T0, &settings),
            Presented::Dead { spent: false }
        );
        assert!(matches!(
            tokens.present(&all[1], "app", T0, &settings),
            Presented::Usable { .. }
        ));
    }

    #[test]
    fn another_clients_token_is_unknown_and_unharmed() {
        let (mut tokens, settings) = (RefreshTokens::default(), with_leeway(0));
        let (_, token) = tokens.begin(grant(), T0, &settings);
        assert_eq!(
            tokens.present(&token, "other", T0, &settings),
            Presented::Dead { spent: false }
        );
        assert!(matches!(
            tokens.present(&token, "app", T0, &settings),
            Presented::Usable { .. }
        ));
    }
}
