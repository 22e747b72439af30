/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Configuration files in the gcfg/INI form of facts 1.3: [section], key = value, ; and # comments,
 * section and key names without case, a value may stand in double quotes, a key may come several
 * times.
 */
#ifndef MIG_BASE_CONF_H
#define MIG_BASE_CONF_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

struct mig_conf;

/* Errors name the file and the line. */
int mig_conf_load(const char *path, struct mig_conf **ret, struct mig_err *err);
int mig_conf_parse(const char *name, const char *text, size_t len, struct mig_conf **ret,
                   struct mig_err *err);
void mig_conf_free(struct mig_conf *conf);
/* "section.key"; the last value, or `fallback`. The text belongs to conf. */
const char *mig_conf_get(struct mig_conf *conf, const char *name, const char *fallback);
/* The i-th value, NULL beyond the last. */
const char *mig_conf_get_nth(struct mig_conf *conf, const char *name, size_t index);
/* These give MIG_E_CONFIG with file, line, key and what is expected when the value is wrong. */
int mig_conf_get_bool(struct mig_conf *conf, const char *name, int fallback, int *ret,
                      struct mig_err *err);
int mig_conf_get_number(struct mig_conf *conf, const char *name, int64_t min, int64_t max,
                        int64_t fallback, int64_t *ret, struct mig_err *err);
int mig_conf_get_duration(struct mig_conf *conf, const char *name, const char *fallback,
                          int64_t *ret_ms, struct mig_err *err);
/* MIG_E_CONFIG naming the first key (with its line) that is not in the NULL-terminated list. */
int mig_conf_only(struct mig_conf *conf, const char *const names[], struct mig_err *err);
/* A copy of [start, end), part of a value, without white space at either end; "" when nothing else
 * is there. The caller frees it; NULL without memory. */
char *mig_conf_trimmed(const char *start, const char *end);

#endif
