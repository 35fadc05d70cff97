//! Voids and their marks. Each transaction locks the campaign's row first, so that voids
//! come one after another, and none comes once the campaign is drained.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use serde_json::json;
use uuid::Uuid;
use vote_domain::campaign::{CampaignVote, Marks, Progress, Rows, Touched, void};
use vote_domain::id::named;
use vote_domain::voter_state::Settled;
use vote_domain::{CampaignId, Outcome, Seq, VoteId, Voter, VoterId};

use super::Conn;
use super::campaign_change::Change;
use super::campaign_rows::{
    VoteRow, lock_voters, names, read_lots, read_uses, touch, voters_now, write,
};
use super::campaigns::progress_of;
use crate::StoreError;
use crate::audit::Act;
use crate::key::{Key, Moment};
use crate::rows::{Locked, OnDuplicate, Value, Write};
use crate::schema::{
    campaign_voids, campaign_vote_marks, campaign_voter_marks, campaign_votes, campaigns,
};
use crate::voids::{Due, Marked, NewVoid, VOIDS_MAX, VoidOutcome, VoidStep};

const VOIDS: Write = Write {
    table: "campaign_voids",
    upsert_key: "",
    columns: &[
        ("vote_id", OnDuplicate::Keep),
        ("campaign_id", OnDuplicate::Keep),
        ("voter_id", OnDuplicate::Keep),
        ("void_id", OnDuplicate::Keep),
        ("forfeited", OnDuplicate::Keep),
        ("reason", OnDuplicate::Keep),
        ("voided_at", OnDuplicate::Keep),
    ],
};

/// A vote that counts, and the void that it falls under.
struct Falls {
    vote: VoteRow,
    void_id: Uuid,
    forfeit: bool,
    reason: String,
}

/// Locks the campaign's row; none if there is no such campaign.
pub(crate) async fn lock(
    connection: &mut Conn,
    campaign: CampaignId,
) -> Result<Option<Progress>, StoreError> {
    let found: Vec<String> = Locked(
        campaigns::table
            .filter(campaigns::campaign_id.eq(Key::from(campaign)))
            .select(campaigns::progress),
    )
    .load(connection)
    .await?;
    let progress = found.into_iter().next();
    progress.map(|text| progress_of(&text)).transpose()
}

/// Whether a campaign whose close has come so far takes voids.
fn takes_voids(progress: Progress) -> bool {
    progress < Progress::Drained
}

pub(crate) async fn void_vote(
    connection: &mut Conn,
    campaign: CampaignId,
    vote: VoteId,
    void: &NewVoid,
    now: DateTime<Utc>,
) -> Result<VoidOutcome, StoreError> {
    match lock(connection, campaign).await? {
        None => return Ok(VoidOutcome::NoSuchCampaign),
        Some(progress) if !takes_voids(progress) => return Ok(VoidOutcome::NotOpen),
        Some(_) => {}
    }
    let found: Option<VoteRow> = campaign_votes::table
        .filter(campaign_votes::vote_id.eq(Key::from(vote)))
        .select(campaign_votes::all_columns)
        .first(connection)
        .await
        .optional()?;
    let Some(found) = found else {
        mark_vote(connection, campaign, vote, void, now).await?;
        return Ok(VoidOutcome::Waiting);
    };
    if CampaignId::from(found.campaign_id) != campaign {
        return Ok(VoidOutcome::OfAnotherCampaign);
    }
    match found.outcome()? {
        Outcome::Rejected(reason) => return Ok(VoidOutcome::NotCounted(reason)),
        Outcome::Voided => return Ok(VoidOutcome::AlreadyVoided),
        Outcome::Counted => {}
    }
    let voided: i64 = campaign_voids::table
        .filter(campaign_voids::vote_id.eq(Key::from(vote)))
        .count()
        .get_result(connection)
        .await?;
    if voided > 0 {
        return Ok(VoidOutcome::AlreadyVoided);
    }
    let falls = match mark_of(connection, campaign, vote).await? {
        // An earlier void, which settling missed, holds.
        Some((void_id, forfeit, reason)) => Falls {
            vote: found,
            void_id: void_id.into(),
            forfeit,
            reason,
        },
        None => {
            audit_vote(connection, campaign, vote, void, now).await?;
            Falls {
                vote: found,
                void_id: void.void_id,
                forfeit: void.forfeit,
                reason: void.reason.clone(),
            }
        }
    };
    let voters = take_out(connection, campaign, vec![falls], now).await?;
    Ok(VoidOutcome::Done { voided: 1, voters })
}

