/* SPDX-License-Identifier: MPL-2.0 */
#include "config.h"

#include "api/counters.h"

const unsigned mig_counters_status[MIG_COUNTERS_STATUSES + 1] = {200, 201, 202, 400, 401, 403, 404,
                                                                 405, 409, 413, 429, 500, 503, 0};

void
mig_counters_answer(struct mig_counters *counters, unsigned status, size_t bytes)
{
    unsigned i = 0;

    while (mig_counters_status[i] != 0 && mig_counters_status[i] != status)
        i++;
    if (mig_counters_status[i] == 0)
        i = MIG_COUNTERS_STATUSES;
    atomic_fetch_add(&counters->answers[i], 1);
    atomic_fetch_add(&counters->sent_bytes, bytes);
}
