DROP TABLE audit_log, partner_keys, partners;