/// The mark that was left in `campaign` for `vote`, if one was. Another campaign may have
/// one, too: somebody took it for the vote's.
async fn mark_of(
    connection: &mut Conn,
    campaign: CampaignId,
    vote: VoteId,
) -> Result<Option<(Key, bool, String)>, StoreError> {
    let mark = campaign_vote_marks::table
        .filter(campaign_vote_marks::vote_id.eq(Key::from(vote)))
        .filter(campaign_vote_marks::campaign_id.eq(Key::from(campaign)))
        .select((
            campaign_vote_marks::void_id,
            campaign_vote_marks::forfeit,
            campaign_vote_marks::reason,
        ))
        .first(connection)
        .await
        .optional()?;
    Ok(mark)
}

/// Leaves a mark for a vote that the ledger does not know; the first one stays.
async fn mark_vote(
    connection: &mut Conn,
    campaign: CampaignId,
    vote: VoteId,
    void: &NewVoid,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    if mark_of(connection, campaign, vote).await?.is_some() {
        return Ok(());
    }
    diesel::insert_into(campaign_vote_marks::table)
        .values((
            campaign_vote_marks::vote_id.eq(Key::from(vote)),
            campaign_vote_marks::campaign_id.eq(Key::from(campaign)),
            campaign_vote_marks::void_id.eq(Key(void.void_id)),
            campaign_vote_marks::position.eq(void.position),
            campaign_vote_marks::forfeit.eq(void.forfeit),
            campaign_vote_marks::reason.eq(&void.reason),
        ))
        .execute(connection)
        .await?;
    audit_vote(connection, campaign, vote, void, now).await
}

async fn audit_vote(
    connection: &mut Conn,
    campaign: CampaignId,
    vote: VoteId,
    void: &NewVoid,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let mut name = vote.0.as_bytes().to_vec();
    name.extend(void.void_id.as_bytes());
    let act = Act {
        audit_id: named("audit of a void", &name),
        at: now,
        actor: void.by.clone(),
    };
    let detail = json!({
        "campaign_id": campaign,
        "void_id": void.void_id,
        "reason": void.reason,
        "forfeit": void.forfeit,
    });
    let record = act.record("vote_voided", format!("vote:{vote}"), detail);
    super::audit::append(connection, &[record]).await
}

/// Leaves the mark of a voter's void, under the voter's lock: whatever settles from then
/// on sees it, and whatever settled before is there to be voided.
pub(crate) async fn mark_voter(
    connection: &mut Conn,
    campaign: CampaignId,
    voter: &Voter,
    up_to: Seq,
    void: &NewVoid,
    now: DateTime<Utc>,
) -> Result<Marked, StoreError> {
    match lock(connection, campaign).await? {
        None => return Ok(Marked::NoSuchCampaign),
        Some(progress) if !takes_voids(progress) => return Ok(Marked::NotOpen),
        Some(_) => {}
    }
    let voter_id = voter.voter_id();
    let covering: Option<Key> = campaign_voter_marks::table
        .filter(campaign_voter_marks::voter_id.eq(Key::from(voter_id)))
        .filter(campaign_voter_marks::campaign_id.eq(Key::from(campaign)))
        .filter(campaign_voter_marks::up_to_seq.ge(up_to.0))
        .order((
            campaign_voter_marks::position,
            campaign_voter_marks::void_id,
        ))
        .select(campaign_voter_marks::void_id)
        .first(connection)
        .await
        .optional()?;
    if let Some(mark) = covering {
        return Ok(Marked::Under(mark.into(), None));
    }
    let voters = BTreeMap::from([(voter_id, (voter, Seq::default()))]);
    lock_voters(connection, campaign, &voters).await?;
    diesel::insert_into(campaign_voter_marks::table)
        .values((
            campaign_voter_marks::void_id.eq(Key(void.void_id)),
            campaign_voter_marks::voter_id.eq(Key::from(voter_id)),
            campaign_voter_marks::campaign_id.eq(Key::from(campaign)),
            campaign_voter_marks::up_to_seq.eq(up_to.0),
            campaign_voter_marks::position.eq(void.position),
            campaign_voter_marks::forfeit.eq(void.forfeit),
            campaign_voter_marks::reason.eq(&void.reason),
        ))
        .execute(connection)
        .await?;
    let act = Act {
        audit_id: named("audit of a void", void.void_id.as_bytes()),
        at: now,
        actor: void.by.clone(),
    };
    let detail = json!({
        "campaign_id": campaign,
        "void_id": void.void_id,
        "up_to": up_to,
        "reason": void.reason,
        "forfeit": void.forfeit,
    });
    let record = act.record("voter_voided", format!("voter:{voter}"), detail);
    super::audit::append(connection, &[record]).await?;
    let told = voters_now(connection, campaign, [voter_id]).await?;
    Ok(Marked::Under(void.void_id, told.into_iter().next()))
}

