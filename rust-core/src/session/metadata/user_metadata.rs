//! Reads the user object, and reads and changes the user's metadata.
//!
//! **Promises.** No call overtakes queued changes. **Needs** the context, the store, the issuer, the Management API and
//! the queue.

use std::sync::Arc;

use serde_json::{Map, Value};
use url::Url;

use super::super::context::Context;
use super::super::issuer::Issuer;
use super::super::options::UpdateOutcome;
use super::super::store::SessionStore;
use super::management_api::ManagementApi;
use super::queue::{MetadataQueue, Patched};
use crate::machine::error::Error;
use crate::machine::retry;
use crate::model::metadata::{
    USER_METADATA, check_key, check_patch, deep_patch, deletion, of_user, replacement, select,
};
use crate::model::profile::Claims;
use crate::model::secret::Secret;
use crate::protocol::users;

#[derive(Debug)]
pub(in crate::session) struct UserMetadata {
    context: Arc<Context>,
    store: Arc<SessionStore>,
    issuer: Arc<Issuer>,
    api: Arc<ManagementApi>,
    queue: Arc<MetadataQueue>,
}

impl UserMetadata {
    pub(in crate::session) fn new(
        context: Arc<Context>,
        store: Arc<SessionStore>,
        issuer: Arc<Issuer>,
        api: Arc<ManagementApi>,
        queue: Arc<MetadataQueue>,
    ) -> Self {
        Self {
            context,
            store,
            issuer,
            api,
            queue,
        }
    }

    pub(in crate::session) async fn fetch_user(
        &self,
        fields: &[String],
        include: bool,
    ) -> Result<Map<String, Value>, Error> {
        self.queue.send_first().await?;
        let target = self.api.target().await?;
        let request = |base: &Url, user_id: &str, token: &Secret| users::get(base, user_id, fields, include, token);
        let answer = self.api.call(&target, users::ENDPOINT, request).await?;
        Ok(users::read(&answer, "fields", self.issuer.server_now())?)
    }

    pub(in crate::session) async fn fetch(&self, keys: &[String], include: bool) -> Result<Map<String, Value>, Error> {
        let user = self.fetch_user(&[USER_METADATA.to_owned()], true).await?;
        Ok(select(of_user(user), keys, include))
    }

    pub(in crate::session) async fn update(&self, patch: Map<String, Value>) -> Result<Map<String, Value>, Error> {
        check_patch(&patch)?;
        self.patch(&patch).await
    }

    pub(in crate::session) async fn replace(&self, metadata: Map<String, Value>) -> Result<Map<String, Value>, Error> {
        check_patch(&metadata)?;
        if metadata.is_empty() {
            return self.patch(&metadata).await;
        }
        let current = self.fetch(&[], true).await?;
        self.patch(&replacement(current, metadata)).await
    }

    pub(in crate::session) async fn remove(&self, keys: &[String]) -> Result<Map<String, Value>, Error> {
        keys.iter().try_for_each(|key| check_key(key))?;
        if keys.is_empty() {
            // An empty change means something else to the server: it deletes everything.
            return self.fetch(&[], true).await;
        }
        self.patch(&deletion(keys.iter())).await
    }

    pub(in crate::session) async fn merge(&self, changes: Map<String, Value>) -> Result<Map<String, Value>, Error> {
        check_patch(&changes)?;
        let current = self.fetch(&[], true).await?;
        if changes.is_empty() {
            return Ok(current);
        }
        self.patch(&deep_patch(current, changes)).await
    }

    pub(in crate::session) async fn update_or_queue(&self, patch: Map<String, Value>) -> Result<UpdateOutcome, Error> {
        check_patch(&patch)?;
        self.store.ensure_writable()?;
        let target = self.api.target().await?;
        let id = self.context.chance()?;
        self.queue.add(target.generation, id, patch)?;
        let saved = self.store.save().await;
        let sent = self.queue.send().await;
        if let Some((_, metadata)) = sent.applied.into_iter().find(|(applied, _)| *applied == id) {
            return self.done(metadata).await;
        }
        if let Some(refusal) = self.queue.take_refusal_of(id) {
            return Err(refusal);
        }
        match sent.stopped_by {
            Some(error) if retry::is_passing(&error) => saved.map(|()| UpdateOutcome::Queued { id }),
            Some(error) => {
                self.queue.remove(id);
                self.store.save_if_possible().await;
                Err(error)
            }
            // Another task or process has already sent it.
            None => self.done(None).await,
        }
    }

    async fn done(&self, metadata: Option<Map<String, Value>>) -> Result<UpdateOutcome, Error> {
        let metadata = Claims(self.or_fetch(metadata).await?);
        Ok(UpdateOutcome::Done { metadata })
    }

    /// The metadata after a change that was made. It is read if the answer did not contain it.
    async fn or_fetch(&self, metadata: Option<Map<String, Value>>) -> Result<Map<String, Value>, Error> {
        match metadata {
            Some(metadata) => Ok(metadata),
            None => self.fetch(&[], true).await,
        }
    }

    async fn patch(&self, patch: &Map<String, Value>) -> Result<Map<String, Value>, Error> {
        self.queue.send_first().await?;
        let target = self.api.target().await?;
        match self.queue.patch(&target, patch).await? {
            Patched::Applied(metadata) => self.or_fetch(metadata).await,
            Patched::Refused(error) => Err(error),
        }
    }
}
