/* SPDX-License-Identifier: MPL-2.0 */
#include "config.h"

#include "plugin/worker.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/file.h"
#include "base/frame.h"
#include "base/json.h"
#include "base/log.h"
#include "base/time.h"
#include "plugin/collect.h"
#include "plugin/confine.h"
#include "plugin/fields.h"
#include "plugin/load.h"
#include "plugin/options.h"
#include "plugin/persist.h"
#include "plugin/record.h"
#include "plugin/salvage.h"
#include "plugin/table.h"
#include "plugin/watchdog.h"
#include "plugin/wire.h"
#include "trust/whitelist.h"

#define SPEC_MAX 12288u
#define LOG_LINES_MAX 1000u
#define LOG_BYTES_MAX 1024u

/* The process has one job, so its state is static. */
static struct {
    struct mig_wire_spec spec;
    char plugin_name[256];
    char dir[4096];
    char state_dir[4096];
    struct mig_host host; /* what the plugin gets */
    struct mig_buf input;
    struct mig_record *record; /* of an operation; NULL for other calls */
    int record_fd;
    struct mig_load load;
    struct mig_plugin plugin;
    struct mig_fields *fields;
    struct mig_collect *collect;
    int64_t started;
    int64_t deadline; /* INT64_MAX: none */
    int64_t stop_at;
    int64_t partial_at;
    atomic_uint log_lines;
    atomic_flag finished;
} worker;

void (*mig_worker_watch_memory)(size_t max, void (*refused)(size_t bytes));

/* ---- answering ---- */

/* The first to finish answers; whoever comes later waits for the end of the process. */
static _Noreturn void
finish(enum mig_worker_status status, const char *reason, const char *output, size_t len)
{
    char done[sizeof(uint32_t) + 1024];
    uint32_t code = status;
    size_t size = strnlen(reason, sizeof(done) - sizeof(code));

    while (atomic_flag_test_and_set(&worker.finished))
        pause();
    for (size_t at = 0; at < len; at += MIG_FRAME_INLINE) {
        size_t part = len - at < MIG_FRAME_INLINE ? len - at : MIG_FRAME_INLINE;
        if (mig_frame_send(MIG_WIRE_FD, MIG_WIRE_OUTPUT, output + at, part) != 0)
            _exit(1);
    }
    memcpy(done, &code, sizeof(code));
    memcpy(done + sizeof(code), reason, size);
    int rc = mig_frame_send(MIG_WIRE_FD, MIG_WIRE_DONE, done, sizeof(code) + size);
    /* Not exit(): handlers and destructors would run the plugin's code once more. */
    _exit(rc == 0 ? 0 : 1);
}

static _Noreturn void
finish_error(enum mig_worker_status status, const struct mig_err *err)
{
    finish(status, err->text, NULL, 0);
}

/* With the module result, as far as it goes. */
static _Noreturn void
finish_result(enum mig_worker_status status, const char *reason)
{
    struct mig_buf out = MIG_BUF_INIT;
    bool success = status == MIG_WORKER_SUCCESS;
    if (mig_collect_result(worker.collect, success, success ? NULL : reason, &out) != 0)
        finish(MIG_WORKER_FAILED, "out of memory for the result", NULL, 0);
    finish(status, reason, out.data, out.len);
}

static void
send_log(void *context, uint32_t level, const char *text)
{
    char body[sizeof(uint32_t) + LOG_BYTES_MAX];
    size_t size = strnlen(text, LOG_BYTES_MAX);
    (void)context;

    if (atomic_fetch_add(&worker.log_lines, 1) >= LOG_LINES_MAX)
        return;
    memcpy(body, &level, sizeof(level));
    memcpy(body + sizeof(level), text, size);
    (void)mig_frame_send(MIG_WIRE_FD, MIG_WIRE_LOG, body, sizeof(level) + size);
}

/* ---- time ---- */

