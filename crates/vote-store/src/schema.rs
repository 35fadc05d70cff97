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

diesel::allow_tables_to_appear_in_same_query!(
    items,
    partner_keys,
    partners,
    refresh_tokens,
    restaurants,
    review_counters,
    review_standings,
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
