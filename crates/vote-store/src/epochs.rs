//! Whether the voter states beside SQL are the ones that were there before.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::run::write;
use crate::{Store, StoreError};

impl Store {
    /// Notes that the states called `name` are now the incarnation `epoch`, and answers
    /// when an incarnation was last lost: never, if this is the first ever noted.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn note_epoch(
        &self,
        name: &str,
        epoch: Uuid,
        now: DateTime<Utc>,
    ) -> Result<Option<DateTime<Utc>>, StoreError> {
        write!(self, epochs::note(name, epoch, now))
    }
}
