/* SPDX-License-Identifier: MPL-2.0 */
#include "config.h"

#include "unpack.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <zlib.h>
#ifdef HAVE_BZIP2
#include <bzlib.h>
#endif
#ifdef HAVE_XZ
#include <lzma.h>
#endif
#ifdef HAVE_ZSTD
#include <zstd.h>
#include <zstd_errors.h>
#endif

#define ZSTD_MAGIC "\x28\xb5\x2f\xfd"
#define ZSTD_HEAD 4u
#define ZSTD_HEADER_MAX 18u /* of a frame, RFC 8878, 3.1.1.1 */
#define BLOCK_SIZE (256u * 1024u)

const struct mig_unpack_limits mig_unpack_limits = {UINT64_C(4) << 30, UINT64_C(64) << 20, 1000};

/* What a step made of its input; the codes are errors. */
enum {
    STEP_MORE,     /* it goes on */
    STEP_EDGE,     /* it goes on, or ends here with what is too short for a member */
    STEP_BOUNDARY, /* a member ended, and maybe the text */
    STEP_TRAILER   /* what follows is no member: the text ended before it */
};

struct mig_unpack {
    struct mig_unpack_limits limits;
    enum mig_unpack_format format;
    const unsigned char *in;
    size_t in_length;
    unsigned char *block;
    size_t out_length; /* of the block, by the last step */
    uint64_t consumed;
    uint64_t produced;
    bool pending; /* the decoder may have more to give without input */
    int state;    /* the last step's */
    char trouble[160];
    z_stream z;
    bool z_ready;
    bool z_later; /* not in the first member */
#ifdef HAVE_BZIP2
    bz_stream bz;
    bool bz_ready;
    bool bz_later;
#endif
#ifdef HAVE_XZ
    lzma_stream xz;
#endif
#ifdef HAVE_ZSTD
    ZSTD_DStream *zstd;
    unsigned char head[ZSTD_HEAD]; /* the first bytes of a frame */
    size_t head_length;            /* of its header, as far as it was given to the library */
#endif
};

static int
corrupt(struct mig_unpack *unpack)
{
    static const char *const names[MIG_UNPACK_FORMATS] = {"", "flate", "bzip2", "xz", "zstd"};

    snprintf(unpack->trouble, sizeof(unpack->trouble), "%s: corrupt input before offset %llu",
             names[unpack->format], (unsigned long long)unpack->consumed);
    return -EBADMSG;
}

#if defined(HAVE_XZ) || defined(HAVE_ZSTD)
static int
too_large(struct mig_unpack *unpack)
{
    snprintf(unpack->trouble, sizeof(unpack->trouble),
             "needs more than %u MiB of memory to be decompressed",
             (unsigned int)(MIG_UNPACK_MEMORY_MAX >> 20));
    return -ENOMEM;
}
#endif

static int
no_memory(struct mig_unpack *unpack)
{
    snprintf(unpack->trouble, sizeof(unpack->trouble), "no memory to decompress it");
    return -ENOMEM;
}

static void
consume(struct mig_unpack *unpack, size_t length)
{
    unpack->in += length;
    unpack->in_length -= length;
    unpack->consumed += length;
}

static unsigned int
input_of(const struct mig_unpack *unpack)
{
    return unpack->in_length < UINT_MAX ? (unsigned int)unpack->in_length : UINT_MAX;
}

/* ---- gzip ---- */

static int
gzip_start(struct mig_unpack *unpack)
{
    /* 16: the gzip format. */
    int result =
        unpack->z_ready ? inflateReset(&unpack->z) : inflateInit2(&unpack->z, 16 + MAX_WBITS);

    unpack->z_ready = unpack->z_ready || result == Z_OK;
    unpack->z_later = false;
    return result == Z_OK ? 0 : no_memory(unpack);
}

static int
gzip_step(struct mig_unpack *unpack)
{
    z_stream *z = &unpack->z;
    unsigned int given = input_of(unpack);
    int result;

    if (unpack->state == STEP_BOUNDARY) {
        inflateReset(z);
        unpack->z_later = true;
    }
    z->next_in = (unsigned char *)unpack->in;
    z->avail_in = given;
    z->next_out = unpack->block;
    z->avail_out = BLOCK_SIZE;
    result = inflate(z, Z_NO_FLUSH);
    consume(unpack, given - z->avail_in);
    unpack->out_length = BLOCK_SIZE - z->avail_out;
    if (result == Z_STREAM_END)
        return STEP_BOUNDARY;
    if (result == Z_OK || result == Z_BUF_ERROR)
        return unpack->z_later && z->total_in < 2 ? STEP_EDGE : STEP_MORE;
    if (result == Z_MEM_ERROR)
        return no_memory(unpack);
    /* zlib looks at the two bytes of the magic first. */
    return unpack->z_later && z->total_in <= 2 ? STEP_TRAILER : corrupt(unpack);
}

