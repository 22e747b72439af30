/* SPDX-License-Identifier: MPL-2.0 */
/* latency CONFIG COUNT: posts an action COUNT times, each after the answer to the one before, and
 * prints the milliseconds from the POST to the moment at which the API shows the agent's result. */
#include "config.h"

#include <inttypes.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/json.h"
#include "base/time.h"
#include "client.h"
#include "document/action.h"
#include "migrc.h"
#include "question.h"
#include "trust/pgp.h"

#define GIVE_UP_MS 30000
#define PARAMETERS                                                                                 \
    "{\"searches\":{\"s1\":{\"paths\":[\"/usr/bin\"],\"names\":[\"^(env|wget)$\"],"                \
    "\"options\":{\"matchall\":true,\"maxdepth\":1000,\"matchlimit\":1000,\"returnsha256\":true}}" \
    "}}"

struct bench {
    struct mig_migrc migrc;
    struct mig_pgp *pgp;
    struct mig_client *client;
};

static int
make(struct bench *b, int number, struct mig_buf *json, struct mig_err *err)
{
    struct mig_time now = mig_time_now();
    struct mig_action *action;
    char name[64];
    int code;

    snprintf(name, sizeof(name), "latency %d of %" PRId64, number, now.sec);
    action = mig_action_new(name, "status='online'", (struct mig_time){now.sec - 60, 0},
                            (struct mig_time){now.sec + 300, 0});
    if (!action)
        return mig_err_set(err, -12, "out of memory");
    code = mig_action_add_operation(action, "file", PARAMETERS, strlen(PARAMETERS), err);
    if (code == 0)
        code = mig_question_sign(action, b->pgp, b->migrc.keyid, err);
    if (code == 0)
        code = mig_action_json(action, json);
    mig_action_free(action);
    return code;
}

/* 1 when a command of the action has succeeded, with its result. */
static int
visible(struct bench *b, int64_t id, struct mig_err *err)
{
    struct json_object *items = NULL;
    char path[96];
    int code;

    snprintf(path, sizeof(path), "search?type=command&status=success&limit=1&actionid=%" PRId64,
             id);
    code = mig_client_get(b->client, path, &items, err);
    if (code == MIG_E_NOT_FOUND)
        return 0;
    if (code == 0)
        code = mig_client_count(items, "command") > 0;
    json_object_put(items);
    return code;
}

static int
once(struct bench *b, int number, int64_t *ret_ms, struct mig_err *err)
{
    const struct timespec pause = {0, 10000000};
    struct json_object *items = NULL, *value;
    struct mig_buf json = MIG_BUF_INIT;
    int64_t id = 0, start, elapsed = 0;
    int code;

    code = make(b, number, &json, err);
    if (code < 0)
        goto out;
    mig_client_prepare(b->client);
    start = mig_time_monotonic_ms();
    code = mig_client_post(b->client, "action/create/", "action", json.data, json.len, &items, err);
    if (code < 0)
        goto out;
    value = mig_client_data(json_object_array_get_idx(items, 0), NULL);
    code = mig_json_get_int64(value, "id", 1, &id, err);
    while (code == 0 && elapsed < GIVE_UP_MS) {
        mig_client_prepare(b->client);
        code = visible(b, id, err);
        elapsed = mig_time_monotonic_ms() - start;
        if (code == 0)
            nanosleep(&pause, NULL);
    }
    if (code == 0)
        code = mig_err_set(err, MIG_E_TIMEOUT, "no result of action %" PRId64, id);
    *ret_ms = elapsed;
out:
    json_object_put(items);
    mig_buf_fini(&json);
    return code < 0 ? code : 0;
}

static int
compare(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

    return (x > y) - (x < y);
}

static int
run(struct bench *b, int count, struct mig_err *err)
{
    int64_t *ms = calloc((size_t)count, sizeof(*ms));
    int code = ms ? 0 : mig_err_set(err, -12, "out of memory");

    for (int i = 0; code == 0 && i < count; i++) {
        code = once(b, i + 1, &ms[i], err);
        if (code == 0)
            printf("%3d: %" PRId64 " ms\n", i + 1, ms[i]);
        fflush(stdout);
    }
    if (code == 0) {
        qsort(ms, (size_t)count, sizeof(*ms), compare);
        printf("POST to visible result, %d times: least %" PRId64 ", median %" PRId64
               ", most %" PRId64 " ms\n",
               count, ms[0], ms[count / 2], ms[count - 1]);
    }
    free(ms);
    return code;
}

int
main(int argc, char **argv)
{
    struct bench b = {0};
    struct mig_err err = {0};
    int count = argc == 3 ? (int)strtol(argv[2], NULL, 10) : 0;
    int code;

    if (count < 1 || count > 100000) {
        fprintf(stderr, "usage: latency CONFIG COUNT\n");
        return 2;
    }
    code = mig_migrc_load(argv[1], &b.migrc, &err);
    if (code == 0)
        code = mig_pgp_open(b.migrc.gpg_home, &b.pgp, &err);
    if (code == 0)
        code = mig_client_open(&b.migrc, b.pgp, false, &b.client, &err);
    if (code == 0)
        code = run(&b, count, &err);
    if (code < 0)
        fprintf(stderr, "latency: %s\n", err.text);
    mig_client_close(b.client);
    mig_pgp_close(b.pgp);
    mig_migrc_fini(&b.migrc);
    return code < 0;
}
