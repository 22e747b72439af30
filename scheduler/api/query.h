/* SPDX-License-Identifier: MPL-2.0 */
/* Query strings and forms: application/x-www-form-urlencoded (WHATWG URL, 5.1), strict. */
#ifndef MIG_API_QUERY_H
#define MIG_API_QUERY_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

struct mig_query;

#define MIG_QUERY_MAX_FIELDS 64u

/* Decodes "a=1&b=x+y%21". MIG_E_INVALID, with the name where it is known, for a broken escape, a
 * NUL, bytes that are not UTF-8, a name that comes twice, or more than MIG_QUERY_MAX_FIELDS fields.
 */
int mig_query_parse(const char *text, size_t len, struct mig_query **ret, struct mig_err *err);
/* Adds a field as it is. The same refusals. */
int mig_query_add(struct mig_query *query, const char *name, size_t name_len, const char *value,
                  size_t value_len, struct mig_err *err);
void mig_query_free(struct mig_query *query);
/* The decoded value, NULL when the name is not there. It belongs to query. */
const char *mig_query_get(const struct mig_query *query, const char *name);
/* A decimal number min..max; `fallback` when the name is not there or its value is empty.
 * MIG_E_INVALID "Wrong parameters 'limit': expected a number from 0 to 9, found 'x'". */
int mig_query_number(const struct mig_query *query, const char *name, int64_t min, int64_t max,
                     int64_t fallback, int64_t *ret, struct mig_err *err);
/* An id of the protocol that must be there. MIG_E_INVALID "Wrong parameters 'actionid': …", or for
 * numbers below 1 "Invalid Action ID '0'", with `thing` = "Action". */
int mig_query_id(const struct mig_query *query, const char *name, const char *thing, int64_t *ret,
                 struct mig_err *err);

#endif
