/* SPDX-License-Identifier: MPL-2.0 */
/*
 * What an organisation builds into its agent. mig-mkagent writes the one object `mig_site` (and the
 * table `mig_whitelist`) of a site folder; the packaged mig-agent has an empty one and refuses to
 * serve.
 *
 * The types are a macro so that mig-mkagent can write the very same text into the C that it
 * generates: linking an agent needs no header of this source tree.
 */
#ifndef MIG_AGENT_SITE_H
#define MIG_AGENT_SITE_H

#include <stddef.h>
#include <stdint.h>

/* Raised whenever the struct changes: an agent linked from two versions refuses to start. */
#define MIG_SITE_LAYOUT 5

/* clang-format off */
#define MIG_SITE_TYPES                                                                             \
struct mig_site {                                                                                  \
    uint64_t layout;                                                                               \
    const char *const *relays;     /* AMQP addresses, tried in turn; ends with NULL */             \
    const char *api;               /* ends with '/'; "": no heartbeats */                          \
    const char *const *tags;       /* name, value, name, value, NULL */                            \
    const char *run_dir;                                                                           \
    const char *plugin_dir;                                                                        \
    const char *relay_user;        /* a name, or numbers: "uid" or "uid:gid" */                    \
    const char *verifier_user;                                                                     \
    const char *log_destination;                                                                   \
    const char *log_level;                                                                         \
    const char *ca_pem;            /* NULL: none */                                                \
    const char *cert_pem;                                                                          \
    const char *key_pem;                                                                           \
    const char *acl;               /* JSON */                                                      \
    const char *const *signers;    /* fingerprints and names, for people; ends with NULL */        \
    const unsigned char *keyring;  /* binary OpenPGP keys */                                       \
    uint64_t keyring_len;                                                                          \
    int64_t heartbeat_ms;                                                                          \
    int64_t module_timeout_ms;                                                                     \
    uint64_t max_workers;                                                                          \
    uint64_t output_max;           /* bytes of one operation's result */                           \
    uint64_t memory_max;           /* bytes of one worker's address space; 0: no limit */          \
    const char *const *persist;    /* module, its configuration as JSON, ..., NULL */              \
    const char *conf_dir;          /* the endpoint's configuration folder */                       \
    uint64_t alerts_max;           /* bytes of the queue of alerts */                              \
    uint64_t state_max;            /* bytes of one state file of a persistent module */            \
    uint64_t cpu_max;              /* seconds of CPU time of one operation; 0: no limit */         \
    uint64_t open_files_max;       /* of one worker */                                             \
    uint64_t private_mode;         /* 1: fields that plugins declare private are masked */         \
    uint64_t check_target;         /* 0: off, 1: when decidable, 2: strict */                      \
    const char *const *proxies;    /* [user:password@]host:port, in order; ends with NULL */       \
    uint64_t checkin;              /* 1: it starts, does what is queued, and ends */               \
    uint64_t public_ip;            /* 1: ask the API for the address it sees */                    \
    uint64_t cloud;                /* 1: ask the cloud's metadata service */                       \
    const char *const *modules_off; /* of the endpoint's own file only; ends with NULL */          \
}
/* clang-format on */

MIG_SITE_TYPES;

extern const struct mig_site mig_site;

struct json_object;

/* The tags as the heartbeat says them; to put. NULL without memory. */
struct json_object *mig_site_tags(const struct mig_site *site);
/* 1 when the site says whom to serve: false for the packaged agent. */
int mig_site_present(const struct mig_site *site);
/* "daemon" or "checkin", as heartbeats and targets say it. */
const char *mig_site_mode(const struct mig_site *site);
/* A proxy without its user and password. */
const char *mig_site_proxy_name(const char *proxy);
const char *mig_site_run_dir(const struct mig_site *site);
const char *mig_site_plugin_dir(const struct mig_site *site);
const char *mig_site_conf_dir(const struct mig_site *site);

#endif
