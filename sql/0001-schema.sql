-- SPDX-License-Identifier: MPL-2.0
-- Roles, tables and grants of the platform. Laid by `mig-admin init`, in one transaction, by a role that
-- may create roles. Table and column names are the protocol's: target expressions use them.
-- This file is never edited after a release; changes come as further numbered files.

-- ---------------------------------------------------------------------------------------------------
-- Roles. They belong to the cluster, not to the database, so they may be there already.
--   migadmin      owns everything here; nobody logs in as it
--   migscheduler  mig-scheduler
--   migapi        mig-api
--   migreadonly   holds the grants of target expressions; nobody logs in as it
--   migtarget     evaluates target expressions. It is a role of its own to log in with, and a member of
--                 nothing but migreadonly: a target may call set_config('role', …), so a session that got
--                 here by SET ROLE could go back, and one that logged in as migtarget can not.
DO $roles$
DECLARE
    role_name text;
BEGIN
    FOREACH role_name IN ARRAY ARRAY['migadmin', 'migreadonly'] LOOP
        IF NOT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = role_name) THEN
            EXECUTE format('CREATE ROLE %I NOLOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE', role_name);
        END IF;
    END LOOP;
    FOREACH role_name IN ARRAY ARRAY['migscheduler', 'migapi', 'migtarget'] LOOP
        IF NOT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = role_name) THEN
            EXECUTE format('CREATE ROLE %I LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE', role_name);
        END IF;
    END LOOP;
    IF NOT pg_has_role(current_user, 'migadmin', 'MEMBER') THEN
        EXECUTE format('GRANT migadmin TO %I', current_user);
    END IF;
    EXECUTE format('REVOKE TEMPORARY, CREATE ON DATABASE %I FROM PUBLIC', current_database());
    EXECUTE format('GRANT CONNECT ON DATABASE %I TO migscheduler, migapi, migtarget',
                   current_database());
END
$roles$;

GRANT migreadonly TO migtarget;
ALTER ROLE migtarget SET default_transaction_read_only = on;
ALTER ROLE migtarget SET statement_timeout = '2s';
ALTER ROLE migtarget SET lock_timeout = '1s';
ALTER ROLE migtarget SET idle_in_transaction_session_timeout = '30s';
ALTER ROLE migtarget SET max_parallel_workers_per_gather = 0;
ALTER ROLE migtarget SET jit = off;

REVOKE CREATE ON SCHEMA public FROM PUBLIC;
GRANT USAGE ON SCHEMA public TO PUBLIC;
GRANT USAGE, CREATE ON SCHEMA public TO migadmin;

SET LOCAL ROLE migadmin;
SET LOCAL search_path = public, pg_temp;

CREATE TABLE schema_version (
    version integer PRIMARY KEY,
    name text NOT NULL,
    applied timestamptz NOT NULL DEFAULT now()
);

-- ---------------------------------------------------------------------------------------------------
-- Ids: 53-bit integers that grow with time, (seconds since Unix 1367258400) << 16 and up. One sequence
-- keeps them unique over all processes; it is moved forward to the clock when it lags, and may run
-- ahead of it for a while when more than 65536 ids are taken in a second. It is only moved when it
-- lags by more than a second's worth, so that ids taken meanwhile by others can not lie beyond it.
CREATE SEQUENCE mig_id_seq AS bigint MINVALUE 1 MAXVALUE 9007199254740991 NO CYCLE;

CREATE FUNCTION mig_id() RETURNS bigint
    LANGUAGE plpgsql VOLATILE SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
AS $mig_id$
DECLARE
    id bigint := nextval('public.mig_id_seq');
    clock bigint := (floor(extract(epoch FROM clock_timestamp()))::bigint - 1367258400 + 1) << 16;
