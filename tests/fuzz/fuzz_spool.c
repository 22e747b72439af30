/* SPDX-License-Identifier: MPL-2.0 */
/* Any bytes may lie in the spool: a job that is read is one that could have been written. */
#include "config.h"

#include "fuzz.h"
#include "fuzz_folder.h"

#include "agent/spool.h"
#include "agent/verdict.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct mig_buf raw = MIG_BUF_INIT, again = MIG_BUF_INIT;
    struct mig_verdict v = {0}, copy = {0};
    struct mig_err err = {0};
    int dir = fuzz_folder("5.job", data, size);
    int rc = mig_spool_get_job(dir, 5, &v, &raw, &err);

    if (rc < 0) {
        MUST(strncmp(err.text, "spool/5.job", 11) == 0);
        mig_buf_fini(&raw);
        return 0;
    }
    MUST(v.command_id == 5 && (v.count == 0 || v.operations));
    MUST(mig_verdict_pack(&v, &again) == 0);
    MUST(mig_verdict_unpack(again.data, again.len, &copy) == 0 && copy.count == v.count);
    mig_verdict_fini(&copy);
    mig_verdict_fini(&v);
    mig_buf_fini(&raw);
    mig_buf_fini(&again);
    return 0;
}
