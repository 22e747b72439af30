/* SPDX-License-Identifier: MPL-2.0 */
/* A fleet of simulated agents: each with its queue, its heartbeats and its answers, verifying
 * nothing. What it costs is not the platform's; what it asks of the platform is what real agents
 * ask. */
#ifndef MIG_BENCH_FLEET_H
#define MIG_BENCH_FLEET_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

struct fleet {
    const char *amqp_uri;
    const char *api_url; /* ends with '/' */
    unsigned agents;
    unsigned connections;
    unsigned queue_version; /* 0: the broker's default */
    _Atomic uint64_t commands, answers, beats, beats_failed;
    atomic_int stop;
};

/* Queue location of an agent; the text is good for any number. */
void fleet_queueloc(unsigned agent, char text[64]);

/* ---- fleet_wire.c ---- */

/* Opens the connections, declares the queues, consumes them. */
int fleet_wire_open(struct fleet *fleet, struct mig_err *err);
/* Answers commands in a thread of its own until fleet_wire_close(), which deletes the queues. */
int fleet_wire_start(struct fleet *fleet, struct mig_err *err);
void fleet_wire_close(struct fleet *fleet);

/* ---- fleet_beat.c ---- */

/* One heartbeat of every agent, as fast as the API takes them (seconds 0) or evenly over so many
 * seconds. Returns when all are answered or `stop` is set. */
int fleet_beat(struct fleet *fleet, double seconds, struct mig_err *err);

#endif
