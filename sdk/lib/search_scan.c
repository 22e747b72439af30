/* SPDX-License-Identifier: MPL-2.0 */
#include "config.h"

#include "search_scan.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "regex_run.h"
#include "search_hashes.h"
#include "search_reading.h"
#include "unpack.h"

enum { RAW, INFLATED, STREAMS };

struct stream {
    struct mig_digests *digests;
    struct contents_run *contents;
    bool *here; /* by search: it reads this stream */
};

struct scan {
    const struct mig_search_set *set;
    const struct mig_search_host *host;
    struct mig_regex_scratch *scratch;
    struct stream streams[STREAMS];
    struct evaluation *evaluation;
    struct reading reading;
    struct known *known;        /* the run's, or NULL */
    struct mig_unpack *unpack;  /* made at the first need */
    int lost;                   /* why the decompressed stream was given up, or 0 */
    const unsigned char *block; /* of what was read last */
};

/* A search with returnsha256 wants the digest of a file that it has found or may find. */
static bool
wants_sha256(const struct evaluation *evaluation, size_t i)
{
    const struct search *search = &evaluation->set->searches[i];

    return search->return_sha256 &&
           (search->match_all || evaluation->yes[i] > 0 || evaluation->open[i] > 0);
}

bool
mig_scan_needed(const struct evaluation *evaluation)
{
    size_t i;

    for (i = 0; i < evaluation->set->count; i++)
        if (evaluation->alive[i] && (evaluation->open[i] > 0 || wants_sha256(evaluation, i)))
            return true;
    return false;
}

/* The stream that a search reads in a file that is, or is not, compressed. */
static size_t
stream_of(const struct search *search, bool gzip)
{
    return gzip && search->decompress ? INFLATED : RAW;
}

/* The digests that searches which are alive still need of a stream. */
static unsigned int
needed_digests(const struct scan *scan, size_t which)
{
    unsigned int needed = 0;
    size_t i;

    for (i = 0; i < scan->set->count; i++) {
        if (!scan->evaluation->alive[i])
            continue;
        /* What is returned is the digest of the file as it is, like its size. */
        if (which == RAW && wants_sha256(scan->evaluation, i))
            needed |= 1u << MIG_DIGEST_SHA256;
        if (scan->streams[which].here[i])
            needed |= scan->set->searches[i].hashes.algorithms;
    }
    return needed;
}

static int
start_stream(struct scan *scan, size_t which, bool gzip)
{
    struct stream *stream = &scan->streams[which];
    size_t i;

    for (i = 0; i < scan->set->count; i++)
        stream->here[i] = stream_of(&scan->set->searches[i], gzip) == which;
    mig_contents_start(stream->contents, scan->evaluation, stream->here);
    return mig_digests_start(stream->digests, needed_digests(scan, which));
}

static bool
stream_idle(const struct stream *stream)
{
    return mig_contents_idle(stream->contents) && mig_digests_running(stream->digests) == 0;
}

/* Lets go of digests whose searches have died. */
static void
drop_digests(struct scan *scan, size_t which)
{
    unsigned int running = mig_digests_running(scan->streams[which].digests);
    unsigned int unneeded = running != 0 ? running & ~needed_digests(scan, which) : 0;
    unsigned int i;

    for (i = 0; unneeded != 0 && i < MIG_DIGEST_COUNT; i++)
        if (unneeded & (1u << i))
            mig_digests_drop(scan->streams[which].digests, (enum mig_digest)i);
}

static int
feed(struct stream *stream, const unsigned char *data, size_t length)
{
    int code = mig_digests_update(stream->digests, data, length);

    return code == 0 ? mig_contents_feed(stream->contents, (const char *)data, length) : code;
}

static int
say(char *message, size_t size, int code, const char *text)
{
    snprintf(message, size, "%s", text);
    return code;
}

/* The searches in the decompressed stream are left undecided; those in the file as it is go on. */
static void
lose_packed(struct scan *scan, int code)
{
    struct stream *stream = &scan->streams[INFLATED];

    scan->lost = code;
    mig_contents_abandon(stream->contents);
    mig_digests_start(stream->digests, 0);
}

