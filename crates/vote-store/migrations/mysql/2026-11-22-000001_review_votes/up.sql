-- Ids are UUIDs made by the application; times are UTC. No AUTO_INCREMENT, no foreign
-- keys (`votectl verify` looks for orphans), no key that leads with time.

-- A name is one name however its letters are spelled, so this key alone ignores case;
-- names are ASCII, and for those every collation without case agrees.
CREATE TABLE users (
    user_id       BINARY(16)   NOT NULL,
    user_name     VARCHAR(64)  CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci NOT NULL,
    password_hash VARCHAR(100) NOT NULL,
    role          VARCHAR(16)  NOT NULL,
    credit        BIGINT       NOT NULL DEFAULT 0,
    created_at    DATETIME(6)  NOT NULL,
    PRIMARY KEY (user_id),
    UNIQUE KEY users_by_name (user_name),
    KEY users_by_role (role, user_id)
) DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;

-- A sign-in, and the lock of the family of refresh tokens that followed from it: to
-- revoke the family is to write this one row.
CREATE TABLE sessions (
    session_id   BINARY(16)  NOT NULL,
    user_id      BINARY(16)  NOT NULL,
    created_at   DATETIME(6) NOT NULL,
    refreshed_at DATETIME(6) NOT NULL,
    revoked_at   DATETIME(6) NULL,
    PRIMARY KEY (session_id),
    KEY sessions_by_user (user_id)
) DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;

CREATE TABLE refresh_tokens (
    token_hash BINARY(32)  NOT NULL,
    session_id BINARY(16)  NOT NULL,
    issued_at  DATETIME(6) NOT NULL,
    expires_at DATETIME(6) NOT NULL,
    spent_at   DATETIME(6) NULL,
    PRIMARY KEY (token_hash),
    KEY refresh_tokens_by_session (session_id)
) DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;

-- `name_key` is the name in lower case, to sort and search by. What the reviews come to
-- is kept here, changed together with them.
CREATE TABLE restaurants (
    restaurant_id BINARY(16)    NOT NULL,
    name          VARCHAR(200)  NOT NULL,
    name_key      VARCHAR(200)  NOT NULL,
    address       VARCHAR(400)  NOT NULL,
    description   VARCHAR(4000) NOT NULL,
    n_reviews     BIGINT        NOT NULL,
    stars_sum     BIGINT        NOT NULL,
    created_at    DATETIME(6)   NOT NULL,
    PRIMARY KEY (restaurant_id),
    KEY restaurants_by_name (name_key, restaurant_id)
) DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;

CREATE TABLE items (
    item_id       BINARY(16)    NOT NULL,
    restaurant_id BINARY(16)    NOT NULL,
    name          VARCHAR(200)  NOT NULL,
    name_key      VARCHAR(200)  NOT NULL,
    description   VARCHAR(4000) NOT NULL,
    n_reviews     BIGINT        NOT NULL,
    stars_sum     BIGINT        NOT NULL,
    created_at    DATETIME(6)   NOT NULL,
    PRIMARY KEY (item_id),
    KEY items_by_restaurant (restaurant_id, name_key, item_id)
) DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;

-- A deleted review keeps its row, so that votes admitted before are still counted.
CREATE TABLE reviews (
    review_id     BINARY(16)  NOT NULL,
    restaurant_id BINARY(16)  NOT NULL,
    item_id       BINARY(16)  NOT NULL,
    author_id     BINARY(16)  NOT NULL,
    stars         SMALLINT    NOT NULL,
    content       TEXT        NOT NULL,
    version       BIGINT      NOT NULL,
    created_at    DATETIME(6) NOT NULL,
    updated_at    DATETIME(6) NOT NULL,
    deleted_at    DATETIME(6) NULL,
    PRIMARY KEY (review_id),
    KEY reviews_by_restaurant (restaurant_id, created_at, review_id),
    KEY reviews_by_item (item_id, created_at, review_id),
    KEY reviews_by_author (author_id, created_at, review_id)
) DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;

