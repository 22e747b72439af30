/* SPDX-License-Identifier: MPL-2.0 */
/* Writing the owner's log. The reader is owner_log_show.c. */
#include "config.h"

#include "agent/owner_log.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/owner_log_files.h"
#include "agent/verdict.h"
#include "base/buf.h"
#include "base/file.h"
#include "base/json.h"
#include "base/log.h"
#include "base/time.h"

#define PARAMETERS_MAX 4096   /* bytes of one operation's parameters; larger ones by their size */
#define OPERATIONS_MAX 65536u /* bytes of all operations of one line */

struct mig_owner_log {
    int dirfd, fd;
    int64_t size;
    int failing; /* said once, until it works again */
};

static int
open_file(struct mig_owner_log *log)
{
    struct stat st;
    char last = '\n';

    log->fd = openat(log->dirfd, MIG_OWNER_LOG_NAME,
                     O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (log->fd < 0 || fstat(log->fd, &st) < 0)
        return -errno;
    if (!S_ISREG(st.st_mode))
        return -EINVAL;
    log->size = st.st_size;
    if (st.st_size > 0 && pread(log->fd, &last, 1, st.st_size - 1) == 1 && last != '\n' &&
        write(log->fd, "\n", 1) == 1)
        log->size++;
    return 0;
}

int
mig_owner_log_open(int dirfd, struct mig_owner_log **ret, struct mig_err *err)
{
    struct mig_owner_log *log = calloc(1, sizeof(*log));
    int rc;

    if (!log)
        return mig_err_errno(err, ENOMEM, MIG_OWNER_LOG_NAME);
    log->dirfd = dirfd;
    rc = open_file(log);
    if (rc < 0) {
        mig_owner_log_close(log);
        return mig_err_errno(err, -rc, "the owner's log, " MIG_OWNER_LOG_NAME " in the run folder");
    }
    *ret = log;
    return 0;
}

void
mig_owner_log_close(struct mig_owner_log *log)
{
    if (!log)
        return;
    if (log->fd >= 0)
        close(log->fd);
    free(log);
}

/* The newest becomes .1, the oldest goes. */
static int
rotate(struct mig_owner_log *log)
{
    char from[MIG_OWNER_LOG_NAME_MAX], to[MIG_OWNER_LOG_NAME_MAX];

    for (unsigned i = MIG_OWNER_LOG_OLD; i > 0; i--) {
        mig_owner_log_name(i - 1, from);
        mig_owner_log_name(i, to);
        if (renameat(log->dirfd, from, log->dirfd, to) < 0 && errno != ENOENT)
            return -errno;
    }
    close(log->fd);
    return open_file(log);
}

static int
append(struct mig_owner_log *log, struct mig_buf *line)
{
    ssize_t put;
    int rc = 0;

    if (line->failed)
        return -ENOMEM;
    if (log->fd < 0)
        rc = open_file(log);
    if (rc == 0 && log->size > 0 && log->size + (int64_t)line->len > MIG_OWNER_LOG_MAX)
        rc = rotate(log);
    if (rc < 0)
        return rc;
    put = write(log->fd, line->data, line->len);
    if (put == (ssize_t)line->len) {
        log->size += put;
        return 0;
    }
    rc = put < 0 ? -errno : -ENOSPC;
    /* A half line would swallow the next one. */
    if (put > 0 && ftruncate(log->fd, log->size) < 0)
        log->size += put;
    return rc;
}

static void
begin(struct mig_buf *line, const char *event)
{
    char now[MIG_TIME_TEXT];

    mig_time_format(mig_time_now(), now);
    mig_buf_addf(line, "{\"time\":\"%s\",\"event\":\"%s\"", now, event);
}

static void
add_text(struct mig_buf *line, const char *key, const char *text)
{
    mig_buf_addf(line, ",\"%s\":", key);
    mig_json_add_string(line, text ? text : "", text ? strlen(text) : 0);
}

/* Ends the line, writes it and frees it. */
static int
finish(struct mig_owner_log *log, struct mig_buf *line)
{
    int rc;

    mig_buf_adds(line, "}\n");
    rc = append(log, line);
    mig_buf_fini(line);
    if (rc < 0 && !log->failing)
        mig_log(MIG_SEV_ERR, "the owner's log can not be written: %s", mig_strerror(rc));
    log->failing = rc < 0;
    return rc;
}

void
mig_owner_log_started(struct mig_owner_log *log)
{
    struct mig_buf line = MIG_BUF_INIT;

    begin(&line, "started");
    add_text(&line, "version", PACKAGE_VERSION);
    finish(log, &line);
}

static void
add_operation(struct mig_buf *line, const struct mig_verdict_operation *op, int brief)
{
    mig_buf_addc(line, '{');
    mig_buf_adds(line, "\"module\":");
    mig_json_add_string(line, op->module, strlen(op->module));
    if (brief || op->parameters_len > PARAMETERS_MAX) {
        mig_buf_addf(line, ",\"parametersbytes\":%zu", op->parameters_len);
    } else {
        mig_buf_adds(line, ",\"parameters\":");
        mig_buf_add(line, op->parameters, op->parameters_len);
    }
    mig_buf_addc(line, '}');
}

static void
add_command(struct mig_buf *line, const struct mig_verdict *v)
{
    mig_buf_addf(line, ",\"action\":%" PRId64 ",\"command\":%" PRId64, v->action_id, v->command_id);
    add_text(line, "name", v->name);
}

int
mig_owner_log_accepted(struct mig_owner_log *log, const struct mig_verdict *v, struct mig_err *err)
{
    struct mig_buf line = MIG_BUF_INIT;
    size_t start;
    int rc;

    begin(&line, "accepted");
    add_command(&line, v);
    add_text(&line, "signers", v->signers);
    mig_buf_adds(&line, ",\"operations\":[");
    start = line.len;
    for (size_t i = 0; i < v->count; i++) {
        if (i > 0)
            mig_buf_addc(&line, ',');
        add_operation(&line, &v->operations[i], line.len - start > OPERATIONS_MAX);
    }
    mig_buf_addc(&line, ']');
    rc = finish(log, &line);
    if (rc == 0 && fdatasync(log->fd) < 0)
        rc = -errno;
    return rc < 0 ? mig_err_set(err, rc, "the owner's log can not be written: %s", mig_strerror(rc))
                  : 0;
}

void
mig_owner_log_refused(struct mig_owner_log *log, const struct mig_verdict *v, const char *reason)
{
    struct mig_buf line = MIG_BUF_INIT;

    begin(&line, "refused");
    add_command(&line, v);
    add_text(&line, "reason", reason);
    finish(log, &line);
}

void
mig_owner_log_ran(struct mig_owner_log *log, int64_t command_id, const char *module,
                  const char *status, const char *reason, const char *output, size_t len)
{
    static const char found[] = "{\"foundanything\":true";
    int anything = len > sizeof(found) && memcmp(output, found, sizeof(found) - 1) == 0;
    struct mig_buf line = MIG_BUF_INIT;

    begin(&line, "ran");
    mig_buf_addf(&line, ",\"command\":%" PRId64, command_id);
    add_text(&line, "module", module);
    add_text(&line, "status", status);
    if (reason && reason[0])
        add_text(&line, "reason", reason);
    mig_buf_addf(&line, ",\"foundanything\":%s,\"bytes\":%zu", anything ? "true" : "false", len);
    finish(log, &line);
}

void
mig_owner_log_sent(struct mig_owner_log *log, int64_t command_id, size_t bytes)
{
    struct mig_buf line = MIG_BUF_INIT;

    begin(&line, "sent");
    mig_buf_addf(&line, ",\"command\":%" PRId64 ",\"bytes\":%zu", command_id, bytes);
    finish(log, &line);
}
