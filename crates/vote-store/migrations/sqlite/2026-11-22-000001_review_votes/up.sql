-- The tables of the embedded mode: the same as on MySQL, whose migration says what
-- they are for.

CREATE TABLE users (
    user_id BLOB NOT NULL,
    user_name TEXT NOT NULL COLLATE NOCASE,
    password_hash TEXT NOT NULL,
    role TEXT NOT NULL,
    credit INTEGER NOT NULL DEFAULT 0,
    created_at TEXT NOT NULL,
    PRIMARY KEY (user_id)
) STRICT, WITHOUT ROWID;

CREATE UNIQUE INDEX users_by_name ON users (user_name);

CREATE INDEX users_by_role ON users (role, user_id);

CREATE TABLE sessions (
    session_id BLOB NOT NULL,
    user_id BLOB NOT NULL,
    created_at TEXT NOT NULL,
    refreshed_at TEXT NOT NULL,
    revoked_at TEXT NULL,
    PRIMARY KEY (session_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX sessions_by_user ON sessions (user_id);

CREATE TABLE refresh_tokens (
    token_hash BLOB NOT NULL,
    session_id BLOB NOT NULL,
    issued_at TEXT NOT NULL,
    expires_at TEXT NOT NULL,
    spent_at TEXT NULL,
    PRIMARY KEY (token_hash)
) STRICT, WITHOUT ROWID;

CREATE INDEX refresh_tokens_by_session ON refresh_tokens (session_id);

CREATE TABLE restaurants (
    restaurant_id BLOB NOT NULL,
    name TEXT NOT NULL,
    name_key TEXT NOT NULL,
    address TEXT NOT NULL,
    description TEXT NOT NULL,
    n_reviews INTEGER NOT NULL,
    stars_sum INTEGER NOT NULL,
    created_at TEXT NOT NULL,
    PRIMARY KEY (restaurant_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX restaurants_by_name ON restaurants (name_key, restaurant_id);

CREATE TABLE items (
    item_id BLOB NOT NULL,
    restaurant_id BLOB NOT NULL,
    name TEXT NOT NULL,
    name_key TEXT NOT NULL,
    description TEXT NOT NULL,
    n_reviews INTEGER NOT NULL,
    stars_sum INTEGER NOT NULL,
    created_at TEXT NOT NULL,
    PRIMARY KEY (item_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX items_by_restaurant ON items (restaurant_id, name_key, item_id);

CREATE TABLE reviews (
    review_id BLOB NOT NULL,
    restaurant_id BLOB NOT NULL,
    item_id BLOB NOT NULL,
    author_id BLOB NOT NULL,
    stars INTEGER NOT NULL,
    content TEXT NOT NULL,
    version INTEGER NOT NULL,
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL,
    deleted_at TEXT NULL,
    PRIMARY KEY (review_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX reviews_by_restaurant ON reviews (restaurant_id, created_at, review_id);

CREATE INDEX reviews_by_item ON reviews (item_id, created_at, review_id);

CREATE INDEX reviews_by_author ON reviews (author_id, created_at, review_id);

CREATE TABLE review_counters (
    review_id BLOB NOT NULL,
    up INTEGER NOT NULL,
    down INTEGER NOT NULL,
    ever_up INTEGER NOT NULL,
    version INTEGER NOT NULL,
    reward_sent_at TEXT NULL,
    PRIMARY KEY (review_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE review_voters (
    voter_id BLOB NOT NULL,
    version INTEGER NOT NULL,
    last_seq INTEGER NOT NULL,
    n_standings INTEGER NOT NULL,
    PRIMARY KEY (voter_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE review_voter_days (
    voter_id BLOB NOT NULL,
    day TEXT NOT NULL,
    used INTEGER NOT NULL,
    day_limit INTEGER NOT NULL,
    PRIMARY KEY (voter_id, day)
) STRICT, WITHOUT ROWID;

CREATE TABLE review_standings (
    voter_id BLOB NOT NULL,
    review_id BLOB NOT NULL,
    seq INTEGER NOT NULL,
    vote_id BLOB NOT NULL,
    direction INTEGER NOT NULL,
    ever_up INTEGER NOT NULL,
    PRIMARY KEY (voter_id, review_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX review_standings_by_review ON review_standings (review_id, voter_id);

CREATE TABLE review_votes (
    vote_id BLOB NOT NULL,
    voter_id BLOB NOT NULL,
    review_id BLOB NOT NULL,
    seq INTEGER NOT NULL,
    direction INTEGER NOT NULL,
    day TEXT NOT NULL,
    cost INTEGER NOT NULL,
    day_limit INTEGER NOT NULL,
    reason TEXT NULL,
    settled_at TEXT NOT NULL,
    PRIMARY KEY (vote_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX review_votes_by_voter ON review_votes (voter_id, seq);

CREATE INDEX review_votes_by_review ON review_votes (review_id, voter_id, seq);

CREATE TABLE rewards (
    review_id BLOB NOT NULL,
    user_id BLOB NOT NULL,
    credit INTEGER NOT NULL,
    created_at TEXT NOT NULL,
    PRIMARY KEY (review_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX rewards_by_user ON rewards (user_id);

CREATE TABLE dead_letters (
    dead_letter_id BLOB NOT NULL,
    ballot_box TEXT NOT NULL,
    kind TEXT NOT NULL,
    bytes BLOB NOT NULL,
    reason TEXT NOT NULL,
    detail TEXT NOT NULL,
    n_arrivals INTEGER NOT NULL,
    created_at TEXT NOT NULL,
    resolved_at TEXT NULL,
    resolution TEXT NULL,
    PRIMARY KEY (dead_letter_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX dead_letters_by_box ON dead_letters (ballot_box, resolved_at);

CREATE TABLE state_epochs (
    name TEXT NOT NULL,
    epoch BLOB NOT NULL,
    lost_at TEXT NULL,
    PRIMARY KEY (name)
) STRICT, WITHOUT ROWID;

CREATE TABLE canaries (
    name TEXT NOT NULL,
    written_at TEXT NOT NULL,
    PRIMARY KEY (name)
) STRICT, WITHOUT ROWID;
