//! Voids.

use vote_domain::{Outcome, RejectReason, Seq};
use vote_store::audit::AuditFilter;
use vote_store::voids::VoidOutcome;

use crate::backends::on_each_backend;
use crate::world::*;

const VOIDED: Option<Outcome> = Some(Outcome::Voided);

fn done(outcome: VoidOutcome) -> u64 {
    match outcome {
        VoidOutcome::Done { voided, .. } => voided,
        other => panic!("{other:?}"),
    }
}

on_each_backend! {
    async fn a_void_returns_tickets_to_their_lots_and_changes_nothing_twice(backend: Backend) -> Result<()> {
        let store = &backend.store;
        create(store, CAMPAIGN, &plan()).await?;
        let ann = member(1);
        let lot = granted(store, &ann, 10, noon(1, 0)).await?;
        let votes = [
            vote(1, &ann, noon(1, 1), vec![from_lot(lot, 4)]),
            vote(2, &ann, noon(1, 2), vec![from_lot(lot, 3)]),
            vote(3, &ann, noon(1, 3), vec![from_lot(lot, 9)]),
        ];
        settle(store, CAMPAIGN, &votes, noon(1, 4)).await;
        assert_eq!((counted(store).await?, balance(store, &ann, noon(1, 5)).await?), (7, 9));

        let void = new_void(1, false, noon(1, 6));
        let VoidOutcome::Done { voided, voters } = store.void_vote(CAMPAIGN, vote_id(1), &void, noon(1, 6)).await? else { panic!() };
        assert_eq!((voided, voters[0].0, voters[0].1.version), (1, ann.voter_id(), 3));
        assert_eq!(voters[0].1.touched.lots[0].1.spent, 3);
        assert_eq!((counted(store).await?, balance(store, &ann, noon(1, 7)).await?), (3, 13));
        assert_eq!(store.void_vote(CAMPAIGN, vote_id(1), &void, noon(1, 8)).await?, VoidOutcome::AlreadyVoided);

        let forfeit = new_void(2, true, noon(1, 9));
        assert_eq!(done(store.void_vote(CAMPAIGN, vote_id(2), &forfeit, noon(1, 9)).await?), 1);
        assert_eq!((counted(store).await?, balance(store, &ann, noon(1, 10)).await?), (0, 13));
        let (first, second) = (ledger(store, 1).await?.unwrap(), ledger(store, 2).await?.unwrap());
        assert_eq!((first.outcome, first.forfeited, first.voided_at), (Outcome::Voided, false, Some(noon(1, 6))));
        assert_eq!(first.void_reason.as_deref(), Some("bought votes, case 1"));
        assert_eq!((second.forfeited, second.settled_at), (true, noon(1, 4)));

        assert_eq!(store.void_vote(CAMPAIGN, vote_id(3), &void, noon(1, 11)).await?, VoidOutcome::NotCounted(RejectReason::InsufficientTickets));
        let elsewhere = vote_domain::CampaignId(uuid::Uuid::from_u128(5));
        assert_eq!(store.void_vote(elsewhere, vote_id(1), &void, noon(1, 12)).await?, VoidOutcome::NoSuchCampaign);
        create(store, elsewhere, &plan()).await?;
        assert_eq!(store.void_vote(elsewhere, vote_id(1), &void, noon(1, 12)).await?, VoidOutcome::OfAnotherCampaign);
        for (table, what) in [("campaign_fans", "tickets"), ("campaign_tallies", "tickets"), ("campaign_days", "tickets"), ("campaign_totals", "n_votes")] {
            let sql = format!("SELECT CAST(SUM({what}) AS SIGNED) AS n FROM {table}");
            assert_eq!(store.select_number(&sql).await?, 0, "{table}");
        }
        let filter = AuditFilter { action: Some("vote_voided".to_owned()), subject: None };
        assert_eq!(store.audit_records(&filter, None, 10).await?.len(), 2);
        Ok(())
    }

    async fn a_void_waits_for_its_vote(backend: Backend) -> Result<()> {
        let store = &backend.store;
        create(store, CAMPAIGN, &plan()).await?;
        let ann = member(1);
        let votes = [free_vote(1, &ann, noon(1, 1), 1), free_vote(2, &ann, noon(1, 2), 1), free_vote(3, &ann, noon(1, 3), 1)];
        for (n, forfeit) in [(1, false), (2, true)] {
            for _ in 0..2 {
                let void = new_void(n, forfeit, noon(1, 4));
                assert_eq!(store.void_vote(CAMPAIGN, vote_id(n), &void, noon(1, 4)).await?, VoidOutcome::Waiting);
            }
        }
        // A second void that would take the tickets comes too late.
        let late = new_void(9, true, noon(1, 5));
        assert_eq!(store.void_vote(CAMPAIGN, vote_id(1), &late, noon(1, 5)).await?, VoidOutcome::Waiting);
        settle(store, CAMPAIGN, &votes, noon(1, 6)).await;
        assert_eq!((outcome(store, 1).await?, outcome(store, 2).await?), (VOIDED, VOIDED));
        assert_eq!(outcome(store, 3).await?, Some(Outcome::Counted));
        // 3 of yesterday; today 1 counted, 1 lost, 1 returned.
        assert_eq!((counted(store).await?, balance(store, &ann, noon(1, 7)).await?), (1, 4));
        let vote = ledger(store, 2).await?.unwrap();
        assert_eq!((vote.forfeited, vote.void_reason.as_deref()), (true, Some("bought votes, case 2")));
        assert_eq!(vote.voided_at, Some(noon(1, 6)));
        assert!(store.apply_campaign_marks(CAMPAIGN, noon(1, 8)).await?.is_empty());
        let open = "SELECT COUNT(*) AS n FROM campaign_vote_marks WHERE applied_at IS NULL";
        assert_eq!(store.select_number(open).await?, 0);
        assert_eq!(store.void_vote(CAMPAIGN, vote_id(1), &late, noon(1, 9)).await?, VoidOutcome::AlreadyVoided);
        Ok(())
    }

    async fn a_void_that_comes_as_its_vote_settles_takes_it_out(backend: Backend) -> Result<()> {
        let store = &backend.store;
        create(store, CAMPAIGN, &plan()).await?;
        for n in 1..=150 {
            let votes = [free_vote(n, &member(n), noon(1, 1), 1)];
            let settling = async {
                settle(store, CAMPAIGN, &votes, noon(1, 2)).await;
                store.apply_campaign_marks(CAMPAIGN, noon(1, 2)).await
            };
            let void = new_void(n, false, noon(1, 2));
            let voiding = store.void_vote(CAMPAIGN, vote_id(n), &void, noon(1, 2));
            let (settled, voided) = tokio::join!(settling, voiding);
            settled?;
            voided?;
            assert_eq!(outcome(store, n).await?, VOIDED, "vote {n}");
        }
        Ok(())
    }

    async fn a_void_in_the_wrong_campaign_is_in_the_way_of_none_in_the_right_one(backend: Backend) -> Result<()> {
        let store = &backend.store;
        let elsewhere = vote_domain::CampaignId(uuid::Uuid::from_u128(5));
        for campaign in [CAMPAIGN, elsewhere] {
            create(store, campaign, &plan()).await?;
        }
        for (n, campaign) in [(1, elsewhere), (2, CAMPAIGN), (3, elsewhere)] {
            let void = new_void(n, false, noon(1, 1));
            assert_eq!(store.void_vote(campaign, vote_id(1), &void, noon(1, 1)).await?, VoidOutcome::Waiting);
        }
        settle(store, CAMPAIGN, &[free_vote(1, &member(1), noon(1, 1), 1)], noon(1, 2)).await;
        let vote = ledger(store, 1).await?.unwrap();
        assert_eq!((vote.outcome, vote.void_reason.as_deref()), (Outcome::Voided, Some("bought votes, case 2")));
        for campaign in [CAMPAIGN, elsewhere] {
            assert!(store.apply_campaign_marks(campaign, noon(1, 3)).await?.is_empty());
        }
        Ok(())
    }

    async fn a_mark_that_settling_missed_is_carried_out_after_it(backend: Backend) -> Result<()> {
        let store = &backend.store;
        create(store, CAMPAIGN, &plan()).await?;
        let votes: Vec<_> = (1..=3).map(|n| free_vote(n, &member(n), noon(1, 1), 2)).collect();
        settle(store, CAMPAIGN, &votes, noon(1, 2)).await;
        // As if they had committed after settling looked, and before it committed.
        let mark = async |n: u128, forfeit: u8| {
            let sql = format!(
                "INSERT INTO campaign_vote_marks VALUES ({}, {}, {}, 1, {forfeit}, 'late', NULL)",
                literal(vote_id(n).0), literal(CAMPAIGN.0), literal(uuid::Uuid::from_u128(n))
            );
            store.execute_raw(&sql).await
        };
        mark(1, 0).await?;
        mark(2, 1).await?;
        let told = store.apply_campaign_marks(CAMPAIGN, noon(1, 3)).await?;
        assert_eq!(told.len(), 2);
        assert!(store.apply_campaign_marks(CAMPAIGN, noon(1, 4)).await?.is_empty());
        assert_eq!(counted(store).await?, 2);
        assert_eq!(balance(store, &member(1), noon(1, 5)).await?, 6);
        assert_eq!(balance(store, &member(2), noon(1, 5)).await?, 4);
        assert_eq!(ledger(store, 2).await?.unwrap().void_reason.as_deref(), Some("late"));
        // Of two voids the first holds, also when the second one comes to the vote before.
        mark(3, 0).await?;
        let second = new_void(7, true, noon(1, 6));
        assert_eq!(done(store.void_vote(CAMPAIGN, vote_id(3), &second, noon(1, 6)).await?), 1);
        assert!(store.apply_campaign_marks(CAMPAIGN, noon(1, 7)).await?.is_empty());
        assert_eq!(balance(store, &member(3), noon(1, 8)).await?, 6);
        Ok(())
    }

    async fn all_votes_of_a_voter_are_voided_those_under_way_too(backend: Backend) -> Result<()> {
        let store = &backend.store;
        create(store, CAMPAIGN, &plan()).await?;
        let (ann, bob) = (member(1), member(2));
        let lot = granted(store, &ann, 1_000, noon(1, 0)).await?;
        let votes: Vec<_> = (1..=601)
            .map(|n| vote(n, &ann, noon(1, i64::try_from(n).unwrap()), vec![from_lot(lot, 1)]))
            .collect();
        settle(store, CAMPAIGN, &votes[..600], noon(1, 700)).await;
        settle(store, CAMPAIGN, &[free_vote(9_000, &bob, noon(1, 1), 1)], noon(1, 700)).await;
        let void = new_void(1, false, noon(1, 601));
        let up_to = Seq(noon(1, 601).timestamp_micros());
        let VoidOutcome::Done { voided, voters } = store.void_voter(CAMPAIGN, &ann, up_to, &void, noon(1, 701)).await? else { panic!() };
        assert_eq!(voided, 600);
        // The mark, then three times some of the votes.
        let versions: Vec<_> = voters.iter().map(|(_, settled)| settled.version).collect();
        assert_eq!(versions, [3, 4, 5, 6]);
        assert_eq!(counted(store).await?, 1);
        assert_eq!(balance(store, &ann, noon(1, 702)).await?, 1_006);
        // One on its way, and one cast later.
        let later = vote(602, &ann, noon(1, 800), vec![from_lot(lot, 1)]);
        settle(store, CAMPAIGN, &[votes[600].clone(), later], noon(1, 801)).await;
        assert_eq!((outcome(store, 601).await?, outcome(store, 602).await?), (VOIDED, Some(Outcome::Counted)));
        assert_eq!(ledger(store, 601).await?.unwrap().void_reason, Some(void.reason.clone()));
        for void in [&void, &new_void(2, true, noon(1, 900))] {
            assert_eq!(done(store.void_voter(CAMPAIGN, &ann, up_to, void, noon(1, 900)).await?), 0);
        }
        assert_eq!(balance(store, &ann, noon(1, 901)).await?, 1_005);
        let filter = AuditFilter { action: Some("voter_voided".to_owned()), subject: Some(format!("voter:{ann}")) };
        assert_eq!(store.audit_records(&filter, None, 10).await?.len(), 1);
        Ok(())
    }

    async fn a_voters_void_that_was_interrupted_is_ended_by_others(backend: Backend) -> Result<()> {
        let store = &backend.store;
        create(store, CAMPAIGN, &plan()).await?;
        let ann = member(1);
        settle(store, CAMPAIGN, &[free_vote(1, &ann, noon(1, 1), 2)], noon(1, 2)).await;
        let sql = format!(
            "INSERT INTO campaign_voter_marks VALUES ({}, {}, {}, {}, 1, 1, 'bought', NULL)",
            literal(uuid::Uuid::from_u128(1)), literal(ann.voter_id().0), literal(CAMPAIGN.0), noon(1, 3).timestamp_micros()
        );
        store.execute_raw(&sql).await?;
        let told = store.apply_campaign_marks(CAMPAIGN, noon(1, 4)).await?;
        assert_eq!(told.len(), 1);
        assert_eq!((counted(store).await?, balance(store, &ann, noon(1, 5)).await?), (0, 4));
        assert!(store.apply_campaign_marks(CAMPAIGN, noon(1, 6)).await?.is_empty());
        Ok(())
    }

    async fn what_returns_to_an_expired_lot_has_expired(backend: Backend) -> Result<()> {
        let store = &backend.store;
        create(store, CAMPAIGN, &plan()).await?;
        let ann = member(1);
        let lot = granted(store, &ann, 5, noon(1, 0)).await?;
        settle(store, CAMPAIGN, &[vote(1, &ann, noon(1, 1), vec![from_lot(lot, 5)])], noon(1, 2)).await;
        let before = balance(store, &ann, noon(5, 0)).await?;
        assert_eq!(done(store.void_vote(CAMPAIGN, vote_id(1), &new_void(1, false, noon(5, 1)), noon(5, 1)).await?), 1);
        assert_eq!(balance(store, &ann, noon(5, 2)).await?, before);
        let rows = store.statement_rows(CAMPAIGN, ann.voter_id()).await?;
        assert_eq!(rows.lots[0].1.remaining(), 5);
        Ok(())
    }
}
