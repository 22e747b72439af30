-- SPDX-License-Identifier: MPL-2.0
-- API keys found by one look-up, actions that are cancelled, and room for retention.

SET LOCAL ROLE migadmin;
SET LOCAL search_path = public, pg_temp;

-- `apikey` is the SHA-256 of a key that the kernel's random source made: there is nothing to stretch, and
-- an index finds it. Keys of the original are kept with a salt (PBKDF2); they can not be looked up and
-- are issued anew.
CREATE UNIQUE INDEX investigators_apikey ON investigators (apikey) WHERE apikey IS NOT NULL AND apisalt IS NULL;

-- Who has cancelled an action, and when. mig-api may say so and change nothing else of an action;
-- mig-scheduler then stops sending.
ALTER TABLE actions ADD COLUMN canceltime timestamptz;
ALTER TABLE actions ADD COLUMN cancelledby bigint REFERENCES investigators (id);
GRANT UPDATE (canceltime, cancelledby, lastupdatetime) ON actions TO migapi;

-- What `mig-admin prune` looks for.
CREATE INDEX actions_finishtime ON actions (finishtime) WHERE status IN ('completed', 'invalid');

-- A dead row of a command is soon made of each living one: vacuum after 2 % instead of 20 %.
ALTER TABLE commands SET (autovacuum_vacuum_scale_factor = 0.02, autovacuum_analyze_scale_factor = 0.02);

RESET ROLE;
