//! What the parts of an upload hash to.

use std::collections::BTreeMap;

use sealmark_protocol::{PartNumber, Sha256Digest, UploadId};
use sqlx::AssertSqlSafe;

use crate::{
    Catalogue, CatalogueError,
    rows::{Columns, placeholders, unreadable},
};

impl Catalogue {
    /// Remembers what the parts hash to, for not every store tells; a part signed again has its new digest.
    ///
    /// # Errors
    /// [`CatalogueError::UploadNotFound`]; those of the database.
    pub async fn record_part_digests(
        &self,
        upload_id: UploadId,
        parts: &[(PartNumber, Sha256Digest)],
    ) -> Result<(), CatalogueError> {
        // One statement may not name a row twice; of a part given twice the last digest counts.
        let parts: Vec<(PartNumber, Sha256Digest)> = BTreeMap::from_iter(parts.iter().copied()).into_iter().collect();
        let mut transaction = self.write().await?;
        for batch in parts.chunks(500) {
            let rows = (0..batch.len()).map(|index| format!("({})", placeholders(3 * index + 1, 3)));
            let sql = format!(
                "INSERT INTO upload_parts (upload_id, number, sha256) VALUES {} \
                 ON CONFLICT (upload_id, number) DO UPDATE SET sha256 = excluded.sha256",
                rows.collect::<Vec<_>>().join(", ")
            );
            // Placeholders only: no value is part of the text.
            let mut query = sqlx::query(AssertSqlSafe(sql)).persistent(false);
            for (number, sha256) in batch {
                query = query.bind(upload_id.to_string()).bind(i64::from(number.get())).bind(sha256.to_base64());
            }
            query.execute(&mut *transaction).await.map_err(|error| match error.as_database_error() {
                Some(database) if database.is_foreign_key_violation() => CatalogueError::UploadNotFound { upload_id },
                _ => error.into(),
            })?;
        }
        Ok(transaction.commit().await?)
    }

    /// The digests recorded for an upload's parts.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn part_digests(
        &self,
        upload_id: UploadId,
    ) -> Result<BTreeMap<PartNumber, Sha256Digest>, CatalogueError> {
        let rows = sqlx::query("SELECT number, sha256 FROM upload_parts WHERE upload_id = $1")
            .bind(upload_id.to_string())
            .fetch_all(self.readers())
            .await?;
        rows.iter()
            .map(|row| {
                let number: u32 = row.number("number")?;
                let number = PartNumber::new(number).map_err(|_| unreadable("number", &number.to_string()))?;
                Ok((number, row.word("sha256")?))
            })
            .collect()
    }
}
