/* SPDX-License-Identifier: MPL-2.0 */
/* One file: names, then metadata, then what is inside. */
#include "config.h"

#include "search_worker.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <mig/text.h>

#include "search_fs.h"

void
mig_search_tell(struct worker *worker, const char *before, const char *after)
{
    char *path = mig_text_path(worker->path);
    char *message = NULL;

    if (path != NULL && asprintf(&message, "%s%s%s", before, path, after) >= 0)
        worker->host->error(worker->host->context, message);
    else
        worker->host->error(worker->host->context, "an error was lost: no memory");
    free(message);
    free(path);
}

void
mig_search_fail(struct worker *worker, const char *what, int error)
{
    char before[64];
    char after[160];
    const char *reason = strerror(error);

    snprintf(before, sizeof(before), "ERROR: %s ", what);
    /* As Go has them: in lower case. */
    snprintf(after, sizeof(after), ": %c%s", reason[0] | 0x20, reason[0] != '\0' ? reason + 1 : "");
    mig_search_tell(worker, before, after);
}

void
mig_search_cut(struct worker *worker)
{
    worker->stop = true;
    worker->statistics.cut_short = true;
}

static bool
later(struct timespec a, struct timespec b)
{
    return a.tv_sec != b.tv_sec ? a.tv_sec > b.tv_sec : a.tv_nsec > b.tv_nsec;
}

/* 1, 0, or negative when a regular expression gave up. */
static int
filter_matches(struct worker *worker, const struct check *check, const char *base,
               const struct stat *st)
{
    char mode[MIG_TEXT_MODE_SIZE];

    switch (check->kind) {
    case CHECK_NAME:
        return mig_regex_match(check->regex, worker->scratch, base, strlen(base), 0);
    case CHECK_MODE:
        mig_text_mode(st->st_mode, mode);
        return mig_regex_match(check->regex, worker->scratch, mode, strlen(mode), 0);
    case CHECK_SIZE:
        return (uint64_t)st->st_size >= check->least && (uint64_t)st->st_size <= check->most;
    default:
        return check->newer ? later(st->st_mtim, check->edge) : later(check->edge, st->st_mtim);
    }
}

static void
decide_kind(struct worker *worker, size_t i, enum check_kind kind, const char *base,
            const struct stat *st)
{
    const struct search *search = &worker->set->searches[i];
    const struct check *check;
    bool outcome;
    size_t j;
    int match;

    for (j = 0; j < search->checks_count && worker->evaluation.alive[i]; j++) {
        check = &search->checks[j];
        if (check->kind != kind)
            continue;
        match = filter_matches(worker, check, base, st);
        if (match < 0)
            mig_search_tell(worker, "evaluateFile() -> ",
                            ": a regular expression is too expensive to match here");
        outcome = match >= 0 && check_wants(check, match > 0);
        worker->evaluation.outcomes[check->state] = outcome ? OUTCOME_YES : OUTCOME_NO;
        if (!outcome && search->match_all)
            worker->evaluation.alive[i] = false;
    }
}

/* Decides the checks of a kind; true when a search is still alive. */
static bool
decide_all(struct worker *worker, enum check_kind kind, const char *base, const struct stat *st)
{
    bool any = false;
    size_t i;

    for (i = 0; i < worker->set->count; i++) {
        if (worker->evaluation.alive[i])
            decide_kind(worker, i, kind, base, st);
        any = any || worker->evaluation.alive[i];
    }
    return any;
}

static int
open_file(const struct candidate *candidate)
{
    /* Non-blocking: the file may have become a pipe since it was looked at. */
    int flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY | (candidate->link ? 0 : O_NOFOLLOW);
    int fd = openat(candidate->dirfd, candidate->name, flags | O_NOATIME);

    /* Only a file's owner may leave its access time alone. */
    if (fd < 0 && errno == EPERM)
        fd = openat(candidate->dirfd, candidate->name, flags);
    return fd < 0 ? -errno : fd;
}

/* A link may lead to where files are not to be read. */
static bool
may_read(struct worker *worker, const struct candidate *candidate, int fd, const struct stat *st)
{
    const char *type = NULL;

    if (!S_ISREG(st->st_mode)) {
        mig_search_tell(worker, "warning: ", " is no regular file any more and was not read");
        return false;
    }
    if (!candidate->link || candidate->device == 0 || st->st_dev == candidate->device ||
        mig_search_fs(fd, st->st_dev, &type) != FS_PSEUDO)
        return true;
    mig_search_tell(worker, "warning: ", " is a link into a pseudo file system and was not read");
    return false;
}

