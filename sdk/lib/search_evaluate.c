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

#include "search_attributes.h"

#define TOO_EXPENSIVE ": a regular expression is too expensive to match here"

void
mig_search_tell(struct worker *worker, const char *before, const char *after)
{
    char *path = mig_text_path(worker->path);
    char *message = NULL;

    if (path == NULL || asprintf(&message, "%s%s%s", before, path, after) < 0)
        message = NULL;
    pthread_mutex_lock(&worker->run->report);
    worker->run->host->error(worker->run->host->context,
                             message != NULL ? message : "an error was lost: no memory");
    pthread_mutex_unlock(&worker->run->report);
    free(message);
    free(path);
}

void
mig_search_fail(struct worker *worker, const char *what, int error)
{
    char before[64];
    char after[160];
    char text[96];
    const char *reason = strerror_r(error, text, sizeof(text));

    snprintf(before, sizeof(before), "ERROR: %s ", what);
    /* As Go has them: in lower case. */
    snprintf(after, sizeof(after), ": %c%s", reason[0] | 0x20, reason[0] != '\0' ? reason + 1 : "");
    mig_search_tell(worker, before, after);
}

void
mig_search_cut(struct worker *worker)
{
    atomic_store(&worker->run->cut_short, true);
    atomic_store(&worker->run->stop, true);
    mig_queue_stop(&worker->run->queue);
}

void
mig_search_out_of_memory(struct worker *worker)
{
    atomic_store(&worker->run->code, -ENOMEM);
    atomic_store(&worker->run->stop, true);
    mig_queue_stop(&worker->run->queue);
}

void
mig_search_skip_one(struct worker *worker, size_t search, enum skip why)
{
    struct mig_search_skipped *skipped = &worker->skipped[search];
    uint64_t *const counts[] = {
        [SKIP_PERMISSION] = &skipped->permission,  [SKIP_TYPE] = &skipped->type,
        [SKIP_FILE_SYSTEM] = &skipped->filesystem, [SKIP_SIZE] = &skipped->size,
        [SKIP_VANISHED] = &skipped->vanished,      [SKIP_DEPTH] = &skipped->depth,
        [SKIP_FAILED] = &skipped->failed,
    };

    ++*counts[why];
}

void
mig_search_skip(struct worker *worker, enum skip why)
{
    size_t i;

    for (i = 0; i < worker->set->count; i++)
        if (worker->depths[i] > 0)
            mig_search_skip_one(worker, i, why);
}

enum skip
mig_search_skip_reason(int error)
{
    switch (error) {
    case EACCES:
    case EPERM:
        return SKIP_PERMISSION;
    case ENOENT:
    case ESTALE:
    case ENOTDIR:
        return SKIP_VANISHED;
    case ELOOP:
        return SKIP_TYPE;
    default:
        return SKIP_FAILED;
    }
}

/* What a file could not be looked at for: counted for the searches that still asked. */
static void
skip_alive(struct worker *worker, enum skip why)
{
    size_t i;

    for (i = 0; i < worker->set->count; i++)
        if (worker->evaluation.alive[i])
            mig_search_skip_one(worker, i, why);
}

static int
any_text_matches(struct worker *worker, const struct check *check,
                 const struct attributes *attributes)
{
    size_t at;
    int match = 0;

    for (at = 0; at < attributes->size && match == 0; at += strlen(attributes->text + at) + 1)
        match = mig_regex_match(check->regex, worker->scratch, attributes->text + at,
                                strlen(attributes->text + at), 0);
    return match;
}

/* What is known of the file that the checks are on. */
struct facts {
    const struct candidate *candidate;
    const struct stat *st;
};

static int
attributes_match(struct worker *worker, const struct check *check, const struct candidate *file)
{
    struct attributes attributes = {0};
    int code = check->kind == CHECK_XATTR
                   ? mig_attributes_names(file->dirfd, file->name, file->link, &attributes)
                   : mig_attributes_capabilities(file->dirfd, file->name, file->link, &attributes);

    if (code < 0) {
        mig_search_fail(worker, "getxattr", -code);
        return code;
    }
    code = any_text_matches(worker, check, &attributes);
    mig_attributes_free(&attributes);
    if (code < 0)
        mig_search_tell(worker, "evaluateFile() -> ", TOO_EXPENSIVE);
    return code;
}

static int
text_matches(struct worker *worker, const struct check *check, const char *text)
{
    int match = mig_regex_match(check->regex, worker->scratch, text, strlen(text), 0);

    if (match < 0)
        mig_search_tell(worker, "evaluateFile() -> ", TOO_EXPENSIVE);
    return match;
}

static bool
within(const struct check *check, uint64_t number)
{
    return number >= check->least && number <= check->most;
}

