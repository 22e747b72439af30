/* SPDX-License-Identifier: MPL-2.0 */
/* Forms as multipart/form-data (RFC 7578), strict: what HTTP clients send, and nothing clever. */
#ifndef MIG_API_MULTIPART_H
#define MIG_API_MULTIPART_H

#include <stddef.h>

#include "base/error.h"

struct mig_query;

/* 1 when the content type is multipart/form-data. */
int mig_multipart_is(const char *content_type);
/* Each part becomes a field by its name; a file is its content. MIG_E_INVALID for a body that does
 * not follow the boundary, a part without a name, one that is nested or transfer-encoded, and for
 * what mig_query_add() refuses. */
int mig_multipart_parse(const char *content_type, const char *body, size_t len,
                        struct mig_query **ret, struct mig_err *err);

#endif