/* Reads the file; *st becomes that of what was read. */
static void
decide_contents(struct worker *worker, const struct candidate *candidate, struct stat *st)
{
    char reason[512];
    char after[600];
    struct stat opened;
    int fd = open_file(candidate);
    int code;

    if (fd < 0) {
        worker->statistics.open_failed++;
        mig_search_fail(worker, "open", -fd);
        return;
    }
    if (fstat(fd, &opened) != 0) {
        mig_search_fail(worker, "stat", errno);
    } else if (may_read(worker, candidate, fd, &opened)) {
        *st = opened;
        code = mig_scan_run(worker->scan, &worker->evaluation, fd, reason, sizeof(reason));
        snprintf(after, sizeof(after), ": %s", reason);
        if (code == -ECANCELED)
            mig_search_cut(worker);
        else if (code < 0)
            mig_search_tell(worker, "evaluateFile() -> ", after);
    }
    close(fd);
}

static void
report(struct worker *worker, size_t i, size_t check, const struct stat *st)
{
    struct search *search = &worker->set->searches[i];
    struct mig_search_hit hit = {
        .search = i,
        .check = check,
        .path = worker->path,
        .stat = st,
        .sha256 = search->return_sha256 && worker->evaluation.has_sha256 ? worker->evaluation.sha256
                                                                         : NULL,
    };
    char message[256 + 4 * MIG_SEARCH_LABEL_MAX];

    search->hits++;
    worker->statistics.hits++;
    if (check != MIG_SEARCH_ALL)
        search->checks[check].hits++;
    if (worker->host->hit(worker->host->context, &hit) != 0)
        mig_search_cut(worker);
    if (search->hits < search->match_limit)
        return;
    worker->finished[i] = true;
    if (++worker->finished_count == worker->set->count)
        worker->stop = true;
    snprintf(message, sizeof(message),
             "warning: search '%s' reached its limit of %llu matches, there may be more",
             search->label, (unsigned long long)search->match_limit);
    worker->host->error(worker->host->context, message);
}

static bool
all_match(const struct worker *worker, size_t i)
{
    const struct search *search = &worker->set->searches[i];
    size_t j;

    for (j = 0; j < search->checks_count; j++)
        if (worker->evaluation.outcomes[search->checks[j].state] != OUTCOME_YES)
            return false;
    return true;
}

static void
report_all(struct worker *worker, const struct stat *st)
{
    const struct search *search;
    size_t i;
    size_t j;

    for (i = 0; i < worker->set->count && !worker->statistics.cut_short; i++) {
        search = &worker->set->searches[i];
        if (!worker->evaluation.alive[i])
            continue;
        if (search->match_all) {
            if (all_match(worker, i))
                report(worker, i, MIG_SEARCH_ALL, st);
            continue;
        }
        for (j = 0;
             j < search->checks_count && !worker->finished[i] && !worker->statistics.cut_short; j++)
            if (worker->evaluation.outcomes[search->checks[j].state] == OUTCOME_YES)
                report(worker, i, j, st);
    }
}

void
mig_search_evaluate(struct worker *worker, const struct candidate *candidate,
                    const uint64_t *depths)
{
    struct evaluation *evaluation = &worker->evaluation;
    struct stat st;
    size_t i;

    memset(evaluation->outcomes, OUTCOME_OPEN, worker->set->checks_count);
    evaluation->has_sha256 = false;
    for (i = 0; i < worker->set->count; i++)
        evaluation->alive[i] = depths[i] > 0 && !worker->finished[i];
    worker->statistics.files++;
    if (!decide_all(worker, CHECK_NAME, candidate->base, NULL))
        return;
    if (fstatat(candidate->dirfd, candidate->name, &st,
                candidate->link ? 0 : AT_SYMLINK_NOFOLLOW) != 0) {
        mig_search_fail(worker, "stat", errno);
        return;
    }
    if (!S_ISREG(st.st_mode) || !decide_all(worker, CHECK_MODE, candidate->base, &st) ||
        !decide_all(worker, CHECK_SIZE, candidate->base, &st) ||
        !decide_all(worker, CHECK_MTIME, candidate->base, &st))
        return;
    if (mig_scan_needed(worker->set, evaluation))
        decide_contents(worker, candidate, &st);
    report_all(worker, &st);
}
