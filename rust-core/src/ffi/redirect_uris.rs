//! The redirect URIs of the open sessions. Sessions at different issuers that have the same redirect URI are made known
//! to each other. See [`SessionManager::meet`].

use crate::session::{SessionManager, WeakSessionManager};

/// A list is enough: there are few redirect URIs and issuers, however many sessions there are.
#[derive(Debug)]
pub(super) struct RedirectUris(Vec<SamePlace>);

/// The sessions with the same redirect URI at the same issuer.
#[derive(Debug)]
struct SamePlace {
    redirect_uri: String,
    issuer: String,
    /// Those that have met a session at another issuer. Each session needs to meet only one.
    met: Vec<WeakSessionManager>,
    /// Those that have not.
    alone: Vec<WeakSessionManager>,
}

impl RedirectUris {
    pub(super) const NONE: Self = Self(Vec::new());

    /// Makes the session known to those at other issuers that have its redirect URI, and the other way round.
    pub(super) fn add(&mut self, manager: &SessionManager) {
        let (redirect_uri, issuer) = manager.redirect_uri_and_issuer();
        let (mut own, mut has_met) = (None, false);
        for (index, place) in self.0.iter_mut().enumerate() {
            if place.redirect_uri != redirect_uri {
                continue;
            }
            if place.issuer == issuer {
                own = Some(index);
            } else {
                has_met |= place.meet(manager);
            }
        }
        let own = own.unwrap_or_else(|| {
            self.0.push(SamePlace {
                redirect_uri,
                issuer,
                met: Vec::new(),
                alone: Vec::new(),
            });
            self.0.len() - 1
        });
        let own = &mut self.0[own];
        let sessions = if has_met { &mut own.met } else { &mut own.alone };
        sessions.push(WeakSessionManager::of(manager));
    }

    /// The same for a session that may have had another redirect URI until now.
    pub(super) fn add_again(&mut self, manager: &SessionManager) {
        let is_another = |session: &WeakSessionManager| !session.is_of(manager);
        for place in &mut self.0 {
            place.met.retain(is_another);
            place.alone.retain(is_another);
        }
        self.add(manager);
    }

    /// Removes closed sessions: a weak handle still holds part of a session's memory.
    pub(super) fn forget_closed(&mut self) {
        let is_open = |session: &WeakSessionManager| session.upgrade().is_some();
        self.0.retain_mut(|place| {
            place.met.retain(is_open);
            place.alone.retain(is_open);
            !(place.met.is_empty() && place.alone.is_empty())
        });
    }
}

impl SamePlace {
    /// Each session meets a session at another issuer once. The new session meets those that have met none, and one
    /// that has, if it is still open. False if none is open.
    fn meet(&mut self, manager: &SessionManager) -> bool {
        for session in self.alone.drain(..) {
            if let Some(other) = session.upgrade() {
                manager.meet(&other);
                self.met.push(session);
            }
        }
        while let Some(session) = self.met.last() {
            if let Some(other) = session.upgrade() {
                manager.meet(&other);
                return true;
            }
            self.met.pop();
        }
        false
    }
}
