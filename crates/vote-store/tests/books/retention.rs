//! What is kept no longer goes, and nothing else; and the schema's version.

use vote_store::retention::{Purge, PurgeSlice};

use crate::backends::on_each_backend;
use crate::site::*;
use crate::world::*;

fn moment(day: u32) -> String {
    format!("'2026-05-{day:02} 00:00:00.000000'")
}

on_each_backend! {
    async fn what_is_of_no_use_goes_in_slices_and_the_rest_stays(backend: Backend) -> Result<()> {
        let store = &backend.store;
        furnish(&backend).await?;
        for n in 0..1_200_u128 {
            let (session, day) = (literal(uuid::Uuid::from_u128(0x5000 + n)), if n < 1_100 { 1 } else { 20 });
            let hash = format!("X'{:064x}'", 0x7000 + n);
            store.execute_raw(&format!(
                "INSERT INTO sessions VALUES ({session}, {}, {}, {}, NULL)", literal(user(1)), moment(day), moment(day)
            )).await?;
            store.execute_raw(&format!(
                "INSERT INTO refresh_tokens VALUES ({hash}, {session}, {}, {}, NULL)", moment(day), moment(day)
            )).await?;
        }
        store.execute_raw(&format!(
            "INSERT INTO dead_letters VALUES (X'{:032x}', 'b', 'vote', X'00', 'r', 'd', 1, {at}, {at}, 'replayed'), \
             (X'{:032x}', 'b', 'vote', X'01', 'r', 'd', 1, {at}, NULL, NULL)", 1, 2, at = moment(1)
        )).await?;
        let cutoff = "2026-05-10T00:00:00Z".parse()?;
        let nothing = store.purgeable(Purge::Sessions, cutoff, &PurgeSlice::default()).await?;
        assert_eq!(nothing.n_rows(), 0, "sessions go after their tokens");
        for (kind, sizes) in [(Purge::RefreshTokens, vec![500, 500, 100]), (Purge::Sessions, vec![500, 500, 100]), (Purge::DeadLetters, vec![1])] {
            let mut slice = PurgeSlice::default();
            let mut found = Vec::new();
            loop {
                slice = store.purgeable(kind, cutoff, &slice).await?;
                if slice.n_rows() == 0 {
                    break;
                }
                found.push(store.purge(kind, cutoff, &slice).await?);
                assert_eq!(store.purge(kind, cutoff, &slice).await?, 0, "a second time nothing goes");
            }
            assert_eq!(found, sizes, "{kind:?}");
        }
        for (table, left) in [("refresh_tokens", 100), ("sessions", 100), ("dead_letters", 1)] {
            assert_eq!(store.select_number(&format!("SELECT COUNT(*) AS n FROM {table}")).await?, left, "{table}");
        }
        assert_eq!(lines(&findings(store).await?), Vec::<String>::new());
        Ok(())
    }

    async fn the_schema_knows_its_version(backend: Backend) -> Result<()> {
        let store = &backend.store;
        let now = store.schema_version().await?;
        assert_eq!(now.pending, Vec::<String>::new());
        assert!(now.applied.len() >= 4);
        store.execute_raw("DELETE FROM __diesel_schema_migrations WHERE version = '20261122000004'").await?;
        let older = store.schema_version().await?;
        assert_eq!((older.pending.len(), older.applied.len()), (1, now.applied.len() - 1));
        assert!(older.pending[0].contains("review_voids"));
        store.execute_raw("DROP TABLE __diesel_schema_migrations").await?;
        let none = store.schema_version().await?;
        assert_eq!((none.last(), none.pending.len()), (None, now.applied.len()));
        Ok(())
    }
}
