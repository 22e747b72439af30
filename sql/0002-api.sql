-- SPDX-License-Identifier: MPL-2.0
-- What mig-api needs beside the protocol's tables.

SET LOCAL ROLE migadmin;
SET LOCAL search_path = public, pg_temp;

-- Access tokens that were used, until they would be refused for their age: a token serves once, whichever
-- mig-api it is shown to. `digest` is the SHA-256 of the signer's fingerprint and the signed text.
CREATE TABLE tokens (
    digest bytea PRIMARY KEY,
    expires timestamptz NOT NULL
);
CREATE INDEX tokens_expires ON tokens (expires);
GRANT SELECT, INSERT, DELETE ON tokens TO migapi;

-- One row an agent process, so that two heartbeats at the same moment can not make two.
DROP INDEX agents_queueloc_pid;
CREATE UNIQUE INDEX agents_queueloc_pid ON agents (queueloc, pid);

-- Searches by time.
CREATE INDEX actions_validfrom ON actions (validfrom DESC, id DESC);
CREATE INDEX commands_starttime ON commands (starttime DESC, id DESC);

RESET ROLE;
