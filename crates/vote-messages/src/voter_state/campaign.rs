//! The state of a voter in a campaign.

use bytes::Bytes;
use prost::Message;
use vote_domain::Seq;
use vote_domain::campaign::{Base, ChannelNo, Lot, Source, VoterState};
use vote_domain::review::DayUse;

use super::{WireBase, in_flight_messages, in_flight_of};
use crate::field::{self, Malformed};
use crate::proto::state as proto;

impl WireBase for Base {
    fn encode(state: &VoterState) -> Bytes {
        let base = &state.base;
        let lots = base.lots.iter().map(|(lot_id, lot)| {
            let (free_day, grant_id) = match lot.source {
                Source::FreeDaily(day) => (Some(day.to_epoch_days()), Bytes::new()),
                Source::Grant(grant) => (None, field::id_bytes(grant.0)),
            };
            proto::Lot {
                lot_id: field::id_bytes(lot_id.0),
                free_day,
                grant_id,
                tickets: lot.tickets,
                spent: lot.spent,
                granted_at: lot.granted_at.timestamp_micros(),
            }
        });
        let uses = base
            .uses
            .iter()
            .map(|((channel, day), used)| proto::ChannelUse {
                channel: channel.0,
                day: day.to_epoch_days(),
                used: used.used,
                limit: used.limit,
            });
        let message = proto::CampaignVoterState {
            base: Some(proto::CampaignBase {
                version: base.version,
                loaded_at: base.loaded_at.timestamp_micros(),
                last_seq: base.last_seq.0,
                lots: lots.collect(),
                uses: uses.collect(),
            }),
            in_flight: in_flight_messages(&state.in_flight),
        };
        message.encode_to_vec().into()
    }

    fn decode(bytes: Bytes) -> Result<VoterState, Malformed> {
        let message = proto::CampaignVoterState::decode(bytes)?;
        let kept = message.base.unwrap_or_default();
        let mut base = Self {
            version: kept.version,
            loaded_at: field::time(kept.loaded_at)?,
            last_seq: Seq(kept.last_seq),
            ..Self::default()
        };
        for lot in kept.lots {
            let source = match lot.free_day {
                Some(day) => Source::FreeDaily(field::day(day)?),
                None => Source::Grant(field::id("grant_id", &lot.grant_id)?),
            };
            base.lots.insert(
                field::id("lot_id", &lot.lot_id)?,
                Lot {
                    source,
                    tickets: lot.tickets,
                    spent: lot.spent,
                    granted_at: field::time(lot.granted_at)?,
                },
            );
        }
        for used in kept.uses {
            let key = (ChannelNo(used.channel), field::day(used.day)?);
            base.uses.insert(
                key,
                DayUse {
                    used: used.used,
                    limit: used.limit,
                },
            );
        }
        Ok(VoterState {
            base,
            in_flight: in_flight_of(message.in_flight)?,
            remembered: Vec::new(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::{DateTime, NaiveDate};
    use uuid::Uuid;
    use vote_domain::{GrantId, LotId};

    #[test]
    fn a_campaign_state_comes_out_as_it_went_in() {
        let at = DateTime::from_timestamp(1_774_600_000, 250_000).unwrap();
        let day = NaiveDate::from_ymd_opt(2026, 3, 29).unwrap();
        let mut base = Base {
            version: 3,
            loaded_at: at,
            last_seq: Seq(9),
            ..Base::default()
        };
        for (n, source) in [
            Source::FreeDaily(day),
            Source::Grant(GrantId(Uuid::from_u128(8))),
        ]
        .into_iter()
        .enumerate()
        {
            let lot = Lot {
                source,
                tickets: 5,
                spent: 2,
                granted_at: at,
            };
            base.lots.insert(LotId(Uuid::from_u128(n as u128)), lot);
        }
        base.uses
            .insert((ChannelNo(1), day), DayUse { used: 2, limit: 3 });
        let state = VoterState {
            base,
            ..VoterState::default()
        };
        assert_eq!(Base::decode(Base::encode(&state)).unwrap(), state);
    }
}
