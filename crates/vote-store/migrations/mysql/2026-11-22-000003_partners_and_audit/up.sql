-- A partner's server speaks for the voters of one kind, and no other partner's does.
CREATE TABLE partners (
    partner_id BINARY(16)   NOT NULL,
    name       VARCHAR(200) NOT NULL,
    voter_kind VARCHAR(32)  NOT NULL,
    created_at DATETIME(6)  NOT NULL,
    PRIMARY KEY (partner_id),
    UNIQUE KEY partners_by_kind (voter_kind)
) DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;

-- The secret is sealed under a key that SQL never sees. Rows stay when they are revoked:
-- the audit record names them.
CREATE TABLE partner_keys (
    key_id     BINARY(16)     NOT NULL,
    partner_id BINARY(16)     NOT NULL,
    sealed     VARBINARY(512) NOT NULL,
    created_at DATETIME(6)    NOT NULL,
    revoked_at DATETIME(6)    NULL,
    PRIMARY KEY (key_id),
    KEY partner_keys_by_partner (partner_id, key_id)
) DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;

-- Who did what, when: written in the transaction that does it, never changed. This table
-- is not hot (a row for each decision of a person, none for a vote), so its indexes may
-- follow time.
CREATE TABLE audit_log (
    audit_id   BINARY(16)   NOT NULL,
    at         DATETIME(6)  NOT NULL,
    actor_kind VARCHAR(16)  NOT NULL,
    actor_id   BINARY(16)   NULL,
    key_id     BINARY(16)   NULL,
    action     VARCHAR(64)  NOT NULL,
    subject    VARCHAR(200) NOT NULL,
    detail     MEDIUMTEXT   NOT NULL,
    PRIMARY KEY (audit_id),
    KEY audit_log_by_time (at, audit_id),
    KEY audit_log_by_action (action, at, audit_id),
    KEY audit_log_by_subject (subject, at, audit_id)
) DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;
