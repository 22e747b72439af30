/* SPDX-License-Identifier: MPL-2.0 */
/* How much one client may ask for: a bucket of `burst` tokens each, filled with `rate` a second.
 * The table is of one size, whatever names come: one that was not heard of for long is forgotten.
 */
#ifndef MIG_API_LIMIT_H
#define MIG_API_LIMIT_H

#include <stdint.h>

struct mig_limit;

/* NULL without memory. rate 0: nothing is limited. Calls may come from several threads. */
struct mig_limit *mig_limit_new(double rate, double burst);
void mig_limit_free(struct mig_limit *limit);
/* Takes `tokens` of a client's bucket at a moment of the monotonic clock: 0, or the milliseconds
 * until there will be enough; then nothing is taken. */
int64_t mig_limit_take(struct mig_limit *limit, const char *client, double tokens, int64_t now_ms);
/* Takes them whatever is there: the bucket may be in debt, of one burst at most. */
void mig_limit_charge(struct mig_limit *limit, const char *client, double tokens, int64_t now_ms);
/* The client's name for an address: an IPv6 host has all of a /64 to choose from. */
void mig_limit_client(const char *address, char client[64]);

#endif