static int
feed_packed(struct scan *scan, const unsigned char *data, size_t length)
{
    struct stream *stream = &scan->streams[INFLATED];
    const void *piece;
    size_t size;
    int code;

    if (scan->lost < 0)
        return 0;
    mig_unpack_give(scan->unpack, data, length);
    while (!stream_idle(stream) && (code = mig_unpack_take(scan->unpack, &piece, &size)) != 0) {
        if (code < 0) {
            lose_packed(scan, code);
            break;
        }
        code = feed(stream, piece, size);
        if (code < 0)
            return code;
        if (scan->host->cancelled(scan->host->context))
            return -ECANCELED;
    }
    return 0;
}

/* After the streams. */
static int
start_packed(struct scan *scan, enum mig_unpack_format format)
{
    int code;

    if (scan->unpack == NULL)
        scan->unpack = mig_unpack_new(&mig_unpack_limits);
    if (scan->unpack == NULL)
        return -ENOMEM;
    code = mig_unpack_start(scan->unpack, format);
    if (code < 0)
        lose_packed(scan, code);
    return 0;
}

/* Decides what is asked of a digest of a stream. */
static void
take_digest(struct scan *scan, size_t which, enum mig_digest algorithm, const uint8_t *digest)
{
    const struct stream *stream = &scan->streams[which];
    size_t i;

    if (which == RAW && algorithm == MIG_DIGEST_SHA256) {
        memcpy(scan->evaluation->sha256, digest, MIG_SEARCH_SHA256_SIZE);
        scan->evaluation->has_sha256 = true;
    }
    for (i = 0; i < scan->set->count; i++)
        if (stream->here[i] && scan->evaluation->alive[i] &&
            (scan->set->searches[i].hashes.algorithms & (1u << algorithm)) != 0)
            mig_hashes_decide(scan->evaluation, i, algorithm, digest);
}

static void
finish_digests(struct scan *scan, size_t which, const struct stat *st)
{
    struct mig_digests *digests = scan->streams[which].digests;
    uint8_t digest[MIG_DIGEST_SIZE_MAX];
    unsigned int ready = mig_digests_running(digests);
    unsigned int i;

    for (i = 0; i < MIG_DIGEST_COUNT; i++) {
        if ((ready & (1u << i)) == 0 || mig_digests_finish(digests, (enum mig_digest)i, digest) < 0)
            continue;
        if (which == RAW && scan->known != NULL)
            mig_known_keep(scan->known, st, (enum mig_digest)i, digest);
        take_digest(scan, which, (enum mig_digest)i, digest);
    }
}

static bool
any_decompresses(const struct scan *scan)
{
    size_t i;

    for (i = 0; i < scan->set->count; i++)
        if (scan->evaluation->alive[i] && scan->set->searches[i].decompress)
            return true;
    return false;
}

/* The format of a file that is compressed and in which a search looks. */
static enum mig_unpack_format
packed_format(const struct scan *scan, size_t length)
{
    return any_decompresses(scan) ? mig_unpack_detect(scan->block, length) : MIG_UNPACK_NONE;
}

static int
start_all(struct scan *scan, enum mig_unpack_format format)
{
    int code = 0;
    size_t i;

    for (i = 0; i < STREAMS && code == 0; i++)
        code = start_stream(scan, i, format != MIG_UNPACK_NONE);
    return code == 0 && format != MIG_UNPACK_NONE ? start_packed(scan, format) : code;
}

static int
finish_all(struct scan *scan, bool gzip, const struct stat *st)
{
    size_t i;
    int code = gzip && !stream_idle(&scan->streams[INFLATED]) ? mig_unpack_finish(scan->unpack) : 0;

    if (code < 0)
        lose_packed(scan, code);
    for (i = 0; i < STREAMS; i++) {
        mig_contents_finish(scan->streams[i].contents);
        finish_digests(scan, i, st);
    }
    return 0;
}

/* Decides a file that was read already and of which nothing but its digests is asked. */
static bool
recall(struct scan *scan, const struct stat *st)
{
    uint8_t digests[KNOWN_ROOM];
    const uint8_t *next = digests;
    unsigned int needed;
    unsigned int i;

    if (scan->known == NULL || st->st_size < KNOWN_LEAST || any_decompresses(scan) ||
        start_all(scan, MIG_UNPACK_NONE) < 0 || !mig_contents_idle(scan->streams[RAW].contents))
        return false;
    needed = mig_digests_running(scan->streams[RAW].digests);
    if (!mig_known_find(scan->known, st, needed, digests))
        return false;
    for (i = 0; i < MIG_DIGEST_COUNT; i++)
        if (needed & (1u << i)) {
            take_digest(scan, RAW, (enum mig_digest)i, next);
            next += mig_digest_size((enum mig_digest)i);
        }
    return true;
}

