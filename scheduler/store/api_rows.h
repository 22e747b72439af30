/* SPDX-License-Identifier: MPL-2.0 */
/* The columns in which the API's statements give actions, commands, agents and investigators, each
 * a block that starts at a column the caller is told. Times are RFC 3339 text, NULL when unset. */
#ifndef MIG_STORE_API_ROWS_H
#define MIG_STORE_API_ROWS_H

enum mig_action_column {
    MIG_ACTION_ID,
    MIG_ACTION_NAME,
    MIG_ACTION_TARGET,
    MIG_ACTION_DESCRIPTION, /* JSON text */
    MIG_ACTION_THREAT,      /* JSON text */
    MIG_ACTION_VALIDFROM,
    MIG_ACTION_EXPIREAFTER,
    MIG_ACTION_OPERATIONS, /* JSON text exactly as it was signed */
    MIG_ACTION_SIGNATURES, /* JSON text */
    MIG_ACTION_STATUS,
    MIG_ACTION_STARTTIME,
    MIG_ACTION_FINISHTIME,
    MIG_ACTION_LASTUPDATETIME,
    MIG_ACTION_SYNTAXVERSION,
    MIG_ACTION_COLUMNS
};

/* These follow an action where it stands by itself. */
enum mig_action_more_column {
    MIG_ACTION_INVESTIGATORS = MIG_ACTION_COLUMNS, /* JSON text, an array */
    MIG_ACTION_SENT,
    MIG_ACTION_DONE,
    MIG_ACTION_INFLIGHT,
    MIG_ACTION_SUCCESS,
    MIG_ACTION_CANCELLED,
    MIG_ACTION_EXPIRED,
    MIG_ACTION_FAILED,
    MIG_ACTION_TIMEOUT
};

enum mig_agent_column {
    MIG_AGENT_ID,
    MIG_AGENT_NAME,
    MIG_AGENT_QUEUELOC,
    MIG_AGENT_MODE,
    MIG_AGENT_VERSION,
    MIG_AGENT_PID,
    MIG_AGENT_LOADERNAME,
    MIG_AGENT_STARTTIME,
    MIG_AGENT_DESTRUCTIONTIME,
    MIG_AGENT_HEARTBEATTIME,
    MIG_AGENT_REFRESHTIME,
    MIG_AGENT_STATUS,
    MIG_AGENT_ENVIRONMENT, /* JSON text */
    MIG_AGENT_TAGS,        /* JSON text */
    MIG_AGENT_COLUMNS
};

/* The command itself, then an action block, then an agent block. */
enum mig_command_column {
    MIG_COMMAND_ID,
    MIG_COMMAND_STATUS,
    MIG_COMMAND_RESULTS, /* JSON text */
    MIG_COMMAND_STARTTIME,
    MIG_COMMAND_FINISHTIME,
    MIG_COMMAND_ACTION,
    MIG_COMMAND_AGENT = MIG_COMMAND_ACTION + MIG_ACTION_COLUMNS
};

enum mig_investigator_column {
    MIG_INVESTIGATOR_ID,
    MIG_INVESTIGATOR_NAME,
    MIG_INVESTIGATOR_FINGERPRINT,
    MIG_INVESTIGATOR_STATUS,
    MIG_INVESTIGATOR_CREATEDAT,
    MIG_INVESTIGATOR_LASTMODIFIED,
    MIG_INVESTIGATOR_PERMISSIONS,
    MIG_INVESTIGATOR_COLUMNS
};

/* The SELECT lists of these blocks, for tables named a (actions), c (commands), g (agents), i
 * (investigators). The second action list is a LATERAL join that gives the columns after the block.
 */
#define MIG_TIME_SQL(column)                                                                       \
    "CASE WHEN " column " IS NULL THEN NULL ELSE mig_rfc3339(" column ") END"
#define MIG_ACTION_SQL                                                                                                \
    "a.id, a.name, a.target, a.description, a.threat, " MIG_TIME_SQL(                                                 \
        "a.validfrom") ", " MIG_TIME_SQL("a.expireafter") ", a.operations, a.pgpsignatures, "                         \
                                                          "a.status, " MIG_TIME_SQL("a.starttime") ", " MIG_TIME_SQL( \
                                                              "a.finishtime") ", " MIG_TIME_SQL("a.lastupdatetime") ", a.syntaxversion"
#define MIG_ACTION_MORE_SQL                                                                        \
    "coalesce((SELECT json_agg(json_build_object('id', i.id, 'name', i.name, 'pgpfingerprint', "   \
    "i.pgpfingerprint, 'status', i.status) ORDER BY i.id) FROM signatures s JOIN investigators i " \
    "ON i.id = s.investigatorid WHERE s.actionid = a.id), '[]'), "                                 \
    "n.sent, n.done, n.sent - n.done, n.success, n.cancelled, n.expired, n.failed, n.timeout"
#define MIG_ACTION_COUNTERS_SQL                                                                    \
    " CROSS JOIN LATERAL (SELECT count(*) AS sent, "                                               \
    "count(*) FILTER (WHERE status NOT IN ('pending', 'sent')) AS done, "                          \
    "count(*) FILTER (WHERE status = 'success') AS success, "                                      \
    "count(*) FILTER (WHERE status = 'cancelled') AS cancelled, "                                  \
    "count(*) FILTER (WHERE status = 'expired') AS expired, "                                      \
    "count(*) FILTER (WHERE status = 'failed') AS failed, "                                        \
    "count(*) FILTER (WHERE status = 'timeout') AS timeout "                                       \
    "FROM commands WHERE actionid = a.id) AS n "
#define MIG_AGENT_SQL                                                                                                   \
    "g.id, g.name, g.queueloc, g.mode, g.version, g.pid, g.loadername, " MIG_TIME_SQL(                                  \
        "g."                                                                                                            \
        "starttime") ", " MIG_TIME_SQL("g.destructiontime") ", " MIG_TIME_SQL("g.heartbeattime") ", " MIG_TIME_SQL("g." \
                                                                                                                   "refreshtime") ", g.status, g.environment, g.tags"
#define MIG_COMMAND_SQL                                                                            \
    "c.id, c.status, c.results, " MIG_TIME_SQL("c.starttime") ", " MIG_TIME_SQL(                   \
        "c.finishtime") ", " MIG_ACTION_SQL ", " MIG_AGENT_SQL
#define MIG_INVESTIGATOR_SQL                                                                       \
    "i.id, i.name, i.pgpfingerprint, i.status, " MIG_TIME_SQL("i.createdat") ", " MIG_TIME_SQL(    \
        "i.lastmodified") ", i.permissions"

#endif
