/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Workers: one process for one call into one plugin. The process is this very program, executed
 * again with a role; it confines itself, copies the plugin into sealed memory, checks the digest
 * against the whitelist, loads that copy through libltdl and makes the call. No other process ever
 * loads a plugin.
 *
 * A program that starts workers calls mig_worker_role() first thing in main().
 */
#ifndef MIG_PLUGIN_WORKER_H
#define MIG_PLUGIN_WORKER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

struct mig_worker;

enum mig_worker_call {
    MIG_WORKER_RUN = 1, /* input: parameters JSON; output: a module result, JSON */
    MIG_WORKER_DESCRIBE =
        2, /* no input; output: JSON of name, version, abi, digest, options, fields, needs … */
    MIG_WORKER_PARSE = 3, /* input: arguments, each followed by a NUL; output: parameters JSON */
    MIG_WORKER_PRINT = 4, /* input: a module result; output: lines of text */
    MIG_WORKER_HELP = 5,  /* no input; output: the text of `mig NAME help` */
    /* input: configuration JSON. The plugin's persist(), which goes on until it is told to stop. */
    MIG_WORKER_PERSIST = 6
};

/* A message of plugin/wire.h that is not about the output. Negative: the worker is killed. */
struct mig_worker;
typedef int mig_worker_message_fn(void *context, struct mig_worker *worker, uint32_t type,
                                  const char *body, size_t len);

struct mig_worker_spec {
    enum mig_worker_call call;
    const char *plugin;     /* a plain name, as an action has it */
    const char *plugin_dir; /* absolute; NULL: the compiled-in folder */
    const void *input;      /* copied */
    size_t input_len;
    uint32_t print_flags;    /* MIG_PRINT_* */
    int64_t timeout_ms;      /* wall clock; the process group is killed a moment after it */
    size_t output_max;       /* bytes of output; 0: 32 MiB */
    size_t memory_max;       /* RLIMIT_AS in bytes; 0: none */
    unsigned open_files_max; /* 0: 256 */
    unsigned cpu_max;        /* seconds of CPU time; 0: none */
    int private_mode;
    /* What an operation asks its instance, and what an instance says. NULL: whoever asks is told
     * that no agent is there. */
    mig_worker_message_fn *message;
    void *context;
    const char *state_dir; /* PERSIST: absolute; where its state files are */
    size_t state_max;      /* PERSIST: bytes of each of them */
};

enum mig_worker_status {
    MIG_WORKER_SUCCESS = 0,
    MIG_WORKER_FAILED = 1,  /* the plugin refused the parameters, failed, crashed; see reason */
    MIG_WORKER_TIMEOUT = 2, /* killed at the limit; output holds a partial result, or nothing */
    MIG_WORKER_REFUSED = 3, /* the plugin was not loaded: not there, not whitelisted, wrong ABI … */
    MIG_WORKER_CANCELLED = 4 /* mig_worker_cancel(); output as with a timeout */
};

struct mig_worker_outcome {
    enum mig_worker_status status;
    const char *output; /* NUL-terminated beyond output_len; belongs to the worker */
    size_t output_len;
    const char *reason; /* one line; "" on success */
    /* Its process ended, or would have, by the plugin's fault: a signal that nobody sent, an exit
     * of its own, a broken protocol. Not: a limit, a refusal, an error that it returned. The output
     * is what it had emitted, if that could be saved. */
    bool crashed;
    int64_t wall_ms;
    int64_t cpu_ms;
    int64_t peak_kib; /* ru_maxrss */
};

/* How a worker of this program learns that its memory limit refused an allocation: a program that
 * links plugin/memory.h puts mig_memory_watch here, before the role. NULL: its reports do not name
 * the limit. */
extern void (*mig_worker_watch_memory)(size_t max, void (*refused)(size_t bytes));

/* If this process was executed as a worker: does its work and does not return. */
void mig_worker_role(int argc, char **argv);

/* Starts a worker. An error here means that no process could be made; what the worker itself
 * refuses comes as an outcome. */
int mig_worker_start(const struct mig_worker_spec *spec, struct mig_worker **ret,
                     struct mig_err *err);
/* Poll this for POLLIN and mig_worker_timeout() for time, then step. */
int mig_worker_fd(const struct mig_worker *worker);
/* Milliseconds until step must be called whatever the descriptor says; -1: never. */
int64_t mig_worker_timeout(const struct mig_worker *worker);
/* Does what can be done without blocking. 0 while it runs, 1 when the outcome is there. */
int mig_worker_step(struct mig_worker *worker);
const struct mig_worker_outcome *mig_worker_outcome(const struct mig_worker *worker);
/* The name of the plugin that it runs. */
const char *mig_worker_plugin(const struct mig_worker *worker);
/* Sends a message of plugin/wire.h. -EAGAIN: it does not listen; -EPIPE: it is gone. */
int mig_worker_send(struct mig_worker *worker, uint32_t type, const void *body, size_t len);
/* The same with an int32_t result before the text. */
int mig_worker_reply(struct mig_worker *worker, uint32_t type, int result, const char *text,
                     size_t len);
/* Kills it unless it has answered, for the reason that the outcome then has. Step goes on until the
 * outcome is there. */
void mig_worker_cancel(struct mig_worker *worker, const char *reason);
/* Kills the process group if it still runs, and waits for it. */
void mig_worker_free(struct mig_worker *worker);

/* Start, step until done: for programs that do one thing at a time. */
int mig_worker_call(const struct mig_worker_spec *spec, struct mig_worker **ret,
                    struct mig_err *err);

/* Names of the plugins in the folder that are in the whitelist by name, or built in, sorted.
 * *ret: NULL-terminated array of strings, freed by mig_plugin_list_free(). */
int mig_plugin_list(const char *plugin_dir, char ***ret, struct mig_err *err);
/* The same with those that the whitelist does not name: all that lies there under a plugin's name.
 */
int mig_plugin_files(const char *plugin_dir, char ***ret, struct mig_err *err);
void mig_plugin_list_free(char **names);

#endif
