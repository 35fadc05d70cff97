-- The same as on MySQL, whose migration says what the tables are for.

CREATE TABLE partners (
    partner_id BLOB NOT NULL,
    name TEXT NOT NULL,
    voter_kind TEXT NOT NULL,
    created_at TEXT NOT NULL,
    PRIMARY KEY (partner_id)
) STRICT, WITHOUT ROWID;

CREATE UNIQUE INDEX partners_by_kind ON partners (voter_kind);

CREATE TABLE partner_keys (
    key_id BLOB NOT NULL,
    partner_id BLOB NOT NULL,
    sealed BLOB NOT NULL,
    created_at TEXT NOT NULL,
    revoked_at TEXT NULL,
    PRIMARY KEY (key_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX partner_keys_by_partner ON partner_keys (partner_id, key_id);

CREATE TABLE audit_log (
    audit_id BLOB NOT NULL,
    at TEXT NOT NULL,
    actor_kind TEXT NOT NULL,
    actor_id BLOB NULL,
    key_id BLOB NULL,
    action TEXT NOT NULL,
    subject TEXT NOT NULL,
    detail TEXT NOT NULL,
    PRIMARY KEY (audit_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX audit_log_by_time ON audit_log (at, audit_id);

CREATE INDEX audit_log_by_action ON audit_log (action, at, audit_id);

CREATE INDEX audit_log_by_subject ON audit_log (subject, at, audit_id);
