/* SPDX-License-Identifier: MPL-2.0 */
#include "config.h"

#include "module.h"

#include <errno.h>
#include <json-c/json.h>
#include <mig/plugin.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/file.h"
#include "base/json.h"
#include "plugin/ask.h"
#include "plugin/options.h"
#include "plugin/worker.h"

/* Calls that only compute: a plugin that takes longer hangs. */
#define CALL_TIMEOUT_MS 20000

/* The folder may be anywhere: a plugin whose digest is not known to us is refused wherever it lies.
 */
static const char *
plugin_dir(void)
{
    const char *dir = getenv("MIG_PLUGIN_DIR");

    return dir && dir[0] == '/' ? dir : NULL;
}

/* Of the agent of this machine, whose site may have put it elsewhere. */
static const char *
run_dir(void)
{
    const char *dir = getenv("MIG_RUN_DIR");

    return dir && dir[0] == '/' ? dir : MIG_STATE_DIR;
}

static int
hear(void *context, struct mig_worker *worker, uint32_t type, const char *body, size_t len)
{
    (void)context;
    return mig_ask_agent(run_dir(), worker, type, body, len);
}

static int
wait_step(struct mig_worker *worker, const volatile sig_atomic_t *stop)
{
    struct pollfd pfd = {.fd = mig_worker_fd(worker), .events = POLLIN};
    int64_t timeout = mig_worker_timeout(worker);

    if (stop && *stop)
        return -EINTR;
    if (timeout < 0 || timeout > 1000)
        timeout = 1000;
    if (poll(&pfd, 1, (int)timeout) < 0 && errno != EINTR)
        return -errno;
    return mig_worker_step(worker);
}

static int
call(struct mig_worker_spec *spec, const volatile sig_atomic_t *stop, struct mig_buf *out,
     struct mig_err *err)
{
    const struct mig_worker_outcome *outcome;
    struct mig_worker *worker = NULL;
    int code;

    spec->plugin_dir = plugin_dir();
    code = mig_worker_start(spec, &worker, err);
    if (code < 0)
        return code;
    do {
        code = wait_step(worker, stop);
    } while (code == 0);
    if (code < 0) {
        mig_err_errno(err, -code, "module %s", spec->plugin);
        goto out;
    }
    outcome = mig_worker_outcome(worker);
    code = 0;
    /* What an operation found before it failed is worth as much as that it failed. */
    if (outcome->status != MIG_WORKER_SUCCESS && spec->call == MIG_WORKER_RUN)
        mig_buf_add(out, outcome->output, outcome->output_len);
    if (outcome->status != MIG_WORKER_SUCCESS)
        code =
            mig_err_set(err, outcome->status == MIG_WORKER_TIMEOUT ? MIG_E_TIMEOUT : MIG_E_PLUGIN,
                        "%s", outcome->reason);
    else if (mig_buf_add(out, outcome->output, outcome->output_len) < 0)
        code = mig_err_errno(err, ENOMEM, "module %s", spec->plugin);
out:
    mig_worker_free(worker);
    return code;
}

int
mig_module_help(const char *name, struct mig_buf *out, struct mig_err *err)
{
    struct mig_worker_spec spec = {
        .call = MIG_WORKER_HELP, .plugin = name, .timeout_ms = CALL_TIMEOUT_MS};

    return call(&spec, NULL, out, err);
}

int
mig_module_describe(const char *name, struct json_object **ret, struct mig_err *err)
{
    struct mig_worker_spec spec = {
        .call = MIG_WORKER_DESCRIBE, .plugin = name, .timeout_ms = CALL_TIMEOUT_MS};
    struct mig_buf text = MIG_BUF_INIT;
    int code;

    code = call(&spec, NULL, &text, err);
    if (code == 0)
        code = mig_json_parse(text.data, text.len, NULL, ret, err);
    mig_buf_fini(&text);
    return code;
}

/* The option of that name, `len` bytes; NULL: none. */
static struct json_object *
find_option(struct json_object *description, const char *name, size_t len, const char **ret_type)
{
    struct json_object *options, *option;
    const char *text;

    if (!json_object_object_get_ex(description, "options", &options) ||
        !json_object_is_type(options, json_type_array))
        return NULL;
    for (size_t i = 0; i < json_object_array_length(options); i++) {
        option = json_object_array_get_idx(options, i);
        text = *ret_type = NULL;
        if (mig_json_get_string(option, "name", 1, &text, NULL) < 0 ||
            mig_json_get_string(option, "type", 1, ret_type, NULL) < 0)
            continue;
        if (strlen(text) == len && memcmp(text, name, len) == 0)
            return option;
    }
    return NULL;
}

