//! Forms whose sender says nothing afterwards: which of them the store is to be asked about, and by whom.

use crate::{
    Catalogue, CatalogueError, UploadRow,
    rows::Columns,
    uploads::{select_uploads, upload_row},
};

/// A look at the store that is due.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DueLook {
    /// The open upload, which is a form.
    pub upload: UploadRow,
    /// When it was due, in milliseconds since 1970 UTC.
    pub look_at_ms: i64,
}

impl Catalogue {
    /// Open uploads whose object is to be looked for by now, the longest due first.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn due_looks(&self, now_ms: i64, limit: u32) -> Result<Vec<DueLook>, CatalogueError> {
        sqlx::query(select_uploads!(
            "WHERE u.state = 'open' AND u.look_at_ms IS NOT NULL AND u.look_at_ms <= $1 ORDER BY u.look_at_ms LIMIT $2"
        ))
        .bind(now_ms)
        .bind(i64::from(limit))
        .fetch_all(self.readers())
        .await?
        .iter()
        .map(|row| Ok(DueLook { upload: upload_row(row)?, look_at_ms: row.time("look_at_ms")? }))
        .collect()
    }

    /// Takes a look that is due and sets the next one; of several services one gets it. Returns whether it is ours.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn take_look(&self, due: &DueLook, next_look_at_ms: i64) -> Result<bool, CatalogueError> {
        let mut transaction = self.write().await?;
        let taken = sqlx::query(
            "UPDATE uploads SET look_at_ms = $3 WHERE upload_id = $1 AND look_at_ms = $2 AND state = 'open'",
        )
        .bind(due.upload.upload_id.to_string())
        .bind(due.look_at_ms)
        .bind(next_look_at_ms)
        .execute(&mut *transaction)
        .await?;
        transaction.commit().await?;
        Ok(taken.rows_affected() == 1)
    }
}
