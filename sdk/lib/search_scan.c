/* SPDX-License-Identifier: MPL-2.0 */
#include "config.h"

#include "search_scan.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "regex_run.h"
#include "search_lines.h"
#include "search_reading.h"
#include "unpack.h"

#define BLOCK_SIZE (256u * 1024u)

enum { RAW, INFLATED, STREAMS };

/* A content check of the present file. */
struct open_check {
    size_t search;
    const struct check *check;
    bool line;    /* the present line matched */
    bool by_line; /* this block's lines are to be matched one by one */
    bool done;
};

struct stream {
    struct scan *scan;
    struct mig_digests *digests;
    struct lines lines;
    struct open_check *open; /* room for all checks of the set */
    size_t runs_count;
    struct mig_regex_run *runs; /* of each, for a line in pieces */
    size_t count;
    size_t left; /* that are not done */
};

struct scan {
    const struct mig_search_set *set;
    const struct mig_search_host *host;
    struct mig_regex_scratch *scratch;
    struct stream streams[STREAMS];
    struct evaluation *evaluation;
    struct reading reading;
    struct mig_unpack *unpack; /* made at the first need */
    int lost;                  /* why the decompressed stream was given up, or 0 */
    const char *trouble;       /* of a match, for the message */
    const char *trouble_value;
    unsigned char *block;
};

static bool
is_hash(const struct check *check)
{
    return check->kind >= CHECK_MD5;
}

static bool
is_open(const struct evaluation *evaluation, const struct check *check)
{
    return evaluation->outcomes[check->state] == OUTCOME_OPEN;
}

/* A search with returnsha256 wants the digest of a file that it has found or may find. */
static bool
wants_sha256(const struct evaluation *evaluation, const struct search *search)
{
    size_t i;

    if (!search->return_sha256 || search->match_all)
        return search->return_sha256;
    for (i = 0; i < search->checks_count; i++)
        if (evaluation->outcomes[search->checks[i].state] != OUTCOME_NO)
            return true;
    return false;
}

