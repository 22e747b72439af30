/* SPDX-License-Identifier: MPL-2.0 */
/*
 * The search finds files faster than they can be scanned, so they go through a queue to threads,
 * each with a scanner of its own over the same rules.
 */
#include "config.h"

#include "yara_module.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <search.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <json-c/json.h>
#include <mig/json.h>
#include <mig/text.h>
#include <yara.h>

#define QUEUE_SIZE 256u
#define ERRORS_MAX 30u
#define MS_PER_S 1000
/* What is no larger is read, which takes less than to map it and unmap it under the other threads.
 */
#define READ_MOST (4u << 20)

struct yara_scan {
    const struct mig_host *host;
    const struct yara_question *question;
    pthread_t threads[YARA_THREADS_MAX];
    unsigned threads_count;

    /* The lock also lets one thread at a time talk to the host. */
    pthread_mutex_t lock;
    pthread_cond_t room;
    pthread_cond_t work;
    struct yara_object queue[QUEUE_SIZE];
    size_t first;
    size_t count;
    bool closed; /* nothing more comes */
    bool stop;   /* nothing more is wanted */
    int emit_code;
    void *seen; /* tsearch() tree of the paths that matched: a search with any of its checks can hit
                   a file several times */
    uint64_t errors;
    struct yara_statistics statistics;
};

/* What one thread has. */
struct scanner {
    struct yara_scan *scan;
    YR_SCANNER *yara;
    uint8_t *bytes; /* READ_MOST of them, or NULL */
    struct json_object *names;
    struct json_object *tagged;
};

/* ---- telling ---- */

static void
tell_error(struct yara_scan *scan, const char *message)
{
    if (++scan->errors <= ERRORS_MAX)
        scan->host->error(scan->host, message);
}

void
yara_scan_error(struct yara_scan *scan, const char *message)
{
    pthread_mutex_lock(&scan->lock);
    tell_error(scan, message);
    pthread_mutex_unlock(&scan->lock);
}

static void
fail(struct yara_scan *scan, const struct yara_object *object, const char *reason)
{
    char *path = mig_text_path(object->path);
    char *message = NULL;
    int n;

    if (object->pid > 0)
        n = asprintf(&message, "process %d: %s", (int)object->pid, reason);
    else
        n = asprintf(&message, "%s: %s", path != NULL ? path : "", reason);
    pthread_mutex_lock(&scan->lock);
    scan->statistics.failed++;
    tell_error(scan, n >= 0 ? message : reason);
    pthread_mutex_unlock(&scan->lock);
    if (n >= 0)
        free(message);
    free(path);
}

static int
compare_paths(const void *a, const void *b)
{
    return strcmp(a, b);
}

/* Whether a file's match was not told yet. */
static bool
is_first(struct yara_scan *scan, const struct yara_object *object)
{
    char *copy;

    if (object->pid > 0)
        return true;
    if (tfind(object->path, &scan->seen, compare_paths) != NULL)
        return false;
    copy = strdup(object->path);
    if (copy != NULL && tsearch(copy, &scan->seen, compare_paths) == NULL)
        free(copy);
    return true;
}

/* Under the lock. */
static void
end(struct yara_scan *scan)
{
    scan->stop = true;
    pthread_cond_broadcast(&scan->room);
    pthread_cond_broadcast(&scan->work);
}

static void
emit(struct scanner *scanner, const struct yara_object *object)
{
    struct yara_scan *scan = scanner->scan;

    pthread_mutex_lock(&scan->lock);
    if (scan->emit_code == 0 && is_first(scan, object)) {
        scan->statistics.matched++;
        scan->emit_code = mig_json_emit(scan->host, "Matches",
                                        yara_element(object, scanner->names, scanner->tagged));
        if (scan->emit_code != 0)
            end(scan);
    } else {
        json_object_put(scanner->names);
        json_object_put(scanner->tagged);
    }
    pthread_mutex_unlock(&scan->lock);
    scanner->names = scanner->tagged = NULL;
}

/* ---- scanning ---- */

