/* SPDX-License-Identifier: MPL-2.0 */
#include "config.h"
#include "lanes/record.h"

#include <errno.h>
#include <inttypes.h>
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "document/fields.h"
#include "store/array.h"

#define NAME_MAX_BYTES 1024u
#define VERSION_MAX_BYTES 128u
#define QUEUELOC_MAX_BYTES 2048u

void
mig_record_fini(struct mig_record *record)
{
    free(record->name);
    free(record->queueloc);
    free(record->mode);
    free(record->version);
    free(record->environment);
    free(record->tags);
    memset(record, 0, sizeof(*record));
}

/* The member as JSON text that the database can read, "{}" without one. */
static int
take_object(struct json_object *obj, const char *key, char **ret, struct mig_err *err)
{
    struct json_object *child = NULL;
    int r = mig_fields_child(obj, key, json_type_object, &child, err);

    if (r < 0)
        return r;
    *ret = child ? mig_json_text(child) : strdup("{}");
    json_object_put(child);
    if (!*ret)
        return mig_err_errno(err, ENOMEM, "heartbeat");
    mig_json_readable(*ret);
    return 0;
}

static int
take_fields(struct json_object *obj, struct mig_record *record, struct mig_time *ret_beat,
            struct mig_err *err)
{
    int r = mig_fields_text(obj, "name", NAME_MAX_BYTES, &record->name, err);

    if (r == 0)
        r = mig_fields_text(obj, "queueloc", QUEUELOC_MAX_BYTES, &record->queueloc, err);
    if (r == 0)
        r = mig_fields_text(obj, "mode", NAME_MAX_BYTES, &record->mode, err);
    if (r == 0)
        r = mig_fields_text(obj, "version", VERSION_MAX_BYTES, &record->version, err);
    if (r == 0)
        r = mig_fields_id(obj, "pid", &record->pid, err);
    if (r == 0)
        r = mig_fields_time(obj, "starttime", &record->starttime, err);
    if (r == 0)
        r = mig_fields_time(obj, "refreshts", &record->refreshts, err);
    if (r == 0)
        r = mig_fields_time(obj, "heartbeatts", ret_beat, err);
    if (r == 0)
        r = take_object(obj, "environment", &record->environment, err);
    return r < 0 ? r : take_object(obj, "tags", &record->tags, err);
}

static int
check(const struct mig_record *record, struct mig_time beat, struct mig_time now,
      int64_t timeout_ms, struct mig_err *err)
{
    struct mig_time oldest = {.sec = now.sec - timeout_ms / 1000, .nsec = now.nsec};

    if (!*record->name || !*record->queueloc || !*record->version)
        return mig_err_set(err, MIG_E_INVALID, "expected a name, a queueloc and a version");
    if (record->pid < 1 || record->pid > INT32_MAX)
        return mig_err_set(err, MIG_E_INVALID, "pid %" PRId64 " is none", record->pid);
    if (*record->mode && strcmp(record->mode, "daemon") != 0 &&
        strcmp(record->mode, "checkin") != 0)
        return mig_err_set(err, MIG_E_INVALID, "agent reported an invalid mode");
    if (mig_time_compare(oldest, beat) > 0)
        return mig_err_set(err, MIG_E_WINDOW, "heartbeat expired");
    return 0;
}

int
mig_record_parse(const char *json, size_t len, struct mig_time now, int64_t timeout_ms,
                 struct mig_record *ret, struct mig_err *err)
{
    static const struct mig_json_limits limits = {.max_bytes = MIG_RECORD_MAX_BYTES,
                                                  .fold_depth = 2};
    struct mig_record record = {.starttime = MIG_TIME_GO_ZERO, .refreshts = MIG_TIME_GO_ZERO};
    struct mig_time beat = MIG_TIME_GO_ZERO;
    struct json_object *obj = NULL;
    int r = mig_json_parse(json, len, &limits, &obj, err);

    if (r == 0 && !json_object_is_type(obj, json_type_object))
        r = mig_err_set(err, MIG_E_SYNTAX, "expected an object, found an array");
    if (r == 0)
        r = take_fields(obj, &record, &beat, err);
    if (r == 0)
        r = check(&record, beat, now, timeout_ms, err);
    json_object_put(obj);
    if (r < 0)
        mig_record_fini(&record);
    else
        *ret = record;
    return r;
}
