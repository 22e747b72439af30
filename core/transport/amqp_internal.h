/* SPDX-License-Identifier: MPL-2.0 */
/* What the files of the AMQP client share: amqp_connect.c and amqp.c. */
#ifndef MIG_TRANSPORT_AMQP_INTERNAL_H
#define MIG_TRANSPORT_AMQP_INTERNAL_H

#include <amqp.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "transport/amqp.h"

#define MIG_AMQP_CHANNEL 1

/* A delivery that has arrived whole and that nobody has asked for yet. */
struct delivery {
    struct delivery *next;
    uint64_t tag;
    int redelivered;
    int oversize;
    char user[256]; /* a short string of AMQP is of at most 255 bytes */
    struct mig_buf body;
};

/* A published message whose fate is open. Their tags are `first_tag`, `first_tag + 1` … */
struct pending {
    uint64_t cookie;
    int decided;
    int returned;
    enum mig_amqp_fate fate;
};

enum content_kind { CONTENT_NONE, CONTENT_DELIVER, CONTENT_RETURN };

struct mig_amqp {
    amqp_connection_state_t conn;
    amqp_socket_t *socket; /* conn's */
    int open;              /* logged in, and nothing has failed since */
    char where[300];       /* host:port, for messages */
    char user[256];        /* the account; "" when it is longer */
    char blocked[256];     /* why the broker takes nothing at present; "": it does */

    struct delivery *head, **tail;
    struct delivery *current; /* what mig_amqp_next() gave out */

    enum content_kind kind; /* the content that is being put together */
    struct delivery *incoming;
    uint64_t left;
    uint64_t returned_cookie;

    struct pending *pending;
    size_t pending_count, pending_cap;
    uint64_t first_tag;
    unsigned since_drain;
};

void mig_amqp_delivery_free(struct delivery *delivery);
/* The connection is of no use from now on; gives `code`. */
int mig_amqp_lost(struct mig_amqp *amqp, struct mig_err *err, int code, const char *why);
/* As above, with what the broker gave as the reason of its close. */
int mig_amqp_lost_server(struct mig_amqp *amqp, const amqp_method_t *method, const char *what,
                         struct mig_err *err);

#endif
