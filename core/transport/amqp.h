/* SPDX-License-Identifier: MPL-2.0 */
/* AMQP 0-9-1 through rabbitmq-c: one connection, one channel, publisher confirms. */
#ifndef MIG_TRANSPORT_AMQP_H
#define MIG_TRANSPORT_AMQP_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

struct mig_amqp;

struct mig_amqp_options {
    const char *uri;  /* amqp[s]://user:password@host:port/vhost */
    const char *user; /* NULL: those of the address */
    const char *password;
    const char *ca_pem;   /* path of a CA file; required with amqps */
    const char *cert_pem; /* path, or NULL */
    const char *key_pem;
    int heartbeat_s;         /* 0: 60 */
    int connect_timeout_ms;  /* 0: 5000 */
    const char *client_name; /* shown in the broker's management */
    /* Connects instead of us, with TLS and its checks when `tls`: a non-blocking socket for plain
     * AMQP, which is closed with the connection. NULL: directly. */
    int (*dial)(void *context, const char *host, int port, int tls, int *ret_fd,
                struct mig_err *err);
    void *dial_context;
};

/* The names of facts 4.1. */
#define MIG_EXCHANGE_AGENTS "toagents"
#define MIG_EXCHANGE_SCHEDULERS "toschedulers"
#define MIG_QUEUE_RESULTS "mig.agt.results"
#define MIG_QUEUE_HEARTBEATS "mig.agt.heartbeats"
#define MIG_QUEUE_AGENT_PREFIX "mig.agt."

/* Connects, opens the channel, turns confirms on. Errors never hold the password. */
int mig_amqp_open(const struct mig_amqp_options *options, struct mig_amqp **ret,
                  struct mig_err *err);
void mig_amqp_close(struct mig_amqp *amqp);
/* The socket, for poll(). Note that messages may also be buffered: see mig_amqp_next with 0. */
int mig_amqp_fd(struct mig_amqp *amqp);

int mig_amqp_exchange(struct mig_amqp *amqp, const char *name, const char *type,
                      struct mig_err *err);
/* Declares a durable queue and binds it to `exchange` by its own name. An account that may have one
 * queue only may not bind, since it could have the messages of others copied: that is no error
 * here, whoever made the account has bound the queue. */
int mig_amqp_queue(struct mig_amqp *amqp, const char *queue, const char *exchange,
                   struct mig_err *err);
/* The same with an x-queue-type ("quorum"); NULL or "classic": none is given. MIG_E_CONFIG when the
 * queue is there with another type. */
int mig_amqp_queue_typed(struct mig_amqp *amqp, const char *queue, const char *exchange,
                         const char *type, struct mig_err *err);
/* Deletes a queue that holds nothing and that nobody consumes; one that is not there counts as
 * deleted. *ret_deleted is 0 when it is in use. */
int mig_amqp_queue_delete(struct mig_amqp *amqp, const char *queue, int *ret_deleted,
                          struct mig_err *err);
int mig_amqp_consume(struct mig_amqp *amqp, const char *queue, uint16_t prefetch,
                     struct mig_err *err);

struct mig_amqp_message {
    uint64_t tag; /* for ack */
    const void *body;
    size_t len;
    int redelivered;
    const char *user; /* the account that published it, vouched for by the broker; "" when it is not
                         said */
};
/* Waits up to timeout_ms (0: only what is there) for a message. Keeps the connection's heartbeat.
 * MIG_E_TIMEOUT when there is none; MIG_E_LIMIT for one over `max` bytes, which is dropped and
 * acknowledged; other errors: the connection is gone. The message is valid until the next call. */
int mig_amqp_next(struct mig_amqp *amqp, int timeout_ms, size_t max, struct mig_amqp_message *ret,
                  struct mig_err *err);
int mig_amqp_ack(struct mig_amqp *amqp, uint64_t tag, int multiple, struct mig_err *err);
/* Gives it back to the queue. */
int mig_amqp_requeue(struct mig_amqp *amqp, uint64_t tag, struct mig_err *err);

#define MIG_AMQP_PERSISTENT (1u << 0)
#define MIG_AMQP_MANDATORY (1u << 1)
/* Why the broker takes nothing at present, as far as it has been read (by any call here): want of
 * disk or memory; NULL: it does. Valid until the next call. */
const char *mig_amqp_blocked(const struct mig_amqp *amqp);
/* Sends without waiting. ttl_ms 0: none. `cookie` names the message in mig_amqp_flush(). -EBUSY
 * from either: mig_amqp_blocked(). The message is not sent; those before it that are not decided
 * yet will be, on this same connection, when the broker reads again. */
int mig_amqp_publish(struct mig_amqp *amqp, const char *exchange, const char *key, const void *body,
                     size_t len, unsigned flags, int64_t ttl_ms, uint64_t cookie,
                     struct mig_err *err);
enum mig_amqp_fate { MIG_AMQP_CONFIRMED = 0, MIG_AMQP_RETURNED = 1, MIG_AMQP_REFUSED = 2 };
/* Waits until the broker has decided on everything published; `fate` is called once a message. */
int mig_amqp_flush(struct mig_amqp *amqp, int timeout_ms,
                   void (*fate)(void *context, uint64_t cookie, enum mig_amqp_fate fate),
                   void *context, struct mig_err *err);

#endif
