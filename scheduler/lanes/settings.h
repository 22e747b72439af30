/* SPDX-License-Identifier: MPL-2.0 */
/* scheduler.cfg (facts 1.3), with what is new here. */
#ifndef MIG_LANES_SETTINGS_H
#define MIG_LANES_SETTINGS_H

#include <stdint.h>

#include "base/error.h"
#include "store/settings.h"
#include "transport/amqp.h"

struct mig_lanes_settings {
    struct mig_store_settings store;
    struct mig_amqp_options mq; /* without uri: one of the following */
    char **mq_uris; /* each mq.uri, or one made of host, port, user, pass, vhost, usetls; ends with
                       NULL. The nodes of one cluster. */
    int64_t agent_timeout_ms;
    int64_t heartbeat_freq_ms;
    int64_t periodic_freq_ms;
    int64_t queues_freq_ms; /* periodic.queuescleanupfreq; 0: queues are left alone */
    int detect_duplicates;  /* agent.detectmultiagents */
    int agent_accounts; /* mq.agentaccounts: an answer counts from the account of its agent only */
    const char *queue_type; /* mq.queuetype: classic or quorum, of results and heartbeats */
    int target_timeout_ms;  /* targets.timeout */
    const char *whitelist;  /* agent.whitelist: a path, or NULL */
    /* What mq points into. */
    char *mq_ca, *mq_cert, *mq_key;
    struct mig_conf *conf;
};

/* Errors name the file and, where they can, the line. */
int mig_lanes_settings_load(const char *path, struct mig_lanes_settings **ret, struct mig_err *err);
int mig_lanes_settings_parse(const char *name, const char *text, size_t len,
                             struct mig_lanes_settings **ret, struct mig_err *err);
/* Logs a warning for each key that is set and has no meaning here. */
void mig_lanes_settings_warn(const struct mig_lanes_settings *config);
void mig_lanes_settings_free(struct mig_lanes_settings *config);

#endif