-- What the votes on a review come to: always equal to a recount of the ledger.
CREATE TABLE review_counters (
    review_id      BINARY(16)  NOT NULL,
    up             BIGINT      NOT NULL,
    down           BIGINT      NOT NULL,
    ever_up        BIGINT      NOT NULL,
    version        BIGINT      NOT NULL,
    reward_sent_at DATETIME(6) NULL,
    PRIMARY KEY (review_id)
) DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;

-- One row for each voter, the lock under which the voter's votes settle.
CREATE TABLE review_voters (
    voter_id    BINARY(16) NOT NULL,
    version     BIGINT     NOT NULL,
    last_seq    BIGINT     NOT NULL,
    n_standings BIGINT     NOT NULL,
    PRIMARY KEY (voter_id)
) DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;

CREATE TABLE review_voter_days (
    voter_id  BINARY(16) NOT NULL,
    day       DATE       NOT NULL,
    used      INT        NOT NULL,
    day_limit INT        NOT NULL,
    PRIMARY KEY (voter_id, day)
) DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;

-- The vote that stands for a voter on a review; direction 1 up, -1 down, 0 taken back.
CREATE TABLE review_standings (
    voter_id  BINARY(16) NOT NULL,
    review_id BINARY(16) NOT NULL,
    seq       BIGINT     NOT NULL,
    vote_id   BINARY(16) NOT NULL,
    direction SMALLINT   NOT NULL,
    ever_up   BOOLEAN    NOT NULL,
    PRIMARY KEY (voter_id, review_id),
    KEY review_standings_by_review (review_id, voter_id)
) DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;

-- The ledger: every vote that came to an end, append-only.
-- `reason` is NULL for a counted vote, else the code of why it was rejected.
CREATE TABLE review_votes (
    vote_id    BINARY(16)  NOT NULL,
    voter_id   BINARY(16)  NOT NULL,
    review_id  BINARY(16)  NOT NULL,
    seq        BIGINT      NOT NULL,
    direction  SMALLINT    NOT NULL,
    day        DATE        NOT NULL,
    cost       INT         NOT NULL,
    day_limit  INT         NOT NULL,
    reason     VARCHAR(32) NULL,
    settled_at DATETIME(6) NOT NULL,
    PRIMARY KEY (vote_id),
    KEY review_votes_by_voter (voter_id, seq),
    KEY review_votes_by_review (review_id, voter_id, seq)
) DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;

-- Credit given to authors, once for each review.
CREATE TABLE rewards (
    review_id  BINARY(16)  NOT NULL,
    user_id    BINARY(16)  NOT NULL,
    credit     BIGINT      NOT NULL,
    created_at DATETIME(6) NOT NULL,
    PRIMARY KEY (review_id),
    KEY rewards_by_user (user_id)
) DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;

-- What could not be settled, to the byte. The id is a digest of box and bytes, so that
-- the same thing arriving again is one row.
CREATE TABLE dead_letters (
    dead_letter_id BINARY(16)   NOT NULL,
    ballot_box     VARCHAR(100) NOT NULL,
    kind           VARCHAR(16)  NOT NULL,
    bytes          MEDIUMBLOB   NOT NULL,
    reason         VARCHAR(32)  NOT NULL,
    detail         VARCHAR(1000) NOT NULL,
    n_arrivals     BIGINT       NOT NULL,
    created_at     DATETIME(6)  NOT NULL,
    resolved_at    DATETIME(6)  NULL,
    resolution     VARCHAR(16)  NULL,
    PRIMARY KEY (dead_letter_id),
    KEY dead_letters_by_box (ballot_box, resolved_at)
) DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;

-- Which incarnation of the voter states is in use, and when the one before was lost.
CREATE TABLE state_epochs (
    name    VARCHAR(32) NOT NULL,
    epoch   BINARY(16)  NOT NULL,
    lost_at DATETIME(6) NULL,
    PRIMARY KEY (name)
) DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;

-- Written to find out whether SQL takes writes at all, before a vote is blamed.
CREATE TABLE canaries (
    name       VARCHAR(64) NOT NULL,
    written_at DATETIME(6) NOT NULL,
    PRIMARY KEY (name)
) DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;
