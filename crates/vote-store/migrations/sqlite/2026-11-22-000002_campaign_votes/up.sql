CREATE TABLE campaigns (
    campaign_id BLOB NOT NULL,
    name TEXT NOT NULL,
    starts_at TEXT NOT NULL,
    ends_at TEXT NOT NULL,
    time_zone TEXT NOT NULL,
    free_daily_tickets INTEGER NOT NULL,
    expiry_kind TEXT NOT NULL,
    expiry_days INTEGER NULL,
    max_tickets_per_vote INTEGER NOT NULL,
    n_options INTEGER NOT NULL,
    n_channels INTEGER NOT NULL,
    progress TEXT NOT NULL,
    version INTEGER NOT NULL,
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL,
    closer_id BLOB NULL,
    closer_until TEXT NULL,
    PRIMARY KEY (campaign_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX campaigns_by_progress ON campaigns (progress, starts_at);

CREATE INDEX campaigns_by_start ON campaigns (starts_at, campaign_id);

CREATE TABLE campaign_channels (
    campaign_id BLOB NOT NULL,
    channel_no INTEGER NOT NULL,
    channel_key TEXT NOT NULL,
    name TEXT NOT NULL,
    daily_ticket_limit INTEGER NULL,
    voter_kinds TEXT NULL,
    PRIMARY KEY (campaign_id, channel_no)
) STRICT, WITHOUT ROWID;

CREATE TABLE campaign_options (
    campaign_id BLOB NOT NULL,
    option_no INTEGER NOT NULL,
    option_key TEXT NOT NULL,
    name TEXT NOT NULL,
    subject_kind TEXT NULL,
    subject_id TEXT NULL,
    PRIMARY KEY (campaign_id, option_no)
) STRICT, WITHOUT ROWID;

CREATE TABLE campaign_voters (
    voter_id BLOB NOT NULL,
    campaign_id BLOB NOT NULL,
    voter_kind TEXT NOT NULL,
    voter_name TEXT NOT NULL,
    version INTEGER NOT NULL,
    last_seq INTEGER NOT NULL,
    PRIMARY KEY (voter_id, campaign_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE campaign_lots (
    voter_id BLOB NOT NULL,
    campaign_id BLOB NOT NULL,
    lot_id BLOB NOT NULL,
    free_day TEXT NULL,
    grant_id BLOB NULL,
    tickets INTEGER NOT NULL,
    spent INTEGER NOT NULL,
    granted_at TEXT NOT NULL,
    PRIMARY KEY (voter_id, campaign_id, lot_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE campaign_grants (
    grant_id BLOB NOT NULL,
    campaign_id BLOB NOT NULL,
    voter_id BLOB NOT NULL,
    tickets INTEGER NOT NULL,
    reason TEXT NOT NULL,
    grant_key TEXT NOT NULL,
    granted_by TEXT NOT NULL,
    granted_at TEXT NOT NULL,
    PRIMARY KEY (grant_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX campaign_grants_by_voter ON campaign_grants (voter_id, campaign_id);

CREATE TABLE campaign_uses (
    voter_id BLOB NOT NULL,
    campaign_id BLOB NOT NULL,
    channel_no INTEGER NOT NULL,
    day TEXT NOT NULL,
    used INTEGER NOT NULL,
    use_limit INTEGER NOT NULL,
    PRIMARY KEY (voter_id, campaign_id, channel_no, day)
) STRICT, WITHOUT ROWID;

CREATE TABLE campaign_votes (
    vote_id BLOB NOT NULL,
    campaign_id BLOB NOT NULL,
    voter_id BLOB NOT NULL,
    option_no INTEGER NOT NULL,
    channel_no INTEGER NOT NULL,
    tickets INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    day TEXT NOT NULL,
    use_limit INTEGER NULL,
    draws BLOB NOT NULL,
    reason TEXT NULL,
    forfeited INTEGER NOT NULL,
    settled_at TEXT NOT NULL,
    PRIMARY KEY (vote_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX campaign_votes_by_voter ON campaign_votes (campaign_id, voter_id, seq);

CREATE TABLE campaign_voids (
    vote_id BLOB NOT NULL,
    campaign_id BLOB NOT NULL,
    voter_id BLOB NOT NULL,
    void_id BLOB NOT NULL,
    forfeited INTEGER NOT NULL,
    reason TEXT NOT NULL,
    voided_at TEXT NOT NULL,
    PRIMARY KEY (vote_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX campaign_voids_by_voter ON campaign_voids (campaign_id, voter_id);

CREATE TABLE campaign_vote_marks (
    vote_id BLOB NOT NULL,
    campaign_id BLOB NOT NULL,
    void_id BLOB NOT NULL,
    position INTEGER NOT NULL,
    forfeit INTEGER NOT NULL,
    reason TEXT NOT NULL,
    applied_at TEXT NULL,
    PRIMARY KEY (vote_id, campaign_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX campaign_vote_marks_open ON campaign_vote_marks (campaign_id, applied_at);

CREATE TABLE campaign_voter_marks (
    void_id BLOB NOT NULL,
    voter_id BLOB NOT NULL,
    campaign_id BLOB NOT NULL,
    up_to_seq INTEGER NOT NULL,
    position INTEGER NOT NULL,
    forfeit INTEGER NOT NULL,
    reason TEXT NOT NULL,
    applied_at TEXT NULL,
    PRIMARY KEY (void_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX campaign_voter_marks_by_voter ON campaign_voter_marks (voter_id, campaign_id);

CREATE INDEX campaign_voter_marks_open ON campaign_voter_marks (campaign_id, applied_at);

CREATE TABLE campaign_tallies (
    campaign_id BLOB NOT NULL,
    hour_no INTEGER NOT NULL,
    option_no INTEGER NOT NULL,
    channel_no INTEGER NOT NULL,
    tickets INTEGER NOT NULL,
    PRIMARY KEY (campaign_id, hour_no, option_no, channel_no)
) STRICT, WITHOUT ROWID;

CREATE INDEX campaign_tallies_by_option ON campaign_tallies (campaign_id, option_no, hour_no);

CREATE TABLE campaign_days (
    campaign_id BLOB NOT NULL,
    day_no INTEGER NOT NULL,
    option_no INTEGER NOT NULL,
    channel_no INTEGER NOT NULL,
    tickets INTEGER NOT NULL,
    PRIMARY KEY (campaign_id, day_no, option_no, channel_no)
) STRICT, WITHOUT ROWID;

CREATE TABLE campaign_totals (
    campaign_id BLOB NOT NULL,
    option_no INTEGER NOT NULL,
    channel_no INTEGER NOT NULL,
    tickets INTEGER NOT NULL,
    n_votes INTEGER NOT NULL,
    PRIMARY KEY (campaign_id, option_no, channel_no)
) STRICT, WITHOUT ROWID;

CREATE TABLE campaign_fans (
    campaign_id BLOB NOT NULL,
    option_no INTEGER NOT NULL,
    voter_id BLOB NOT NULL,
    tickets INTEGER NOT NULL,
    PRIMARY KEY (campaign_id, option_no, voter_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX campaign_fans_by_tickets ON campaign_fans (campaign_id, option_no, tickets, voter_id);

CREATE TABLE campaign_results (
    campaign_id BLOB NOT NULL,
    canonical TEXT NOT NULL,
    digest TEXT NOT NULL,
    n_votes INTEGER NOT NULL,
    frozen_at TEXT NOT NULL,
    PRIMARY KEY (campaign_id)
) STRICT, WITHOUT ROWID;
