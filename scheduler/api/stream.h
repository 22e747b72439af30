/* SPDX-License-Identifier: MPL-2.0 */
/*
 * An answer that is made and sent in parts (mig_request.more). While a part is on its way to the
 * client, and however long that takes, nothing is held but its bytes: no worker and no connection
 * to the database. A client that takes nothing for as long as an idle connection may live is
 * dropped by the server, and so is one that has not taken the whole answer after limit_ms. An
 * answer that can not be finished ends without the last chunk: the client's library reports that.
 */
#ifndef MIG_API_STREAM_H
#define MIG_API_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct MHD_Response;
struct mig_job;
struct mig_pool;

struct mig_stream {
    struct mig_pool *pool;
    struct mig_job *job; /* with its request; done() resumes the connection */
    void (*suspend)(struct mig_job *job);
    int64_t limit_ms;
    size_t sent; /* of the part that is in the request's answer */
    size_t total;
    int64_t started_ms;
    bool cut; /* given up */
};

/* The response that sends the answer of stream->job; NULL without memory. `stream` lives until the
 * request has ended. */
struct MHD_Response *mig_stream_response(struct mig_stream *stream);

#endif
