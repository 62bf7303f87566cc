//! Looks below a prefix of the bucket every so often, and fetches what has changed.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::PathBuf,
    sync::Arc,
    time::Duration,
};

use futures::{StreamExt, stream};
use sealmark_event_bus::CancellationToken;
use sealmark_storage::{KeyPrefix, Listed, StorageError, Store};

use crate::{
    InForce, LoadError, Objects,
    objects::{Object, ObjectLimits, Wanted},
};

/// Objects fetched at once.
const AT_ONCE: usize = 8;

/// Time between two looks while something changes, and between two attempts at the start. A change is taken over when two
/// looks in a row find the same, so that of several files that somebody uploads one after the other not half is taken.
const AGAIN: Duration = Duration::from_secs(1);

/// Fonts and pictures below a prefix of the bucket.
#[derive(Debug)]
pub struct Bucket {
    store: Store,
    prefix: KeyPrefix,
    limits: ObjectLimits,
    interval: Duration,
    /// The prefix as errors call it.
    place: String,
    /// What was fetched last as a whole.
    objects: Objects,
    /// What was fetched since, of a change that did not become whole.
    fetched: BTreeMap<String, Object>,
    /// What the last look found, where that was something new.
    changing: Option<Vec<Listed>>,
    /// What has been said already of names that can be none, and of looks that failed.
    odd: BTreeSet<String>,
    failing: Option<String>,
}

/// What a look found.
#[derive(Debug)]
enum Look {
    /// What was there before.
    Same,
    /// Something new that has not rested yet.
    Changing,
    /// Something new, fetched.
    Changed,
}

impl Bucket {
    /// Prepares; nothing is sent yet.
    pub fn new(store: Store, prefix: KeyPrefix, limits: ObjectLimits, interval: Duration) -> Self {
        let place = format!("s3://{}/{prefix}", store.bucket());
        let objects = Objects::new(&place, []);
        let (fetched, odd) = (BTreeMap::new(), BTreeSet::new());
        Self { store, prefix, limits, interval, place, objects, fetched, changing: None, odd, failing: None }
    }

    /// Fetches everything for the start.
    ///
    /// A store that does not answer is waited for: without it there is no work either, and marks without a tenant's logo
    /// would be wrong. None where the worker is stopped meanwhile.
    ///
    /// # Errors
    /// [`LoadError`] for what waiting does not mend: no such bucket, no permission, too much.
    pub async fn open(&mut self, stop: &CancellationToken) -> Result<Option<Objects>, LoadError> {
        loop {
            let looked = tokio::select! {
                () = stop.cancelled() => return Ok(None),
                looked = self.take() => looked,
            };
            match looked {
                Ok(()) => {
                    self.recovered();
                    let objects = self.objects.listed().count();
                    tracing::info!(place = self.place, objects, "the bucket's fonts and pictures are fetched");
                    return Ok(Some(self.objects.clone()));
                }
                Err(error) if may_pass(&error) => self.failed(&error, "the worker waits for the store"),
                Err(error) => return Err(error),
            }
            tokio::select! {
                () = stop.cancelled() => return Ok(None),
                () = tokio::time::sleep(AGAIN) => {}
            }
        }
    }

    /// Looks for changes until stopped, and hands them over; what cannot be had is reported once and changes nothing.
    pub async fn watch(mut self, in_force: Arc<InForce>, stop: CancellationToken) {
        loop {
            let pause = if self.changing.is_some() { self.interval.min(AGAIN) } else { self.interval };
            let look = async {
                tokio::time::sleep(pause).await;
                self.look().await
            };
            let looked = tokio::select! {
                () = stop.cancelled() => return,
                looked = look => looked,
            };
            match looked {
                // It can be listed; whether it can be fetched is for the next look to say.
                Ok(Look::Changing) => {}
                Ok(Look::Same) => self.recovered(),
                Ok(Look::Changed) => {
                    self.recovered();
                    in_force.offer(self.objects.clone());
                }
                Err(error) => {
                    self.changing = None;
                    self.failed(&error, "what was before the change stays in force");
                }
            }
        }
    }

    /// Lists; fetches what is new if it was there at the last look already.
    async fn look(&mut self) -> Result<Look, LoadError> {
        let wanted = self.list().await?;
        if wanted.iter().eq(self.objects.listed()) {
            self.changing = None;
            return Ok(Look::Same);
        }
        if self.changing.as_ref() != Some(&wanted) {
            self.changing = Some(wanted);
            return Ok(Look::Changing);
        }
        self.fetch(wanted).await.map(|()| Look::Changed)
    }

    /// Lists and fetches at once.
    async fn take(&mut self) -> Result<(), LoadError> {
        let wanted = self.list().await?;
        self.fetch(wanted).await
    }

