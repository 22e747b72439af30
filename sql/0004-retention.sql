-- SPDX-License-Identifier: MPL-2.0
-- Queues of vanished agents, and who removes an agent.

SET LOCAL ROLE migadmin;
SET LOCAL search_path = public, pg_temp;

-- When mig-scheduler has deleted the queue of an agent that no longer beats. A beat after that time means that the
-- agent, which declares its queue, has made it anew.
ALTER TABLE agents ADD COLUMN queuedeleted timestamptz;


RESET ROLE;