/* ---- bzip2 ---- */

#ifdef HAVE_BZIP2
static void
bzip2_end(struct mig_unpack *unpack)
{
    if (unpack->bz_ready)
        BZ2_bzDecompressEnd(&unpack->bz);
    unpack->bz_ready = false;
}

static int
bzip2_begin(struct mig_unpack *unpack)
{
    bzip2_end(unpack);
    memset(&unpack->bz, 0, sizeof(unpack->bz));
    unpack->bz_ready = BZ2_bzDecompressInit(&unpack->bz, 0, 0) == BZ_OK;
    return unpack->bz_ready ? 0 : no_memory(unpack);
}

static int
bzip2_start(struct mig_unpack *unpack)
{
    unpack->bz_later = false;
    return bzip2_begin(unpack);
}

static int
bzip2_step(struct mig_unpack *unpack)
{
    bz_stream *bz = &unpack->bz;
    unsigned int given = input_of(unpack);
    int result;

    if (unpack->state == STEP_BOUNDARY) {
        if (bzip2_begin(unpack) < 0)
            return -ENOMEM;
        unpack->bz_later = true;
    }
    bz->next_in = (char *)unpack->in;
    bz->avail_in = given;
    bz->next_out = (char *)unpack->block;
    bz->avail_out = BLOCK_SIZE;
    result = BZ2_bzDecompress(bz);
    consume(unpack, given - bz->avail_in);
    unpack->out_length = BLOCK_SIZE - bz->avail_out;
    switch (result) {
    case BZ_STREAM_END:
        return STEP_BOUNDARY;
    case BZ_OK:
        return unpack->bz_later && bz->total_in_hi32 == 0 && bz->total_in_lo32 < 4 ? STEP_EDGE
                                                                                   : STEP_MORE;
    case BZ_MEM_ERROR:
        return no_memory(unpack);
    case BZ_DATA_ERROR_MAGIC:
        return unpack->bz_later ? STEP_TRAILER : corrupt(unpack);
    default:
        return corrupt(unpack);
    }
}
#endif

/* ---- xz ---- */

#ifdef HAVE_XZ
static int
xz_start(struct mig_unpack *unpack)
{
    return lzma_stream_decoder(&unpack->xz, MIG_UNPACK_MEMORY_MAX, LZMA_CONCATENATED) == LZMA_OK
               ? 0
               : no_memory(unpack);
}

static int
xz_code(struct mig_unpack *unpack, lzma_action action)
{
    lzma_stream *xz = &unpack->xz;
    lzma_ret result;

    xz->next_in = unpack->in;
    xz->avail_in = unpack->in_length;
    xz->next_out = unpack->block;
    xz->avail_out = BLOCK_SIZE;
    result = lzma_code(xz, action);
    consume(unpack, unpack->in_length - xz->avail_in);
    unpack->out_length = BLOCK_SIZE - xz->avail_out;
    switch (result) {
    case LZMA_STREAM_END:
        return STEP_BOUNDARY;
    case LZMA_OK:
    case LZMA_BUF_ERROR:
        return STEP_MORE;
    case LZMA_MEMLIMIT_ERROR:
        return too_large(unpack);
    case LZMA_MEM_ERROR:
        return no_memory(unpack);
    default:
        return corrupt(unpack);
    }
}

static int
xz_step(struct mig_unpack *unpack)
{
    return xz_code(unpack, LZMA_RUN);
}
#endif

/* ---- zstd ---- */

#ifdef HAVE_ZSTD
static bool is_skippable(const unsigned char *data, size_t length);

static int
zstd_start(struct mig_unpack *unpack)
{
    unpack->head_length = 0;
    if (unpack->zstd == NULL)
        unpack->zstd = ZSTD_createDStream();
    if (unpack->zstd == NULL || ZSTD_isError(ZSTD_initDStream(unpack->zstd)) ||
        ZSTD_isError(ZSTD_DCtx_setParameter(unpack->zstd, ZSTD_d_windowLogMax, 27)))
        return no_memory(unpack);
    return 0;
}

static int
zstd_result(struct mig_unpack *unpack, size_t result)
{
    if (result == 0)
        unpack->head_length = 0;
    if (!ZSTD_isError(result))
        return result == 0 ? STEP_BOUNDARY : STEP_MORE;
    switch (ZSTD_getErrorCode(result)) {
    case ZSTD_error_frameParameter_windowTooLarge:
        return too_large(unpack);
    case ZSTD_error_memory_allocation:
        return no_memory(unpack);
    default:
        return corrupt(unpack);
    }
}

