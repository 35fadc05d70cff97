//! Incarnations of the voter states.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use super::Conn;
use crate::StoreError;
use crate::key::{Key, Moment};
use crate::schema::state_epochs;

pub(crate) async fn note(
    connection: &mut Conn,
    name: &str,
    epoch: Uuid,
    now: DateTime<Utc>,
) -> Result<Option<DateTime<Utc>>, StoreError> {
    let noted: Option<(Key, Option<Moment>)> = state_epochs::table
        .filter(state_epochs::name.eq(name))
        .select((state_epochs::epoch, state_epochs::lost_at))
        .first(connection)
        .await
        .optional()?;
    match noted {
        Some((Key(known), lost_at)) if known == epoch => Ok(lost_at.map(DateTime::from)),
        Some(_) => {
            diesel::update(state_epochs::table.filter(state_epochs::name.eq(name)))
                .set((
                    state_epochs::epoch.eq(Key(epoch)),
                    state_epochs::lost_at.eq(Some(Moment(now))),
                ))
                .execute(connection)
                .await?;
            Ok(Some(now))
        }
        None => {
            diesel::insert_into(state_epochs::table)
                .values((
                    state_epochs::name.eq(name),
                    state_epochs::epoch.eq(Key(epoch)),
                ))
                .execute(connection)
                .await?;
            Ok(None)
        }
    }
}
