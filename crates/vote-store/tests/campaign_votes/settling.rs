//! Votes one by one.

use vote_domain::campaign::{ChannelNo, OptionNo};
use vote_domain::{Outcome, RejectReason, Voter};

use crate::backends::on_each_backend;
use crate::world::*;

const COUNTED: Option<Outcome> = Some(Outcome::Counted);

fn rejected(reason: RejectReason) -> Option<Outcome> {
    Some(Outcome::Rejected(reason))
}

on_each_backend! {
    async fn a_campaign_vote_delivered_twice_counts_once(backend: Backend) -> Result<()> {
        let store = &backend.store;
        create(store, CAMPAIGN, &plan()).await?;
        let votes = [free_vote(1, &member(1), noon(0, 1), 2)];
        let first = settle(store, CAMPAIGN, &votes, noon(0, 2)).await;
        assert_eq!(first.outcomes, [(vote_id(1), Outcome::Counted)]);
        assert_eq!(first.voters[0].1.version, 1);
        let again = settle(store, CAMPAIGN, &votes, noon(0, 3)).await;
        assert!(again.outcomes.is_empty());
        assert_eq!((again.voters[0].1.version, &again.voters[0].1.votes[..]), (2, &[vote_id(1)][..]));
        assert_eq!(again.voters[0].1.touched, first.voters[0].1.touched);
        // Also twice within one batch.
        let other = free_vote(2, &member(2), noon(0, 4), 3);
        let settled = settle(store, CAMPAIGN, &[other.clone(), other.clone()], noon(0, 5)).await;
        assert_eq!(settled.outcomes.len(), 1);
        assert_eq!(counted(store).await?, 5);
        assert_eq!(balance(store, &member(1), noon(0, 6)).await?, 1);
        let voter = member(1).voter_id();
        let votes = [(voter, vote_id(1)), (voter, vote_id(9))];
        let known = store.load_campaign_bases(CAMPAIGN, &[voter], &votes, noon(0, 6)).await?;
        assert_eq!(known.known.into_keys().collect::<Vec<_>>(), [vote_id(1)]);
        Ok(())
    }

    async fn sql_judges_window_option_channel_and_tickets(backend: Backend) -> Result<()> {
        let store = &backend.store;
        create(store, CAMPAIGN, &plan()).await?;
        let (voter, ms) = (member(1), chrono::TimeDelta::milliseconds(1));
        let mut of_no_option = free_vote(5, &voter, noon(3, 0), 1);
        of_no_option.ballot.option = OptionNo(3);
        let mut of_no_channel = free_vote(6, &voter, noon(3, 1), 1);
        of_no_channel.ballot.channel = ChannelNo(2);
        let mut elsewhere = free_vote(7, &voter, noon(3, 2), 1);
        elsewhere.campaign.0 = uuid::Uuid::from_u128(1);
        let votes = [
            free_vote(1, &voter, noon(0, 0) - ms, 1),
            free_vote(2, &voter, noon(0, 0), 1),
            free_vote(3, &voter, noon(10, 0) - ms, 1),
            free_vote(4, &voter, noon(10, 0), 1),
            of_no_option,
            of_no_channel,
            elsewhere,
            free_vote(8, &voter, noon(4, 0), 4),
            free_vote(9, &voter, noon(4, 1), 3),
            free_vote(10, &voter, noon(4, 2), 1),
        ];
        settle(store, CAMPAIGN, &votes, noon(10, 1)).await;
        let ends = [
            rejected(RejectReason::CampaignNotOpen),
            COUNTED,
            COUNTED,
            rejected(RejectReason::CampaignNotOpen),
            rejected(RejectReason::OptionNotFound),
            rejected(RejectReason::ChannelNotFound),
            rejected(RejectReason::CampaignNotOpen),
            rejected(RejectReason::InsufficientTickets),
            COUNTED,
            rejected(RejectReason::InsufficientTickets),
        ];
        for (n, end) in (1..).zip(ends) {
            assert_eq!(outcome(store, n).await?, end, "vote {n}");
        }
        assert_eq!(counted(store).await?, 5);
        let kept = ledger(store, 2).await?.unwrap();
        assert_eq!((kept.option.as_deref(), kept.channel.as_deref()), (Some("option-0"), Some("web")));
        assert_eq!((kept.settled_at, kept.voided_at), (noon(10, 1), None));
        assert_eq!(ledger(store, 5).await?.unwrap().option, None);
        Ok(())
    }

    async fn a_channels_day_is_held_to_the_stamped_limit(backend: Backend) -> Result<()> {
        let store = &backend.store;
        create(store, CAMPAIGN, &plan()).await?;
        let voter = member(1);
        let lot = granted(store, &voter, 20, noon(1, 0)).await?;
        let on_app = |n: u128, tickets| {
            let mut vote = vote(n, &voter, noon(1, i64::try_from(n).unwrap()), vec![from_lot(lot, tickets)]);
            vote.ballot.channel = ChannelNo(1);
            vote.limit = Some(5);
            vote
        };
        settle(store, CAMPAIGN, &[on_app(1, 3), on_app(2, 3), on_app(3, 2)], noon(1, 9)).await;
        assert_eq!(outcome(store, 2).await?, rejected(RejectReason::ChannelLimitReached));
        let used = |state: vote_domain::campaign::VoterState| state.used_on(ChannelNo(1), terms().day(noon(1, 0)));
        assert_eq!(used(state(store, &voter, noon(1, 10)).await?), 5);
        // Two days later it is not carried any more.
        assert!(state(store, &voter, noon(4, 0)).await?.base.uses.is_empty());
        assert_eq!(counted(store).await?, 5);
        Ok(())
    }

    async fn two_histories_that_know_nothing_of_each_other_overspend_no_lot(backend: Backend) -> Result<()> {
        let store = &backend.store;
        create(store, CAMPAIGN, &plan()).await?;
        let voter = Voter::new("jury".parse()?, "DE")?;
        let lot = granted(store, &voter, 10, noon(1, 0)).await?;
        let mut workers = tokio::task::JoinSet::new();
        for worker in 0..4_u128 {
            let (store, voter) = (store.clone(), voter.clone());
            workers.spawn(async move {
                for n in 0..10 {
                    let n = worker * 10 + n;
                    let vote = vote(n, &voter, noon(1, 1 + i64::try_from(n).unwrap()), vec![from_lot(lot, 1)]);
                    settle(&store, CAMPAIGN, &[vote], noon(1, 60)).await;
                }
            });
        }
        workers.join_all().await;
        assert_eq!(counted(store).await?, 10);
        let ids: Vec<_> = (0..40).map(vote_id).collect();
        let ledger = store.campaign_ledger_votes(&ids).await?;
        assert_eq!(ledger.iter().filter(|vote| vote.outcome == Outcome::Counted).count(), 10);
        assert_eq!(ledger.len(), 40);
        assert_eq!(store.campaign_ballots(&ids).await?.len(), 40);
        let rows = store.statement_rows(CAMPAIGN, voter.voter_id()).await?;
        assert_eq!((rows.lots.len(), rows.lots[0].1.remaining(), rows.version), (1, 0, 41));
        assert_eq!(rows.votes[0].vote.voter, voter);
        Ok(())
    }

    async fn a_campaign_that_is_not_there_takes_no_votes(backend: Backend) -> Result<()> {
        let error = backend.store.settle_campaign(CAMPAIGN, &[free_vote(1, &member(1), noon(0, 1), 1)], noon(0, 1)).await;
        assert!(!error.unwrap_err().is_transient());
        assert_eq!(outcome(&backend.store, 1).await?, None);
        let bases = backend.store.load_campaign_bases(CAMPAIGN, &[member(1).voter_id()], &[], noon(0, 1)).await?;
        assert_eq!(bases.bases[&member(1).voter_id()].version, 0);
        Ok(())
    }
}
