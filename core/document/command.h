/* SPDX-License-Identifier: MPL-2.0 */
/*
 * The command (facts 2.7): an action on its way to one agent, and back with results.
 * On the wire: {"id","action":{…},"agent":{…},"status","results":[…],"starttime","finishtime"}.
 */
#ifndef MIG_DOCUMENT_COMMAND_H
#define MIG_DOCUMENT_COMMAND_H

#include "document/action.h"

/* Enough of the agent record to address a command and its answer. */
struct mig_command_agent {
    int64_t id;
    char *name;
    char *queueloc;
    char *raw; /* the whole record as it came, JSON text; sent back unchanged */
};

struct mig_command {
    int64_t id;
    struct mig_action *action;
    struct mig_command_agent agent;
    char *status;
    struct json_object *results; /* array; NULL while not answered */
    struct mig_time starttime;
    struct mig_time finishtime;
};

int mig_command_parse(const char *json, size_t len, struct mig_command **ret, struct mig_err *err);
void mig_command_free(struct mig_command *command);
int mig_command_json(const struct mig_command *command, struct mig_buf *out);

/* A module result, the original's five members in its order: {"foundanything","success","elements",
 * "statistics","errors"}. elements and statistics are JSON text (NULL: {}), errors NULL-terminated
 * or NULL (null). Appends. */
int mig_result_json(struct mig_buf *out, bool foundanything, bool success, const char *elements,
                    const char *statistics, const char *const errors[]);
/* Checks that a text is a module result. */
int mig_result_check(const char *json, size_t len, struct mig_err *err);

#endif