/* 1, 0, or negative when it can not be known, which was told. */
static int
filter_matches(struct worker *worker, const struct check *check, const struct facts *facts)
{
    const struct stat *st = facts->st;
    char mode[MIG_TEXT_MODE_SIZE];

    switch (check->kind) {
    case CHECK_NAME:
        return text_matches(worker, check, facts->candidate->base);
    case CHECK_MODE:
        mig_text_mode(st->st_mode, mode);
        return text_matches(worker, check, mode);
    case CHECK_SIZE:
        return within(check, (uint64_t)st->st_size);
    case CHECK_MTIME:
        return mig_search_times_have(&check->times, st->st_mtim);
    case CHECK_CTIME:
        return mig_search_times_have(&check->times, st->st_ctim);
    case CHECK_ATIME:
        return mig_search_times_have(&check->times, st->st_atim);
    case CHECK_UID:
        return within(check, st->st_uid);
    case CHECK_GID:
        return within(check, st->st_gid);
    case CHECK_PERM:
        return mig_search_perm_has(&check->perm, st->st_mode);
    case CHECK_INODE:
        return within(check, st->st_ino);
    default:
        return attributes_match(worker, check, facts->candidate);
    }
}

static void
decide_kind(struct worker *worker, size_t i, enum check_kind kind, const struct facts *facts)
{
    const struct search *search = &worker->set->searches[i];
    const struct check *check = &search->checks[search->first[kind]];
    const struct check *end = check + search->counts[kind];
    bool outcome;
    int match;

    for (; check < end && worker->evaluation.alive[i]; check++) {
        match = filter_matches(worker, check, facts);
        outcome = match >= 0 && check_wants(check, match > 0);
        mig_evaluation_decide(&worker->evaluation, i, (size_t)(check - search->checks), outcome);
    }
}

