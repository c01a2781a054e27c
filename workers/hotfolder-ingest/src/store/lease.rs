//! Who works on a file: the lease of its row, taken, kept and given up. Never here: what is written
//! under it.

use serde::Serialize;
use store::{StoreError, hex};
use uuid::Uuid;

use super::rows::{Id, Place, RecordRow, insert};
use super::{FileRecord, Races, Store, sql};
use crate::decide::FileState;
use crate::name::FileName;

impl Store {
    /// Takes the lease of a file's place; makes its record if there is none. `None`: somebody else
    /// works on it.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn hold(
        &self,
        file: &FileName,
        size_bytes: u64,
    ) -> Result<Option<FileRecord>, StoreError> {
        let mut races = Races::default();
        loop {
            match self.try_hold(file, size_bytes).await {
                Err(error) if races.lost(&error) => races.wait().await,
                result => return result,
            }
        }
    }

    async fn try_hold(
        &self,
        file: &FileName,
        size_bytes: u64,
    ) -> Result<Option<FileRecord>, StoreError> {
        let place = [Place::of(file)];
        let tx = self.database.begin().await?;
        let mut found: Vec<RecordRow> = tx.select(sql::FIND_FOR_UPDATE, &place).await?;
        if found.is_empty() {
            insert(&tx, file, size_bytes, FileState::Running).await?;
            found = tx.select(sql::FIND_FOR_UPDATE, &place).await?;
        }
        let row = found.into_iter().next();
        let row =
            row.ok_or_else(|| StoreError::decode("a file that was just recorded is not there"))?;
        if row.leased != 0 && row.lease_owner.as_deref() != Some(&self.owner) {
            tx.rollback().await?;
            return Ok(None);
        }
        #[derive(Serialize)]
        struct Lease<'a> {
            id: &'a str,
            fence: u64,
            owner: &'a str,
            seconds: u32,
        }
        let (fence, seconds) = (row.fence + 1, self.lease_seconds);
        tx.execute(sql::LEASE, &[Lease { id: &row.id, fence, owner: &self.owner, seconds }])
            .await?;
        tx.commit().await?;
        RecordRow { fence, ..row }.record().map(Some)
    }

    /// Keeps the lease. False: it is lost.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn renew(&self, id: Uuid, fence: u64) -> Result<bool, StoreError> {
        #[derive(Serialize)]
        struct Renewal {
            id: String,
            fence: u64,
            seconds: u32,
        }
        let renewal = [Renewal { id: hex(id), fence, seconds: self.lease_seconds }];
        Ok(self.database.execute(sql::RENEW, &renewal).await? > 0)
    }

    /// Gives the lease up, so that the next process need not wait for its end.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn release(&self, id: Uuid, fence: u64) -> Result<(), StoreError> {
        self.database.execute(sql::RELEASE, &[Id { id: hex(id), fence }]).await.map(drop)
    }
}
