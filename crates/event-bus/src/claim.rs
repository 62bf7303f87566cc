//! Leases: keeping those of live jobs, and taking over entries whose consumer has gone.

use std::{
    collections::HashSet,
    convert::Infallible,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use crate::{
    BusError, EntryId,
    connection::Pace,
    entry::Entry,
    group::{Group, Pending},
};

/// Most entries that one call extends or claims; keeps a single call short for Redis.
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

    fn holds(&self, id: EntryId) -> bool {
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
        let held: Vec<EntryId> = leases.ids().iter().copied().collect();
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

/// Takes over up to `count` entries that nobody has shown to be alive for `claim_idle`, each with its delivery count.
pub(crate) async fn claim(
    group: &Group,
    leases: &Leases,
    claim_idle: Duration,
    count: usize,
) -> Result<Vec<(Entry, u32)>, BusError> {
    // Our own live jobs may be among the idle ones after an outage; they must not crowd out the others.
    let listed = leases.ids().len() + count.min(BATCH);
    let mut idle = group.idle_entries(claim_idle, listed).await?;
    idle.retain(|pending| !leases.holds(pending.id));
    idle.truncate(count.min(BATCH));
    if idle.is_empty() {
        return Ok(Vec::new());
    }
    let ids: Vec<EntryId> = idle.iter().map(|pending| pending.id).collect();
    let entries = group.take_over(&ids, claim_idle).await?;
    // XCLAIM counts this delivery, the list was made before it. An entry that another consumer took in between is no
    // longer idle, so XCLAIM passed over it and the count is never stale.
    let count_of =
        |id| idle.iter().find(|pending: &&Pending| pending.id == id).map_or(0, |pending| pending.delivery_count);
    Ok(entries
        .into_iter()
        .map(|entry| {
            let count = count_of(entry.id).saturating_add(1);
            (entry, count)
        })
        .collect())
}