static int
takes_value(const char *type)
{
    return strcmp(type, "bool") != 0 && strcmp(type, "const") != 0;
}

int
mig_module_valued(void *description, const char *name, size_t len)
{
    const char *type;

    return find_option(description, name, len, &type) != NULL ? takes_value(type) : -1;
}

static int
add_file(struct json_object *option, const char *path, struct mig_buf *out, struct mig_err *err)
{
    uint64_t max = (uint64_t)json_object_get_int64(json_object_object_get(option, "max"));
    size_t start = out->len;
    int code;

    if (max == 0 || max > MIG_OPTIONS_VALUE_MAX)
        max = MIG_OPTIONS_VALUE_MAX;
    code = mig_file_read(path, (size_t)max, out, err);
    if (code == 0 && out->len > start && memchr(out->data + start, '\0', out->len - start) != NULL)
        code = mig_err_set(err, MIG_E_INVALID, "%s: a text file is expected, this one has a byte 0",
                           path);
    if (code == 0 && mig_buf_addc(out, '\0') < 0)
        code = mig_err_errno(err, ENOMEM, "%s", path);
    return code;
}

int
mig_module_arguments(struct json_object *description, const char *const args[], size_t count,
                     struct mig_buf *out, struct mig_err *err)
{
    int code = 0;

    for (size_t i = 0; code == 0 && i < count; i++) {
        const char *name = args[i] + strspn(args[i], "-");
        const char *type = NULL;
        size_t len = strcspn(name, "=");
        struct json_object *option =
            name > args[i] ? find_option(description, name, len, &type) : NULL;
        int valued = option != NULL && takes_value(type);
        const char *value = name[len] == '=' ? name + len + 1 : NULL;

        if (valued && strcmp(type, "file") == 0 && (value != NULL || i + 1 < count)) {
            mig_buf_addf(out, "-%.*s", (int)len, name);
            mig_buf_addc(out, '\0');
            code = add_file(option, value != NULL ? value : args[++i], out, err);
            continue;
        }
        mig_buf_add(out, args[i], strlen(args[i]) + 1);
        if (valued && value == NULL && i + 1 < count) {
            i++;
            mig_buf_add(out, args[i], strlen(args[i]) + 1);
        }
    }
    if (code == 0 && out->failed)
        code = mig_err_errno(err, ENOMEM, "the arguments");
    return code;
}

int
mig_module_parse(const char *name, struct json_object *description, const char *const args[],
                 size_t count, struct mig_buf *out, struct mig_err *err)
{
    struct mig_worker_spec spec = {
        .call = MIG_WORKER_PARSE, .plugin = name, .timeout_ms = CALL_TIMEOUT_MS};
    struct mig_buf input = MIG_BUF_INIT;
    int code = mig_module_arguments(description, args, count, &input, err);

    if (code == 0) {
        spec.input = input.data;
        spec.input_len = input.len;
        code = call(&spec, NULL, out, err);
    }
    mig_buf_fini(&input);
    return code;
}

int
mig_module_run(const char *name, const void *parameters, size_t len, int64_t timeout_ms,
               const volatile sig_atomic_t *stop, struct mig_buf *out, struct mig_err *err)
{
    struct mig_worker_spec spec = {.call = MIG_WORKER_RUN,
                                   .plugin = name,
                                   .input = parameters,
                                   .input_len = len,
                                   .timeout_ms = timeout_ms,
                                   .message = hear};

    return call(&spec, stop, out, err);
}

int
mig_module_print(const char *name, const void *result, size_t len, uint32_t flags,
                 struct mig_buf *out, struct mig_err *err)
{
    struct mig_worker_spec spec = {.call = MIG_WORKER_PRINT,
                                   .plugin = name,
                                   .input = result,
                                   .input_len = len,
                                   .print_flags = flags,
                                   .timeout_ms = CALL_TIMEOUT_MS};

    return call(&spec, NULL, out, err);
}

void
mig_module_list(void)
{
    struct json_object *description;
    struct mig_err err = {0};
    const char *summary;
    char **names = NULL;

    if (mig_plugin_list(plugin_dir(), &names, &err) < 0) {
        printf("  (%s)\n", err.text);
        return;
    }
    for (size_t i = 0; names[i]; i++) {
        description = NULL;
        summary = "";
        if (mig_module_describe(names[i], &description, &err) < 0)
            summary = err.text;
        else
            mig_json_get_string(description, "summary", 0, &summary, NULL);
        printf("  %-14s %s\n", names[i], summary);
        json_object_put(description);
    }
    mig_plugin_list_free(names);
}
