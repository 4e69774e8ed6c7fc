//! The store that all processes share. Each operation happens at one moment, has others before and after it, and
//! continues even if nobody waits for it any more, like blocking calls.

use std::time::Duration;

use pilotlight_core::model::configuration::UNREADABLE_SUFFIX;
use pilotlight_core::model::secret::{Fingerprint, SecretBytes};
use pilotlight_core::ports::{BoxFuture, SecretStore, StoreError};

use crate::ports::View;
use crate::world::World;

const SLOWEST: Duration = Duration::from_millis(40);
/// Now and then an operation of the store takes this long.
const SLOWEST_OF_ALL: Duration = Duration::from_secs(3);

#[derive(Debug)]
pub(crate) struct Store(pub(crate) View);

impl Store {
    async fn operation<T: Send + 'static>(
        &self,
        what: &'static str,
        act: impl FnOnce(&World) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let View { world, who } = self.0.clone();
        let slowest = if world.goes_wrong(50) { SLOWEST_OF_ALL } else { SLOWEST };
        let operation = async move {
            world.may_crash(who);
            world.pause_up_to(slowest).await;
            let outcome = act(&world);
            world.trace_of(who, || {
                format!("store: {what}{}", if outcome.is_ok() { "" } else { " FAILED" })
            });
            world.may_crash(who);
            world.pause_up_to(slowest).await;
            world.may_crash(who);
            outcome
        };
        self.0.detached(operation).await
    }
}

/// The obstacle to any operation at this moment.
fn obstacle(world: &World) -> Option<StoreError> {
    let failure = world.state().profile.store_failure;
    if world.state().store_is_closed {
        Some(StoreError::Locked)
    } else if world.goes_wrong(failure) {
        Some(StoreError::Failed {
            explanation: "no space left".to_owned(),
            status: Some(28),
        })
    } else {
        None
    }
}

impl SecretStore for Store {
    fn read<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Result<Option<SecretBytes>, StoreError>> {
        let name = name.to_owned();
        Box::pin(async move {
            let read = self.operation("read", move |world| {
                obstacle(world).map_or(Ok(()), Err)?;
                let state = world.state();
                Ok((state.items.get(&name).cloned(), state.store_clock))
            });
            let outcome = read.await;
            // Only now its process can know.
            self.0.world.state().has_read(self.0.who, &outcome);
            outcome.map(|(found, _)| found.map(SecretBytes::new))
        })
    }

    fn write<'a>(&'a self, name: &'a str, value: SecretBytes) -> BoxFuture<'a, Result<(), StoreError>> {
        let (name, who, known) = (name.to_owned(), self.0.who, self.0.known());
        Box::pin(self.operation("write", move |world| {
            let obstacle = obstacle(world);
            let (mut state, now) = (world.state(), world.now());
            if name.ends_with(UNREADABLE_SUFFIX) {
                state.blame("an item was put aside as unreadable".to_owned());
            }
            state.writes((who, known), &name, Some(value.expose()), obstacle.is_none(), now);
            obstacle.map_or(Ok(()), Err)
        }))
    }

    fn delete<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Result<(), StoreError>> {
        let (name, who, known) = (name.to_owned(), self.0.who, self.0.known());
        Box::pin(self.operation("delete", move |world| {
            let obstacle = obstacle(world);
            let (mut state, now) = (world.state(), world.now());
            if !name.ends_with(UNREADABLE_SUFFIX) {
                state.writes((who, known), &name, None, obstacle.is_none(), now);
            }
            obstacle.map_or(Ok(()), Err)
        }))
    }

    fn swap<'a>(
        &'a self,
        name: &'a str,
        seen: Option<Fingerprint>,
        new: Option<SecretBytes>,
    ) -> BoxFuture<'a, Result<bool, StoreError>> {
        let (name, who, known) = (name.to_owned(), self.0.who, self.0.known());
        Box::pin(self.operation("swap", move |world| {
            let obstacle = obstacle(world);
            let (mut state, now) = (world.state(), world.now());
            let there = state.items.get(&name).cloned().map(SecretBytes::new);
            let is_as_seen = there.as_ref().map(Fingerprint::of) == seen;
            let value = new.as_ref().map(SecretBytes::expose);
            match &obstacle {
                Some(_) if !is_as_seen => state.fails_to_swap(value),
                None if !is_as_seen => {}
                _ => state.writes((who, known), &name, value, obstacle.is_none(), now),
            }
            obstacle.map_or(Ok(is_as_seen), Err)
        }))
    }

    fn names(&self) -> BoxFuture<'_, Result<Vec<String>, StoreError>> {
        Box::pin(self.operation("names", |world| Ok(world.state().items.keys().cloned().collect())))
    }
}
