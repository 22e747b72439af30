/* SPDX-License-Identifier: MPL-2.0 */
/* dispatch: alerts of all modules to an HTTPS collector and to syslog, each with a queue of its
 * own.
 */
#ifndef MIG_DISPATCH_H
#define MIG_DISPATCH_H

#include <stddef.h>
#include <stdint.h>

#include <mig/plugin.h>

struct json_object;
struct mig_queue;
struct output;

/* What one kind of output does. send(): 0 it has been taken; negative: not now, `why` says so. */
struct output_kind {
    const char *name;
    int (*send)(struct output *output, const char *event, size_t length);
    void (*close)(struct output *output);
};

struct output {
    const struct output_kind *kind; /* NULL: not configured */
    void *state;
    struct mig_queue *queue;
    int64_t retry_at, pause; /* milliseconds */
    uint64_t sent, failures;
    char why[256];
};

/* Reads the member of the configuration that is theirs; 0, or after refuse() -EINVAL. */
int dispatch_http(const struct mig_host *host, struct json_object *config, struct output *output);
int dispatch_syslog(const struct mig_host *host, struct json_object *config, const char *hostname,
                    struct output *output);

#endif
