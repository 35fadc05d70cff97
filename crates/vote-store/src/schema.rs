//! The tables, the same for every backend; `migrations/` creates them.

#![allow(missing_docs)]

diesel::table! {
    users (user_id) {
        user_id -> Binary,
        user_name -> Text,
        password_hash -> Text,
        role -> Text,
        credit -> BigInt,
        created_at -> Timestamp,
    }
}

diesel::table! {
    sessions (session_id) {
        session_id -> Binary,
        user_id -> Binary,
        created_at -> Timestamp,
        refreshed_at -> Timestamp,
        revoked_at -> Nullable<Timestamp>,
    }
}

diesel::table! {
    refresh_tokens (token_hash) {
        token_hash -> Binary,
        session_id -> Binary,
        issued_at -> Timestamp,
        expires_at -> Timestamp,
        spent_at -> Nullable<Timestamp>,
    }
}

diesel::table! {
    restaurants (restaurant_id) {
        restaurant_id -> Binary,
        name -> Text,
        name_key -> Text,
        address -> Text,
        description -> Text,
        n_reviews -> BigInt,
        stars_sum -> BigInt,
        created_at -> Timestamp,
    }
}

diesel::table! {
    items (item_id) {
        item_id -> Binary,
        restaurant_id -> Binary,
        name -> Text,
        name_key -> Text,
        description -> Text,
        n_reviews -> BigInt,
        stars_sum -> BigInt,
        created_at -> Timestamp,
    }
}

diesel::table! {
    reviews (review_id) {
        review_id -> Binary,
        restaurant_id -> Binary,
        item_id -> Binary,
        author_id -> Binary,
        stars -> SmallInt,
        content -> Text,
        version -> BigInt,
        created_at -> Timestamp,
        updated_at -> Timestamp,
        deleted_at -> Nullable<Timestamp>,
    }
}

diesel::table! {
    review_counters (review_id) {
        review_id -> Binary,
        up -> BigInt,
        down -> BigInt,
        ever_up -> BigInt,
        version -> BigInt,
        reward_sent_at -> Nullable<Timestamp>,
    }
}

diesel::table! {
    review_voters (voter_id) {
        voter_id -> Binary,
        version -> BigInt,
        last_seq -> BigInt,
        n_standings -> BigInt,
    }
}

diesel::table! {
    review_voter_days (voter_id, day) {
        voter_id -> Binary,
        day -> Date,
        used -> Integer,
        day_limit -> Integer,
    }
}

diesel::table! {
    review_standings (voter_id, review_id) {
        voter_id -> Binary,
        review_id -> Binary,
        seq -> BigInt,
        vote_id -> Binary,
        direction -> SmallInt,
        ever_up -> Bool,
    }
}

diesel::table! {
    review_votes (vote_id) {
        vote_id -> Binary,
        voter_id -> Binary,
        review_id -> Binary,
        seq -> BigInt,
        direction -> SmallInt,
        day -> Date,
        cost -> Integer,
        day_limit -> Integer,
        reason -> Nullable<Text>,
        settled_at -> Timestamp,
    }
}

diesel::table! {
    review_voids (vote_id) {
        vote_id -> Binary,
        voter_id -> Binary,
        review_id -> Binary,
        void_id -> Binary,
        forfeited -> Bool,
        reason -> Text,
        voided_at -> Timestamp,
    }
}

diesel::table! {
    review_vote_marks (vote_id, review_id) {
        vote_id -> Binary,
        review_id -> Binary,
        void_id -> Binary,
        position -> BigInt,
        forfeit -> Bool,
        reason -> Text,
    }
}

diesel::table! {
    review_voter_marks (voter_id, review_id, void_id) {
        voter_id -> Binary,
        review_id -> Binary,
        void_id -> Binary,
        up_to_seq -> BigInt,
        position -> BigInt,
        forfeit -> Bool,
        reason -> Text,
    }
}

diesel::table! {
    rewards (review_id) {
        review_id -> Binary,
        user_id -> Binary,
        credit -> BigInt,
        created_at -> Timestamp,
    }
}

diesel::table! {
    dead_letters (dead_letter_id) {
        dead_letter_id -> Binary,
        ballot_box -> Text,
        kind -> Text,
        bytes -> Binary,
        reason -> Text,
        detail -> Text,
        n_arrivals -> BigInt,
        created_at -> Timestamp,
        resolved_at -> Nullable<Timestamp>,
        resolution -> Nullable<Text>,
    }
}

diesel::table! {
    partners (partner_id) {
        partner_id -> Binary,
        name -> Text,
        voter_kind -> Text,
        created_at -> Timestamp,
    }
}

diesel::table! {
    partner_keys (key_id) {
        key_id -> Binary,
        partner_id -> Binary,
        sealed -> Binary,
        created_at -> Timestamp,
        revoked_at -> Nullable<Timestamp>,
    }
}

diesel::table! {
    audit_log (audit_id) {
        audit_id -> Binary,
        at -> Timestamp,
        actor_kind -> Text,
        actor_id -> Nullable<Binary>,
        key_id -> Nullable<Binary>,
        action -> Text,
        subject -> Text,
        detail -> Text,
    }
}

diesel::table! {
    state_epochs (name) {
        name -> Text,
        epoch -> Binary,
        lost_at -> Nullable<Timestamp>,
    }
}

diesel::table! {
    canaries (name) {
        name -> Text,
        written_at -> Timestamp,
    }
}

