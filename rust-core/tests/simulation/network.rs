//! The network: requests are refused, and answers are lost, late, or come from a third party.

use std::sync::Arc;
use std::time::Duration;

use pilotlight_core::ports::{BoxFuture, Transport, TransportError, TransportErrorKind};
use pilotlight_core::protocol::message::{HttpAnswer, HttpRequest};

use crate::answers::{Acted, Asked, act, answer, parse};
use crate::ports::View;
use crate::server::Who;
use crate::world::World;

#[derive(Debug)]
pub(crate) struct Network(pub(crate) View);

type Outcome = Result<HttpAnswer, TransportError>;

/// What the network does to one request.
#[derive(Debug, PartialEq, Eq)]
enum Luck {
    Answered,
    /// The request was not processed.
    Refused,
    /// The request was processed, but no answer comes.
    Lost,
    /// The request was not processed, but nobody can know that.
    LostBefore,
    /// The request was processed, but a gateway says that the server did not answer.
    Gateway,
    /// The request will be processed after its sender has given up.
    Zombie,
}

impl Transport for Network {
    fn send(&self, request: HttpRequest) -> BoxFuture<'_, Outcome> {
        let view = self.0.clone();
        Box::pin(async move {
            let asked = parse(&request);
            let flight = Flight::take_off(&view, &asked);
            let outcome = view.detached(travel(view.clone(), asked)).await;
            drop(flight);
            outcome
        })
    }
}

/// A renewal in flight, as far as its sender knows.
struct Flight(Option<(Arc<World>, Who, usize)>);

impl Flight {
    fn take_off(view: &View, asked: &Asked) -> Self {
        let View { world, who } = view;
        world.trace_of(*who, || format!("sends {asked:?}"));
        let Asked::Renewal(token) = asked else {
            return Self(None);
        };
        let now = world.now();
        let family = world.state().presents(*who, token, now);
        Self(family.map(|family| (Arc::clone(world), *who, family)))
    }
}

impl Drop for Flight {
    fn drop(&mut self) {
        if let Some((world, who, family)) = &self.0 {
            let mut state = world.state();
            if let Some(place) = state.in_flight.iter().position(|flight| *flight == (*who, *family)) {
                state.in_flight.remove(place);
            }
        }
    }
}

async fn travel(view: View, asked: Asked) -> Outcome {
    let View { world, who } = &view;
    let sent = world.now();
    let (slowest, is_calm) = {
        let state = world.state();
        (state.profile.slowest_answer, state.is_calm)
    };
    let way = if is_calm {
        Duration::from_millis(100)
    } else {
        slowest / 2
    };
    world.may_crash(*who);
    world.pause_up_to(way).await;
    let luck = draw(world, *who, &asked);
    if luck != Luck::Answered {
        world.trace_of(*who, || format!("network: {luck:?} {asked:?}"));
    }
    let acted = match luck {
        Luck::Answered | Luck::Lost | Luck::Gateway => Some(act(world, &asked, *who, false)),
        Luck::Refused | Luck::LostBefore => None,
        Luck::Zombie => {
            let (world, asked, who) = (Arc::clone(world), asked.clone(), *who);
            world.clone().spawn(Box::pin(async move {
                world.pause_up_to(Duration::from_secs(90)).await;
                world.trace_of(who, || format!("network: only now the issuer acts on {asked:?}"));
                act(&world, &asked, who, true);
            }));
            None
        }
    };
    world.may_crash(*who);
    world.pause_up_to(way).await;
    let outcome = match (luck, acted) {
        (Luck::Answered, Some(acted)) => {
            arrives(world, *who, &asked, &acted, sent);
            Ok(acted.answer)
        }
        (Luck::Refused, _) => refuse(world),
        (Luck::Gateway, _) => Ok(answer(world.now(), 504, "text/html", "<html>gateway timeout</html>")),
        _ => {
            let now = world.now();
            world.state().has_lost(*who, &asked, now);
            Err(TransportError {
                kind: TransportErrorKind::Timeout,
                may_have_been_processed: true,
            })
        }
    };
    world.trace_of(*who, || match &outcome {
        Ok(answer) => format!("network: status {} to {asked:?}", answer.status),
        Err(error) => format!("network: {error} to {asked:?}"),
    });
    world.may_crash(*who);
    outcome
}

fn draw(world: &World, who: Who, asked: &Asked) -> Luck {
    let (profile, is_offline, lost) = {
        let state = world.state();
        let lost = state.processes[who.process].lost_in_a_row;
        (state.profile.clone(), state.is_offline, lost)
    };
    let luck = if is_offline || world.goes_wrong(profile.refusal) {
        Luck::Refused
    } else if lost < profile.most_lost && world.goes_wrong(profile.lost_answer) {
        match world.random().below(4) {
            0 => Luck::LostBefore,
            1 if profile.overlap.is_zero() || profile.most_lost > 2 => Luck::Gateway,
            _ => Luck::Lost,
        }
    } else if world.goes_wrong(profile.zombie) {
        Luck::Zombie
    } else {
        Luck::Answered
    };
    if matches!(asked, Asked::Renewal(_)) {
        let mut state = world.state();
        let is_lost = matches!(luck, Luck::Lost | Luck::LostBefore | Luck::Gateway);
        let row = &mut state.processes[who.process].lost_in_a_row;
        *row = if is_lost { *row + 1 } else { 0 };
        match luck {
            Luck::Refused => state.figures.refusals += 1,
            Luck::Zombie => state.figures.zombies += 1,
            Luck::Answered => {}
            _ => state.figures.lost_answers += 1,
        }
    }
    luck
}

/// The answer to a request that was not processed.
fn refuse(world: &World) -> Outcome {
    let now = world.now();
    let lot = world.random().below(9);
    let no_connection = |kind| TransportError {
        kind,
        may_have_been_processed: false,
    };
    match lot {
        0 => Ok(answer(now, 500, "application/json", "{\"error\":\"server_error\"}")),
        1 => Ok(answer(now, 503, "text/html", "<html>maintenance</html>")),
        2 | 3 => {
            let mut limited = answer(now, 429, "application/json", "");
            let seconds = [0, 2, 30, 86_400][world.random().below(4) as usize];
            limited.headers.push(("retry-after".to_owned(), seconds.to_string()));
            Ok(limited)
        }
        4 => Ok(answer(now, 400, "text/plain", "")),
        5 => Ok(answer(
            now,
            200,
            "text/html",
            "<html>welcome to our wireless network</html>",
        )),
        6 => Ok(answer(now, 403, "text/html", "<html>blocked: invalid_grant</html>")),
        7 => Err(no_connection(TransportErrorKind::Tls)),
        _ => Err(no_connection(TransportErrorKind::Unreachable)),
    }
}

/// The answer reaches its sender.
fn arrives(world: &World, who: Who, asked: &Asked, acted: &Acted, sent: Duration) {
    let mut state = world.state();
    if let Some(family) = acted.refused
        && let Some(seen) = state.seen(who)
    {
        seen.refused.insert(family);
    }
    if let Some(minted) = &acted.minted {
        let is_sign_in = matches!(asked, Asked::Exchange { .. });
        state.has_reached(who, minted, is_sign_in, sent);
    }
}
