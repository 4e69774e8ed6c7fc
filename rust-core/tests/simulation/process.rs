//! A process: its start, its end, and the actions of its users.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::{Either, select};
use pilotlight_core::machine::error::Error;
use pilotlight_core::model::configuration::{Configuration, Provider, SessionConfiguration};
use pilotlight_core::model::state::SessionState;
use pilotlight_core::session::{RefreshOptions, SessionManager, SignInOptions, TokenOptions};

use crate::answers::{CLIENT, ISSUER, authorize};
use crate::ports::View;
use crate::server::Who;
use crate::world::{Call, Seen, World};

/// Tasks that use the session at the same time.
const ACTORS: u32 = 2;

fn configuration() -> Configuration {
    let written = SessionConfiguration::new(
        Provider::OpenIdConnect {
            issuer: ISSUER.to_owned(),
        },
        CLIENT,
        "com.example.pilotlight://callback",
        &["openid", "offline_access"],
    );
    Configuration::parse(written).unwrap()
}

/// Starts a process again; its users continue with their remaining actions.
pub(crate) fn start(world: &Arc<World>, process: usize) -> User {
    let who = {
        let (mut state, now) = (world.state(), world.now());
        let process_state = &mut state.processes[process];
        process_state.start += 1;
        process_state.is_alive = true;
        process_state.started_at = now;
        process_state.seen = Seen::default();
        Who {
            process,
            start: process_state.start,
        }
    };
    world.trace_of(who, || "starts".to_owned());
    let view = View {
        world: Arc::clone(world),
        who,
    };
    let manager = SessionManager::new(configuration(), "default", view.dependencies()).unwrap();
    let events = manager.subscribe();
    let mut state = world.state();
    state.processes[process].events = Some(events);
    state.processes[process].manager = Some(manager.clone());
    drop(state);
    User { view, manager }
}

/// Lets the users of a process continue.
pub(crate) fn populate(user: &User) {
    let process = user.view.who.process;
    user.view.world.state().processes[process].actors = ACTORS;
    for _ in 0..ACTORS {
        let user = user.clone();
        user.view.clone().spawn(Box::pin(async move { user.live().await }));
    }
}

/// The process has ended: only its stored data remains.
pub(crate) fn bury(world: &World, process: usize) {
    let mut state = world.state();
    let buried = &mut state.processes[process];
    let who = Who {
        process,
        start: buried.start,
    };
    buried.is_alive = false;
    buried.actors = 0;
    let remains = (buried.manager.take(), buried.events.take());
    state.figures.crashes += 1;
    state.calls.retain(|_, call| call.who != who);
    drop(state);
    world.trace_of(who, || "CRASHES".to_owned());
    drop(remains);
}

/// A user of the session.
#[derive(Clone)]
pub(crate) struct User {
    pub(crate) view: View,
    pub(crate) manager: SessionManager,
}

impl User {
    async fn live(&self) {
        let (world, who) = (&self.view.world, self.view.who);
        let _ = self.restore().await;
        loop {
            let longest = [2, 30, 600, 7200][world.random().below(4) as usize];
            world.pause_up_to(Duration::from_secs(longest)).await;
            if !world.state().processes[who.process].takes_action() {
                return;
            }
            self.act().await;
        }
    }

    async fn act(&self) {
        let world = &self.view.world;
        let (sign_in, sign_out) = {
            let state = world.state();
            (u64::from(state.profile.sign_in), u64::from(state.profile.sign_out))
        };
        let lot = world.random().below(1000);
        if lot < sign_in {
            self.sign_in().await;
        } else if lot < sign_in + sign_out {
            self.sign_out().await;
        } else {
            let lot = world.random().below(12);
            match lot {
                0..=5 => self.ask_for_token().await,
                6 => {
                    let _ = self.restore().await;
                }
                7 => {
                    let scopes = [Vec::new(), vec!["openid".to_owned()]][world.random().below(2) as usize].clone();
                    let options = RefreshOptions {
                        scopes,
                        parameters: Vec::new(),
                    };
                    let _ = self.call("refresh", self.manager.refresh(options)).await;
                }
                8 => {
                    let again = world.random().chance(500);
                    let _ = self.call("profile", self.manager.profile(again)).await;
                }
                9 | 10 => self.lose_patience().await,
                _ => self.look_at_token(),
            }
        }
    }

    pub(crate) async fn restore(&self) -> Result<SessionState, Error> {
        self.call("restore", self.manager.restore()).await
    }

