/* SPDX-License-Identifier: MPL-2.0 */
/* mig-plugin run: one operation here, as `mig NAME -t local` does, with a file that nobody has
 * allowed but the user who names it. */
#include "config.h"

#include "tool.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <mig/plugin.h>

#include "base/buf.h"
#include "trust/candidate.h"

#define CALL_MS 20000

struct request {
    struct mig_worker_spec spec;
    bool json;
    bool found;
};

static int
number(const char *option, const char *text, uint64_t max, uint64_t *ret, struct mig_err *err)
{
    char *end = NULL;

    errno = 0;
    uint64_t value = text != NULL && *text >= '0' && *text <= '9' ? strtoull(text, &end, 10) : 0;
    if (end == NULL || *end != '\0' || errno != 0 || value == 0 || value > max)
        return mig_err_set(err, MIG_E_INVALID, "%s takes a number from 1 to %llu", option,
                           (unsigned long long)max);
    *ret = value;
    return 0;
}

/* One limit and its value; MIG_E_NOT_FOUND: it is none. */
static int
take_limit(struct request *request, const char *option, const char *text, struct mig_err *err)
{
    uint64_t value = 0;
    int rc;

    if (strcmp(option, "--timeout") == 0) {
        rc = number(option, text, 86400, &value, err);
        request->spec.timeout_ms = (int64_t)value * 1000;
    } else if (strcmp(option, "--cpu") == 0) {
        rc = number(option, text, 86400, &value, err);
        request->spec.cpu_max = (unsigned)value;
    } else if (strcmp(option, "--memory") == 0) {
        rc = number(option, text, SIZE_MAX / 2, &value, err);
        request->spec.memory_max = (size_t)value;
    } else if (strcmp(option, "--output") == 0) {
        rc = number(option, text, 1u << 30, &value, err);
        request->spec.output_max = (size_t)value;
    } else if (strcmp(option, "--openfiles") == 0) {
        rc = number(option, text, 65536, &value, err);
        request->spec.open_files_max = (unsigned)value;
    } else {
        rc = mig_err_set(err, MIG_E_NOT_FOUND, "run has no option %s", option);
    }
    return rc;
}

/* Takes the options before the file; *argc and *argv are what is left. */
static int
take_options(struct request *request, int *argc, char ***argv, struct mig_err *err)
{
    int i = 0, rc = 0;

    for (; rc == 0 && i < *argc && (*argv)[i][0] == '-'; i++) {
        const char *option = (*argv)[i];

        if (strcmp(option, "--json") == 0)
            request->json = true;
        else if (strcmp(option, "--found") == 0)
            request->found = true;
        else if (strcmp(option, "--private") == 0)
            request->spec.private_mode = 1;
        else {
            rc = take_limit(request, option, i + 1 < *argc ? (*argv)[i + 1] : NULL, err);
            i++;
        }
    }
    *argc -= i;
    *argv += i;
    return rc;
}

static int
parse(const struct mig_tool_file *file, int argc, char **argv, struct mig_buf *out,
      struct mig_err *err)
{
    struct mig_worker_spec spec = {.call = MIG_WORKER_PARSE, .timeout_ms = CALL_MS};
    struct mig_buf arguments = MIG_BUF_INIT;
    int rc = 0;

    for (int i = 0; rc == 0 && i < argc; i++)
        rc = mig_buf_add(&arguments, argv[i], strlen(argv[i]) + 1);
    spec.input = arguments.data;
    spec.input_len = arguments.len;
    if (rc == 0)
        rc = mig_tool_call(file, &spec, out, err);
    mig_buf_fini(&arguments);
    return rc;
}

static int
print(const struct mig_tool_file *file, const struct request *request, const struct mig_buf *result,
      struct mig_err *err)
{
    struct mig_worker_spec spec = {.call = MIG_WORKER_PRINT,
                                   .timeout_ms = CALL_MS,
                                   .input = result->data,
                                   .input_len = result->len,
                                   .print_flags = request->found ? MIG_PRINT_FOUND_ONLY : 0};
    struct mig_buf text = MIG_BUF_INIT;
    int rc = 0;

    if (result->len == 0)
        return 0;
    if (request->json)
        printf("%s\n", result->data);
    else
        rc = mig_tool_call(file, &spec, &text, err);
    if (text.len > 0)
        fwrite(text.data, 1, text.len, stdout);
    mig_buf_fini(&text);
    return rc;
}

static int
run(const struct mig_tool_file *file, struct request *request, int argc, char **argv,
    struct mig_err *err)
{
    struct mig_buf parameters = MIG_BUF_INIT, result = MIG_BUF_INIT;
    struct mig_err why = {0};
    int rc;

    if (argc == 1 && strcmp(argv[0], "help") == 0) {
        request->spec.call = MIG_WORKER_HELP;
        rc = mig_tool_call(file, &request->spec, &result, err);
        fwrite(result.data != NULL ? result.data : "", 1, result.len, stdout);
        goto out;
    }
    rc = parse(file, argc, argv, &parameters, err);
    if (rc < 0)
        goto out;
    request->spec.input = parameters.data;
    request->spec.input_len = parameters.len;
    /* A result that is partial is shown, and then why. */
    rc = mig_tool_call(file, &request->spec, &result, err);
    if (print(file, request, &result, &why) < 0 && rc == 0) {
        *err = why;
        rc = why.code;
    }
out:
    mig_buf_fini(&parameters);
    mig_buf_fini(&result);
    return rc;
}

int
mig_tool_run(int argc, char **argv)
{
    struct request request = {.spec = {.call = MIG_WORKER_RUN, .timeout_ms = 300000}};
    struct mig_candidate candidate = {.bytes = MIG_BUF_INIT};
    struct mig_tool_file file = {.directory = NULL};
    struct mig_err err = {0};
    int rc = take_options(&request, &argc, &argv, &err);

    if (rc == 0 && argc == 0)
        return mig_tool_usage();
    if (rc == 0)
        rc = mig_tool_file(argv[0], &file, &err);
    if (rc == 0)
        rc = mig_candidate_read(argv[0], &candidate, &err);
    if (rc == 0)
        rc = mig_candidate_identify(argv[0], &candidate, &err);
    if (rc == 0)
        rc = mig_tool_trust(file.name, &candidate, &err);
    if (rc == 0)
        rc = run(&file, &request, argc - 1, argv + 1, &err);
    mig_candidate_fini(&candidate);
    mig_tool_file_fini(&file);
    return rc < 0 ? mig_tool_fail(&err) : 0;
}