/// Which marks of `campaign` have something to void. Nearly always none has.
pub(crate) async fn due(connection: &mut Conn, campaign: CampaignId) -> Result<Due, StoreError> {
    let of_votes = campaign_vote_marks::table
        .inner_join(
            campaign_votes::table.on(campaign_votes::vote_id.eq(campaign_vote_marks::vote_id)),
        )
        .filter(campaign_vote_marks::campaign_id.eq(Key::from(campaign)))
        .filter(campaign_vote_marks::applied_at.is_null())
        .select((campaign_vote_marks::void_id, campaign_vote_marks::vote_id));
    // Its id twice says that it is a voter's.
    let of_voters = campaign_voter_marks::table
        .filter(campaign_voter_marks::campaign_id.eq(Key::from(campaign)))
        .filter(campaign_voter_marks::applied_at.is_null())
        .select((campaign_voter_marks::void_id, campaign_voter_marks::void_id));
    let marks: Vec<(Key, Key)> = of_votes.union_all(of_voters).load(connection).await?;
    Ok(match marks.into_iter().next() {
        None => Due::Nothing,
        Some((void, of)) if void == of => Due::Voter(void.into()),
        Some(_) => Due::Votes,
    })
}

/// Voids what was counted past the marks of votes, and closes those marks whose votes the
/// ledger knows.
pub(crate) async fn apply_vote_marks(
    connection: &mut Conn,
    campaign: CampaignId,
    now: DateTime<Utc>,
) -> Result<VoidStep, StoreError> {
    type Columns = (VoteRow, Key, bool, String, Option<Key>);
    if !lock(connection, campaign).await?.is_some_and(takes_voids) {
        return Ok(VoidStep::closed());
    }
    let marks: Vec<Columns> = campaign_vote_marks::table
        .inner_join(
            campaign_votes::table.on(campaign_votes::vote_id.eq(campaign_vote_marks::vote_id)),
        )
        .left_join(
            campaign_voids::table.on(campaign_voids::vote_id.eq(campaign_vote_marks::vote_id)),
        )
        .filter(campaign_vote_marks::campaign_id.eq(Key::from(campaign)))
        .filter(campaign_vote_marks::applied_at.is_null())
        .order(campaign_vote_marks::vote_id)
        .limit(VOIDS_MAX as i64)
        .select((
            campaign_votes::all_columns,
            campaign_vote_marks::void_id,
            campaign_vote_marks::forfeit,
            campaign_vote_marks::reason,
            campaign_voids::vote_id.nullable(),
        ))
        .load(connection)
        .await?;
    let mut falling = Vec::new();
    for (vote, void_id, forfeit, reason, voided) in marks {
        let open = campaign_vote_marks::table
            .filter(campaign_vote_marks::vote_id.eq(vote.vote_id))
            .filter(campaign_vote_marks::campaign_id.eq(Key::from(campaign)));
        diesel::update(open)
            .set(campaign_vote_marks::applied_at.eq(Some(Moment(now))))
            .execute(connection)
            .await?;
        let is_of_campaign = CampaignId::from(vote.campaign_id) == campaign;
        if is_of_campaign && voided.is_none() && vote.outcome()? == Outcome::Counted {
            falling.push(Falls {
                vote,
                void_id: void_id.into(),
                forfeit,
                reason,
            });
        }
    }
    let voided = falling.len() as u64;
    Ok(VoidStep {
        voided,
        voters: take_out(connection, campaign, falling, now).await?,
        more: false,
        is_closed: false,
    })
}

