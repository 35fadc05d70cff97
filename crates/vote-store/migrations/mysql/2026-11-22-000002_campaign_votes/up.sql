-- Campaigns: tickets, votes, tallies. Keys lead with voter or campaign, never with time.

-- What a campaign lays down, and how far its closing has come: `progress` is running,
-- closing, drained or final. The closing lease names the worker that holds it.
CREATE TABLE campaigns (
    campaign_id          BINARY(16)   NOT NULL,
    name                 VARCHAR(200) NOT NULL,
    starts_at            DATETIME(6)  NOT NULL,
    ends_at              DATETIME(6)  NOT NULL,
    time_zone            VARCHAR(64)  NOT NULL,
    free_daily_tickets   INT          NOT NULL,
    expiry_kind          VARCHAR(16)  NOT NULL,
    expiry_days          INT          NULL,
    max_tickets_per_vote INT          NOT NULL,
    n_options            INT          NOT NULL,
    n_channels           INT          NOT NULL,
    progress             VARCHAR(16)  NOT NULL,
    version              BIGINT       NOT NULL,
    created_at           DATETIME(6)  NOT NULL,
    updated_at           DATETIME(6)  NOT NULL,
    closer_id            BINARY(16)   NULL,
    closer_until         DATETIME(6)  NULL,
    PRIMARY KEY (campaign_id),
    KEY campaigns_by_progress (progress, starts_at),
    KEY campaigns_by_start (starts_at, campaign_id)
) DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;

-- `voter_kinds` is a JSON array; NULL where everybody may use the channel.
CREATE TABLE campaign_channels (
    campaign_id        BINARY(16)    NOT NULL,
    channel_no         INT           NOT NULL,
    channel_key        VARCHAR(64)   NOT NULL,
    name               VARCHAR(200)  NOT NULL,
    daily_ticket_limit INT           NULL,
    voter_kinds        VARCHAR(2000) NULL,
    PRIMARY KEY (campaign_id, channel_no)
) DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;

CREATE TABLE campaign_options (
    campaign_id  BINARY(16)   NOT NULL,
    option_no    INT          NOT NULL,
    option_key   VARCHAR(64)  NOT NULL,
    name         VARCHAR(200) NOT NULL,
    subject_kind VARCHAR(64)  NULL,
    subject_id   VARCHAR(128) NULL,
    PRIMARY KEY (campaign_id, option_no)
) DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;

-- One row for each voter of a campaign, the lock under which the voter's tickets are
-- granted, spent and returned. `voter_kind` and `voter_name` are the voter's own names.
CREATE TABLE campaign_voters (
    voter_id    BINARY(16)   NOT NULL,
    campaign_id BINARY(16)   NOT NULL,
    voter_kind  VARCHAR(32)  NOT NULL,
    voter_name  VARCHAR(128) NOT NULL,
    version     BIGINT       NOT NULL,
    last_seq    BIGINT       NOT NULL,
    PRIMARY KEY (voter_id, campaign_id)
) DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;

-- Tickets granted together. A free lot (`free_day`) gets its row when it is first drawn
-- on; a granted one (`grant_id`) when it is granted. Expiry follows from `granted_at`.
CREATE TABLE campaign_lots (
    voter_id    BINARY(16)  NOT NULL,
    campaign_id BINARY(16)  NOT NULL,
    lot_id      BINARY(16)  NOT NULL,
    free_day    DATE        NULL,
    grant_id    BINARY(16)  NULL,
    tickets     INT         NOT NULL,
    spent       INT         NOT NULL,
    granted_at  DATETIME(6) NOT NULL,
    PRIMARY KEY (voter_id, campaign_id, lot_id)
) DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;

-- Who granted what, once for each grant key.
CREATE TABLE campaign_grants (
    grant_id    BINARY(16)   NOT NULL,
    campaign_id BINARY(16)   NOT NULL,
    voter_id    BINARY(16)   NOT NULL,
    tickets     INT          NOT NULL,
    reason      VARCHAR(200) NOT NULL,
    grant_key   VARCHAR(255) NOT NULL,
    granted_by  VARCHAR(200) NOT NULL,
    granted_at  DATETIME(6)  NOT NULL,
    PRIMARY KEY (grant_id),
    KEY campaign_grants_by_voter (voter_id, campaign_id)
) DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;

-- Tickets spent on a channel with a daily limit.
CREATE TABLE campaign_uses (
    voter_id    BINARY(16) NOT NULL,
    campaign_id BINARY(16) NOT NULL,
    channel_no  INT        NOT NULL,
    day         DATE       NOT NULL,
    used        INT        NOT NULL,
    use_limit   INT        NOT NULL,
    PRIMARY KEY (voter_id, campaign_id, channel_no, day)
) DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;

