//! The kinds of runs. Each leaves out things that could end a session without anybody's fault, so that its rule can be
//! strict; only the last one has everything at once.

use std::time::Duration;

use crate::server::Cause;

/// How often things happen, in thousandths, and the kind of issuer.
#[derive(Clone, Debug)]
pub(crate) struct Profile {
    pub(crate) name: &'static str,
    /// Processes that renew.
    pub(crate) writers: usize,
    /// Processes that only read.
    pub(crate) readers: usize,
    pub(crate) rotation: bool,
    /// How long a spent refresh token still works; zero for not at all.
    pub(crate) overlap: Duration,
    /// Whether a spent token works within the overlap even if its successor was spent too. With real issuers it does
    /// not: two renewals in a row that a store refused then end a session, and nobody can prevent that.
    pub(crate) any_ancestor: bool,
    /// Whether a spent token ends the session, and not only the request.
    pub(crate) reuse_detection: bool,
    /// The chance at each of the three moments of each effect.
    pub(crate) crash: u32,
    pub(crate) lost_answer: u32,
    /// The maximum number of lost answers in a row.
    pub(crate) most_lost: u32,
    /// A request that is processed after its sender gave up.
    pub(crate) zombie: u32,
    /// 5xx, 429, web pages, an empty 400, no connection: none of these requests is processed.
    pub(crate) refusal: u32,
    /// Answers take up to this long.
    pub(crate) slowest_answer: Duration,
    /// The chance for one operation of the store.
    pub(crate) store_failure: u32,
    /// The chances for the following apply at each moment of fate.
    pub(crate) store_closed: u32,
    pub(crate) offline: u32,
    pub(crate) clock_jump: u32,
    pub(crate) freeze: u32,
    pub(crate) revocation_by_issuer: u32,
    /// The chance among the users' actions.
    pub(crate) sign_in: u32,
    pub(crate) sign_out: u32,
    /// The causes by which a session may end here.
    pub(crate) may_end_by: &'static [Cause],
}

const DAYS: Duration = Duration::from_secs(30 * 24 * 3600);
const MINUTES: Duration = Duration::from_secs(120);
const NONE: Duration = Duration::ZERO;

const CALM: Profile = Profile {
    name: "calm",
    writers: 2,
    readers: 0,
    rotation: true,
    overlap: NONE,
    any_ancestor: false,
    reuse_detection: true,
    crash: 0,
    lost_answer: 0,
    most_lost: 0,
    zombie: 0,
    refusal: 0,
    slowest_answer: Duration::from_secs(4),
    store_failure: 0,
    store_closed: 0,
    offline: 0,
    clock_jump: 0,
    freeze: 0,
    revocation_by_issuer: 0,
    sign_in: 0,
    sign_out: 0,
    may_end_by: &[],
};

/// The kinds take turns, seed by seed.
pub(crate) fn profile_of(seed: u64) -> Profile {
    let all = profiles();
    all[(seed % all.len() as u64) as usize].clone()
}

pub(crate) fn profiles() -> Vec<Profile> {
    vec![
        Profile {
            name: "crashes",
            writers: 1,
            overlap: DAYS,
            crash: 15,
            ..CALM
        },
        Profile {
            name: "crashes, two processes",
            overlap: DAYS,
            crash: 15,
            refusal: 50,
            ..CALM
        },
        Profile {
            name: "lost answers, overlap",
            overlap: MINUTES,
            lost_answer: 250,
            most_lost: 2,
            ..CALM
        },
        Profile {
            name: "refusals, no overlap",
            refusal: 250,
            offline: 200,
            slowest_answer: Duration::from_secs(9),
            ..CALM
        },
        Profile {
            name: "failing store, one process",
            writers: 1,
            store_failure: 60,
            store_closed: 250,
            refusal: 50,
            ..CALM
        },
        Profile {
            name: "failing store, two processes",
            overlap: DAYS,
            any_ancestor: true,
            store_failure: 60,
            store_closed: 250,
            refusal: 50,
            ..CALM
        },
        Profile {
            name: "clocks, a reader",
            readers: 1,
            clock_jump: 500,
            refusal: 60,
            ..CALM
        },
        Profile {
            name: "users",
            overlap: DAYS,
            refusal: 60,
            offline: 100,
            sign_in: 120,
            sign_out: 120,
            may_end_by: &[Cause::SignedOut],
            ..CALM
        },
        Profile {
            name: "users and crashes",
            readers: 1,
            overlap: DAYS,
            any_ancestor: true,
            crash: 8,
            store_failure: 20,
            refusal: 60,
            sign_in: 120,
            sign_out: 120,
            may_end_by: &[Cause::SignedOut],
            ..CALM
        },
        Profile {
            name: "suspension",
            overlap: DAYS,
            any_ancestor: true,
            freeze: 500,
            refusal: 40,
            slowest_answer: Duration::from_secs(25),
            ..CALM
        },
        Profile {
            name: "suspension, no overlap",
            reuse_detection: false,
            freeze: 500,
            refusal: 40,
            slowest_answer: Duration::from_secs(25),
            may_end_by: &[Cause::Suspended, Cause::LostAnswer],
            ..CALM
        },
        Profile {
            name: "ended by the issuer",
            writers: 3,
            revocation_by_issuer: 120,
            refusal: 60,
            sign_in: 60,
            may_end_by: &[Cause::RevokedByIssuer],
            ..CALM
        },
        Profile {
            name: "no rotation",
            readers: 1,
            rotation: false,
            crash: 15,
            lost_answer: 100,
            most_lost: 9,
            zombie: 30,
            refusal: 100,
            slowest_answer: Duration::from_secs(29),
            store_failure: 40,
            store_closed: 150,
            offline: 100,
            clock_jump: 150,
            freeze: 150,
            ..CALM
        },
        Profile {
            name: "everything",
            writers: 2,
            readers: 1,
            overlap: Duration::from_secs(10),
            crash: 8,
            lost_answer: 80,
            most_lost: 9,
            zombie: 20,
            refusal: 80,
            slowest_answer: Duration::from_secs(29),
            store_failure: 20,
            store_closed: 100,
            offline: 100,
            clock_jump: 100,
            freeze: 150,
            revocation_by_issuer: 30,
            sign_in: 60,
            sign_out: 40,
            may_end_by: &Cause::ALL,
            ..CALM
        },
        Profile {
            name: "everything, no overlap",
            crash: 8,
            lost_answer: 80,
            most_lost: 9,
            zombie: 20,
            refusal: 80,
            slowest_answer: Duration::from_secs(29),
            store_failure: 20,
            store_closed: 100,
            offline: 100,
            clock_jump: 100,
            freeze: 150,
            revocation_by_issuer: 30,
            sign_in: 60,
            sign_out: 40,
            reuse_detection: false,
            may_end_by: &Cause::ALL,
            ..CALM
        },
    ]
}