/// Voids some of what settled before the mark of a voter, and closes the mark when that was
/// all.
pub(crate) async fn apply_voter_mark(
    connection: &mut Conn,
    campaign: CampaignId,
    mark: Uuid,
    now: DateTime<Utc>,
) -> Result<VoidStep, StoreError> {
    if !lock(connection, campaign).await?.is_some_and(takes_voids) {
        return Ok(VoidStep::closed());
    }
    let open = campaign_voter_marks::table
        .filter(campaign_voter_marks::void_id.eq(Key(mark)))
        .filter(campaign_voter_marks::applied_at.is_null());
    let found: Option<(Key, i64, bool, String)> = open
        .select((
            campaign_voter_marks::voter_id,
            campaign_voter_marks::up_to_seq,
            campaign_voter_marks::forfeit,
            campaign_voter_marks::reason,
        ))
        .first(connection)
        .await
        .optional()?;
    let Some((voter, up_to, forfeit, reason)) = found else {
        return Ok(VoidStep::default());
    };
    let votes: Vec<VoteRow> = campaign_votes::table
        .left_join(campaign_voids::table.on(campaign_voids::vote_id.eq(campaign_votes::vote_id)))
        .filter(campaign_votes::campaign_id.eq(Key::from(campaign)))
        .filter(campaign_votes::voter_id.eq(voter))
        .filter(campaign_votes::seq.le(up_to))
        .filter(campaign_votes::reason.is_null())
        .filter(campaign_voids::vote_id.is_null())
        .order(campaign_votes::seq)
        .limit(VOIDS_MAX as i64)
        .select(campaign_votes::all_columns)
        .load(connection)
        .await?;
    let more = votes.len() == VOIDS_MAX;
    if !more {
        diesel::update(open)
            .set(campaign_voter_marks::applied_at.eq(Some(Moment(now))))
            .execute(connection)
            .await?;
    }
    let falling: Vec<_> = votes
        .into_iter()
        .map(|vote| Falls {
            vote,
            void_id: mark,
            forfeit,
            reason: reason.clone(),
        })
        .collect();
    Ok(VoidStep {
        voided: falling.len() as u64,
        voters: take_out(connection, campaign, falling, now).await?,
        more,
        is_closed: false,
    })
}

/// Takes votes out of the count: what to tell their voters' states.
async fn take_out(
    connection: &mut Conn,
    campaign: CampaignId,
    falling: Vec<Falls>,
    now: DateTime<Utc>,
) -> Result<Vec<(VoterId, Settled<Touched>)>, StoreError> {
    if falling.is_empty() {
        return Ok(Vec::new());
    }
    let ids: BTreeSet<VoterId> = falling
        .iter()
        .map(|falls| falls.vote.voter_id.into())
        .collect();
    let names = names(connection, campaign, ids).await?;
    let voters = names
        .values()
        .map(|voter| (voter.voter_id(), (voter, Seq::default())))
        .collect();
    lock_voters(connection, campaign, &voters).await?;

    let mut entries = Vec::new();
    let (mut returned, mut forfeited): (Vec<CampaignVote>, Vec<CampaignVote>) = Default::default();
    for falls in falling {
        let voter = VoterId::from(falls.vote.voter_id);
        entries.push([
            Value::Key(falls.vote.vote_id),
            Value::Key(campaign.into()),
            Value::Key(voter.into()),
            Value::Key(Key(falls.void_id)),
            Value::Int(falls.forfeit.into()),
            Value::Words(falls.reason),
            Value::At(now.into()),
        ]);
        let Some(name) = names.get(&voter) else {
            return Err(StoreError::Refused(format!("campaign_voters: no {voter}")));
        };
        let vote = falls.vote.into_vote(name.clone())?;
        match falls.forfeit {
            true => forfeited.push(vote),
            false => returned.push(vote),
        }
    }
    let votes = || returned.iter().chain(&forfeited);
    let Some(head) = super::campaigns::head(connection, campaign).await? else {
        return Err(StoreError::Refused(format!("no campaign {campaign}")));
    };
    let mut rows = Rows {
        lots: read_lots(connection, campaign, votes()).await?,
        uses: read_uses(connection, campaign, votes()).await?,
        marks: Marks::default(),
        ..Rows::new(head.terms)
    };
    let mut change = Change::default();
    change.add_voids(void(&mut rows, &returned, false), &returned);
    change.add_voids(void(&mut rows, &forfeited, true), &forfeited);
    write(connection, &VOIDS, &entries).await?;
    change.write(connection, campaign, &rows).await?;
    let mut told = voters_now(connection, campaign, voters.keys().copied()).await?;
    touch(&mut told, &rows, votes());
    Ok(told.into_iter().collect())
}
