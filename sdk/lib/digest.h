/* SPDX-License-Identifier: MPL-2.0 */
/* Several digests of one stream, by libcrypto. */
#ifndef MIG_DIGEST_H
#define MIG_DIGEST_H

#include <stddef.h>
#include <stdint.h>

#define MIG_DIGEST_SIZE_MAX 64u

enum mig_digest {
    MIG_DIGEST_MD5,
    MIG_DIGEST_SHA1,
    MIG_DIGEST_SHA256,
    MIG_DIGEST_SHA384,
    MIG_DIGEST_SHA512,
    MIG_DIGEST_SHA3_224,
    MIG_DIGEST_SHA3_256,
    MIG_DIGEST_SHA3_384,
    MIG_DIGEST_SHA3_512,
    MIG_DIGEST_COUNT
};

size_t mig_digest_size(enum mig_digest algorithm);
const char *mig_digest_name(enum mig_digest algorithm);

/* Digests of one stream at a time, any number of streams one after the other. */
struct mig_digests;
struct mig_digests *mig_digests_new(void);
void mig_digests_free(struct mig_digests *digests);

/* Starts a stream for the algorithms whose bit (1u << algorithm) is set. -ENOTSUP: libcrypto has
 * not all. */
int mig_digests_start(struct mig_digests *digests, unsigned int algorithms);
int mig_digests_update(struct mig_digests *digests, const void *data, size_t length);
/* Stops one algorithm early. */
void mig_digests_drop(struct mig_digests *digests, enum mig_digest algorithm);
/* The algorithms that are running. */
unsigned int mig_digests_running(const struct mig_digests *digests);
int mig_digests_finish(struct mig_digests *digests, enum mig_digest algorithm,
                       uint8_t ret_digest[MIG_DIGEST_SIZE_MAX]);

#endif