static void
set_times(void)
{
    int64_t limit = worker.spec.timeout_ms;
    worker.deadline = worker.stop_at = worker.partial_at = INT64_MAX;
    if (limit <= 0)
        return;
    /* The last part of the time is for stopping: first the plugin is asked, then what there is
     * is sent, then the process is killed from outside. */
    int64_t grace = limit / 10;
    grace = grace < 20 ? 20 : grace > 1000 ? 1000 : grace;
    worker.deadline = worker.started + limit;
    worker.stop_at = worker.deadline - grace;
    worker.partial_at = worker.deadline - grace / 2;
}

static void
timeout_text(char *text, size_t size)
{
    snprintf(text, size, "timeout: partial result, %s was stopped at its limit of %lld ms",
             worker.load.name, (long long)worker.spec.timeout_ms);
}

static _Noreturn void
stop(enum mig_watchdog_cause cause)
{
    char text[512];

    switch (cause) {
    case MIG_WATCHDOG_CPU:
        snprintf(text, sizeof(text),
                 "stopped: plugin %s used %llu s of CPU time, the site's limit (limits.cpu); "
                 "partial result",
                 worker.load.name, (unsigned long long)worker.spec.cpu_max);
        finish_result(MIG_WORKER_FAILED, text);
    case MIG_WATCHDOG_OUTPUT:
        snprintf(text, sizeof(text), "plugin %s was stopped at its output limit of %llu bytes",
                 worker.load.name, (unsigned long long)worker.spec.output_max);
        finish_result(MIG_WORKER_FAILED, text);
    case MIG_WATCHDOG_TIME:
    default:
        timeout_text(text, sizeof(text));
        finish_result(MIG_WORKER_TIMEOUT, text);
    }
}

static void
start_watchdog(void)
{
    struct mig_err err = {0};
    struct mig_watchdog_spec spec = {.until = worker.partial_at,
                                     .cpu_max_ms = (int64_t)worker.spec.cpu_max * 1000,
                                     .stop = stop};
    if (mig_watchdog_start(&spec, &err) != 0)
        finish_error(MIG_WORKER_FAILED, &err);
}

/* ---- the calls ---- */

/* Why the plugin refused: its own words, or the error's. */
static void
refusal(int rc, const char *doing, char *text, size_t size)
{
    mig_collect_refusal(worker.collect, text, size);
    if (text[0] == '\0')
        snprintf(text, size, "plugin %s failed %s: %s", worker.load.name, doing, mig_strerror(rc));
    /* Which limit that was. */
    size_t len = strlen(text);
    if (rc == -ENOMEM && mig_record_memory(worker.record))
        snprintf(text + len, size - len, " (the site's limit limits.memory is %llu bytes)",
                 (unsigned long long)worker.spec.memory_max);
    else if (rc == -EMFILE)
        snprintf(text + len, size - len, " (the site's limit limits.openfiles is %u files)",
                 mig_confine_open_files(worker.spec.open_files_max));
}

static int
validate(const char *parameters, size_t len, char *reason, size_t size)
{
    struct mig_err err = {0};
    const struct mig_host *host = &worker.host;
    int rc = mig_json_check(parameters, len, NULL, &err);

    if (rc != 0) {
        snprintf(reason, size, "the parameters are not JSON: %.900s", err.text);
        return rc;
    }
    if (worker.plugin.validate != NULL) {
        rc = worker.plugin.validate(host, parameters, len);
        if (rc != 0)
            refusal(rc, "to take the parameters", reason, size);
        return rc;
    }
    rc = mig_options_validate(&worker.plugin, parameters, len, &err);
    if (rc != 0)
        snprintf(reason, size, "%s", err.text);
    return rc;
}

static _Noreturn void
call_run(void)
{
    char reason[1024] = "";
    const struct mig_host *host = &worker.host;

    mig_record_running(worker.record);
    int rc = validate(worker.input.data, worker.input.len, reason, sizeof(reason));
    if (rc != 0)
        finish_result(MIG_WORKER_FAILED, reason);
    rc = worker.plugin.run(host, worker.input.data, worker.input.len);
    if (mig_collect_stopped(worker.collect)) {
        timeout_text(reason, sizeof(reason));
        finish_result(MIG_WORKER_TIMEOUT, reason);
    }
    if (rc != 0) {
        refusal(rc, "to run", reason, sizeof(reason));
        finish_result(MIG_WORKER_FAILED, reason);
    }
    finish_result(MIG_WORKER_SUCCESS, "");
}