bool
mig_scan_needed(const struct mig_search_set *set, const struct evaluation *evaluation)
{
    const struct search *search;
    size_t i;
    size_t j;

    for (i = 0; i < set->count; i++) {
        search = &set->searches[i];
        if (!evaluation->alive[i])
            continue;
        if (wants_sha256(evaluation, search))
            return true;
        for (j = 0; j < search->checks_count; j++)
            if (is_open(evaluation, &search->checks[j]))
                return true;
    }
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
needed_digests(const struct scan *scan, size_t stream, bool gzip)
{
    const struct search *search;
    unsigned int needed = 0;
    size_t i;
    size_t j;

    for (i = 0; i < scan->set->count; i++) {
        search = &scan->set->searches[i];
        if (!scan->evaluation->alive[i])
            continue;
        /* What is returned is the digest of the file as it is, like its size. */
        if (stream == RAW && wants_sha256(scan->evaluation, search))
            needed |= 1u << MIG_DIGEST_SHA256;
        for (j = 0; j < search->checks_count && stream_of(search, gzip) == stream; j++)
            if (is_hash(&search->checks[j]) && is_open(scan->evaluation, &search->checks[j]))
                needed |= 1u << search->checks[j].algorithm;
    }
    return needed;
}

static void
decide(struct scan *scan, size_t search, const struct check *check, bool outcome)
{
    scan->evaluation->outcomes[check->state] = outcome ? OUTCOME_YES : OUTCOME_NO;
    if (!outcome && scan->set->searches[search].match_all)
        scan->evaluation->alive[search] = false;
}

static void
close_check(struct stream *stream, struct open_check *open)
{
    open->done = true;
    stream->left--;
}

/* At the end of a line, or as soon as it matches. Not macroal: a line that matches decides.
 * Macroal: the first line that is not as all must be decides. */
static void
settle_line(struct stream *stream, struct open_check *open, bool last)
{
    const struct check *check = open->check;
    bool line = open->line;

    /* The rest of a line that matched is not looked at, but it is no line of its own. */
    if (last)
        open->line = false;
    if (!stream->scan->set->searches[open->search].macroal) {
        if (!line)
            return;
        decide(stream->scan, open->search, check, check_wants(check, true));
    } else {
        if (line != check->inverse)
            return;
        decide(stream->scan, open->search, check, check->mismatch);
    }
    close_check(stream, open);
}

/* At the end of the stream, of what no line decided. */
static void
settle_stream(struct stream *stream)
{
    struct open_check *open;
    size_t i;

    for (i = 0; i < stream->count; i++) {
        open = &stream->open[i];
        if (open->done)
            continue;
        decide(stream->scan, open->search, open->check,
               stream->scan->set->searches[open->search].macroal ? !open->check->mismatch
                                                                 : check_wants(open->check, false));
        close_check(stream, open);
    }
}

/* Closes the check of a search that has died. */
static bool
has_died(struct stream *stream, struct open_check *open)
{
    if (!open->done && !stream->scan->evaluation->alive[open->search])
        close_check(stream, open);
    return open->done;
}

static void
give_up(struct stream *stream, struct open_check *open, int code)
{
    stream->scan->trouble = code == -ENOMEM ? "no memory to match" : "too expensive to match";
    stream->scan->trouble_value = open->check->value;
    close_check(stream, open);
}

/* A line or a piece of one: 1 it matches. */
static int
match_piece(struct stream *stream, size_t i, const char *text, size_t length, bool first, bool last)
{
    const struct mig_regex *regex = stream->open[i].check->regex;
    struct mig_regex_run *run = &stream->runs[i];
    int code;

    if (first && last)
        return mig_regex_match(regex, stream->scan->scratch, text, length, 0);
    if (first)
        mig_regex_begin(run, regex, stream->scan->scratch);
    code = mig_regex_feed(run, text, length);
    return last ? mig_regex_end(run) : code;
}

static void
match_one(struct stream *stream, bool all, const char *text, size_t length, bool first, bool last)
{
    struct open_check *open;
    size_t i;
    int code;

    for (i = 0; i < stream->count && stream->left > 0; i++) {
        open = &stream->open[i];
        if ((!all && !open->by_line) || has_died(stream, open))
            continue;
        code = open->line ? 1 : match_piece(stream, i, text, length, first, last);
        if (code < 0) {
            give_up(stream, open, code);
            continue;
        }
        open->line = code > 0;
        if (last || code > 0)
            settle_line(stream, open, last);
    }
}

static void
match_line(void *context, const char *text, size_t length, bool first, bool last)
{
    match_one(context, true, text, length, first, last);
}

static void
match_line_of_block(void *context, const char *text, size_t length, bool first, bool last)
{
    match_one(context, false, text, length, first, last);
}

/* True when one line that matches decides, so that it does not matter which one. */
static bool
wants_any_line(const struct stream *stream, const struct open_check *open)
{
    return !stream->scan->set->searches[open->search].macroal || open->check->inverse;
}

/* What can not be decided of the lines together is decided of each. */
static void
match_block(void *context, const char *text, size_t length)
{
    struct stream *stream = context;
    struct scan *scan = stream->scan;
    struct open_check *open;
    bool by_line = false;
    size_t i;
    int code;

    if (stream->left == 0)
        return;
    for (i = 0; i < stream->count; i++) {
        open = &stream->open[i];
        open->by_line = false;
        if (has_died(stream, open))
            continue;
        open->by_line = !wants_any_line(stream, open);
        by_line = by_line || open->by_line;
        if (open->by_line)
            continue;
        code = mig_regex_match_lines(open->check->regex, scan->scratch, text, length);
        if (code < 0) {
            give_up(stream, open, code);
            continue;
        }
        open->line = code > 0;
        if (code > 0)
            settle_line(stream, open, true);
    }
    if (by_line)
        mig_lines_each(text, length, match_line_of_block, stream);
}

static int
start_stream(struct scan *scan, size_t which, bool gzip)
{
    struct stream *stream = &scan->streams[which];
    const struct search *search;
    size_t i;
    size_t j;

    stream->count = 0;
    for (i = 0; i < scan->set->count; i++) {
        search = &scan->set->searches[i];
        if (!scan->evaluation->alive[i] || stream_of(search, gzip) != which)
            continue;
        for (j = 0; j < search->checks_count; j++)
            if (search->checks[j].kind == CHECK_CONTENT &&
                is_open(scan->evaluation, &search->checks[j]))
                stream->open[stream->count++] =
                    (struct open_check){.search = i, .check = &search->checks[j]};
    }
    stream->left = stream->count;
    mig_lines_start(&stream->lines, match_line, match_block, stream);
    return mig_digests_start(stream->digests, needed_digests(scan, which, gzip));
}

static bool
stream_idle(const struct stream *stream)
{
    return stream->left == 0 && mig_digests_running(stream->digests) == 0;
}

/* Lets go of digests whose searches have died. */
static void
drop_digests(struct scan *scan, size_t which, bool gzip)
{
    unsigned int running = mig_digests_running(scan->streams[which].digests);
    unsigned int unneeded = running & ~needed_digests(scan, which, gzip);
    unsigned int i;

    for (i = 0; i < MIG_DIGEST_COUNT; i++)
        if (unneeded & (1u << i))
            mig_digests_drop(scan->streams[which].digests, (enum mig_digest)i);
}

static int
feed(struct stream *stream, const unsigned char *data, size_t length)
{
    int code = mig_digests_update(stream->digests, data, length);

    if (code == 0 && stream->left > 0)
        code = mig_lines_feed(&stream->lines, (const char *)data, length);
    return code;
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
    stream->count = 0;
    stream->left = 0;
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

static void
finish_digests(struct scan *scan, size_t which, bool gzip)
{
    uint8_t digests[MIG_DIGEST_COUNT][MIG_DIGEST_SIZE_MAX];
    unsigned int ready = mig_digests_running(scan->streams[which].digests);
    const struct search *search;
    const struct check *check;
    size_t i;
    size_t j;

    for (i = 0; i < MIG_DIGEST_COUNT; i++)
        if ((ready & (1u << i)) &&
            mig_digests_finish(scan->streams[which].digests, (enum mig_digest)i, digests[i]) < 0)
            ready &= ~(1u << i);
    if (which == RAW && (ready & (1u << MIG_DIGEST_SHA256))) {
        memcpy(scan->evaluation->sha256, digests[MIG_DIGEST_SHA256], MIG_SEARCH_SHA256_SIZE);
        scan->evaluation->has_sha256 = true;
    }
    for (i = 0; i < scan->set->count; i++) {
        search = &scan->set->searches[i];
        if (stream_of(search, gzip) != which)
            continue;
        for (j = 0; j < search->checks_count && scan->evaluation->alive[i]; j++) {
            check = &search->checks[j];
            if (is_hash(check) && is_open(scan->evaluation, check) &&
                (ready & (1u << check->algorithm)))
                decide(scan, i, check,
                       check_wants(check, memcmp(digests[check->algorithm], check->digest,
                                                 mig_digest_size(check->algorithm)) == 0));
        }
    }
}

/* The format of a file that is compressed and in which a search looks. */
static enum mig_unpack_format
packed_format(const struct scan *scan, size_t length)
{
    size_t i;

    for (i = 0; i < scan->set->count; i++)
        if (scan->evaluation->alive[i] && scan->set->searches[i].decompress)
            return mig_unpack_detect(scan->block, length);
    return MIG_UNPACK_NONE;
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
finish_all(struct scan *scan, bool gzip)
{
    size_t i;
    int code = gzip && !stream_idle(&scan->streams[INFLATED]) ? mig_unpack_finish(scan->unpack) : 0;

    if (code < 0)
        lose_packed(scan, code);
    for (i = 0; i < STREAMS; i++) {
        mig_lines_finish(&scan->streams[i].lines);
        settle_stream(&scan->streams[i]);
        finish_digests(scan, i, gzip);
    }
    return 0;
}

/* Reads on from the first block until the end, or until nothing more is to be learnt. */
static int
read_all(struct scan *scan, ssize_t got, bool gzip)
{
    unsigned int blocks = 0;
    int code = 0;

    while (got > 0 && code == 0) {
        code = feed(&scan->streams[RAW], scan->block, (size_t)got);
        if (code == 0 && gzip)
            code = feed_packed(scan, scan->block, (size_t)got);
        drop_digests(scan, RAW, gzip);
        drop_digests(scan, INFLATED, gzip);
        if (code < 0 || (stream_idle(&scan->streams[RAW]) && stream_idle(&scan->streams[INFLATED])))
            return code;
        if (++blocks % 4 == 0 && scan->host->cancelled(scan->host->context))
            return -ECANCELED;
        got = mig_reading_next(&scan->reading, scan->block, BLOCK_SIZE);
    }
    if (got < 0)
        return (int)got;
    return code < 0 ? code : finish_all(scan, gzip);
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
    scan->trouble = NULL;
    scan->lost = 0;
    mig_reading_start(&scan->reading, fd, st);
    got = mig_reading_next(&scan->reading, scan->block, BLOCK_SIZE);
    format = got > 0 ? packed_format(scan, (size_t)got) : MIG_UNPACK_NONE;
    code = got < 0 ? (int)got : start_all(scan, format);
    if (code == 0)
        code = read_all(scan, got, format != MIG_UNPACK_NONE);
    if (code < 0)
        return say(ret_message, message_size, code, meaning(code));
    if (scan->lost < 0)
        return say(ret_message, message_size, scan->lost, mig_unpack_trouble(scan->unpack));
    if (scan->trouble != NULL) {
        snprintf(ret_message, message_size, "regular expression '%.200s' is %s here",
                 scan->trouble_value, scan->trouble);
        code = -E2BIG;
    }
    return code;
}

struct scan *
mig_scan_new(const struct mig_search_set *set, const struct mig_search_host *host,
             struct mig_regex_scratch *scratch)
{
    struct scan *scan = calloc(1, sizeof(*scan));
    bool complete;
    size_t i;

    if (scan == NULL)
        return NULL;
    scan->set = set;
    scan->host = host;
    scan->scratch = scratch;
    scan->block = malloc(BLOCK_SIZE);
    complete = scan->block != NULL;
    for (i = 0; i < STREAMS; i++) {
        scan->streams[i].scan = scan;
        scan->streams[i].digests = mig_digests_new();
        scan->streams[i].open = calloc(set->checks_count + 1, sizeof(struct open_check));
        scan->streams[i].runs = calloc(set->checks_count + 1, sizeof(struct mig_regex_run));
        scan->streams[i].runs_count = set->checks_count;
        complete = complete && scan->streams[i].digests != NULL && scan->streams[i].open != NULL &&
                   scan->streams[i].runs != NULL;
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
    size_t j;

    if (scan == NULL)
        return;
    for (i = 0; i < STREAMS; i++) {
        mig_digests_free(scan->streams[i].digests);
        mig_lines_fini(&scan->streams[i].lines);
        for (j = 0; scan->streams[i].runs != NULL && j < scan->streams[i].runs_count; j++)
            mig_regex_run_fini(&scan->streams[i].runs[j]);
        free(scan->streams[i].runs);
        free(scan->streams[i].open);
    }
    mig_unpack_free(scan->unpack);
    free(scan->block);
    free(scan);
}
