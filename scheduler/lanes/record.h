/* SPDX-License-Identifier: MPL-2.0 */
/* The agent record as older agents publish it to mig.agt.heartbeats (facts 2.8, 7.6). */
#ifndef MIG_LANES_RECORD_H
#define MIG_LANES_RECORD_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/time.h"

#define MIG_RECORD_MAX_BYTES 102400u

struct mig_record {
    char *name;
    char *queueloc;
    char *mode; /* "", daemon or checkin */
    char *version;
    int64_t pid;
    struct mig_time starttime;
    struct mig_time refreshts;
    char *environment; /* JSON */
    char *tags;        /* JSON */
};

/* MIG_E_WINDOW for a beat that is older than `timeout_ms`; MIG_E_INVALID, MIG_E_SYNTAX or
 * MIG_E_LIMIT for one that breaks a rule. */
int mig_record_parse(const char *json, size_t len, struct mig_time now, int64_t timeout_ms,
                     struct mig_record *ret, struct mig_err *err);
void mig_record_fini(struct mig_record *record);

#endif
