-- Votes on reviews that were voided: the ledger's second half, append-only too. A vote
-- counts if the ledger has no reason for it and it is not here. What it cost of its day
-- is returned unless it is forfeited.
CREATE TABLE review_voids (
    vote_id   BINARY(16)   NOT NULL,
    voter_id  BINARY(16)   NOT NULL,
    review_id BINARY(16)   NOT NULL,
    void_id   BINARY(16)   NOT NULL,
    forfeited BOOLEAN      NOT NULL,
    reason    VARCHAR(500) NOT NULL,
    voided_at DATETIME(6)  NOT NULL,
    PRIMARY KEY (vote_id)
) DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;

-- A void of one vote that waits for it to settle; gone once it has. Nearly always empty.
CREATE TABLE review_vote_marks (
    vote_id   BINARY(16)   NOT NULL,
    review_id BINARY(16)   NOT NULL,
    void_id   BINARY(16)   NOT NULL,
    position  BIGINT       NOT NULL,
    forfeit   BOOLEAN      NOT NULL,
    reason    VARCHAR(500) NOT NULL,
    PRIMARY KEY (vote_id, review_id)
) DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;

-- A void of all votes of a voter on a review up to a sequence number; stays, for nobody
-- knows how many of them are under way.
CREATE TABLE review_voter_marks (
    voter_id  BINARY(16)   NOT NULL,
    review_id BINARY(16)   NOT NULL,
    void_id   BINARY(16)   NOT NULL,
    up_to_seq BIGINT       NOT NULL,
    position  BIGINT       NOT NULL,
    forfeit   BOOLEAN      NOT NULL,
    reason    VARCHAR(500) NOT NULL,
    PRIMARY KEY (voter_id, review_id, void_id)
) DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;
