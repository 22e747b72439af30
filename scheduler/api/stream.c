/* SPDX-License-Identifier: MPL-2.0 */
#include "config.h"

#include "api/stream.h"

#include <inttypes.h>
#include <microhttpd.h>
#include <string.h>
#include <sys/types.h>

#include "api/pool.h"
#include "base/log.h"
#include "base/time.h"

#define CHUNK ((size_t)64 << 10)

static ssize_t
give_up(struct mig_stream *stream, const char *why)
{
    const struct mig_request *request = stream->job->request;

    mig_log(MIG_SEV_ERR, "%" PRId64 " - - answer cut short after %zu bytes: %s", request->opid,
            stream->total, why);
    stream->cut = true;
    return MHD_CONTENT_READER_END_WITH_ERROR;
}

/* MHD_ContentReaderCallback, on the thread of the connection. */
static ssize_t
read_answer(void *context, uint64_t at, char *to, size_t max)
{
    struct mig_stream *stream = context;
    struct mig_request *request = stream->job->request;
    size_t left = request->answer.len - stream->sent;

    (void)at;
    if (request->cut)
        return give_up(stream, "see above");
    if (mig_time_monotonic_ms() - stream->started_ms > stream->limit_ms)
        return give_up(stream, "the client is too slow");
    if (left > 0) {
        left = left < max ? left : max;
        memcpy(to, request->answer.data + stream->sent, left);
        stream->sent += left;
        stream->total += left;
        return (ssize_t)left;
    }
    if (request->more == NULL)
        return MHD_CONTENT_READER_END_OF_STREAM;
    mig_buf_reset(&request->answer);
    stream->sent = 0;
    if (mig_pool_give(stream->pool, stream->job, stream->suspend) < 0)
        return give_up(stream, "shutting down");
    return 0; /* suspended until there is more */
}

struct MHD_Response *
mig_stream_response(struct mig_stream *stream)
{
    stream->started_ms = mig_time_monotonic_ms();
    return MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, CHUNK, read_answer, stream, NULL);
}
