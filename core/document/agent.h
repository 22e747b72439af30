/* SPDX-License-Identifier: MPL-2.0 */
/* The agent record and the heartbeat (facts 2.8). */
#ifndef MIG_DOCUMENT_AGENT_H
#define MIG_DOCUMENT_AGENT_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/time.h"

struct json_object;
struct mig_buf;

struct mig_heartbeat {
    char *name;
    char *mode; /* daemon, checkin */
    char *version;
    int64_t pid;
    char *queueloc;
    struct mig_time starttime;
    struct mig_time refreshtime;
    /* Database form, lower-case keys (init, ident, os, arch, isproxied, proxy, addresses, publicip,
     * modules, and whatever else the agent says). */
    struct json_object *environment;
    struct json_object *tags; /* {"name":"value"} */
};

/* From the camelCase wire form of POST /heartbeat. Errors with the texts of facts 6.3, without
 * their prefix. A body that does not decode (bad JSON, a wrong type): MIG_E_SYNTAX or MIG_E_LIMIT.
 * One that breaks a rule: MIG_E_INVALID with "missing field(s): a, b" (in a fixed order), "agent
 * reported an invalid mode", …, or MIG_E_WINDOW with "heartbeat expired". */
int mig_heartbeat_parse(const char *json, size_t len, struct mig_time now,
                        struct mig_heartbeat **ret, struct mig_err *err);
/* Appends the wire form. */
int mig_heartbeat_json(const struct mig_heartbeat *beat, struct mig_buf *out);
/* Appends the form that goes by the broker: the record of the database, lower-case (facts 2.8). */
int mig_heartbeat_record_json(const struct mig_heartbeat *beat, struct mig_buf *out);
void mig_heartbeat_free(struct mig_heartbeat *beat);

#endif
