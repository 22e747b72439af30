/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Persistent modules: one confined worker each, started, watched and started again by the
 * supervisor; their alerts, kept on disk until the module that takes them has them; and the
 * questions of operations to the instance of their module.
 *
 * The site says which run, and with what configuration. A file DIR/persist/NAME.json of the
 * endpoint's configuration folder can add members that the site leaves open, and switch the module
 * off with {"enabled": false}. A file that can not be read, or wants more, keeps the module from
 * running, and the status says why.
 *
 * One that fails is started again, after a pause that grows from a second to a minute. One that
 * crashed or hung three times in a row, none of which lived a minute, is in the quarantine of
 * agent/roster.h, as a whole: its operations do not run either. The same holds the other way.
 */
#ifndef MIG_AGENT_PERSIST_H
#define MIG_AGENT_PERSIST_H

#include <poll.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

struct json_object;
struct mig_buf;
struct mig_persist;
struct mig_roster;
struct mig_site;

/* `run_fd`, `run_dir`: the run folder, by descriptor and absolute name. `roster` is kept. */
int mig_persist_start(const struct mig_site *site, int run_fd, const char *run_dir,
                      struct mig_roster *roster, struct mig_persist **ret, struct mig_err *err);
/* Asks all to stop, gives them a moment, kills the rest. */
void mig_persist_end(struct mig_persist *p);
/* Fills descriptors; returns how many. Lowers *timeout_ms. */
size_t mig_persist_poll(struct mig_persist *p, struct pollfd *fds, size_t max, int *timeout_ms);
void mig_persist_step(struct mig_persist *p);

/* What an asker is told, once: 0 and the answer, or a negative errno value and the reason. */
typedef void mig_persist_reply_fn(void *asker, int result, const char *text, size_t len);
/* Asks the instance of `module`; reply() may be called before this returns. */
int mig_persist_ask(struct mig_persist *p, const char *module, void *asker,
                    mig_persist_reply_fn *reply, const char *question, size_t len);
/* The asker is about to be freed. */
void mig_persist_forget(struct mig_persist *p, const void *asker);

/* Appends [{"module","state","reason"}…]: starting, running, back-off (it failed, and is started
 * again within a minute), misconfigured (read again every 30 s), quarantined, stopped (switched off
 * by a file); a reason unless it runs. `p` may be NULL. */
int mig_persist_json(const struct mig_persist *p, struct mig_buf *out);
/* Appends a JSON object: {"modules":[{"module","state",…}],"queue":{…}}, with counters. */
void mig_persist_status(struct mig_persist *p, struct mig_buf *out);

/* The configuration of a module: what the site says and the file adds. 0 and JSON text, -ENOENT
 * when the file switches it off, MIG_E_CONFIG with the reason. agent/persist_conf.c */
int mig_persist_conf(const struct mig_site *site, const char *module, const char *site_json,
                     struct mig_buf *out, struct mig_err *err);

#endif