static _Noreturn void
call_persist(void)
{
    char reason[1024] = "";
    int rc;

    if (worker.plugin.persist == NULL) {
        snprintf(reason, sizeof(reason), "plugin %s is not persistent", worker.load.name);
        finish(MIG_WORKER_REFUSED, reason, NULL, 0);
    }
    rc = mig_persist_ready(&worker.plugin);
    if (rc == 0 && worker.plugin.configure != NULL)
        rc = worker.plugin.configure(&worker.host, worker.input.data, worker.input.len);
    if (rc == 0)
        rc = worker.plugin.persist(&worker.host, worker.input.data, worker.input.len);
    if (rc == 0)
        finish(MIG_WORKER_SUCCESS, "", NULL, 0);
    if (rc == -EINVAL)
        (void)mig_frame_send(MIG_WIRE_FD, MIG_WIRE_MISTAKE, "", 0);
    refusal(rc, "to persist", reason, sizeof(reason));
    finish(MIG_WORKER_FAILED, reason, NULL, 0);
}

static void
parse_hook(struct mig_buf *parameters)
{
    char reason[1024];
    int rc = worker.plugin.parse(&worker.host, parameters->data, parameters->len);
    if (rc != 0) {
        refusal(rc, "to take the arguments", reason, sizeof(reason));
        finish(MIG_WORKER_FAILED, reason, NULL, 0);
    }
    if (mig_collect_text(worker.collect, false, parameters) != 0)
        finish(MIG_WORKER_FAILED, "out of memory", NULL, 0);
}

static _Noreturn void
call_parse(void)
{
    char reason[1024] = "";
    struct mig_err err = {0};
    struct mig_buf parameters = MIG_BUF_INIT;

    if (mig_options_parse(&worker.plugin, worker.input.data, worker.input.len, &parameters, &err))
        finish_error(MIG_WORKER_FAILED, &err);
    if (worker.plugin.parse != NULL)
        parse_hook(&parameters);
    if (validate(parameters.data, parameters.len, reason, sizeof(reason)) != 0)
        finish(MIG_WORKER_FAILED, reason, NULL, 0);
    finish(MIG_WORKER_SUCCESS, "", parameters.data, parameters.len);
}

static _Noreturn void
print_elements(void)
{
    const char *text;
    size_t len;
    struct mig_buf out = MIG_BUF_INIT;
    if (mig_json_raw_member(worker.input.data, worker.input.len, "elements", &text, &len) != 0)
        finish(MIG_WORKER_FAILED, "the result has no elements", NULL, 0);
    mig_buf_add(&out, text, len);
    mig_buf_addc(&out, '\n');
    finish(MIG_WORKER_SUCCESS, "", out.data, out.len);
}

static _Noreturn void
call_print(void)
{
    char reason[1024];
    struct mig_err err = {0};
    struct mig_buf out = MIG_BUF_INIT;

    if (mig_json_check(worker.input.data, worker.input.len, NULL, &err) != 0)
        finish_error(MIG_WORKER_FAILED, &err);
    if (worker.plugin.print == NULL)
        print_elements();
    int rc = worker.plugin.print(&worker.host, worker.input.data, worker.input.len,
                                 worker.spec.print_flags);
    if (mig_collect_text(worker.collect, true, &out) != 0)
        finish(MIG_WORKER_FAILED, "out of memory", NULL, 0);
    reason[0] = '\0';
    if (rc != 0)
        refusal(rc, "to print", reason, sizeof(reason));
    finish(rc == 0 ? MIG_WORKER_SUCCESS : MIG_WORKER_FAILED, reason, out.data, out.len);
}