/* Reads on from the first block until the end, or until nothing more is to be learnt. */
static int
read_all(struct scan *scan, ssize_t got, bool gzip, const struct stat *st)
{
    unsigned int blocks = 0;
    int code = 0;

    while (got > 0 && code == 0) {
        code = feed(&scan->streams[RAW], scan->block, (size_t)got);
        if (code == 0 && gzip)
            code = feed_packed(scan, scan->block, (size_t)got);
        drop_digests(scan, RAW);
        drop_digests(scan, INFLATED);
        if (code < 0 || (stream_idle(&scan->streams[RAW]) && stream_idle(&scan->streams[INFLATED])))
            return code;
        if (++blocks % 4 == 0 && scan->host->cancelled(scan->host->context))
            return -ECANCELED;
        got = mig_reading_next(&scan->reading, &scan->block);
    }
    if (got < 0)
        return (int)got;
    return code < 0 ? code : finish_all(scan, gzip, st);
}

/* What the code of a file that could not be read to its end means. */
static const char *
meaning(int code)
{
    switch (code) {
    case -ESTALE:
        return "became smaller while it was read";
    case -EFBIG:
        return "is a file of the kernel with more than 64 MiB";
    default:
        return strerror(-code);
    }
}

/* A check that could not be decided. */
static int
tell_trouble(const struct scan *scan, char *message, size_t size)
{
    const char *trouble = NULL;
    const char *value = NULL;
    size_t i;

    for (i = 0; i < STREAMS && trouble == NULL; i++)
        trouble = mig_contents_trouble(scan->streams[i].contents, &value);
    if (trouble == NULL)
        return 0;
    snprintf(message, size, "regular expression '%.200s' is %s here", value, trouble);
    return -E2BIG;
}

int
mig_scan_run(struct scan *scan, struct evaluation *evaluation, int fd, const struct stat *st,
             char *ret_message, size_t message_size)
{
    enum mig_unpack_format format;
    ssize_t got;
    int code;

    ret_message[0] = '\0';
    mig_regex_scratch_bound(scan->scratch);
    scan->evaluation = evaluation;
    scan->lost = 0;
    if (recall(scan, st))
        return 0;
    mig_reading_start(&scan->reading, fd, st);
    got = mig_reading_next(&scan->reading, &scan->block);
    format = got > 0 ? packed_format(scan, (size_t)got) : MIG_UNPACK_NONE;
    code = got < 0 ? (int)got : start_all(scan, format);
    if (code == 0)
        code = read_all(scan, got, format != MIG_UNPACK_NONE, st);
    mig_reading_stop(&scan->reading);
    if (code < 0)
        return say(ret_message, message_size, code, meaning(code));
    if (scan->lost < 0)
        return say(ret_message, message_size, scan->lost, mig_unpack_trouble(scan->unpack));
    return tell_trouble(scan, ret_message, message_size);
}

struct scan *
mig_scan_new(const struct contents *contents, const struct mig_search_set *set,
             const struct mig_search_host *host, struct mig_regex_scratch *scratch,
             struct known *known, bool may_ahead)
{
    struct scan *scan = calloc(1, sizeof(*scan));
    bool complete;
    size_t i;

    if (scan == NULL)
        return NULL;
    scan->set = set;
    scan->host = host;
    scan->scratch = scratch;
    scan->known = known;
    complete = mig_reading_init(&scan->reading, may_ahead) == 0;
    for (i = 0; i < STREAMS; i++) {
        scan->streams[i].digests = mig_digests_new();
        scan->streams[i].contents = mig_contents_run_new(contents, scratch);
        scan->streams[i].here = calloc(set->count + 1, sizeof(bool));
        complete = complete && scan->streams[i].digests != NULL &&
                   scan->streams[i].contents != NULL && scan->streams[i].here != NULL;
    }
    if (!complete) {
        mig_scan_free(scan);
        return NULL;
    }
    return scan;
}

void
mig_scan_free(struct scan *scan)
{
    size_t i;

    if (scan == NULL)
        return;
    for (i = 0; i < STREAMS; i++) {
        mig_digests_free(scan->streams[i].digests);
        mig_contents_run_free(scan->streams[i].contents);
        free(scan->streams[i].here);
    }
    mig_unpack_free(scan->unpack);
    mig_reading_fini(&scan->reading);
    free(scan);
}