diesel::table! {
    campaigns (campaign_id) {
        campaign_id -> Binary,
        name -> Text,
        starts_at -> Timestamp,
        ends_at -> Timestamp,
        time_zone -> Text,
        free_daily_tickets -> Integer,
        expiry_kind -> Text,
        expiry_days -> Nullable<Integer>,
        max_tickets_per_vote -> Integer,
        n_options -> Integer,
        n_channels -> Integer,
        progress -> Text,
        version -> BigInt,
        created_at -> Timestamp,
        updated_at -> Timestamp,
        closer_id -> Nullable<Binary>,
        closer_until -> Nullable<Timestamp>,
    }
}

diesel::table! {
    campaign_channels (campaign_id, channel_no) {
        campaign_id -> Binary,
        channel_no -> Integer,
        channel_key -> Text,
        name -> Text,
        daily_ticket_limit -> Nullable<Integer>,
        voter_kinds -> Nullable<Text>,
    }
}

diesel::table! {
    campaign_options (campaign_id, option_no) {
        campaign_id -> Binary,
        option_no -> Integer,
        option_key -> Text,
        name -> Text,
        subject_kind -> Nullable<Text>,
        subject_id -> Nullable<Text>,
    }
}

diesel::table! {
    campaign_voters (voter_id, campaign_id) {
        voter_id -> Binary,
        campaign_id -> Binary,
        voter_kind -> Text,
        voter_name -> Text,
        version -> BigInt,
        last_seq -> BigInt,
    }
}

diesel::table! {
    campaign_lots (voter_id, campaign_id, lot_id) {
        voter_id -> Binary,
        campaign_id -> Binary,
        lot_id -> Binary,
        free_day -> Nullable<Date>,
        grant_id -> Nullable<Binary>,
        tickets -> Integer,
        spent -> Integer,
        granted_at -> Timestamp,
    }
}

diesel::table! {
    campaign_grants (grant_id) {
        grant_id -> Binary,
        campaign_id -> Binary,
        voter_id -> Binary,
        tickets -> Integer,
        reason -> Text,
        grant_key -> Text,
        granted_by -> Text,
        granted_at -> Timestamp,
    }
}

diesel::table! {
    campaign_uses (voter_id, campaign_id, channel_no, day) {
        voter_id -> Binary,
        campaign_id -> Binary,
        channel_no -> Integer,
        day -> Date,
        used -> Integer,
        use_limit -> Integer,
    }
}

diesel::table! {
    campaign_votes (vote_id) {
        vote_id -> Binary,
        campaign_id -> Binary,
        voter_id -> Binary,
        option_no -> Integer,
        channel_no -> Integer,
        tickets -> Integer,
        seq -> BigInt,
        day -> Date,
        use_limit -> Nullable<Integer>,
        draws -> Binary,
        reason -> Nullable<Text>,
        forfeited -> Bool,
        settled_at -> Timestamp,
    }
}

diesel::table! {
    campaign_voids (vote_id) {
        vote_id -> Binary,
        campaign_id -> Binary,
        voter_id -> Binary,
        void_id -> Binary,
        forfeited -> Bool,
        reason -> Text,
        voided_at -> Timestamp,
    }
}

diesel::table! {
    campaign_vote_marks (vote_id, campaign_id) {
        vote_id -> Binary,
        campaign_id -> Binary,
        void_id -> Binary,
        position -> BigInt,
        forfeit -> Bool,
        reason -> Text,
        applied_at -> Nullable<Timestamp>,
    }
}

diesel::table! {
    campaign_voter_marks (void_id) {
        void_id -> Binary,
        voter_id -> Binary,
        campaign_id -> Binary,
        up_to_seq -> BigInt,
        position -> BigInt,
        forfeit -> Bool,
        reason -> Text,
        applied_at -> Nullable<Timestamp>,
    }
}

diesel::table! {
    campaign_tallies (campaign_id, hour_no, option_no, channel_no) {
        campaign_id -> Binary,
        hour_no -> Integer,
        option_no -> Integer,
        channel_no -> Integer,
        tickets -> BigInt,
    }
}

diesel::table! {
    campaign_days (campaign_id, day_no, option_no, channel_no) {
        campaign_id -> Binary,
        day_no -> Integer,
        option_no -> Integer,
        channel_no -> Integer,
        tickets -> BigInt,
    }
}

diesel::table! {
    campaign_totals (campaign_id, option_no, channel_no) {
        campaign_id -> Binary,
        option_no -> Integer,
        channel_no -> Integer,
        tickets -> BigInt,
        n_votes -> BigInt,
    }
}

diesel::table! {
    campaign_fans (campaign_id, option_no, voter_id) {
        campaign_id -> Binary,
        option_no -> Integer,
        voter_id -> Binary,
        tickets -> BigInt,
    }
}

diesel::table! {
    campaign_results (campaign_id) {
        campaign_id -> Binary,
        canonical -> Text,
        digest -> Text,
        n_votes -> BigInt,
        frozen_at -> Timestamp,
    }
}

diesel::allow_tables_to_appear_in_same_query!(
    campaign_channels,
    campaign_days,
    campaign_fans,
    campaign_grants,
    campaign_lots,
    campaign_options,
    campaign_results,
    campaign_tallies,
    campaign_totals,
    campaign_uses,
    campaign_vote_marks,
    campaign_voids,
    campaign_voter_marks,
    campaign_voters,
    campaign_votes,
    campaigns,
    items,
    partner_keys,
    partners,
    refresh_tokens,
    restaurants,
    review_counters,
    review_standings,
    review_voids,
    review_vote_marks,
    review_voter_marks,
    review_voters,
    review_votes,
    reviews,
    rewards,
    sessions,
    users,
);

diesel::allow_columns_to_appear_in_same_group_by_clause!(
    reviews::restaurant_id,
    reviews::item_id,
    review_standings::direction,
);
