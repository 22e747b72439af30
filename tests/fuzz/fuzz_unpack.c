/* SPDX-License-Identifier: MPL-2.0 */
/*
 * A compressed text, of the format that its first bytes tell. It is decompressed or refused with a
 * message, within the limits, and in pieces of any size alike.
 */
#include "config.h"

#include "fuzz.h"

#include <errno.h>

#include "unpack.h"

static const struct mig_unpack_limits limits = {4u << 20, 1u << 20, 100};

struct outcome {
    int code;
    uint64_t length;
    uint64_t sum;
};

static struct outcome
run(struct mig_unpack *unpack, const uint8_t *data, size_t size, size_t piece)
{
    struct outcome outcome = {0, 0, 0};
    const void *out;
    size_t length;
    size_t part;
    size_t i;

    outcome.code = mig_unpack_start(unpack, mig_unpack_detect(data, size));
    for (; outcome.code == 0 && size > 0; data += part, size -= part) {
        part = size < piece ? size : piece;
        mig_unpack_give(unpack, data, part);
        while ((outcome.code = mig_unpack_take(unpack, &out, &length)) > 0) {
            MUST(length > 0);
            outcome.length += length;
            for (i = 0; i < length; i++)
                outcome.sum = outcome.sum * 31 + ((const uint8_t *)out)[i];
        }
    }
    if (outcome.code == 0)
        outcome.code = mig_unpack_finish(unpack);
    MUST(outcome.length <= limits.bytes);
    MUST((outcome.code < 0) == (mig_unpack_trouble(unpack)[0] != '\0'));
    return outcome;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct mig_unpack *unpack;
    struct outcome whole;
    struct outcome pieces;

    if (mig_unpack_detect(data, size) == MIG_UNPACK_NONE)
        return 0;
    if (unpack == NULL)
        unpack = mig_unpack_new(&limits);
    MUST(unpack != NULL);
    whole = run(unpack, data, size, size);
    MUST(whole.code == 0 || whole.code == -EBADMSG || whole.code == -EFBIG ||
         whole.code == -ENOMEM || whole.code == -ENOTSUP);
    pieces = run(unpack, data, size, 7);
    if (whole.code == 0)
        MUST(pieces.code == 0 && pieces.length == whole.length && pieces.sum == whole.sum);
    return 0;
}
