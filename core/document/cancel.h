/* SPDX-License-Identifier: MPL-2.0 */
/*
 * The built-in operation `cancel`: it stops what an action is doing on the agents that get it.
 *
 *   {"module": "cancel", "parameters": {"actionid": 123, "sha256": "64 hex digits"}}
 *
 * Ids are the platform's to give. `sha256`, of the text that the signers of that action signed,
 * ties the cancellation to it whatever id the platform says it has; a client that can see the
 * action always adds it. It may be left out.
 */
#ifndef MIG_DOCUMENT_CANCEL_H
#define MIG_DOCUMENT_CANCEL_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

struct mig_buf;

#define MIG_CANCEL_MODULE "cancel" /* no plugin may have this name */
#define MIG_CANCEL_DIGEST 32

struct mig_cancel {
    int64_t action_id; /* 0: none */
    int has_digest;
    unsigned char digest[MIG_CANCEL_DIGEST];
};

/* MIG_E_INVALID, or what mig_json_parse() says. */
int mig_cancel_parse(const char *json, size_t len, struct mig_cancel *ret, struct mig_err *err);
/* Appends the parameters. 0 or -ENOMEM. */
int mig_cancel_json(const struct mig_cancel *cancel, struct mig_buf *out);

#endif