BEGIN
    IF clock - id > 65536 THEN
        PERFORM pg_advisory_lock(20190702, 1);
        id := nextval('public.mig_id_seq');
        IF clock - id > 65536 THEN
            PERFORM setval('public.mig_id_seq', clock);
            id := nextval('public.mig_id_seq');
        END IF;
        PERFORM pg_advisory_unlock(20190702, 1);
    END IF;
    RETURN id;
END
$mig_id$;
REVOKE ALL ON FUNCTION mig_id() FROM PUBLIC;

-- RFC 3339 in UTC, as the documents carry it.
CREATE FUNCTION mig_rfc3339(timestamptz) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
AS $$ SELECT CASE
        WHEN $1 IS NULL THEN '0001-01-01T00:00:00Z'
        WHEN $1 = '-infinity' THEN '0001-01-01T00:00:00Z'
        WHEN $1 = 'infinity' THEN '9998-01-11T11:11:11Z'
        ELSE to_char($1 AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') END $$;

-- ---------------------------------------------------------------------------------------------------
CREATE TABLE agents (
    id bigint PRIMARY KEY DEFAULT mig_id(),
    name text NOT NULL,
    queueloc text NOT NULL,
    mode text NOT NULL,
    version text NOT NULL,
    pid integer NOT NULL,
    starttime timestamptz NOT NULL,
    destructiontime timestamptz,
    heartbeattime timestamptz NOT NULL,
    refreshtime timestamptz NOT NULL,
    status text CHECK (status IN ('online', 'idle', 'offline', 'destroyed')),
    environment json,
    tags json,
    loadername text
);
CREATE INDEX agents_heartbeattime ON agents (heartbeattime DESC);
CREATE INDEX agents_starttime ON agents (starttime DESC);
CREATE INDEX agents_queueloc_pid ON agents (queueloc, pid);
CREATE INDEX agents_status ON agents (status);

CREATE TABLE agents_stats (
    timestamp timestamptz NOT NULL,
    online_agents bigint,
    online_agents_by_version json,
    online_endpoints bigint,
    idle_agents bigint,
    idle_agents_by_version json,
    idle_endpoints bigint,
    new_endpoints bigint,
    multi_agents_endpoints bigint,
    disappeared_endpoints bigint,
    flapping_endpoints bigint
);
CREATE INDEX agents_stats_timestamp ON agents_stats (timestamp DESC);

-- statusreason says why an action is invalid; it is not part of the protocol.
CREATE TABLE actions (
    id bigint PRIMARY KEY DEFAULT mig_id(),
    name text NOT NULL,
    target text NOT NULL,
    description json,
    threat json,
    operations json NOT NULL,
    validfrom timestamptz NOT NULL,
    expireafter timestamptz NOT NULL,
    starttime timestamptz,
    finishtime timestamptz,
    lastupdatetime timestamptz,
    status text CHECK (status IN ('pending', 'scheduled', 'preparing', 'inflight', 'completed', 'invalid')),
    syntaxversion integer,
    pgpsignatures text NOT NULL,
    statusreason text
);
CREATE INDEX actions_status ON actions (status);
CREATE INDEX actions_open ON actions (expireafter)
    WHERE status IN ('pending', 'scheduled', 'preparing', 'inflight');

-- A command is 'pending' until the broker has confirmed it; the protocol's states come after.
-- sendtime and tries tell of the last attempt to hand it to the broker.
CREATE TABLE commands (
    id bigint PRIMARY KEY DEFAULT mig_id(),
    actionid bigint NOT NULL REFERENCES actions (id),
    agentid bigint NOT NULL REFERENCES agents (id),
    status text NOT NULL CHECK (status IN ('pending', 'sent', 'success', 'cancelled', 'expired',
                                           'failed', 'timeout')),
    results json,
    starttime timestamptz NOT NULL,
    finishtime timestamptz,
    sendtime timestamptz,
    tries integer NOT NULL DEFAULT 0
);
CREATE INDEX commands_actionid ON commands (actionid);
CREATE INDEX commands_agentid ON commands (agentid);
CREATE INDEX commands_fresh ON commands (actionid, id) WHERE status = 'pending' AND sendtime IS NULL;
CREATE INDEX commands_open ON commands (actionid, status) WHERE status IN ('pending', 'sent');

-- Private keys have no place here: they stay with the investigators.
CREATE TABLE investigators (
    id bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,
    name text NOT NULL,
    pgpfingerprint text UNIQUE,
    publickey bytea,
    status text NOT NULL CHECK (status IN ('active', 'disabled')),
    createdat timestamptz NOT NULL DEFAULT now(),
    lastmodified timestamptz NOT NULL DEFAULT now(),
    permissions bigint NOT NULL DEFAULT 0,
    apikey bytea,
    apisalt bytea
);

CREATE TABLE signatures (
    actionid bigint NOT NULL REFERENCES actions (id),
    investigatorid bigint NOT NULL REFERENCES investigators (id),
    pgpsignature text NOT NULL,
    UNIQUE (actionid, investigatorid)
);
CREATE INDEX signatures_investigatorid ON signatures (investigatorid);

CREATE TABLE manifests (
    id bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,
    name text NOT NULL,
    content text NOT NULL,
    timestamp timestamptz NOT NULL,
    status text NOT NULL CHECK (status IN ('staged', 'active', 'disabled')),
    target text NOT NULL
);

CREATE TABLE manifestsig (
    manifestid bigint NOT NULL REFERENCES manifests (id),
    investigatorid bigint NOT NULL REFERENCES investigators (id),
    pgpsignature text NOT NULL,
    UNIQUE (manifestid, investigatorid)
);

CREATE TABLE loaders (
    id bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,
    loadername text NOT NULL UNIQUE,
    keyprefix text NOT NULL UNIQUE,
    loaderkey bytea NOT NULL UNIQUE,
    salt bytea NOT NULL,
    name text,
    env json,
    tags json,
    lastseen timestamptz NOT NULL,
    enabled boolean NOT NULL DEFAULT false,
    expectenv text,
    queueloc text UNIQUE
);

-- ---------------------------------------------------------------------------------------------------
-- What each role may do, and no more.
GRANT EXECUTE ON FUNCTION mig_id() TO migscheduler, migapi;

GRANT SELECT ON schema_version, agents, agents_stats, actions, commands, signatures TO migscheduler;
GRANT SELECT (id, name, pgpfingerprint, status) ON investigators TO migscheduler;
GRANT INSERT, UPDATE ON actions, commands, agents, agents_stats TO migscheduler;

GRANT SELECT ON schema_version, agents, agents_stats, actions, commands, signatures, investigators,
    manifests, manifestsig, loaders TO migapi;
GRANT INSERT ON agents, actions, signatures, investigators, manifests, manifestsig, loaders TO migapi;
GRANT UPDATE ON agents TO migapi;
GRANT UPDATE (name, env, tags, lastseen, enabled, expectenv, queueloc, loaderkey, salt) ON loaders TO migapi;
GRANT UPDATE (status) ON manifests TO migapi;
GRANT UPDATE (permissions, status, lastmodified, apikey, apisalt) ON investigators TO migapi;
GRANT DELETE ON manifestsig TO migapi;

-- What target expressions may look at: who the agents are, what was asked and what came back; no
-- operations, no signatures, no keys.
GRANT SELECT (id, name, queueloc, mode, version, pid, starttime, destructiontime, heartbeattime,
              refreshtime, status, environment, tags, loadername) ON agents TO migreadonly;
GRANT SELECT (id, name, description, threat, validfrom, expireafter, starttime, finishtime,
              lastupdatetime, status, syntaxversion) ON actions TO migreadonly;
GRANT SELECT (id, actionid, agentid, status, results, starttime, finishtime) ON commands TO migreadonly;

RESET ROLE;
