/* SPDX-License-Identifier: MPL-2.0 */
/* Points in time, RFC 3339 as Go writes it. */
#ifndef MIG_BASE_TIME_H
#define MIG_BASE_TIME_H

#include <stddef.h>
#include <stdint.h>

struct mig_time {
    int64_t sec;  /* Unix seconds, may be negative */
    int32_t nsec; /* 0..999999999 */
};

#define MIG_TIME_TEXT 40 /* bytes, with the NUL */

struct mig_time mig_time_now(void);
int64_t mig_time_monotonic_ms(void);
/* Years 0..9999, also in UTC, any offset, up to nine fraction digits (more are cut), 'T' and 'Z' in
 * upper case.
 * 0 or MIG_E_SYNTAX. */
int mig_time_parse(const char *text, size_t len, struct mig_time *ret);
/* UTC, "2006-01-02T15:04:05.999999999Z" with trailing zeros of the fraction dropped. */
void mig_time_format(struct mig_time t, char text[MIG_TIME_TEXT]);
int mig_time_compare(struct mig_time a, struct mig_time b);
/* "300s", "5m", "1h30m", "250ms", "72h" -> milliseconds; 0 or MIG_E_SYNTAX. Go's ParseDuration
 * without fractions below a millisecond. */
int mig_duration_parse(const char *text, int64_t *ret_ms);
/* As Go prints a Duration of `nsec` nanoseconds ("1m30s", "250ms", "0s"). */
void mig_duration_format(int64_t nsec, char text[MIG_TIME_TEXT]);

#endif
