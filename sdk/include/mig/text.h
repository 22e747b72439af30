/* SPDX-License-Identifier: MPL-2.0 */
/*
 * What results show in the words of Go, as the protocol has it. Link with libmig-search.
 */
#ifndef MIG_TEXT_H
#define MIG_TEXT_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <time.h>

#define MIG_TEXT_MODE_SIZE 32
#define MIG_TEXT_TIME_SIZE 64
#define MIG_TEXT_DURATION_SIZE 40

/* Go's os.FileMode text: "-rw-r--r--", "drwxr-xr-x", "Lrwxrwxrwx", "urwxr-xr-x" (setuid),
 * "dtrwxrwxrwx". */
void mig_text_mode(mode_t mode, char ret_text[MIG_TEXT_MODE_SIZE]);
/* Go's time.Time text in UTC: "2016-01-08 09:12:13.123456789 +0000 UTC", the fraction without
 * trailing zeros, none when it is zero. */
void mig_text_time(struct timespec time, char ret_text[MIG_TEXT_TIME_SIZE]);
/* Go's time.Duration text: "1h2m3.5s", "12.345ms", "1µs", "0s". */
void mig_text_duration(uint64_t nanoseconds, char ret_text[MIG_TEXT_DURATION_SIZE]);

/*
 * A path as UTF-8 text for JSON, to be freed; NULL: no memory. A path of UTF-8 characters is given
 * as it is. Any other one, and one that starts with $', is given in the shell's ANSI-C quoting,
 * which can be pasted: $'…' with a backslash as \\, a quote as \' and a byte that is not UTF-8 as
 * \xHH.
 */
char *mig_text_path(const char *path);
/* Text for one line of a terminal: control characters become \xHH, the rest is as it is. To be
 * freed. */
char *mig_text_line(const char *text);

/* Go's path cleaning, without looking at the files: "/a//b/./c/../d/" gives "/a/b/d". To be freed.
 */
char *mig_text_clean_path(const char *path);
/* The folder a cleaned path is in: "/a" of "/a/b", "/" of "/a", "." of "a". To be freed. */
char *mig_text_dirname(const char *path);

#endif
