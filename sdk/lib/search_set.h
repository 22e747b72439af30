/* SPDX-License-Identifier: MPL-2.0 */
/* Inside the search engine: what a compiled search is. */
#ifndef MIG_SEARCH_SET_H
#define MIG_SEARCH_SET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include <mig/regex.h>
#include <mig/search.h>

#include "digest.h"

enum check_kind {
    CHECK_NAME,
    CHECK_MODE,
    CHECK_SIZE,
    CHECK_MTIME,
    CHECK_CTIME,
    CHECK_ATIME,
    CHECK_UID,
    CHECK_GID,
    CHECK_PERM,
    CHECK_INODE,
    CHECK_XATTR,
    CHECK_CAPABILITY,
    CHECK_CONTENT,
    CHECK_MD5,
    CHECK_SHA1,
    CHECK_SHA2,
    CHECK_SHA3,
    CHECK_KINDS
};

struct check {
    enum check_kind kind;
    bool inverse;
    bool mismatch;
    uint32_t same;     /* the next one with this digest, see search_hashes.c */
    const char *value; /* as it was asked, in search.asked */
    uint64_t hits;
    union { /* by kind; there may be 100,000 of them */
        struct mig_regex *regex;
        struct { /* sizes, ids and inodes */
            uint64_t least;
            uint64_t most;
        };
        struct mig_search_times times;
        struct mig_search_perm perm;
        struct {
            enum mig_digest algorithm;
            uint8_t digest[MIG_DIGEST_SIZE_MAX];
        };
    };
};

/* The hash checks of a search, by their digests. */
struct hashes {
    uint32_t *table; /* NULL: there are none */
    size_t mask;
    uint64_t seed;
    unsigned int algorithms; /* 1u << enum mig_digest, those with a check */
    uint32_t counts[MIG_DIGEST_COUNT];
    bool mismatch[MIG_DIGEST_COUNT];
};

struct search {
    char *label;
    struct json_object *asked; /* NULL, or what holds the values of the checks */
    char **paths;              /* cleaned */
    size_t paths_count;
    struct check *checks;
    size_t checks_count;
    size_t first[CHECK_KINDS]; /* the checks of a kind are side by side */
    size_t counts[CHECK_KINDS];
    struct hashes hashes;
    uint64_t max_size;  /* UINT64_MAX: no limit */
    uint64_t max_depth; /* UINT64_MAX: no limit */
    uint64_t match_limit;
    uint64_t max_errors; /* 0: no limit */
    uint64_t threads;    /* 0: as usual */
    bool remote;
    bool match_all;
    bool macroal;
    bool return_sha256;
    bool decompress;
    uint64_t hits;
    struct mig_search_skipped skipped;
};

struct mig_search_set {
    struct search *searches; /* sorted by label */
    size_t count;
    unsigned int threads; /* the most that a search asks for; 0: none does */
};

/* The outcome of a check whose filter did or did not match. */
static inline bool
check_wants(const struct check *check, bool match)
{
    return (match != check->inverse) != check->mismatch;
}

#endif
