//! How fast one user may begin uploads: a token bucket for each, in the memory of this process.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Instant,
};

use sealmark_protocol::{TenantId, UserId};

/// Buckets that may pile up before the full ones, which are as good as none, are thrown away.
const BUCKETS: usize = 10_000;

/// Hands out creations: `per_minute` at once, and as many again over each minute.
#[derive(Debug, Clone)]
pub(crate) struct Creations {
    per_minute: u32,
    buckets: Arc<Mutex<HashMap<(TenantId, UserId), Bucket>>>,
}

#[derive(Debug)]
struct Bucket {
    tokens: f64,
    filled_at: Instant,
}

impl Bucket {
    fn fill(&mut self, per_minute: u32, now: Instant) {
        let minutes = now.saturating_duration_since(self.filled_at).as_secs_f64() / 60.0;
        self.tokens = (self.tokens + minutes * f64::from(per_minute)).min(f64::from(per_minute));
        self.filled_at = now;
    }
}

impl Creations {
    /// So many a minute for each user; 0 is no limit.
    pub(crate) fn new(per_minute: u32) -> Self {
        Self { per_minute, buckets: Arc::default() }
    }

    /// Takes up to `wanted` creations. Of those that are not granted, the time until the next one, in seconds.
    pub(crate) fn take(&self, tenant: &TenantId, user: &UserId, wanted: usize, now: Instant) -> (usize, u64) {
        if self.per_minute == 0 {
            return (wanted, 0);
        }
        // A panic elsewhere leaves numbers behind that are as good as any.
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        if buckets.len() >= BUCKETS {
            buckets.retain(|_, bucket| {
                bucket.fill(self.per_minute, now);
                bucket.tokens < f64::from(self.per_minute)
            });
        }
        let full = Bucket { tokens: f64::from(self.per_minute), filled_at: now };
        let bucket = buckets.entry((tenant.clone(), user.clone())).or_insert(full);
        bucket.fill(self.per_minute, now);
        let granted = wanted.min(bucket.tokens as usize);
        bucket.tokens -= granted as f64;
        let wait_s = ((1.0 - bucket.tokens).max(0.0) * 60.0 / f64::from(self.per_minute)).ceil();
        (granted, (wait_s as u64).max(1))
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_bucket_empties_at_once_and_fills_over_a_minute() {
        let (tenant, user) = (TenantId::new("acme").unwrap(), UserId::new("u").unwrap());
        let (creations, begin) = (Creations::new(60), Instant::now());
        assert_eq!(creations.take(&tenant, &user, 50, begin), (50, 1));
        assert_eq!(creations.take(&tenant, &user, 50, begin), (10, 1));
        assert_eq!(creations.take(&tenant, &user, 1, begin), (0, 1));
        assert_eq!(creations.take(&tenant, &UserId::new("v").unwrap(), 1, begin).0, 1);
        assert_eq!(creations.take(&tenant, &user, 9, begin + Duration::from_millis(3_100)).0, 3);
        assert_eq!(creations.take(&tenant, &user, 99, begin + Duration::from_secs(3_600)).0, 60);
        let slow = Creations::new(2);
        assert_eq!(slow.take(&tenant, &user, 3, begin), (2, 30));
        assert_eq!(Creations::new(0).take(&tenant, &user, 9_999, begin).0, 9_999);
    }
}
