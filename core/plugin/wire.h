/* SPDX-License-Identifier: MPL-2.0 */
/* What a worker and the process that started it say to each other: base/frame.h messages on
 * descriptor 3. Both are the same program, so structs travel as they are. */
#ifndef MIG_PLUGIN_WIRE_H
#define MIG_PLUGIN_WIRE_H

#include <stdint.h>

#define MIG_WIRE_FD 3
#define MIG_WIRE_ARGV0 "mig-worker"
#define MIG_WIRE_ARGV1 "--role=worker"

/* A call beside those of enum mig_worker_call: no plugin is loaded; the record of a worker that has
 * ended becomes a module result. The input is the reason, the first of its errors. */
#define MIG_WIRE_SALVAGE 100u

enum mig_wire_type {
    MIG_WIRE_SPEC = 1,   /* to the worker: struct mig_wire_spec, plugin NUL, folder NUL, state NUL;
                            the input's fd */
    MIG_WIRE_OUTPUT = 2, /* from it: the next bytes of the output */
    MIG_WIRE_DONE = 3,   /* from it, last: uint32_t status (enum mig_worker_status), reason */
    MIG_WIRE_LOG = 4,    /* from it: uint32_t severity, text */
    MIG_WIRE_RECORD = 5, /* to it, before SPEC: the fd of a plugin/record.h */

    /* A persistent instance. */
    MIG_WIRE_READY = 10,     /* from it, before persist(): uint32_t 1 when it takes alerts */
    MIG_WIRE_ALIVE = 11,     /* from it: it came to wait() */
    MIG_WIRE_ALERT = 12,     /* from it: the alert's JSON */
    MIG_WIRE_KEPT = 13,      /* to it: int32_t what became of the alert */
    MIG_WIRE_QUESTION = 14,  /* to it: text */
    MIG_WIRE_ANSWER = 15,    /* from it: the next bytes of an answer */
    MIG_WIRE_ANSWERED = 16,  /* from it: int32_t result, the reason */
    MIG_WIRE_DELIVER = 17,   /* to it: an alert of the queue */
    MIG_WIRE_DELIVERED = 18, /* from it: int32_t result */
    MIG_WIRE_STOP = 19,      /* to it */
    MIG_WIRE_MISTAKE = 20,   /* from it, before DONE: the configuration is wrong */

    /* One operation that asks the instance of its plugin. */
    MIG_WIRE_ASK = 30,  /* from it: text */
    MIG_WIRE_REPLY = 31 /* to it: int32_t result, the answer or the reason */
};

struct mig_wire_spec {
    uint32_t call; /* enum mig_worker_call */
    uint32_t print_flags;
    uint32_t private_mode;
    uint32_t open_files_max;
    int64_t timeout_ms; /* <= 0: none */
    uint64_t output_max;
    uint64_t memory_max;
    uint64_t cpu_max; /* seconds; 0: none */
    int64_t parent;   /* process id; when it is no longer our parent it is dead */
    uint32_t has_dir;
    uint32_t has_state_dir; /* one more text behind the folder */
    uint64_t state_max;
};

#endif
