/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Errors. Functions return 0 or a negative code: errno values as -errno, own codes below -1000.
 * A function that can say more takes a last parameter `struct mig_err *err`, which may be NULL: on
 * failure it holds one line that names the thing, what was expected, what was found and the remedy.
 */
#ifndef MIG_BASE_ERROR_H
#define MIG_BASE_ERROR_H

#include <stdarg.h>

enum mig_code {
    MIG_E_SYNTAX = -1001,    /* a document does not parse */
    MIG_E_INVALID = -1002,   /* it parses, and breaks a rule */
    MIG_E_LIMIT = -1003,     /* over a size, depth or count limit */
    MIG_E_SIGNATURE = -1004, /* bad signature, unknown, expired or revoked key */
    MIG_E_DENIED = -1005,    /* ACL or permission */
    MIG_E_WINDOW = -1006,    /* expired or not yet valid */
    MIG_E_REPLAY = -1007,    /* seen before */
    MIG_E_PLUGIN = -1008,    /* a plugin was refused or broke the contract */
    MIG_E_PROTOCOL = -1009,  /* a peer broke the protocol */
    MIG_E_TIMEOUT = -1010,
    MIG_E_CRYPTO = -1011, /* the OpenPGP engine failed */
    MIG_E_DATABASE = -1012,
    MIG_E_CONFIG = -1013,
    MIG_E_NOT_FOUND = -1014
};

struct mig_err {
    int code;        /* 0: none */
    char text[1024]; /* one line, UTF-8, cut when longer */
};

/* Sets err (when not NULL) and returns code. */
int mig_err_set(struct mig_err *err, int code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* As above, with ": <errno text>" appended; returns -errnum. */
int mig_err_errno(struct mig_err *err, int errnum, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* Puts "<prefix>: " before what err holds; returns its code. */
int mig_err_prefix(struct mig_err *err, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* A short name for any code that the functions return. Never NULL. */
const char *mig_strerror(int code);

#endif
