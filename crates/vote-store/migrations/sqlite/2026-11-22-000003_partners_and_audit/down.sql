DROP TABLE audit_log;
DROP TABLE partner_keys;
DROP TABLE partners;