    pub(crate) async fn token(&self, options: TokenOptions) -> Result<(), Error> {
        let world = &self.view.world;
        let left = world.state().processes[self.view.who.process].seen.left.clone();
        let what = format!(
            "access_token min {} s{}{}",
            options.min_ttl.as_secs(),
            if options.force_refresh { ", forced" } else { "" },
            if options.allow_expired { ", also expired" } else { "" },
        );
        let token = self.call(&what, self.manager.access_token(options)).await?;
        let now = world.now();
        world.state().hands_out(self.view.who, &left, token.expose());
        if !options.allow_expired {
            world.state().is_fresh(token.expose(), now);
        }
        Ok(())
    }

    async fn ask_for_token(&self) {
        let options = {
            let mut random = self.view.world.random();
            TokenOptions {
                min_ttl: Duration::from_secs([0, 0, 30, 1800][random.below(4) as usize]),
                force_refresh: random.chance(400),
                allow_expired: random.chance(200),
            }
        };
        let _ = self.token(options).await;
    }

    fn look_at_token(&self) {
        let left = self.view.world.state().processes[self.view.who.process]
            .seen
            .left
            .clone();
        let token = self.manager.with_cached_access_token(Duration::ZERO, str::to_owned);
        if let Some(token) = token {
            self.view.world.state().hands_out(self.view.who, &left, &token);
        }
    }

    /// Asks for a token, and stops waiting before it comes.
    async fn lose_patience(&self) {
        let world = &self.view.world;
        let options = TokenOptions {
            force_refresh: world.random().chance(700),
            ..TokenOptions::default()
        };
        let call = Box::pin(self.call("access_token, for a while", self.manager.access_token(options)));
        let patience = world.pause_up_to(Duration::from_secs(5));
        if let Either::Right((_, abandoned)) = select(call, patience).await {
            drop(abandoned);
            world.state().figures.abandoned_calls += 1;
            world.trace_of(self.view.who, || "nobody waits for it any more".to_owned());
        }
    }

    pub(crate) async fn sign_in(&self) {
        let world = &self.view.world;
        let Ok(request) = self
            .call("begin_sign_in", self.manager.begin_sign_in(SignInOptions::default()))
            .await
        else {
            return;
        };
        world.pause_up_to(Duration::from_secs(60)).await;
        let callback = authorize(world, &request.url, "auth0|ada");
        if world.goes_wrong(100) {
            self.manager.cancel_sign_in();
        }
        for _ in 0..3 {
            match self
                .call("complete_sign_in", self.manager.complete_sign_in(&callback))
                .await
            {
                Ok(_) => {
                    world.state().figures.sign_ins += 1;
                    return;
                }
                Err(Error::SignInCancelled | Error::SignIn { .. } | Error::Store(_)) => return,
                Err(_) => world.pause_up_to(Duration::from_secs(20)).await,
            }
        }
    }

    async fn sign_out(&self) {
        {
            let mut state = self.view.world.state();
            let process = &mut state.processes[self.view.who.process];
            if process.reads_only {
                return;
            }
            process.seen.sign_outs += 1;
            process.seen.sign_outs_under_way += 1;
            state.figures.sign_outs += 1;
        }
        let call = async { Ok(self.manager.sign_out().await) };
        let _ = self.call("sign_out", call).await;
        let now = self.view.world.now();
        let mut state = self.view.world.state();
        let seen = &mut state.processes[self.view.who.process].seen;
        seen.sign_outs_under_way -= 1;
        seen.last_sign_out = now;
    }

    /// Makes a call, and watches until it returns.
    async fn call<T>(&self, what: &str, call: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
        let (world, who) = (&self.view.world, self.view.who);
        let watch = Watch::begin(&self.view, what);
        let outcome = call.await;
        world.trace_of(who, || match &outcome {
            Ok(_) => format!("{what} returns"),
            Err(error) => format!("{what} fails: {error}"),
        });
        if let Err(error) = &outcome {
            world.state().fails(who, error);
        }
        watch.end();
        outcome
    }
}

/// A call in progress; it is also over when it is dropped.
struct Watch<'a> {
    view: &'a View,
    number: u64,
}

impl<'a> Watch<'a> {
    fn begin(view: &'a View, what: &str) -> Self {
        view.world.trace_of(view.who, || format!("{what} …"));
        let since = view.world.now();
        let mut state = view.world.state();
        let number = state.next_call;
        state.next_call += 1;
        state.figures.actions += 1;
        let call = Call {
            who: view.who,
            what: what.to_owned(),
            since,
        };
        state.calls.insert(number, call);
        drop(state);
        Self { view, number }
    }

    fn end(self) {
        let now = self.view.world.now();
        let mut state = self.view.world.state();
        if let Some(call) = state.calls.get(&self.number) {
            let took = now.saturating_sub(call.since);
            state.figures.longest_call = state.figures.longest_call.max(took);
        }
    }
}

impl Drop for Watch<'_> {
    fn drop(&mut self) {
        self.view.world.state().calls.remove(&self.number);
    }
}
