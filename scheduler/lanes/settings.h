/* SPDX-License-Identifier: MPL-2.0 */
/* scheduler.cfg (facts 1.3), with what is new here. */
#ifndef MIG_LANES_SETTINGS_H
#define MIG_LANES_SETTINGS_H

#include <stdint.h>

#include "base/error.h"
#include "transport/amqp.h"

struct mig_lanes_settings {
    char *conninfo;        /* postgres.conninfo, or made of host, port, dbname, user, password, sslmode */
    char *target_conninfo; /* postgres.targetconninfo, or the above with user migtarget */
    struct mig_amqp_options mq; /* mq.uri, or made of host, port, user, pass, vhost, usetls */
    int64_t agent_timeout_ms;
    int64_t heartbeat_freq_ms;
    int64_t periodic_freq_ms;
    int target_timeout_ms; /* targets.timeout */
    char *log_destination; /* logging.mode and .file, as mig_log_open() takes it */
    int log_severity;
    /* What mq points into. */
    char *mq_uri, *mq_ca, *mq_cert, *mq_key;
};

/* Errors name the file and, where they can, the line. */
int mig_lanes_settings_load(const char *path, struct mig_lanes_settings **ret, struct mig_err *err);
int mig_lanes_settings_parse(const char *name, const char *text, size_t len,
                           struct mig_lanes_settings **ret, struct mig_err *err);
void mig_lanes_settings_free(struct mig_lanes_settings *config);

#endif
