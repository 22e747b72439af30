/* SPDX-License-Identifier: MPL-2.0 */
/* What a worker and the process that started it say to each other: base/frame.h messages on
 * descriptor 3. Both are the same program, so structs travel as they are. */
#ifndef MIG_PLUGIN_WIRE_H
#define MIG_PLUGIN_WIRE_H

#include <stdint.h>

#define MIG_WIRE_FD 3
#define MIG_WIRE_ARGV0 "mig-worker"
#define MIG_WIRE_ARGV1 "--role=worker"

enum mig_wire_type {
    MIG_WIRE_SPEC =
        1, /* to the worker: struct mig_wire_spec, plugin NUL, folder NUL; the input's fd */
    MIG_WIRE_OUTPUT = 2, /* from it: the next bytes of the output */
    MIG_WIRE_DONE = 3,   /* from it, last: uint32_t status (enum mig_worker_status), reason */
    MIG_WIRE_LOG = 4     /* from it: uint32_t severity, text */
};

struct mig_wire_spec {
    uint32_t call; /* enum mig_worker_call */
    uint32_t print_flags;
    uint32_t private_mode;
    uint32_t open_files_max;
    int64_t timeout_ms; /* <= 0: none */
    uint64_t output_max;
    uint64_t memory_max;
    int64_t parent; /* process id; when it is no longer our parent it is dead */
    uint32_t has_dir;
    uint32_t reserved;
};

#endif
