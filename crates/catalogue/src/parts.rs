//! What the parts of an upload hash to.

use std::collections::{BTreeMap, HashMap};

use sealmark_protocol::{Checksum, Integrity, PartNumber, UploadId};
use sqlx::{AnyConnection, AssertSqlSafe};

use crate::{
    Catalogue, CatalogueError,
    rows::{Columns, placeholders, rows_of_placeholders, unreadable},
};

/// Writes what parts hash to; of a part given twice, now or before, the last checksum counts.
pub(crate) async fn insert_parts_of_many(
    connection: &mut AnyConnection,
    parts: Vec<(UploadId, PartNumber, Checksum)>,
) -> Result<(), CatalogueError> {
    let text = |checksum| match checksum {
        Checksum::Sha256(sha256) => Some(sha256.to_base64()),
        Checksum::Crc64nvme(crc) => Some(crc.to_base64()),
        Checksum::None => None,
    };
    // One statement may not name a row twice.
    let parts: BTreeMap<(String, PartNumber), (UploadId, String)> = parts
        .into_iter()
        .filter_map(|(id, number, checksum)| Some(((id.to_string(), number), (id, text(checksum)?))))
        .collect();
    let parts: Vec<((String, PartNumber), (UploadId, String))> = parts.into_iter().collect();
    for batch in parts.chunks(500) {
        let sql = format!(
            "INSERT INTO upload_parts (upload_id, number, checksum) VALUES {} \
             ON CONFLICT (upload_id, number) DO UPDATE SET checksum = excluded.checksum",
            rows_of_placeholders(batch.len(), 3)
        );
        // Placeholders only: no value is part of the text. The statement for one part is common enough to be kept.
        let mut query = sqlx::query(AssertSqlSafe(sql)).persistent(batch.len() == 1);
        for ((upload_id, number), (_, checksum)) in batch {
            query = query.bind(upload_id).bind(i64::from(number.get())).bind(checksum);
        }
        query.execute(&mut *connection).await.map_err(|error| match (error.as_database_error(), batch.first()) {
            (Some(database), Some((_, (upload_id, _)))) if database.is_foreign_key_violation() => {
                CatalogueError::UploadNotFound { upload_id: *upload_id }
            }
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
        let parts = parts.iter().map(|(number, checksum)| (upload_id, *number, *checksum)).collect();
        insert_parts_of_many(&mut transaction, parts).await?;
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
        Ok(self.part_checksums_of_many(&[(upload_id, integrity)]).await?.remove(&upload_id).unwrap_or_default())
    }

    /// The same for several uploads at once; one without checksums is left out.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn part_checksums_of_many(
        &self,
        uploads: &[(UploadId, Integrity)],
    ) -> Result<HashMap<UploadId, BTreeMap<PartNumber, Checksum>>, CatalogueError> {
        if uploads.is_empty() {
            return Ok(HashMap::new());
        }
        let sql = format!(
            "SELECT upload_id, number, checksum FROM upload_parts WHERE upload_id IN ({})",
            placeholders(1, uploads.len())
        );
        // Placeholders only: no value is part of the text.
        let mut query = sqlx::query(AssertSqlSafe(sql)).persistent(uploads.len() == 1);
        for (id, _) in uploads {
            query = query.bind(id.to_string());
        }
        let kinds: HashMap<UploadId, Integrity> = uploads.iter().copied().collect();
        let mut found: HashMap<_, BTreeMap<_, _>> = HashMap::new();
        for row in query.fetch_all(self.readers()).await? {
            let number: u32 = row.number("number")?;
            let number = PartNumber::new(number).map_err(|_| unreadable("number", &number.to_string()))?;
            let id: UploadId = row.word("upload_id")?;
            let checksum = match kinds.get(&id).copied().unwrap_or_default() {
                Integrity::Sha256 => Checksum::Sha256(row.word("checksum")?),
                Integrity::Crc64nvme => Checksum::Crc64nvme(row.word("checksum")?),
                Integrity::None => Checksum::None,
            };
            found.entry(id).or_default().insert(number, checksum);
        }
        Ok(found)
    }
}
