/* SPDX-License-Identifier: MPL-2.0 */
#include "config.h"

#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#include "base/file.h"

enum sink { SINK_STDERR, SINK_JOURNAL, SINK_SYSLOG, SINK_FILE };

static const char *const words[] = {NULL, NULL, NULL, "err", "warning", "notice", "info", "debug"};

/* Set by mig_log_open() before a program starts its threads, read after. */
static struct {
    const char *program;
    enum sink sink;
    int fd;
    int max;
} state = {"mig", SINK_STDERR, STDERR_FILENO, MIG_SEV_INFO};

/* Whether stderr leads to systemd's journal, which then takes a line's severity from its beginning.
 * Source: systemd.exec(5), $JOURNAL_STREAM, and sd-daemon(3). */
static bool
is_journal(void)
{
    const char *stream = getenv("JOURNAL_STREAM");
    char own[64];
    struct stat st;

    if (stream == NULL || fstat(STDERR_FILENO, &st) != 0)
        return false;
    snprintf(own, sizeof own, "%ju:%ju", (uintmax_t)st.st_dev, (uintmax_t)st.st_ino);
    return strcmp(stream, own) == 0;
}

int
mig_log_open(const char *program, const char *destination, int max_severity)
{
    enum sink sink = is_journal() ? SINK_JOURNAL : SINK_STDERR;
    int fd = STDERR_FILENO;

    if (destination != NULL && destination[0] == '/') {
        fd = open(destination, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY, 0640);
        if (fd < 0)
            return -errno;
        sink = SINK_FILE;
    } else if (destination != NULL && strcmp(destination, "syslog") == 0) {
        openlog(program, LOG_PID | LOG_NDELAY, LOG_DAEMON);
        sink = SINK_SYSLOG;
    } else if (destination != NULL && strcmp(destination, "stderr") != 0) {
        return -EINVAL;
    }
    if (state.sink == SINK_FILE)
        close(state.fd);
    state.program = program;
    state.sink = sink;
    state.fd = fd;
    state.max = max_severity;
    return 0;
}

/* A log line quotes remote text: nothing in it may start another line or drive a terminal. */
static void
tidy(char *text)
{
    for (; *text != '\0'; text++) {
        if (((unsigned char)*text < 0x20 && *text != '\t') || *text == 0x7f)
            *text = '?';
    }
}

static void
write_line(int severity, const char *text)
{
    char line[2400];
    char stamp[32] = "";
    struct tm tm;
    time_t now = time(NULL);
    int len;

    if (state.sink == SINK_FILE && gmtime_r(&now, &tm) != NULL)
        strftime(stamp, sizeof stamp, "%Y-%m-%dT%H:%M:%SZ ", &tm);
    else if (state.sink == SINK_JOURNAL)
        snprintf(stamp, sizeof stamp, "<%d>", severity);
    len =
        snprintf(line, sizeof line, "%s%s: [%s] %s\n", stamp, state.program, words[severity], text);
    if (len < 0)
        return;
    if ((size_t)len >= sizeof line) {
        len = (int)sizeof line - 1;
        line[len - 1] = '\n';
    }
    (void)mig_fd_write_all(state.fd, line, (size_t)len);
}

void
mig_log(int severity, const char *format, ...)
{
    char text[2048];
    int saved = errno;
    va_list args;

    if (severity < MIG_SEV_ERR)
        severity = MIG_SEV_ERR;
    if (severity > MIG_SEV_DEBUG)
        severity = MIG_SEV_DEBUG;
    if (severity > state.max)
        return;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    tidy(text);
    if (state.sink == SINK_SYSLOG)
        syslog(severity, "[%s] %s", words[severity], text);
    else
        write_line(severity, text);
    errno = saved;
}

int
mig_log_severity(const char *word)
{
    for (int i = MIG_SEV_ERR; i <= MIG_SEV_DEBUG; i++) {
        if (strcmp(words[i], word) == 0)
            return i;
    }
    return -1;
}
