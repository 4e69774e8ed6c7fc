//! The issuer's state: sign-ins (families of refresh tokens), rotation, the overlap, reuse detection. Each token also
//! has facts that only the simulation knows: which processes it reached, and whether it was written.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::profile::Profile;
use crate::random::Random;

/// A process between a start and its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Who {
    pub(crate) process: usize,
    pub(crate) start: u32,
}

/// Why a session ended, or a token was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Cause {
    RevokedByIssuer,
    SignedOut,
    /// The answer with the successor never arrived, and the overlap was over.
    LostAnswer,
    /// The successor arrived, and the process ended before it was written.
    LostInCrash,
    /// The successor arrived, and the store refused it.
    FailedWrite,
    /// A process was suspended, released its lock and continued.
    Suspended,
    /// A request was processed after its sender had given up.
    Zombie,
    /// None of these: a mistake.
    Unexplained,
}

impl Cause {
    pub(crate) const ALL: [Self; 7] = [
        Self::RevokedByIssuer,
        Self::SignedOut,
        Self::LostAnswer,
        Self::LostInCrash,
        Self::FailedWrite,
        Self::Suspended,
        Self::Zombie,
    ];
}

#[derive(Debug)]
pub(crate) struct Family {
    pub(crate) subject: String,
    pub(crate) nonce: String,
    pub(crate) began: Duration,
    pub(crate) ended: Option<Cause>,
    /// Why one of its tokens was refused although the family is alive: the token was spent, and nothing else is known.
    pub(crate) refused: Option<Cause>,
    /// The end is in the store.
    pub(crate) end_is_stored: bool,
}

#[derive(Debug)]
pub(crate) struct RefreshToken {
    pub(crate) family: usize,
    pub(crate) parent: Option<String>,
    pub(crate) spent_at: Option<Duration>,
    superseded: bool,
    /// The processes that the answer reached, and when their access token expires by their wall clock.
    pub(crate) reached: Vec<(Who, i64)>,
    pub(crate) write_tried: bool,
    pub(crate) write_failed: bool,
}

#[derive(Clone, Debug)]
pub(crate) struct Minted {
    pub(crate) access_token: String,
    pub(crate) refresh_token: String,
    pub(crate) rotated: bool,
    pub(crate) lifetime: u64,
    pub(crate) family: usize,
}

#[derive(Clone, Debug)]
pub(crate) struct AccessToken {
    pub(crate) refresh_token: String,
    pub(crate) expires: Duration,
}

#[derive(Debug)]
pub(crate) struct Code {
    pub(crate) subject: String,
    pub(crate) nonce: String,
    pub(crate) used: bool,
}

/// The token endpoint's decision about a refresh token.
pub(crate) enum Verdict {
    Renewed(Minted),
    Refused(usize),
}

#[derive(Debug, Default)]
pub(crate) struct Server {
    pub(crate) families: Vec<Family>,
    pub(crate) refresh_tokens: BTreeMap<String, RefreshToken>,
    pub(crate) access_tokens: BTreeMap<String, AccessToken>,
    pub(crate) codes: BTreeMap<String, Code>,
}

impl Server {
    /// A code was exchanged, which begins a family.
    pub(crate) fn begin(&mut self, subject: &str, nonce: &str, now: Duration, random: &mut Random) -> Minted {
        let family = self.families.len();
        self.families.push(Family {
            subject: subject.to_owned(),
            nonce: nonce.to_owned(),
            began: now,
            ended: None,
            refused: None,
            end_is_stored: false,
        });
        self.mint(family, None, now, random)
    }

    /// `explain` returns why a spent token was sent; it is called only in that case.
    pub(crate) fn renew(
        &mut self,
        token: &str,
        profile: &Profile,
        now: Duration,
        random: &mut Random,
        explain: impl FnOnce(&Self) -> Cause,
    ) -> Option<Verdict> {
        let known = self.refresh_tokens.get(token)?;
        let family = known.family;
        if self.families[family].ended.is_some() {
            return Some(Verdict::Refused(family));
        }
        let too_late = known.spent_at.is_some_and(|spent| now >= spent + profile.overlap);
        if too_late || (known.superseded && !profile.any_ancestor) {
            let cause = explain(self);
            let family_state = &mut self.families[family];
            family_state.refused = Some(cause);
            if profile.reuse_detection {
                family_state.ended = Some(cause);
            }
            return Some(Verdict::Refused(family));
        }
        if !profile.rotation {
            let minted = self.mint_access(token.to_owned(), family, false, now, random);
            return Some(Verdict::Renewed(minted));
        }
        let known = self.refresh_tokens.get_mut(token)?;
        known.spent_at.get_or_insert(now);
        if let Some(parent) = known
            .parent
            .clone()
            .and_then(|parent| self.refresh_tokens.get_mut(&parent))
        {
            parent.superseded = true;
        }
        Some(Verdict::Renewed(self.mint(family, Some(token.to_owned()), now, random)))
    }

    pub(crate) fn end(&mut self, family: usize, cause: Cause) {
        self.families[family].ended.get_or_insert(cause);
    }

    /// Whether `token` would be renewed now.
    pub(crate) fn is_usable(&self, token: &str, profile: &Profile, now: Duration) -> bool {
        self.refresh_tokens.get(token).is_some_and(|known| {
            let too_late = known.spent_at.is_some_and(|spent| now >= spent + profile.overlap);
            self.families[known.family].ended.is_none() && !too_late && (profile.any_ancestor || !known.superseded)
        })
    }

    /// Whether `later` is a successor of `earlier`, by one or several renewals.
    pub(crate) fn is_descendant(&self, later: &str, earlier: &str) -> bool {
        let mut token = later;
        while let Some(parent) = self.refresh_tokens.get(token).and_then(|token| token.parent.as_deref()) {
            if parent == earlier {
                return true;
            }
            token = parent;
        }
        false
    }

    pub(crate) fn descendants<'a>(&'a self, token: &'a str) -> impl Iterator<Item = (&'a String, &'a RefreshToken)> {
        self.refresh_tokens
            .iter()
            .filter(move |(later, _)| self.is_descendant(later, token))
    }

    fn mint(&mut self, family: usize, parent: Option<String>, now: Duration, random: &mut Random) -> Minted {
        let refresh_token = format!("rt-{family}-{}-{:08x}", self.refresh_tokens.len(), random.next() >> 32);
        let token = RefreshToken {
            family,
            parent,
            spent_at: None,
            superseded: false,
            reached: Vec::new(),
            write_tried: false,
            write_failed: false,
        };
        self.refresh_tokens.insert(refresh_token.clone(), token);
        self.mint_access(refresh_token, family, true, now, random)
    }

    fn mint_access(
        &mut self,
        refresh_token: String,
        family: usize,
        rotated: bool,
        now: Duration,
        random: &mut Random,
    ) -> Minted {
        let access_token = format!("at-{family}-{}-{:08x}", self.access_tokens.len(), random.next() >> 32);
        let lifetime = [60, 300, 3600][random.below(3) as usize];
        let access = AccessToken {
            refresh_token: refresh_token.clone(),
            expires: now + Duration::from_secs(lifetime),
        };
        self.access_tokens.insert(access_token.clone(), access);
        Minted {
            access_token,
            refresh_token,
            rotated,
            lifetime,
            family,
        }
    }
}
