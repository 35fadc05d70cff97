//! Ledgers are exported whole and in order.

use vote_store::export::Admitted;

use crate::backends::on_each_backend;
use crate::site::*;
use crate::world::*;

on_each_backend! {
    async fn a_ledger_is_read_whole_whatever_the_slices(backend: Backend) -> Result<()> {
        let store = &backend.store;
        whole(&backend).await?;
        let all = store.export_review_votes(Admitted::EVER, None, 100).await?;
        assert_eq!(all.len(), 13);
        assert!(all.is_sorted_by_key(|vote| vote.vote_id));
        assert_eq!(all.iter().filter(|vote| vote.void.is_some()).count(), 3);
        let mut sliced = Vec::new();
        loop {
            let after = sliced.last().map(|vote: &vote_store::export::ExportedReviewVote| vote.vote_id);
            let slice = store.export_review_votes(Admitted::EVER, after, 2).await?;
            if slice.is_empty() {
                break;
            }
            sliced.extend(slice);
        }
        assert_eq!(sliced, all);

        let all = store.export_campaign_votes(CAMPAIGN, Admitted::EVER, None, 100).await?;
        assert_eq!(all.len(), 10);
        let mut sliced = Vec::new();
        loop {
            let after = sliced.last().map(|vote: &vote_store::export::ExportedCampaignVote| (vote.voter, vote.seq, vote.vote_id));
            let slice = store.export_campaign_votes(CAMPAIGN, Admitted::EVER, after, 3).await?;
            if slice.is_empty() {
                break;
            }
            sliced.extend(slice);
        }
        assert_eq!(sliced, all);
        assert!(all.iter().all(|vote| vote.voter_name.is_some() && vote.option.is_some() && !vote.draws.is_empty()));
        assert_eq!(all.iter().filter(|vote| vote.void.is_some()).count(), 5);
        let first_day = Admitted { from: noon(0, 0), to: noon(1, 0) };
        assert_eq!(store.export_campaign_votes(CAMPAIGN, first_day, None, 100).await?.len(), 3);
        Ok(())
    }
}