/* Takes the magic number of a frame: the library, where it is built so, also decodes the formats
 * before version 1, of which it takes a part for the whole. */
static int
zstd_frame(struct mig_unpack *unpack)
{
    ZSTD_inBuffer in = {unpack->head, ZSTD_HEAD, 0};
    ZSTD_outBuffer out = {unpack->block, 0, 0};

    for (; unpack->head_length < ZSTD_HEAD && unpack->in_length > 0; consume(unpack, 1))
        unpack->head[unpack->head_length++] = *unpack->in;
    unpack->out_length = 0;
    if (unpack->head_length < ZSTD_HEAD)
        return STEP_MORE;
    if (memcmp(unpack->head, ZSTD_MAGIC, ZSTD_HEAD) != 0 && !is_skippable(unpack->head, ZSTD_HEAD))
        return corrupt(unpack);
    return zstd_result(unpack, ZSTD_decompressStream(unpack->zstd, &out, &in));
}

static int
zstd_step(struct mig_unpack *unpack)
{
    ZSTD_inBuffer in;
    ZSTD_outBuffer out = {unpack->block, BLOCK_SIZE, 0};
    size_t result;

    if (unpack->head_length < ZSTD_HEAD)
        return zstd_frame(unpack);
    in = (ZSTD_inBuffer){unpack->in, unpack->in_length, 0};
    /* Byte by byte through the header: where it ends in a later piece than it began, libzstd
     * (1.5.4) looks for a frame that it could decode at once where that piece begins. */
    if (unpack->head_length < ZSTD_HEADER_MAX && in.size > 0) {
        unpack->head_length++;
        in.size = 1;
    }
    result = ZSTD_decompressStream(unpack->zstd, &out, &in);
    consume(unpack, in.pos);
    unpack->out_length = out.pos;
    return zstd_result(unpack, result);
}
#endif

/* ---- all of them ---- */

static const struct {
    const char *name;
    const char *magic;
    unsigned char magic_length;
    int (*start)(struct mig_unpack *unpack);
    /* Takes input and gives at most a block. */
    int (*step)(struct mig_unpack *unpack);
} codecs[MIG_UNPACK_FORMATS] = {
    [MIG_UNPACK_NONE] = {"none", "", 0, NULL, NULL},
    [MIG_UNPACK_GZIP] = {"gzip", "\x1f\x8b", 2, gzip_start, gzip_step},
#ifdef HAVE_BZIP2
    [MIG_UNPACK_BZIP2] = {"bzip2", "BZh", 3, bzip2_start, bzip2_step},
#else
    [MIG_UNPACK_BZIP2] = {"bzip2", "BZh", 3, NULL, NULL},
#endif
#ifdef HAVE_XZ
    [MIG_UNPACK_XZ] = {"xz",
                       "\xfd"
                       "7zXZ\0",
                       6, xz_start, xz_step},
#else
    [MIG_UNPACK_XZ] = {"xz",
                       "\xfd"
                       "7zXZ\0",
                       6, NULL, NULL},
#endif
#ifdef HAVE_ZSTD
    [MIG_UNPACK_ZSTD] = {"zstd", ZSTD_MAGIC, ZSTD_HEAD, zstd_start, zstd_step},
#else
    [MIG_UNPACK_ZSTD] = {"zstd", ZSTD_MAGIC, ZSTD_HEAD, NULL, NULL},
#endif
};

/* "BZh" may begin a text: the block size and the first block's, or the end's, magic follow. */
static bool
is_bzip2(const unsigned char *data, size_t length)
{
    size_t rest = length < 10 ? length - 3 : 7;

    return rest > 0 && data[3] >= '1' && data[3] <= '9' &&
           (memcmp(data + 4, "\x31\x41\x59\x26\x53\x59", rest - 1) == 0 ||
            memcmp(data + 4, "\x17\x72\x45\x38\x50\x90", rest - 1) == 0);
}

/* A frame to be skipped, which pzstd begins with. */
static bool
is_skippable(const unsigned char *data, size_t length)
{
    return length >= 4 && (data[0] & 0xf0) == 0x50 && memcmp(data + 1, "\x2a\x4d\x18", 3) == 0;
}