/* The rules see contents; of what they say, only which of them matched is kept. */
static int
on_message(YR_SCAN_CONTEXT *context, int message, void *data, void *user)
{
    struct scanner *scanner = user;

    (void)context;
    if (message != CALLBACK_MSG_RULE_MATCHING)
        return CALLBACK_CONTINUE;
    if (scanner->names == NULL) {
        scanner->names = json_object_new_array();
        scanner->tagged = json_object_new_array();
    }
    yara_result_add_rule(scanner->names, scanner->tagged, data);
    return CALLBACK_CONTINUE;
}

/* Seconds that a scan may take; 0: the operation's time is up. */
static int
seconds_left(const struct yara_scan *scan)
{
    int64_t left = scan->host->remaining(scan->host) / MS_PER_S;

    if (scan->host->cancelled(scan->host) || left <= 0)
        return 0;
    return left < (int64_t)scan->question->timeout ? (int)left : (int)scan->question->timeout;
}

static const char *
reason_of(int code)
{
    switch (code) {
    case ERROR_INSUFFICIENT_MEMORY:
        return "not scanned: no memory";
    case ERROR_COULD_NOT_ATTACH_TO_PROCESS:
        return "not scanned: it has ended, or may not be looked into";
    case ERROR_COULD_NOT_OPEN_FILE:
        return "not scanned: it can not be opened";
    case ERROR_COULD_NOT_MAP_FILE:
        return "not scanned: it can not be mapped; it has shrunk, or is larger than the memory "
               "limit";
    case ERROR_SCAN_TIMEOUT:
        return "not scanned to its end: out of time";
    case ERROR_TOO_MANY_MATCHES:
        return "not scanned to its end: a string matches too often";
    case ERROR_TOO_MANY_RE_FIBERS:
    case ERROR_EXEC_STACK_OVERFLOW:
        return "not scanned to its end: a rule takes too much effort";
    default:
        return NULL;
    }
}

/* Of a file that shrinks meanwhile, what is left. Negative: an errno value. */
static ssize_t
read_file(const struct scanner *scanner, int fd, size_t size)
{
    size_t have = 0;
    ssize_t got;

    while (have < size) {
        got = read(fd, scanner->bytes + have, size - have);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return -errno;
        if (got == 0)
            break;
        have += (size_t)got;
    }
    return (ssize_t)have;
}

static int
scan_open_file(const struct scanner *scanner, const struct yara_object *object, int fd,
               const struct stat *st)
{
    ssize_t got;

    if (st->st_size > READ_MOST || (scanner->bytes == NULL && st->st_size > 0))
        return yr_scanner_scan_fd(scanner->yara, fd);
    got = read_file(scanner, fd, (size_t)st->st_size);
    if (got >= 0)
        return yr_scanner_scan_mem(scanner->yara, got > 0 ? scanner->bytes : (const uint8_t *)"",
                                   (size_t)got);
    fail(scanner->scan, object, strerror((int)-got));
    return ERROR_SUCCESS;
}