-- The ledger: every vote that came to an end, append-only. `reason` is NULL for a counted
-- vote, else why it is none. `draws` is, for each lot drawn on, its id (16 bytes) and the
-- number of tickets (4 bytes, big-endian).
CREATE TABLE campaign_votes (
    vote_id     BINARY(16)      NOT NULL,
    campaign_id BINARY(16)      NOT NULL,
    voter_id    BINARY(16)      NOT NULL,
    option_no   INT             NOT NULL,
    channel_no  INT             NOT NULL,
    tickets     INT             NOT NULL,
    seq         BIGINT          NOT NULL,
    day         DATE            NOT NULL,
    use_limit   INT             NULL,
    draws       VARBINARY(8192) NOT NULL,
    reason      VARCHAR(32)     NULL,
    forfeited   BOOLEAN         NOT NULL,
    settled_at  DATETIME(6)     NOT NULL,
    PRIMARY KEY (vote_id),
    KEY campaign_votes_by_voter (campaign_id, voter_id, seq)
) DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;

-- Counted votes that were voided later: the ledger's second half, append-only too.
CREATE TABLE campaign_voids (
    vote_id     BINARY(16)   NOT NULL,
    campaign_id BINARY(16)   NOT NULL,
    voter_id    BINARY(16)   NOT NULL,
    void_id     BINARY(16)   NOT NULL,
    forfeited   BOOLEAN      NOT NULL,
    reason      VARCHAR(500) NOT NULL,
    voided_at   DATETIME(6)  NOT NULL,
    PRIMARY KEY (vote_id),
    KEY campaign_voids_by_voter (campaign_id, voter_id)
) DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;

-- A void of one vote that may still be queued; open until its vote is found.
CREATE TABLE campaign_vote_marks (
    vote_id     BINARY(16)   NOT NULL,
    campaign_id BINARY(16)   NOT NULL,
    void_id     BINARY(16)   NOT NULL,
    position    BIGINT       NOT NULL,
    forfeit     BOOLEAN      NOT NULL,
    reason      VARCHAR(500) NOT NULL,
    applied_at  DATETIME(6)  NULL,
    PRIMARY KEY (vote_id, campaign_id),
    KEY campaign_vote_marks_open (campaign_id, applied_at)
) DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;

-- A void of all votes of a voter up to a sequence number; open until those that settled
-- before it are voided.
CREATE TABLE campaign_voter_marks (
    void_id     BINARY(16)   NOT NULL,
    voter_id    BINARY(16)   NOT NULL,
    campaign_id BINARY(16)   NOT NULL,
    up_to_seq   BIGINT       NOT NULL,
    position    BIGINT       NOT NULL,
    forfeit     BOOLEAN      NOT NULL,
    reason      VARCHAR(500) NOT NULL,
    applied_at  DATETIME(6)  NULL,
    PRIMARY KEY (void_id),
    KEY campaign_voter_marks_by_voter (voter_id, campaign_id),
    KEY campaign_voter_marks_open (campaign_id, applied_at)
) DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;

-- Tickets by hour (UTC, counted from the Unix epoch), by day likewise, and in all.
CREATE TABLE campaign_tallies (
    campaign_id BINARY(16) NOT NULL,
    hour_no     INT        NOT NULL,
    option_no   INT        NOT NULL,
    channel_no  INT        NOT NULL,
    tickets     BIGINT     NOT NULL,
    PRIMARY KEY (campaign_id, hour_no, option_no, channel_no),
    KEY campaign_tallies_by_option (campaign_id, option_no, hour_no)
) DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;

CREATE TABLE campaign_days (
    campaign_id BINARY(16) NOT NULL,
    day_no      INT        NOT NULL,
    option_no   INT        NOT NULL,
    channel_no  INT        NOT NULL,
    tickets     BIGINT     NOT NULL,
    PRIMARY KEY (campaign_id, day_no, option_no, channel_no)
) DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;

CREATE TABLE campaign_totals (
    campaign_id BINARY(16) NOT NULL,
    option_no   INT        NOT NULL,
    channel_no  INT        NOT NULL,
    tickets     BIGINT     NOT NULL,
    n_votes     BIGINT     NOT NULL,
    PRIMARY KEY (campaign_id, option_no, channel_no)
) DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;

-- Tickets that a voter spent on an option.
CREATE TABLE campaign_fans (
    campaign_id BINARY(16) NOT NULL,
    option_no   INT        NOT NULL,
    voter_id    BINARY(16) NOT NULL,
    tickets     BIGINT     NOT NULL,
    PRIMARY KEY (campaign_id, option_no, voter_id),
    KEY campaign_fans_by_tickets (campaign_id, option_no, tickets, voter_id)
) DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;

-- The frozen result: its canonical form, and the SHA-256 of that in hexadecimal.
CREATE TABLE campaign_results (
    campaign_id BINARY(16)  NOT NULL,
    canonical   MEDIUMTEXT  NOT NULL,
    digest      VARCHAR(64) NOT NULL,
    n_votes     BIGINT      NOT NULL,
    frozen_at   DATETIME(6) NOT NULL,
    PRIMARY KEY (campaign_id)
) DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;
