/* SPDX-License-Identifier: MPL-2.0 */
/*
 * The HTTP server: libmicrohttpd threads receive requests and send answers, workers with a database
 * connection each serve them. A connection whose request is complete is suspended while it waits
 * for a worker, so a slow client never holds one.
 */
#ifndef MIG_API_SERVER_H
#define MIG_API_SERVER_H

#include <stdint.h>

#include "base/error.h"

struct mig_api_settings;
struct mig_server;

/* Connects the workers to the database and listens. `settings` must outlive it. */
int mig_server_start(const struct mig_api_settings *settings, struct mig_server **ret,
                     struct mig_err *err);
/* The port it listens on. */
uint16_t mig_server_port(const struct mig_server *server);
/* Takes no more requests, ends those it has, for a few seconds at most, and frees all. */
void mig_server_stop(struct mig_server *server);

#endif
