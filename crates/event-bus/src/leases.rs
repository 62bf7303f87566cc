//! Leases: what this process works on, and telling Redis so.

use std::{
    collections::HashSet,
    convert::Infallible,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use crate::{BusError, EntryId, connection::Pace, group::Group};

/// Most entries that one call extends; keeps a single call short for Redis.
const BATCH: usize = 200;

/// The entries that this process works on.
#[derive(Default)]
pub(crate) struct Leases(Mutex<HashSet<EntryId>>);

impl Leases {
    fn ids(&self) -> MutexGuard<'_, HashSet<EntryId>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Marks an entry as worked on until the lease is dropped; `None` where it already is.
    pub(crate) fn take(self: &Arc<Self>, id: EntryId) -> Option<Lease> {
        self.ids().insert(id).then(|| Lease { id, leases: Arc::clone(self) })
    }

    /// The entries that are worked on now.
    pub(crate) fn held(&self) -> Vec<EntryId> {
        self.ids().iter().copied().collect()
    }

    pub(crate) fn holds(&self, id: EntryId) -> bool {
        self.ids().contains(&id)
    }
}

/// An entry being worked on; ends when dropped, however the job ends.
pub(crate) struct Lease {
    id: EntryId,
    leases: Arc<Leases>,
}

impl Drop for Lease {
    fn drop(&mut self) {
        self.leases.ids().remove(&self.id);
    }
}

/// Extends the leases of live jobs three times within `claim_idle`, for ever.
pub(crate) async fn keep_leases(group: &Group, leases: &Leases, claim_idle: Duration) -> Infallible {
    let mut told: HashSet<EntryId> = HashSet::new();
    let mut pace = Pace::new();
    loop {
        tokio::time::sleep(claim_idle / 3).await;
        let held = leases.held();
        told.retain(|id| held.contains(id));
        for ids in held.chunks(BATCH) {
            // After an outage live consumers must be here before the others look for idle entries, so do not wait for
            // the next turn.
            let lost = loop {
                match group.extend(ids).await {
                    Ok(lost) => break lost,
                    // The reader makes the group again; these entries are gone with the old one.
                    Err(BusError::NoGroup { .. }) => break Vec::new(),
                    Err(error) => pace.after(&error).await,
                }
            };
            pace.reset();
            for id in lost.into_iter().filter(|id| leases.holds(*id)) {
                if told.insert(id) {
                    tracing::warn!(entry.id = %id, "another consumer has claimed an entry that is worked on here");
                }
            }
        }
    }
}