/* Decides the checks of a kind; true when a search is still alive. */
static bool
decide_all(struct worker *worker, enum check_kind kind, const struct facts *facts)
{
    bool any = false;
    size_t i;

    for (i = 0; i < worker->set->count; i++) {
        if (worker->evaluation.alive[i])
            decide_kind(worker, i, kind, facts);
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

/* A search whose checks are all decided has missed nothing but, maybe, a digest to return. */
static bool
misses(const struct worker *worker, size_t i)
{
    return worker->evaluation.open[i] > 0 ||
           (worker->set->searches[i].return_sha256 && !worker->evaluation.has_sha256);
}

/* What the bytes of a file could not be looked at for: counted for the searches that needed them.
 */
static void
skip_undecided(struct worker *worker, enum skip why)
{
    size_t i;

    for (i = 0; i < worker->set->count; i++)
        if (worker->evaluation.alive[i] && misses(worker, i))
            mig_search_skip_one(worker, i, why);
}

/* A link may lead to where files are not to be read. */
static bool
may_read(struct worker *worker, const struct candidate *candidate, int fd, const struct stat *st)
{
    const char *type = NULL;

    if (!S_ISREG(st->st_mode)) {
        skip_undecided(worker, SKIP_TYPE);
        mig_search_tell(worker, "warning: ", " is no regular file any more and was not read");
        return false;
    }
    if (!candidate->link || candidate->device == 0 || st->st_dev == candidate->device ||
        mig_search_fs(fd, st->st_dev, &type) != FS_PSEUDO)
        return true;
    skip_undecided(worker, SKIP_FILE_SYSTEM);
    mig_search_tell(worker, "warning: ", " is a link into a pseudo file system and was not read");
    return false;
}

static void
fail_contents(struct worker *worker, const char *after)
{
    skip_undecided(worker, SKIP_FAILED);
    mig_search_tell(worker, "evaluateFile() -> ", after);
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
        skip_undecided(worker, mig_search_skip_reason(-fd));
        mig_search_fail(worker, "open", -fd);
        return;
    }
    if (fstat(fd, &opened) != 0) {
        code = errno;
        skip_undecided(worker, SKIP_FAILED);
        mig_search_fail(worker, "stat", code);
    } else if (may_read(worker, candidate, fd, &opened)) {
        *st = opened;
        code = mig_scan_run(worker->scan, &worker->evaluation, fd, st, reason, sizeof(reason));
        snprintf(after, sizeof(after), ": %s", reason);
        if (code == -ECANCELED)
            mig_search_cut(worker);
        else if (code < 0)
            fail_contents(worker, after);
    }
    close(fd);
}

/* With run.report held. */
static void
reach_limit(struct run *run, size_t i)
{
    char message[256 + 4 * MIG_SEARCH_LABEL_MAX];

    atomic_store(&run->finished[i], true);
    if (++run->finished_count == run->set->count) {
        atomic_store(&run->stop, true);
        mig_queue_stop(&run->queue);
    }
    snprintf(message, sizeof(message),
             "warning: search '%s' reached its limit of %llu matches, there may be more",
             run->set->searches[i].label, (unsigned long long)run->set->searches[i].match_limit);
    run->host->error(run->host->context, message);
}

static void
report(struct worker *worker, size_t i, size_t check, const struct stat *st)
{
    struct run *run = worker->run;
    struct search *search = &worker->set->searches[i];
    struct mig_search_hit hit = {
        .search = i,
        .check = check,
        .path = worker->path,
        .stat = st,
        .sha256 = search->return_sha256 && worker->evaluation.has_sha256 ? worker->evaluation.sha256
                                                                         : NULL,
    };

    pthread_mutex_lock(&run->report);
    /* Another thread may have found the last one, or ended the run. */
    if (!atomic_load(&run->finished[i]) && !atomic_load(&run->cut_short)) {
        search->hits++;
        worker->statistics.hits++;
        if (check != MIG_SEARCH_ALL)
            search->checks[check].hits++;
        if (run->host->hit(run->host->context, &hit) != 0)
            mig_search_cut(worker);
        if (search->hits >= search->match_limit)
            reach_limit(run, i);
    }
    pthread_mutex_unlock(&run->report);
}

static void
report_all(struct worker *worker, const struct stat *st)
{
    struct evaluation *evaluation = &worker->evaluation;
    const struct found *found;
    size_t i;

    mig_evaluation_sort(evaluation);
    for (i = 0; i < evaluation->found_count && !atomic_load(&worker->run->cut_short); i++) {
        found = &evaluation->found[i];
        if (evaluation->alive[found->search])
            report(worker, found->search, found->check, st);
    }
    for (i = 0; i < worker->set->count && !atomic_load(&worker->run->cut_short); i++)
        if (worker->set->searches[i].match_all && mig_evaluation_all(evaluation, i))
            report(worker, i, MIG_SEARCH_ALL, st);
}

/* Takes the searches that skip files of this size out; true when another one is alive. */
static bool
small_enough(struct worker *worker, const struct stat *st)
{
    struct evaluation *evaluation = &worker->evaluation;
    bool any = false;
    size_t i;

    for (i = 0; i < worker->set->count; i++) {
        if (evaluation->alive[i] && (uint64_t)st->st_size > worker->set->searches[i].max_size) {
            evaluation->alive[i] = false;
            mig_search_skip_one(worker, i, SKIP_SIZE);
        }
        any = any || evaluation->alive[i];
    }
    return any;
}

/* Decides what the file's metadata tell, the cheapest first; true when a search is still alive. */
static bool
decide_metadata(struct worker *worker, const struct facts *facts)
{
    static const enum check_kind stat_kinds[] = {CHECK_MODE,  CHECK_SIZE,  CHECK_MTIME,
                                                 CHECK_CTIME, CHECK_ATIME, CHECK_UID,
                                                 CHECK_GID,   CHECK_PERM,  CHECK_INODE};
    size_t i;

    for (i = 0; i < sizeof(stat_kinds) / sizeof(stat_kinds[0]); i++)
        if (!decide_all(worker, stat_kinds[i], facts))
            return false;
    return small_enough(worker, facts->st) && decide_all(worker, CHECK_XATTR, facts) &&
           decide_all(worker, CHECK_CAPABILITY, facts);
}

void
mig_search_evaluate(struct worker *worker, const struct candidate *candidate)
{
    struct evaluation *evaluation = &worker->evaluation;
    struct stat st;
    const struct facts facts = {candidate, &st};
    size_t i;
    int error;

    mig_evaluation_start(evaluation);
    for (i = 0; i < worker->set->count; i++)
        evaluation->alive[i] =
            worker->depths[i] > 0 &&
            !atomic_load_explicit(&worker->run->finished[i], memory_order_relaxed);
    worker->statistics.files++;
    if (!decide_all(worker, CHECK_NAME, &facts))
        return;
    if (candidate->known != NULL) {
        st = *candidate->known;
    } else if (fstatat(candidate->dirfd, candidate->name, &st,
                       AT_NO_AUTOMOUNT | (candidate->link ? 0 : AT_SYMLINK_NOFOLLOW)) != 0) {
        error = errno;
        skip_alive(worker, mig_search_skip_reason(error));
        mig_search_fail(worker, "stat", error);
        return;
    }
    if (!S_ISREG(st.st_mode) || !decide_metadata(worker, &facts))
        return;
    if (mig_scan_needed(evaluation))
        decide_contents(worker, candidate, &st);
    if (evaluation->lost)
        mig_search_out_of_memory(worker);
    else
        report_all(worker, &st);
}