enum mig_unpack_format
mig_unpack_detect(const void *data, size_t length)
{
    size_t i;

    for (i = MIG_UNPACK_GZIP; i < MIG_UNPACK_FORMATS; i++)
        if (length >= codecs[i].magic_length &&
            memcmp(data, codecs[i].magic, codecs[i].magic_length) == 0 &&
            (i != MIG_UNPACK_BZIP2 || is_bzip2(data, length)))
            return (enum mig_unpack_format)i;
    return is_skippable(data, length) ? MIG_UNPACK_ZSTD : MIG_UNPACK_NONE;
}

const char *
mig_unpack_name(enum mig_unpack_format format)
{
    return codecs[format].name;
}

bool
mig_unpack_has(enum mig_unpack_format format)
{
    return codecs[format].start != NULL;
}

struct mig_unpack *
mig_unpack_new(const struct mig_unpack_limits *limits)
{
    struct mig_unpack *unpack = calloc(1, sizeof(*unpack));

    if (unpack == NULL)
        return NULL;
    unpack->limits = *limits;
    unpack->block = malloc(BLOCK_SIZE);
    if (unpack->block == NULL) {
        mig_unpack_free(unpack);
        return NULL;
    }
    return unpack;
}

void
mig_unpack_free(struct mig_unpack *unpack)
{
    if (unpack == NULL)
        return;
    if (unpack->z_ready)
        inflateEnd(&unpack->z);
#ifdef HAVE_BZIP2
    bzip2_end(unpack);
#endif
#ifdef HAVE_XZ
    lzma_end(&unpack->xz);
#endif
#ifdef HAVE_ZSTD
    ZSTD_freeDStream(unpack->zstd);
#endif
    free(unpack->block);
    free(unpack);
}

int
mig_unpack_start(struct mig_unpack *unpack, enum mig_unpack_format format)
{
    unpack->format = format;
    unpack->in_length = 0;
    unpack->consumed = 0;
    unpack->produced = 0;
    unpack->pending = false;
    unpack->state = STEP_MORE;
    unpack->trouble[0] = '\0';
    if (mig_unpack_has(format))
        return codecs[format].start(unpack);
    snprintf(unpack->trouble, sizeof(unpack->trouble),
             "is compressed with %s, which this build can not decompress", codecs[format].name);
    return -ENOTSUP;
}

void
mig_unpack_give(struct mig_unpack *unpack, const void *data, size_t length)
{
    unpack->in = data;
    unpack->in_length = length;
}

static int
check_limits(struct mig_unpack *unpack)
{
    const struct mig_unpack_limits *limits = &unpack->limits;

    unpack->produced += unpack->out_length;
    if (unpack->produced > limits->bytes)
        snprintf(unpack->trouble, sizeof(unpack->trouble),
                 "holds more than %llu bytes when decompressed", (unsigned long long)limits->bytes);
    else if (unpack->produced > limits->free_bytes &&
             unpack->produced / limits->ratio > unpack->consumed)
        snprintf(unpack->trouble, sizeof(unpack->trouble),
                 "grows to more than %llu times its size when decompressed",
                 (unsigned long long)limits->ratio);
    else
        return 0;
    return -EFBIG;
}

int
mig_unpack_take(struct mig_unpack *unpack, const void **ret_data, size_t *ret_length)
{
    size_t before;
    int code;

    while (unpack->state != STEP_TRAILER && (unpack->in_length > 0 || unpack->pending)) {
        /* At a boundary the decoder has nothing left of its own. */
        if (unpack->in_length == 0 && unpack->state == STEP_BOUNDARY)
            break;
        before = unpack->in_length;
        code = codecs[unpack->format].step(unpack);
        if (code < 0)
            return code;
        unpack->state = code;
        unpack->pending = unpack->out_length == BLOCK_SIZE;
        if (unpack->out_length == 0) {
            if (code <= STEP_EDGE && unpack->in_length == before && before > 0)
                return corrupt(unpack);
            continue;
        }
        code = check_limits(unpack);
        if (code < 0)
            return code;
        *ret_data = unpack->block;
        *ret_length = unpack->out_length;
        return 1;
    }
    return 0;
}

int
mig_unpack_finish(struct mig_unpack *unpack)
{
#ifdef HAVE_XZ
    /* Only now is known that no other stream follows. */
    if (unpack->format == MIG_UNPACK_XZ) {
        unpack->in_length = 0;
        unpack->state = xz_code(unpack, LZMA_FINISH);
    }
#endif
    if (unpack->state != STEP_MORE)
        return unpack->state < 0 ? unpack->state : 0;
    snprintf(unpack->trouble, sizeof(unpack->trouble), "unexpected end of the %s data",
             codecs[unpack->format].name);
    return -EBADMSG;
}

const char *
mig_unpack_trouble(const struct mig_unpack *unpack)
{
    return unpack->trouble;
}
