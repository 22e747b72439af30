/* SPDX-License-Identifier: MPL-2.0 */
#include "config.h"

#include <json-c/json.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent/agent.h"
#include "agent/narrow.h"
#include "agent/site.h"
#include "base/buf.h"
#include "base/file.h"
#include "base/json.h"
#include "document/action.h"
#include "document/command.h"
#include "plugin/ask.h"
#include "plugin/worker.h"

/* The parameters of the message on stdin, as text in `message`. */
static int
read_parameters(struct mig_buf *message, const char **ret_text, size_t *ret_len,
                struct mig_err *err)
{
    struct json_object *object = NULL;
    const char *class = NULL;
    int rc = mig_fd_read_all(STDIN_FILENO, MIG_PARAMETERS_MAX, message);

    if (rc < 0)
        return mig_err_set(err, rc, "stdin: %s", mig_strerror(rc));
    rc = mig_json_parse(message->data ? message->data : "", message->len, NULL, &object, err);
    if (rc < 0)
        return mig_err_prefix(err, "stdin: expected one line {\"class\":\"parameters\","
                                   "\"parameters\":{...}}");
    rc = mig_json_get_string(object, "class", 1, &class, err);
    if (rc == 0 && strcmp(class, "parameters") != 0)
        rc = mig_err_set(err, MIG_E_INVALID,
                         "stdin: expected class \"parameters\", found \"%.64s\"", class);
    json_object_put(object);
    if (rc < 0)
        return rc;
    if (mig_json_raw_member(message->data, message->len, "parameters", ret_text, ret_len) < 0) {
        *ret_text = "null";
        *ret_len = 4;
    }
    return 0;
}

static void
error_result(struct mig_buf *out, const char *reason)
{
    const char *errors[] = {reason, NULL};

    mig_result_json(out, false, false, NULL, NULL, errors);
}

static int
hear(void *context, struct mig_worker *worker, uint32_t type, const char *body, size_t len)
{
    return mig_ask_agent(mig_site_run_dir(context), worker, type, body, len);
}

static int
call(const struct mig_site *site, enum mig_worker_call what, const char *module, const char *input,
     size_t len, struct mig_worker **ret, struct mig_err *err)
{
    struct mig_worker_spec spec = {
        .call = what,
        .plugin = module,
        .plugin_dir = mig_site_plugin_dir(site),
        .input = input,
        .input_len = len,
        .timeout_ms = site->module_timeout_ms > 0 ? site->module_timeout_ms : 300000,
        .output_max = site->output_max,
        .memory_max = site->memory_max,
        .cpu_max = (unsigned)site->cpu_max,
        .open_files_max = (unsigned)site->open_files_max,
        .private_mode = site->private_mode != 0,
        .message = hear,
        .context = (void *)(uintptr_t)site,
    };

    return mig_worker_call(&spec, ret, err);
}

/* Appends the module's result, or one that holds only the reason why there is none. */
static void
run(const struct mig_site *site, const char *module, const char *parameters, size_t len,
    struct mig_buf *out)
{
    struct mig_worker *worker = NULL;
    const struct mig_worker_outcome *outcome;
    struct mig_err err = {0};
    char text[1200];

    if (call(site, MIG_WORKER_RUN, module, parameters, len, &worker, &err) < 0) {
        error_result(out, err.text);
        return;
    }
    outcome = mig_worker_outcome(worker);
    if (outcome->status == MIG_WORKER_REFUSED) {
        snprintf(text, sizeof(text), "module '%.64s' is not available: %s", module,
                 outcome->reason);
        error_result(out, text);
    } else if (outcome->output_len > 0) {
        mig_buf_add(out, outcome->output, outcome->output_len);
    } else {
        error_result(out, outcome->reason[0] ? outcome->reason : "no result");
    }
    mig_worker_free(worker);
}

/* The text of the result; its JSON when the plugin can not be asked for it. */
static void
print_pretty(const struct mig_site *site, const char *module, const struct mig_buf *result)
{
    struct mig_worker *worker = NULL;
    const struct mig_worker_outcome *outcome = NULL;

    if (call(site, MIG_WORKER_PRINT, module, result->data, result->len, &worker, NULL) == 0)
        outcome = mig_worker_outcome(worker);
    if (outcome && outcome->status == MIG_WORKER_SUCCESS) {
        fwrite(outcome->output, 1, outcome->output_len, stdout);
        if (outcome->output_len > 0 && outcome->output[outcome->output_len - 1] != '\n')
            putchar('\n');
    } else {
        printf("%s\n", result->data);
    }
    mig_worker_free(worker);
}

int
mig_agent_module(const struct mig_site *site, const char *module, int pretty)
{
    struct mig_buf message = MIG_BUF_INIT, result = MIG_BUF_INIT;
    const char *parameters = NULL;
    size_t len = 0;
    struct mig_err err = {0};

    if (read_parameters(&message, &parameters, &len, &err) < 0)
        error_result(&result, err.text);
    else if (mig_narrow_is_off(site, module))
        error_result(&result, "the module is switched off on this endpoint (modules.off)");
    else
        run(site, module, parameters, len, &result);
    if (!result.data || result.failed)
        fprintf(stderr, "mig-agent: out of memory\n");
    else if (pretty)
        print_pretty(site, module, &result);
    else
        printf("%s\n", result.data);
    mig_buf_fini(&message);
    mig_buf_fini(&result);
    return 0;
}
