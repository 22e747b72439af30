/* SPDX-License-Identifier: MPL-2.0 */
#include "config.h"

#include "follow.h"

#include <inttypes.h>
#include <json-c/json.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/json.h"
#include "client.h"

#define FIRST_WAIT_MS 50
#define LAST_WAIT_MS 2000
#define FAILURES_MAX 30
/* What the scheduler may need to expire the last commands. */
#define GRACE_S 10
#define BAR_WIDTH 40

static int64_t
counter(struct json_object *counters, const char *name)
{
    int64_t n = 0;

    mig_json_get_int64(counters, name, 0, &n, NULL);
    return n;
}

int
mig_follow_read(struct json_object *action, struct mig_counters *ret, const char **ret_status)
{
    struct json_object *counters = NULL;
    const char *status = "";

    memset(ret, 0, sizeof(*ret));
    mig_json_get_string(action, "status", 0, &status, NULL);
    if (json_object_object_get_ex(action, "counters", &counters) &&
        json_object_is_type(counters, json_type_object)) {
        ret->sent = counter(counters, "sent");
        ret->done = counter(counters, "done");
        ret->inflight = counter(counters, "inflight");
        ret->success = counter(counters, "success");
        ret->cancelled = counter(counters, "cancelled");
        ret->expired = counter(counters, "expired");
        ret->failed = counter(counters, "failed");
        ret->timeout = counter(counters, "timeout");
    }
    *ret_status = status;
    if (strcmp(status, "pending") == 0 || strcmp(status, "scheduled") == 0 ||
        strcmp(status, "preparing") == 0 || *status == '\0')
        return 0;
    /* Before `inflight` the commands are still being made and the counters mean nothing. */
    if (strcmp(status, "inflight") == 0)
        return ret->sent > 0 && ret->done >= ret->sent;
    return 1;
}

static void
bar(const struct mig_counters *c, int64_t elapsed_ms)
{
    char line[BAR_WIDTH + 1];
    int64_t filled = c->sent > 0 ? c->done * BAR_WIDTH / c->sent : 0;

    if (filled > BAR_WIDTH)
        filled = BAR_WIDTH;
    memset(line, '-', BAR_WIDTH);
    memset(line, '=', (size_t)filled);
    line[BAR_WIDTH] = '\0';
    fprintf(stderr, "\r[%s] %" PRId64 " / %" PRId64 "  %" PRId64 ".%" PRId64 "s", line, c->done,
            c->sent, elapsed_ms / 1000, elapsed_ms % 1000 / 100);
}

static void
end_part(int64_t n, const char *what)
{
    if (n > 0)
        fprintf(stderr, ", %" PRId64 " %s", n, what);
}

static void
end_lines(const struct mig_counters *c, int64_t elapsed_ms)
{
    char text[MIG_TIME_TEXT];

    mig_duration_format(elapsed_ms * 1000000, text);
    fprintf(stderr, "%.2f%% done in %s\n",
            c->sent > 0 ? (double)c->done * 100.0 / (double)c->sent : 0.0, text);
    fprintf(stderr, "%" PRId64 " sent, %" PRId64 " done", c->sent, c->done);
    end_part(c->inflight, "inflight");
    end_part(c->success, "succeeded");
    end_part(c->cancelled, "cancelled");
    end_part(c->expired, "expired");
    end_part(c->failed, "failed");
    end_part(c->timeout, "timed out");
    fputc('\n', stderr);
}

/* Ends early when a signal comes. */
static void
wait_ms(int64_t ms)
{
    struct timespec t = {(time_t)(ms / 1000), (long)(ms % 1000) * 1000000};

    nanosleep(&t, NULL);
}

static int
fetch(struct mig_client *client, int64_t id, struct mig_counters *ret, char status[32],
      struct mig_err *err)
{
    struct json_object *items = NULL, *action = NULL;
    const char *text = "";
    char path[64];
    int code;

    snprintf(path, sizeof(path), "action?actionid=%" PRId64, id);
    code = mig_client_get(client, path, &items, err);
    if (code < 0)
        return code;
    if (json_object_array_length(items) > 0)
        action = mig_client_data(json_object_array_get_idx(items, 0), "action");
    if (!json_object_is_type(action, json_type_object))
        code = mig_err_set(err, MIG_E_PROTOCOL, "the API's answer holds no action");
    else
        code = mig_follow_read(action, ret, &text);
    snprintf(status, 32, "%s", text);
    json_object_put(items);
    return code;
}

int
mig_follow_action(struct mig_client *client, int64_t id, struct mig_time expireafter,
                  const volatile sig_atomic_t *stop, struct mig_counters *ret, struct mig_err *err)
{
    int64_t start = mig_time_monotonic_ms(), wait = FIRST_WAIT_MS;
    int terminal = isatty(STDERR_FILENO), failures = 0, code = 0;
    struct mig_counters counters = {0};
    char status[32] = "";

    while (!*stop) {
        code = fetch(client, id, &counters, status, err);
        failures = code < 0 ? failures + 1 : 0;
        if (code == 1 || failures > FAILURES_MAX || mig_time_now().sec > expireafter.sec + GRACE_S)
            break;
        if (terminal)
            bar(&counters, mig_time_monotonic_ms() - start);
        mig_client_prepare(client);
        wait_ms(wait);
        wait = wait * 5 / 4 < LAST_WAIT_MS ? wait * 5 / 4 : LAST_WAIT_MS;
    }
    if (terminal) {
        bar(&counters, mig_time_monotonic_ms() - start);
        fputc('\n', stderr);
    }
    if (failures > FAILURES_MAX)
        return code;
    if (*stop)
        fprintf(stderr, "stopped following; action %" PRId64 " goes on until it expires\n", id);
    if (code == 1 && strcmp(status, "completed") != 0 && strcmp(status, "inflight") != 0)
        fprintf(stderr, "action %" PRId64 " is %s\n", id, status);
    end_lines(&counters, mig_time_monotonic_ms() - start);
    *ret = counters;
    return 0;
}