    async fn list(&mut self) -> Result<Vec<Listed>, LoadError> {
        let listing = self.store.list(&self.prefix, self.limits.objects).await;
        let Wanted { objects, odd } =
            Wanted::of(listing.map_err(|source| self.refused(source))?, &self.place, &self.limits)?;
        for (name, why) in odd.iter().filter(|(name, _)| !self.odd.contains(*name)) {
            tracing::warn!(place = self.place, name, "an object is ignored: {why}");
        }
        self.odd = odd.into_keys().collect();
        Ok(objects)
    }

    /// Fetches what is not here yet under its etag. What did come before something failed need not come again.
    async fn fetch(&mut self, wanted: Vec<Listed>) -> Result<(), LoadError> {
        for object in self.objects.all() {
            self.fetched.entry(object.listed.name.clone()).or_insert_with(|| object.clone());
        }
        let here = |listed: &Listed| self.fetched.get(&listed.name).is_some_and(|object| object.listed == *listed);
        let new: Vec<Listed> = wanted.iter().filter(|listed| !here(listed)).cloned().collect();
        let (store, prefix, count) = (&self.store, &self.prefix, new.len());
        let all = stream::iter(new).map(|listed| async move {
            // Its own size, which is within the limits, and not another byte.
            let bytes = store.get_listed(prefix, &listed, listed.size_bytes).await?;
            Ok::<_, StorageError>(Object { listed, bytes })
        });
        let come: Vec<Result<Object, StorageError>> = all.buffer_unordered(AT_ONCE).collect().await;
        let mut failure = None;
        for object in come {
            match object {
                Ok(object) => drop(self.fetched.insert(object.listed.name.clone(), object)),
                Err(error) => failure = Some(error),
            }
        }
        let mut whole = Vec::new();
        for listed in &wanted {
            whole.extend(self.fetched.get(&listed.name).filter(|object| object.listed == *listed).cloned());
        }
        if let Some(source) = failure {
            // Of what is not asked for any more nothing is kept.
            self.fetched = whole.into_iter().map(|object| (object.listed.name.clone(), object)).collect();
            return Err(self.refused(source));
        }
        tracing::debug!(new = count, all = whole.len(), "objects are fetched");
        self.fetched.clear();
        self.changing = None;
        self.objects = Objects::new(&self.place, whole);
        Ok(())
    }

    fn refused(&self, source: StorageError) -> LoadError {
        LoadError::Store { path: PathBuf::from(&self.place), source }
    }

    /// Says once that a look failed.
    fn failed(&mut self, error: &LoadError, so: &str) {
        // Without the deeper causes, which name each request.
        let kind = std::error::Error::source(error).map_or_else(|| error.to_string(), ToString::to_string);
        if self.failing.as_ref() == Some(&kind) {
            return;
        }
        let said = crate::chain(error);
        match may_pass(error) {
            true => tracing::warn!(code = error.code(), error = said, "{so}"),
            false => tracing::error!(code = error.code(), error = said, "{so}"),
        }
        self.failing = Some(kind);
    }

    fn recovered(&mut self) {
        if self.failing.take().is_some() {
            tracing::info!(place = self.place, "the bucket's fonts and pictures can be had again");
        }
    }
}

/// Whether the next look may find it mended: the store is away, or an object was replaced between list and fetch.
fn may_pass(error: &LoadError) -> bool {
    let LoadError::Store { source, .. } = error else { return false };
    let is_replaced =
        matches!(source, StorageError::Conflict { .. } | StorageError::NotFound { .. } | StorageError::TooLarge { .. });
    source.is_transient() || is_replaced
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waiting_mends_a_store_that_is_away_and_a_race_and_nothing_else() {
        let store = |source| LoadError::Store { path: "s3://bucket/resources/".into(), source };
        let (operation, key) = ("GetObject", "resources/assets/a.svg".to_owned());
        let cause = || "what the store says".into();
        let away = StorageError::Unavailable { operation, key: key.clone(), source: cause() };
        let replaced = StorageError::Conflict { operation, key: key.clone(), source: cause() };
        let gone = StorageError::NotFound { operation, key: key.clone(), source: cause() };
        assert!([away, replaced, gone].into_iter().map(store).all(|error| may_pass(&error)));
        let denied = StorageError::Denied { operation, key: key.clone(), source: cause() };
        let nowhere = StorageError::BucketNotFound { operation, key, source: cause() };
        assert!(![denied, nowhere].into_iter().map(store).any(|error| may_pass(&error)));
        assert!(!may_pass(&LoadError::TooMany { path: "s3://bucket/resources/".into(), max: 1 }));
    }
}
