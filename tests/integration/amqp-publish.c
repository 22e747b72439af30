/* SPDX-License-Identifier: MPL-2.0 */
/* amqp-publish URI EXCHANGE KEY: publishes standard input as one message, confirmed. For tests that
 * put before an agent what neither API nor scheduler would let through. */
#include "config.h"

#include <stdio.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/file.h"
#include "transport/amqp.h"

#define BODY_MAX (64u << 20)
#define TIMEOUT_MS 10000

static int last_fate = -1;

static void
on_fate(void *context, uint64_t cookie, enum mig_amqp_fate fate)
{
    (void)context;
    (void)cookie;
    last_fate = (int)fate;
}

static int
publish(const char *uri, const char *exchange, const char *key, struct mig_err *err)
{
    struct mig_amqp_options options = {.uri = uri, .client_name = "amqp-publish"};
    struct mig_buf body = MIG_BUF_INIT;
    struct mig_amqp *amqp = NULL;
    int code;

    code = mig_fd_read_all(STDIN_FILENO, BODY_MAX, &body);
    if (code < 0) {
        mig_err_set(err, code, "standard input: %s", mig_strerror(code));
        goto out;
    }
    code = mig_amqp_open(&options, &amqp, err);
    if (code < 0)
        goto out;
    code =
        mig_amqp_publish(amqp, exchange, key, body.data, body.len, MIG_AMQP_MANDATORY, 0, 1, err);
    if (code < 0)
        goto out;
    code = mig_amqp_flush(amqp, TIMEOUT_MS, on_fate, NULL, err);
    if (code == 0 && last_fate != MIG_AMQP_CONFIRMED)
        code = mig_err_set(err, MIG_E_PROTOCOL, "%s",
                           last_fate == MIG_AMQP_RETURNED ? "no queue takes it" : "refused");
out:
    mig_amqp_close(amqp);
    mig_buf_fini(&body);
    return code;
}

int
main(int argc, char **argv)
{
    struct mig_err err = {0};

    if (argc != 4) {
        fprintf(stderr, "usage: amqp-publish URI EXCHANGE KEY <MESSAGE\n");
        return 2;
    }
    if (publish(argv[1], argv[2], argv[3], &err) < 0) {
        fprintf(stderr, "amqp-publish: %s\n", err.text);
        return 1;
    }
    return 0;
}
