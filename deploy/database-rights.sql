-- The role the program works as owns no table, and cannot change or remove what is in the ledger.
-- Run as the owner, who also runs the migrations, after every upgrade that adds tables.
REVOKE ALL ON ALL TABLES IN SCHEMA public FROM linli;
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO linli;
REVOKE UPDATE, DELETE, TRUNCATE ON events FROM linli;
REVOKE DELETE, TRUNCATE ON ledgers FROM linli;