static _Noreturn void
call_text(bool help)
{
    struct mig_buf out = MIG_BUF_INIT;
    int rc = help ? mig_options_help(&worker.plugin, &out)
                  : mig_options_describe(&worker.plugin, worker.load.digest, &out);
    if (rc != 0)
        finish(MIG_WORKER_FAILED, "out of memory", NULL, 0);
    finish(MIG_WORKER_SUCCESS, "", out.data, out.len);
}

static _Noreturn void
call(void)
{
    switch (worker.spec.call) {
    case MIG_WORKER_RUN:
        call_run();
    case MIG_WORKER_PARSE:
        call_parse();
    case MIG_WORKER_PRINT:
        call_print();
    case MIG_WORKER_DESCRIBE:
        call_text(false);
    case MIG_WORKER_HELP:
        call_text(true);
    case MIG_WORKER_PERSIST:
        call_persist();
    default:
        finish(MIG_WORKER_FAILED, "the worker does not know this call", NULL, 0);
    }
}

/* ---- getting there ---- */

static int
copy_text(const char **at, const char *end, char *to, size_t size)
{
    size_t len = strnlen(*at, (size_t)(end - *at));
    if (*at + len >= end || len >= size)
        return MIG_E_PROTOCOL;
    memcpy(to, *at, len + 1);
    *at += len + 1;
    return 0;
}

static int
take_spec(const struct mig_buf *body, int input)
{
    if (body->len < sizeof(worker.spec) || input < 0)
        return MIG_E_PROTOCOL;
    memcpy(&worker.spec, body->data, sizeof(worker.spec));
    const char *at = body->data + sizeof(worker.spec);
    const char *end = body->data + body->len;
    int rc = copy_text(&at, end, worker.plugin_name, sizeof(worker.plugin_name));
    if (rc == 0)
        rc = copy_text(&at, end, worker.dir, sizeof(worker.dir));
    if (rc == 0)
        rc = copy_text(&at, end, worker.state_dir, sizeof(worker.state_dir));
    if (rc == 0)
        rc = mig_fd_read_all(input, MIG_FRAME_MAX, &worker.input);
    /* Never NULL: an empty input is an empty text. */
    return rc == 0 ? mig_buf_add(&worker.input, "", 0) : rc;
}

static void
receive_spec(void)
{
    struct mig_buf body = MIG_BUF_INIT;
    uint32_t type = 0;
    int input = -1;

    int rc = mig_frame_recv(MIG_WIRE_FD, SPEC_MAX, &type, &body, &input);
    if (rc == 0 && type == MIG_WIRE_RECORD) {
        worker.record_fd = input;
        input = -1;
        rc = mig_frame_recv(MIG_WIRE_FD, SPEC_MAX, &type, &body, &input);
    }
    if (rc == 0)
        rc = type == MIG_WIRE_SPEC ? take_spec(&body, input) : MIG_E_PROTOCOL;
    if (rc == -EPIPE || (rc == 0 && getppid() != (pid_t)worker.spec.parent))
        _exit(1); /* nobody is there to hear it */
    if (rc != 0)
        finish(MIG_WORKER_FAILED, mig_strerror(rc), NULL, 0);
    close(input);
    mig_buf_fini(&body);
}

static void
load_plugin(void)
{
    struct mig_err err = {0};
    uint32_t needs;

    if (mig_load_check(worker.spec.has_dir ? worker.dir : NULL, worker.plugin_name, &mig_whitelist,
                       &worker.load, &err) != 0)
        finish_error(MIG_WORKER_REFUSED, &err);
    /* To describe, parse and print takes no right at all. */
    needs = worker.spec.call == MIG_WORKER_RUN       ? worker.load.needs & ~MIG_PERSIST_NEEDS
            : worker.spec.call == MIG_WORKER_PERSIST ? worker.load.needs
                                                     : 0;
    struct mig_confine_spec confine = {.needs = needs,
                                       .programs = (const char *const *)worker.load.programs,
                                       .idle = worker.spec.call == MIG_WORKER_RUN ||
                                               worker.spec.call == MIG_WORKER_PERSIST,
                                       .yields = worker.spec.call == MIG_WORKER_RUN};
    if (mig_persist_open(needs, worker.spec.has_state_dir ? worker.state_dir : NULL,
                         worker.spec.state_max, &err) != 0 ||
        mig_confine_needs(&confine, &err) != 0)
        finish_error(MIG_WORKER_REFUSED, &err);
    if (mig_load_open(&worker.load, &worker.plugin, &err) != 0)
        finish_error(MIG_WORKER_REFUSED, &err);
    if (mig_fields_new(&worker.plugin, &worker.fields, &err) != 0) {
        mig_err_prefix(&err, "plugin %s refused", worker.load.name);
        finish_error(MIG_WORKER_REFUSED, &err);
    }
}

