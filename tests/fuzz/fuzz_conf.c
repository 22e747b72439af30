/* SPDX-License-Identifier: MPL-2.0 */
/* Any bytes are a configuration or a message that names the file. */
#include "config.h"

#include "fuzz.h"

#include "base/conf.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const known[] = {"a.k", "agent.tags", NULL};
    struct mig_conf *conf = NULL;
    struct mig_err err = {0};
    int64_t number;
    int flag;
    int rc = mig_conf_parse("fuzz.cfg", (const char *)data, size, &conf, &err);

    if (rc != 0) {
        MUST(err.code == rc && strncmp(err.text, "fuzz.cfg", 8) == 0 && conf == NULL);
        return 0;
    }
    (void)mig_conf_only(conf, known, &err);
    for (size_t i = 0; mig_conf_get_nth(conf, "agent.tags", i) != NULL; i++)
        MUST(mig_conf_get(conf, "AGENT.TAGS", NULL) != NULL);
    (void)mig_conf_get_bool(conf, "a.k", 0, &flag, &err);
    (void)mig_conf_get_number(conf, "a.k", INT64_MIN, INT64_MAX, 0, &number, &err);
    if (mig_conf_get_duration(conf, "a.k", "5m", &number, &err) == 0)
        MUST(number >= 0);
    mig_conf_free(conf);
    return 0;
}
