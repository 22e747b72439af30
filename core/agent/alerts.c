/* SPDX-License-Identifier: MPL-2.0 */
#include "config.h"

#include "agent/alerts.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <mig/plugin.h>
#include <mig/queue.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/json.h"
#include "base/log.h"
#include "base/time.h"

#define QUEUE_NAME "alerts"

struct mig_alerts {
    int fd;
    uint64_t capacity;
    struct mig_queue *queue;
    uint64_t told; /* of the lost ones */
};

int
mig_alerts_open(int run_fd, uint64_t capacity, struct mig_alerts **ret, struct mig_err *err)
{
    struct mig_alerts *alerts = calloc(1, sizeof(*alerts));
    int rc;

    if (!alerts)
        return mig_err_errno(err, ENOMEM, QUEUE_NAME);
    alerts->capacity = capacity;
    alerts->fd = openat(run_fd, QUEUE_NAME, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    rc = alerts->fd < 0 ? -errno : mig_queue_open(alerts->fd, capacity, &alerts->queue);
    if (rc < 0) {
        mig_alerts_close(alerts);
        return mig_err_errno(err, -rc, "queue of alerts (" QUEUE_NAME " in the run folder)");
    }
    if (mig_queue_count(alerts->queue) > 0)
        mig_log(MIG_SEV_NOTICE, "%" PRIu64 " alerts wait from before",
                mig_queue_count(alerts->queue));
    *ret = alerts;
    return 0;
}

void
mig_alerts_close(struct mig_alerts *alerts)
{
    if (!alerts)
        return;
    mig_queue_close(alerts->queue);
    if (alerts->fd >= 0)
        close(alerts->fd);
    free(alerts);
}

static int
add(struct mig_alerts *alerts, const char *module, const char *json, size_t len)
{
    struct mig_buf record = MIG_BUF_INIT;
    char now[MIG_TIME_TEXT];
    int rc;

    mig_time_format(mig_time_now(), now);
    mig_buf_addf(&record, "{\"id\":%" PRIu64 ",\"time\":\"%s\",\"module\":\"%s\",\"alert\":",
                 mig_queue_next(alerts->queue), now, module);
    mig_buf_add(&record, json, len);
    mig_buf_addc(&record, '}');
    rc = record.failed ? -ENOMEM : mig_queue_add(alerts->queue, record.data, record.len);
    mig_buf_fini(&record);
    return rc;
}

static void
tell_lost(struct mig_alerts *alerts)
{
    uint64_t lost = mig_queue_lost(alerts->queue);
    char json[160];
    int n;

    if (lost == alerts->told || mig_queue_bytes(alerts->queue) + 1024 > alerts->capacity)
        return;
    n = snprintf(json, sizeof(json),
                 "{\"severity\":\"high\",\"alert\":\"%" PRIu64
                 " alerts were lost in all: the agent's queue was full\"}",
                 lost);
    if (add(alerts, "mig-agent", json, (size_t)n) == 0)
        alerts->told = lost;
}

int
mig_alerts_add(struct mig_alerts *alerts, const char *module, const char *json, size_t len)
{
    if (len > MIG_ALERT_MAX)
        return -EMSGSIZE;
    if (len == 0 || json[0] != '{' || mig_json_check(json, len, NULL, NULL) < 0)
        return -EINVAL;
    tell_lost(alerts);
    return add(alerts, module, json, len);
}

int
mig_alerts_sync(struct mig_alerts *alerts)
{
    return mig_queue_sync(alerts->queue);
}

int
mig_alerts_first(struct mig_alerts *alerts, struct mig_buf *out)
{
    char *data = NULL;
    size_t len = 0;
    int rc;

    tell_lost(alerts);
    rc = mig_queue_first(alerts->queue, &data, &len);
    if (rc == -ENODATA) { /* damaged: counted as lost */
        mig_queue_drop(alerts->queue);
        rc = -ENOENT;
    }
    if (rc == 0)
        rc = mig_buf_add(out, data, len);
    free(data);
    return rc;
}

void
mig_alerts_drop(struct mig_alerts *alerts)
{
    int rc = mig_queue_drop(alerts->queue);

    if (rc < 0 && rc != -ENOENT)
        mig_log(MIG_SEV_ERR, "queue of alerts: %s", strerror(-rc));
}

void
mig_alerts_status(const struct mig_alerts *alerts, struct mig_buf *out)
{
    mig_buf_addf(out,
                 "{\"alerts\":%" PRIu64 ",\"bytes\":%" PRIu64 ",\"capacity\":%" PRIu64
                 ",\"lost\":%" PRIu64 "}",
                 mig_queue_count(alerts->queue), mig_queue_bytes(alerts->queue), alerts->capacity,
                 mig_queue_lost(alerts->queue));
}