static int
scan_file(const struct scanner *scanner, const struct yara_object *object)
{
    /* It may have become something else since it was found. */
    int fd = open(object->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    struct stat st;
    int code;

    if (fd < 0) {
        if (errno != ENOENT)
            fail(scanner->scan, object, strerror(errno));
        return ERROR_SUCCESS;
    }
    code = fstat(fd, &st) == 0 && S_ISREG(st.st_mode) ? scan_open_file(scanner, object, fd, &st)
                                                      : ERROR_SUCCESS;
    close(fd);
    return code;
}

static void
scan_object(struct scanner *scanner, const struct yara_object *object, int seconds)
{
    char text[64];
    const char *reason;
    int code;

    yr_scanner_set_timeout(scanner->yara, seconds);
    yr_scanner_set_flags(scanner->yara, SCAN_FLAGS_REPORT_RULES_MATCHING |
                                            (object->pid > 0 ? SCAN_FLAGS_PROCESS_MEMORY : 0));
    code = yara_defines_object(scanner->yara, object->path);
    if (code == ERROR_SUCCESS)
        code = object->pid > 0 ? yr_scanner_scan_proc(scanner->yara, object->pid)
                               : scan_file(scanner, object);
    if (code != ERROR_SUCCESS) {
        reason = reason_of(code);
        snprintf(text, sizeof(text), "not scanned: libyara's error %d", code);
        fail(scanner->scan, object, reason != NULL ? reason : text);
    }
    if (scanner->names != NULL)
        emit(scanner, object);
}

/* ---- the queue ---- */

static bool
take(struct yara_scan *scan, struct yara_object *ret_object)
{
    bool any;

    pthread_mutex_lock(&scan->lock);
    while (scan->count == 0 && !scan->closed && !scan->stop)
        pthread_cond_wait(&scan->work, &scan->lock);
    any = scan->count > 0 && !scan->stop;
    if (any) {
        *ret_object = scan->queue[scan->first];
        scan->first = (scan->first + 1) % QUEUE_SIZE;
        scan->count--;
        if (ret_object->pid > 0)
            scan->statistics.processes++;
        else
            scan->statistics.files++;
        pthread_cond_signal(&scan->room);
    }
    pthread_mutex_unlock(&scan->lock);
    return any;
}

static void
stop(struct yara_scan *scan)
{
    pthread_mutex_lock(&scan->lock);
    scan->statistics.cut_short = true;
    end(scan);
    pthread_mutex_unlock(&scan->lock);
}

static void *
scan_thread(void *context)
{
    struct scanner scanner = {.scan = context};
    struct yara_object object;
    int seconds;

    if (yr_scanner_create(scanner.scan->question->rules, &scanner.yara) != ERROR_SUCCESS) {
        yara_scan_error(scanner.scan, "no memory to scan with");
        stop(scanner.scan);
        return NULL;
    }
    yr_scanner_set_callback(scanner.yara, on_message, &scanner);
    scanner.bytes = malloc(READ_MOST);
    while (take(scanner.scan, &object)) {
        seconds = seconds_left(scanner.scan);
        if (seconds > 0)
            scan_object(&scanner, &object, seconds);
        else
            stop(scanner.scan);
        free(object.path);
    }
    yr_scanner_destroy(scanner.yara);
    free(scanner.bytes);
    return NULL;
}

int
yara_scan_add(struct yara_scan *scan, char *path, pid_t pid)
{
    bool over;

    pthread_mutex_lock(&scan->lock);
    while (scan->count == QUEUE_SIZE && !scan->stop)
        pthread_cond_wait(&scan->room, &scan->lock);
    over = scan->stop;
    if (!over) {
        scan->queue[(scan->first + scan->count) % QUEUE_SIZE] = (struct yara_object){path, pid};
        scan->count++;
        pthread_cond_signal(&scan->work);
    }
    pthread_mutex_unlock(&scan->lock);
    if (over)
        free(path);
    return over;
}

struct yara_scan *
yara_scan_new(const struct mig_host *host, const struct yara_question *question)
{
    struct yara_scan *scan = calloc(1, sizeof(*scan));

    if (scan == NULL)
        return NULL;
    scan->host = host;
    scan->question = question;
    pthread_mutex_init(&scan->lock, NULL);
    pthread_cond_init(&scan->room, NULL);
    pthread_cond_init(&scan->work, NULL);
    while (scan->threads_count < question->threads &&
           pthread_create(&scan->threads[scan->threads_count], NULL, scan_thread, scan) == 0)
        scan->threads_count++;
    if (scan->threads_count == 0) {
        yara_scan_finish(scan, NULL);
        return NULL;
    }
    return scan;
}

int
yara_scan_finish(struct yara_scan *scan, struct yara_statistics *ret_statistics)
{
    int code = 0;
    unsigned i;

    pthread_mutex_lock(&scan->lock);
    scan->closed = true;
    pthread_cond_broadcast(&scan->work);
    pthread_mutex_unlock(&scan->lock);
    for (i = 0; i < scan->threads_count; i++)
        pthread_join(scan->threads[i], NULL);
    for (; scan->count > 0; scan->count--) {
        free(scan->queue[scan->first].path);
        scan->first = (scan->first + 1) % QUEUE_SIZE;
    }
    if (scan->errors > ERRORS_MAX)
        mig_error(scan->host, "%llu errors were not returned (max errors = %u)",
                  (unsigned long long)(scan->errors - ERRORS_MAX), ERRORS_MAX);
    scan->statistics.threads = scan->threads_count;
    code = scan->emit_code;
    if (ret_statistics != NULL)
        *ret_statistics = scan->statistics;
    tdestroy(scan->seen, free);
    pthread_cond_destroy(&scan->work);
    pthread_cond_destroy(&scan->room);
    pthread_mutex_destroy(&scan->lock);
    free(scan);
    return code;
}
