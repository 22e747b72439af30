/* SPDX-License-Identifier: MPL-2.0 */
#include "config.h"

#include "digest.h"

#include <errno.h>
#include <stdlib.h>

#include <openssl/evp.h>

static const struct {
    const char *name; /* libcrypto's */
    size_t size;
} algorithms[MIG_DIGEST_COUNT] = {
    [MIG_DIGEST_MD5] = {"MD5", 16},           [MIG_DIGEST_SHA1] = {"SHA1", 20},
    [MIG_DIGEST_SHA256] = {"SHA256", 32},     [MIG_DIGEST_SHA384] = {"SHA384", 48},
    [MIG_DIGEST_SHA512] = {"SHA512", 64},     [MIG_DIGEST_SHA3_224] = {"SHA3-224", 28},
    [MIG_DIGEST_SHA3_256] = {"SHA3-256", 32}, [MIG_DIGEST_SHA3_384] = {"SHA3-384", 48},
    [MIG_DIGEST_SHA3_512] = {"SHA3-512", 64},
};

struct mig_digests {
    /* Fetched at the first use: a look-up a file would cost more than hashing a small file. */
    const EVP_MD *methods[MIG_DIGEST_COUNT];
    EVP_MD_CTX *contexts[MIG_DIGEST_COUNT];
    unsigned int running;
};

size_t
mig_digest_size(enum mig_digest algorithm)
{
    return algorithms[algorithm].size;
}

const char *
mig_digest_name(enum mig_digest algorithm)
{
    return algorithms[algorithm].name;
}

struct mig_digests *
mig_digests_new(void)
{
    return calloc(1, sizeof(struct mig_digests));
}

void
mig_digests_free(struct mig_digests *digests)
{
    size_t i;

    if (digests == NULL)
        return;
    for (i = 0; i < MIG_DIGEST_COUNT; i++) {
        EVP_MD_CTX_free(digests->contexts[i]);
#if OPENSSL_VERSION_NUMBER >= 0x30000000L
        EVP_MD_free((EVP_MD *)digests->methods[i]);
#endif
    }
    free(digests);
}

static int
start_one(struct mig_digests *digests, size_t i)
{
    if (digests->contexts[i] == NULL)
        digests->contexts[i] = EVP_MD_CTX_new();
    if (digests->contexts[i] == NULL)
        return -ENOMEM;
    if (digests->methods[i] == NULL) {
#if OPENSSL_VERSION_NUMBER >= 0x30000000L
        digests->methods[i] = EVP_MD_fetch(NULL, algorithms[i].name, NULL);
#else
        digests->methods[i] = EVP_get_digestbyname(algorithms[i].name);
#endif
    }
    if (digests->methods[i] == NULL ||
        EVP_DigestInit_ex(digests->contexts[i], digests->methods[i], NULL) != 1)
        return -ENOTSUP;
    digests->running |= 1u << i;
    return 0;
}

int
mig_digests_start(struct mig_digests *digests, unsigned int wanted)
{
    int code = 0;
    size_t i;

    digests->running = 0;
    for (i = 0; i < MIG_DIGEST_COUNT && code == 0; i++)
        if (wanted & (1u << i))
            code = start_one(digests, i);
    return code;
}

int
mig_digests_update(struct mig_digests *digests, const void *data, size_t length)
{
    size_t i;

    for (i = 0; i < MIG_DIGEST_COUNT; i++)
        if ((digests->running & (1u << i)) &&
            EVP_DigestUpdate(digests->contexts[i], data, length) != 1)
            return -EIO;
    return 0;
}

void
mig_digests_drop(struct mig_digests *digests, enum mig_digest algorithm)
{
    digests->running &= ~(1u << algorithm);
}

unsigned int
mig_digests_running(const struct mig_digests *digests)
{
    return digests->running;
}

int
mig_digests_finish(struct mig_digests *digests, enum mig_digest algorithm,
                   uint8_t ret_digest[MIG_DIGEST_SIZE_MAX])
{
    if ((digests->running & (1u << algorithm)) == 0)
        return -EINVAL;
    mig_digests_drop(digests, algorithm);
    return EVP_DigestFinal_ex(digests->contexts[algorithm], ret_digest, NULL) == 1 ? 0 : -EIO;
}
