/* SPDX-License-Identifier: MPL-2.0 */
#include "config.h"

#include "local.h"

#include <mig/plugin.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/json.h"
#include "module.h"
#include "results.h"

/* A tree of a result with 80,000 elements takes ten times the memory of its text. */
static bool
found(const char *result, size_t len)
{
    const char *value = NULL;
    size_t value_len = 0;

    return mig_json_raw_member(result, len, "foundanything", &value, &value_len) == 0 &&
           value_len == 4 && memcmp(value, "true", 4) == 0;
}

static int
show(const struct mig_args *args, const struct mig_buf *result, struct mig_err *err)
{
    uint32_t flags = args->show == MIG_SHOW_FOUND ? MIG_PRINT_FOUND_ONLY : 0;
    const char *json = result->data ? result->data : "";
    struct mig_buf text = MIG_BUF_INIT;
    int code;

    code = mig_json_check(json, result->len, NULL, err);
    if (code < 0)
        return mig_err_prefix(err, "result of %s", args->module);
    if (args->show == MIG_SHOW_NOTFOUND && found(json, result->len))
        return 0;
    code = mig_module_print(args->module, json, result->len, flags, &text, err);
    if (code == 0)
        mig_results_lines(stdout, NULL, text.data ? text.data : "", text.len);
    mig_buf_fini(&text);
    return code;
}

int
mig_local_run(const struct mig_args *args, const char *parameters, size_t len,
              const volatile sig_atomic_t *stop, struct mig_err *err)
{
    struct mig_buf result = MIG_BUF_INIT;
    struct mig_err ignored = {0};
    int code;

    code = mig_module_run(args->module, parameters, len, args->validity_ms, stop, &result, err);
    if (code == 0)
        code = show(args, &result, err);
    else if (result.len > 0)
        show(args, &result, &ignored);
    mig_buf_fini(&result);
    return code;
}
