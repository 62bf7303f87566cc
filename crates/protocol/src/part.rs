//! Part planning: how a file of a given size is cut for a multipart upload.

#[cfg(feature = "serde")]
use serde::{Deserialize, Serialize};

/// Smallest part that S3 takes, but for the last one: 5 MiB.
///
/// Source: Amazon S3 multipart upload limits.
pub const MIN_PART_BYTES: u64 = 5 * 1024 * 1024;
/// Largest part that S3 takes: 5 GiB.
pub const MAX_PART_BYTES: u64 = 5 * 1024 * 1024 * 1024;
/// Most parts that one upload may have.
pub const MAX_PARTS: u32 = 10_000;
/// Largest object that we plan for: 5 TiB.
pub const MAX_OBJECT_BYTES: u64 = 5 * 1024 * 1024 * 1024 * 1024;

/// Number of a part, 1 to 10,000.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "openapi", schema(value_type = u32, minimum = 1, maximum = 10000))]
#[cfg_attr(feature = "serde", serde(try_from = "u32", into = "u32"))]
pub struct PartNumber(u32);

impl PartNumber {
    /// Checks and wraps a part number.
    ///
    /// # Errors
    /// [`PlanError::PartNumber`] outside 1 to 10,000.
    pub const fn new(number: u32) -> Result<Self, PlanError> {
        if number >= 1 && number <= MAX_PARTS { Ok(Self(number)) } else { Err(PlanError::PartNumber { number }) }
    }

    /// The number, 1 to 10,000.
    pub const fn get(self) -> u32 {
        self.0
    }
}

impl std::fmt::Display for PartNumber {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

impl TryFrom<u32> for PartNumber {
    type Error = PlanError;
    fn try_from(number: u32) -> Result<Self, PlanError> {
        Self::new(number)
    }
}

impl From<PartNumber> for u32 {
    fn from(number: PartNumber) -> u32 {
        number.0
    }
}

/// Why no plan could be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PlanError {
    /// The file is empty; S3 has no multipart upload of nothing, and an empty photograph is none.
    #[error("the file is empty")]
    Empty,
    /// The file is over [`MAX_OBJECT_BYTES`].
    #[error("{size_bytes} bytes are over the limit of {MAX_OBJECT_BYTES} bytes")]
    TooLarge {
        /// Size asked for.
        size_bytes: u64,
    },
    /// A part number outside 1 to 10,000.
    #[error("a part number is 1 to 10000, got {number}")]
    PartNumber {
        /// Number asked for.
        number: u32,
    },
}

/// How a file is cut: every part is `part_size_bytes` long but the last, which takes what is left.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
pub struct PartPlan {
    /// Size of the whole file, at least 1.
    pub size_bytes: u64,
    /// Size of each part but the last.
    pub part_size_bytes: u64,
    /// Number of parts, 1 to 10,000.
    pub part_count: u32,
}

impl PartPlan {
    /// Where a part lies in the file: (offset, length), both in bytes; `None` past the last part.
    pub fn range(&self, number: PartNumber) -> Option<(u64, u64)> {
        if number.get() > self.part_count {
            return None;
        }
        let offset = u64::from(number.get() - 1) * self.part_size_bytes;
        Some((offset, self.part_size_bytes.min(self.size_bytes - offset)))
    }

    /// All part numbers in order.
    pub fn numbers(&self) -> impl Iterator<Item = PartNumber> + use<> {
        (1..=self.part_count).map(PartNumber)
    }
}

/// Plans the parts of a file.
///
/// `preferred_part_bytes` is raised to S3's minimum and, for a file that would need more than 10,000 parts, to the
/// smallest whole MiB that fits; it is lowered to S3's maximum of 5 GiB.
///
/// # Errors
/// [`PlanError::Empty`] for a file of no bytes, [`PlanError::TooLarge`] over 5 TiB.
///
/// ```
/// use sealmark_protocol::{plan_parts, PartNumber};
/// let plan = plan_parts(20_000_000, 8 << 20)?;
/// assert_eq!(plan.part_count, 3);
/// assert_eq!(plan.range(PartNumber::new(3)?), Some((16 << 20, 20_000_000 - (16 << 20))));
/// # Ok::<(), sealmark_protocol::PlanError>(())
/// ```
pub fn plan_parts(size_bytes: u64, preferred_part_bytes: u64) -> Result<PartPlan, PlanError> {
    const MIB: u64 = 1024 * 1024;
    if size_bytes == 0 {
        return Err(PlanError::Empty);
    }
    if size_bytes > MAX_OBJECT_BYTES {
        return Err(PlanError::TooLarge { size_bytes });
    }
    let fitting = size_bytes.div_ceil(u64::from(MAX_PARTS)).next_multiple_of(MIB);
    let wanted = preferred_part_bytes.clamp(MIN_PART_BYTES, MAX_PART_BYTES);
    let part_size_bytes = if size_bytes.div_ceil(wanted) > u64::from(MAX_PARTS) { fitting } else { wanted };
    let part_count = size_bytes.div_ceil(part_size_bytes) as u32;
    Ok(PartPlan { size_bytes, part_size_bytes, part_count })
}

#[cfg(all(test, feature = "serde"))]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_plan_covers_the_file_once_within_s3_limits(size in 1..=MAX_OBJECT_BYTES, preferred in 0..=u64::MAX) {
            let plan = plan_parts(size, preferred).unwrap();
            prop_assert!((1..=MAX_PARTS).contains(&plan.part_count));
            prop_assert!((MIN_PART_BYTES..=MAX_PART_BYTES).contains(&plan.part_size_bytes));
            let first = plan.range(PartNumber::new(1).unwrap()).unwrap();
            let last = plan.range(PartNumber::new(plan.part_count).unwrap()).unwrap();
            prop_assert_eq!(first.0, 0);
            prop_assert!(last.1 >= 1);
            prop_assert_eq!(last.0 + last.1, size);
            prop_assert_eq!(last.0, u64::from(plan.part_count - 1) * plan.part_size_bytes);
        }
    }

    #[test]
    fn edges() {
        assert_eq!(plan_parts(0, 0), Err(PlanError::Empty));
        assert_eq!(plan_parts(1, 0).unwrap().part_count, 1);
        assert_eq!(plan_parts(MIN_PART_BYTES, 0).unwrap().part_count, 1);
        assert_eq!(plan_parts(MIN_PART_BYTES + 1, 0).unwrap().part_count, 2);
        assert_eq!(plan_parts(MAX_OBJECT_BYTES + 1, 0), Err(PlanError::TooLarge { size_bytes: MAX_OBJECT_BYTES + 1 }));
        assert_eq!(plan_parts(MIN_PART_BYTES * 10_001, 0).unwrap().part_size_bytes, 6 << 20);
        assert!(serde_json::from_str::<PartNumber>("0").is_err());
        assert!(serde_json::from_str::<PartNumber>("10001").is_err());
    }
}
