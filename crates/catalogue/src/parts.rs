//! What the parts of an upload hash to.

use std::collections::BTreeMap;

use sealmark_protocol::{Checksum, Integrity, PartNumber, UploadId};
use sqlx::{AnyConnection, AssertSqlSafe};

use crate::{
    Catalogue, CatalogueError,
    rows::{Columns, placeholders, unreadable},
};

/// Writes what parts hash to; of a part given twice, now or before, the last checksum counts.
pub(crate) async fn insert_parts(
    connection: &mut AnyConnection,
    upload_id: UploadId,
    parts: &[(PartNumber, Checksum)],
) -> Result<(), CatalogueError> {
    let text = |checksum| match checksum {
        Checksum::Sha256(sha256) => Some(sha256.to_base64()),
        Checksum::Crc64nvme(crc) => Some(crc.to_base64()),
        Checksum::None => None,
    };
    // One statement may not name a row twice.
    let parts: BTreeMap<PartNumber, String> =
        parts.iter().filter_map(|(number, checksum)| Some((*number, text(*checksum)?))).collect();
    let parts: Vec<(PartNumber, String)> = parts.into_iter().collect();
    for batch in parts.chunks(500) {
        let rows = (0..batch.len()).map(|index| format!("({})", placeholders(3 * index + 1, 3)));
        let sql = format!(
            "INSERT INTO upload_parts (upload_id, number, checksum) VALUES {} \
             ON CONFLICT (upload_id, number) DO UPDATE SET checksum = excluded.checksum",
            rows.collect::<Vec<_>>().join(", ")
        );
        // Placeholders only: no value is part of the text. The statement for one part is common enough to be kept.
        let mut query = sqlx::query(AssertSqlSafe(sql)).persistent(batch.len() == 1);
        for (number, checksum) in batch {
            query = query.bind(upload_id.to_string()).bind(i64::from(number.get())).bind(checksum);
        }
        query.execute(&mut *connection).await.map_err(|error| match error.as_database_error() {
            Some(database) if database.is_foreign_key_violation() => CatalogueError::UploadNotFound { upload_id },
            _ => error.into(),
        })?;
    }
    Ok(())
}

impl Catalogue {
    /// Remembers what the parts hash to, for not every store tells; a part signed again has its new checksum.
    ///
    /// # Errors
    /// [`CatalogueError::UploadNotFound`]; those of the database.
    pub async fn record_part_checksums(
        &self,
        upload_id: UploadId,
        parts: &[(PartNumber, Checksum)],
    ) -> Result<(), CatalogueError> {
        if parts.iter().all(|(_, checksum)| *checksum == Checksum::None) {
            return Ok(());
        }
        let mut transaction = self.write().await?;
        insert_parts(&mut transaction, upload_id, parts).await?;
        Ok(transaction.commit().await?)
    }

    /// The checksums recorded for an upload's parts, which are of the kind of its `integrity`.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn part_checksums(
        &self,
        upload_id: UploadId,
        integrity: Integrity,
    ) -> Result<BTreeMap<PartNumber, Checksum>, CatalogueError> {
        let rows = sqlx::query("SELECT number, checksum FROM upload_parts WHERE upload_id = $1")
            .bind(upload_id.to_string())
            .fetch_all(self.readers())
            .await?;
        rows.iter()
            .map(|row| {
                let number: u32 = row.number("number")?;
                let number = PartNumber::new(number).map_err(|_| unreadable("number", &number.to_string()))?;
                let checksum = match integrity {
                    Integrity::Sha256 => Checksum::Sha256(row.word("checksum")?),
                    Integrity::Crc64nvme => Checksum::Crc64nvme(row.word("checksum")?),
                    Integrity::None => Checksum::None,
                };
                Ok((number, checksum))
            })
            .collect()
    }
}