static void
memory_refused(size_t bytes)
{
    mig_record_memory_refused(worker.record, bytes);
}

static void
open_record(void)
{
    int rc = worker.record_fd < 0 ? 0 : mig_record_open(worker.record_fd, &worker.record);
    if (rc != 0)
        finish(MIG_WORKER_FAILED, mig_strerror(rc), NULL, 0);
    if (worker.record_fd >= 0)
        close(worker.record_fd);
    if (worker.record != NULL && worker.spec.memory_max > 0 && mig_worker_watch_memory != NULL)
        mig_worker_watch_memory((size_t)worker.spec.memory_max, memory_refused);
}

static void
make_collect(void)
{
    struct mig_err err = {0};
    struct mig_collect_spec spec = {
        .fields = worker.fields,
        .record = worker.record,
        .stop_at = worker.stop_at,
        .deadline = worker.deadline,
        .output_max = (size_t)worker.spec.output_max,
        .private_mode = worker.spec.private_mode != 0,
        .log = send_log,
        .full = mig_watchdog_full,
    };
    if (mig_collect_new(&spec, &worker.collect, &err) != 0)
        finish_error(MIG_WORKER_FAILED, &err);
    worker.host = *mig_collect_host(worker.collect);
    mig_persist_services(&worker.host, &worker.plugin, worker.spec.call == MIG_WORKER_PERSIST);
}

/* No plugin is loaded; the reason is the input. */
static _Noreturn void
call_salvage(void)
{
    struct mig_err err = {0};
    struct mig_confine_spec confine = {.needs = 0};

    if (mig_confine_needs(&confine, &err) != 0)
        finish_error(MIG_WORKER_REFUSED, &err);
    make_collect();
    if (mig_salvage(worker.record_fd, worker.collect, &err) != 0)
        finish_error(MIG_WORKER_FAILED, &err);
    finish_result(MIG_WORKER_FAILED, worker.input.data);
}

void
mig_worker_role(int argc, char **argv)
{
    struct mig_err err = {0};
    if (argc < 2 || strcmp(argv[0], MIG_WIRE_ARGV0) != 0 || strcmp(argv[1], MIG_WIRE_ARGV1) != 0)
        return;
    worker.started = mig_time_monotonic_ms();
    prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
    prctl(PR_SET_NAME, MIG_WIRE_ARGV0, 0, 0, 0); /* else it is "exe" in ps */
    signal(SIGPIPE, SIG_IGN);
    mig_close_above(MIG_WIRE_FD);
    mig_log_open(MIG_WIRE_ARGV0, "stderr", MIG_SEV_WARNING);
    atomic_flag_clear(&worker.finished);
    worker.record_fd = -1;
    if (mig_confine_start(&err) != 0)
        finish_error(MIG_WORKER_FAILED, &err);
    receive_spec();
    set_times();
    struct mig_confine_budget budget = {.memory_max = (size_t)worker.spec.memory_max,
                                        .open_files_max = worker.spec.open_files_max,
                                        .cpu_max = (unsigned)worker.spec.cpu_max};
    if (mig_confine_limits(&budget, &err) != 0)
        finish_error(MIG_WORKER_FAILED, &err);
    if (worker.spec.call == MIG_WIRE_SALVAGE)
        call_salvage();
    open_record();
    load_plugin();
    make_collect();
    start_watchdog();
    call();
}
