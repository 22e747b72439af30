/* SPDX-License-Identifier: MPL-2.0 */
#include "config.h"

#include "local.h"

#include <json-c/json.h>
#include <mig/plugin.h>
#include <stdio.h>

#include "base/buf.h"
#include "base/json.h"
#include "module.h"
#include "results.h"

static int
show(const struct mig_args *args, const struct mig_buf *result, struct mig_err *err)
{
    uint32_t flags = args->show == MIG_SHOW_FOUND ? MIG_PRINT_FOUND_ONLY : 0;
    struct json_object *document = NULL;
    struct mig_buf text = MIG_BUF_INIT;
    int code, found = 0;

    code = mig_json_parse(result->data ? result->data : "", result->len, NULL, &document, err);
    if (code < 0)
        return mig_err_prefix(err, "result of %s", args->module);
    mig_json_get_bool(document, "foundanything", 0, &found, NULL);
    json_object_put(document);
    if (args->show == MIG_SHOW_NOTFOUND && found)
        return 0;
    code = mig_module_print(args->module, result->data, result->len, flags, &text, err);
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
