/* SPDX-License-Identifier: MPL-2.0 */
/* A heartbeat that is read, written and read again stays the same. */
#include "config.h"

#include "fuzz.h"

#include "document/agent.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct mig_time now = {.sec = 1795507500}; /* 2026-11-24T08:05:00Z, as in the corpus */
    struct mig_buf first = MIG_BUF_INIT;
    struct mig_buf second = MIG_BUF_INIT;
    struct mig_heartbeat *beat = NULL;
    struct mig_heartbeat *again = NULL;
    struct mig_err err = {0};
    int rc = mig_heartbeat_parse((const char *)data, size, now, &beat, &err);

    if (rc != 0) {
        MUST(err.code == rc && err.text[0] != '\0' && beat == NULL);
        return 0;
    }
    MUST(mig_heartbeat_json(beat, &first) == 0);
    MUST(mig_heartbeat_parse(first.data, first.len, now, &again, &err) == 0);
    MUST(mig_heartbeat_json(again, &second) == 0);
    MUST(same_bytes(&first, &second));
    mig_heartbeat_free(beat);
    mig_heartbeat_free(again);
    mig_buf_fini(&first);
    mig_buf_fini(&second);
    return 0;
}
