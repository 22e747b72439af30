/* SPDX-License-Identifier: MPL-2.0 */
/* One line an event. To stderr by default, each line "<program>: [severity] text"; where that is
 * systemd's journal, it gets the severity with it. */
#ifndef MIG_BASE_LOG_H
#define MIG_BASE_LOG_H

enum mig_severity {
    MIG_SEV_ERR = 3,
    MIG_SEV_WARNING = 4,
    MIG_SEV_NOTICE = 5,
    MIG_SEV_INFO = 6,
    MIG_SEV_DEBUG = 7
};

/* Words: stderr, syslog, or an absolute path of a file that is appended to. Default stderr.
 * `program` is kept, not copied. Returns 0 or -errno. */
int mig_log_open(const char *program, const char *destination, int max_severity);
void mig_log(int severity, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* "err", "warning", "notice", "info", "debug" -> severity, or -1. */
int mig_log_severity(const char *word);

#endif
