-- The same as on MySQL, whose migration says what the tables are for.

CREATE TABLE review_voids (
    vote_id BLOB NOT NULL,
    voter_id BLOB NOT NULL,
    review_id BLOB NOT NULL,
    void_id BLOB NOT NULL,
    forfeited INTEGER NOT NULL,
    reason TEXT NOT NULL,
    voided_at TEXT NOT NULL,
    PRIMARY KEY (vote_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE review_vote_marks (
    vote_id BLOB NOT NULL,
    review_id BLOB NOT NULL,
    void_id BLOB NOT NULL,
    position INTEGER NOT NULL,
    forfeit INTEGER NOT NULL,
    reason TEXT NOT NULL,
    PRIMARY KEY (vote_id, review_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE review_voter_marks (
    voter_id BLOB NOT NULL,
    review_id BLOB NOT NULL,
    void_id BLOB NOT NULL,
    up_to_seq INTEGER NOT NULL,
    position INTEGER NOT NULL,
    forfeit INTEGER NOT NULL,
    reason TEXT NOT NULL,
    PRIMARY KEY (voter_id, review_id, void_id)
) STRICT, WITHOUT ROWID;
