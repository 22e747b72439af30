/* SPDX-License-Identifier: MPL-2.0 */
#include "config.h"

#include <mig/text.h>

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "utf8.h"

#define SECOND UINT64_C(1000000000)

void
mig_text_mode(mode_t mode, char ret_text[MIG_TEXT_MODE_SIZE])
{
    static const char rwx[] = "rwxrwxrwx";
    size_t used = 0;
    size_t i;

    /* The letters and their order are those of Go's FileMode bits. */
    if (S_ISDIR(mode))
        ret_text[used++] = 'd';
    if (S_ISLNK(mode))
        ret_text[used++] = 'L';
    if (S_ISBLK(mode) || S_ISCHR(mode))
        ret_text[used++] = 'D';
    if (S_ISFIFO(mode))
        ret_text[used++] = 'p';
    if (S_ISSOCK(mode))
        ret_text[used++] = 'S';
    if (mode & S_ISUID)
        ret_text[used++] = 'u';
    if (mode & S_ISGID)
        ret_text[used++] = 'g';
    if (S_ISCHR(mode))
        ret_text[used++] = 'c';
    if (mode & S_ISVTX)
        ret_text[used++] = 't';
    if (used == 0)
        ret_text[used++] = '-';
    for (i = 0; i < 9; i++)
        ret_text[used++] = (mode & (0400u >> i)) ? rwx[i] : '-';
    ret_text[used] = '\0';
}

/* Writes ".123" of a fraction of `digits` digits, nothing when it is zero. */
static size_t
put_fraction(char *text, size_t size, uint64_t fraction, int digits)
{
    if (fraction == 0)
        return 0;
    while (fraction % 10 == 0) {
        fraction /= 10;
        digits--;
    }
    return (size_t)snprintf(text, size, ".%0*" PRIu64, digits, fraction);
}

void
mig_text_time(struct timespec time, char ret_text[MIG_TEXT_TIME_SIZE])
{
    struct tm tm;
    char fraction[16] = "";

    if (gmtime_r(&time.tv_sec, &tm) == NULL)
        memset(&tm, 0, sizeof(tm));
    put_fraction(fraction, sizeof(fraction), (uint64_t)time.tv_nsec, 9);
    snprintf(ret_text, MIG_TEXT_TIME_SIZE, "%04lld-%02d-%02d %02d:%02d:%02d%s +0000 UTC",
             tm.tm_year + 1900LL, tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec,
             fraction);
}

void
mig_text_duration(uint64_t nanoseconds, char ret_text[MIG_TEXT_DURATION_SIZE])
{
    static const struct {
        uint64_t unit;
        const char *name;
        int digits;
    } small[] = {{1000000, "ms", 6}, {1000, "µs", 3}, {1, "ns", 0}};
    char fraction[16] = "";
    uint64_t seconds = nanoseconds / SECOND;
    size_t used = 0;
    size_t i = 0;

    if (nanoseconds == 0) {
        snprintf(ret_text, MIG_TEXT_DURATION_SIZE, "0s");
        return;
    }
    if (seconds == 0) {
        while (nanoseconds < small[i].unit)
            i++;
        put_fraction(fraction, sizeof(fraction), nanoseconds % small[i].unit, small[i].digits);
        snprintf(ret_text, MIG_TEXT_DURATION_SIZE, "%" PRIu64 "%s%s", nanoseconds / small[i].unit,
                 fraction, small[i].name);
        return;
    }
    put_fraction(fraction, sizeof(fraction), nanoseconds % SECOND, 9);
    if (seconds >= 3600)
        used = (size_t)snprintf(ret_text, MIG_TEXT_DURATION_SIZE, "%" PRIu64 "h", seconds / 3600);
    if (seconds >= 60)
        used += (size_t)snprintf(ret_text + used, MIG_TEXT_DURATION_SIZE - used, "%" PRIu64 "m",
                                 seconds / 60 % 60);
    snprintf(ret_text + used, MIG_TEXT_DURATION_SIZE - used, "%" PRIu64 "%ss", seconds % 60,
             fraction);
}

static bool
is_control(unsigned char c)
{
    return c < 0x20 || c == 0x7f;
}

/* Control characters beyond ASCII: U+0080 to U+009F. */
static bool
is_c1(const char *text, size_t step)
{
    return step == 2 && (unsigned char)text[0] == 0xc2 && (unsigned char)text[1] < 0xa0;
}

char *
mig_text_line(const char *text)
{
    size_t length = strlen(text);
    char *line = malloc(length * 4 + 1);
    size_t used = 0;
    size_t i;
    size_t step;

    if (line == NULL)
        return NULL;
    for (i = 0; i < length; i += step) {
        step = mig_utf8_step(text + i, length - i);
        if (step == 0 || is_control((unsigned char)text[i]) || is_c1(text + i, step)) {
            step = step == 0 ? 1 : step;
            used += (size_t)snprintf(line + used, 5, "\\x%02x", (unsigned char)text[i + step - 1]);
            continue;
        }
        memcpy(line + used, text + i, step);
        used += step;
    }
    line[used] = '\0';
    return line;
}

static char *
quote(const char *path, size_t length)
{
    char *text = malloc(length * 4 + 4);
    size_t used = 2;
    size_t i = 0;
    size_t step;

    if (text == NULL)
        return NULL;
    memcpy(text, "$'", 2);
    while (i < length) {
        step = mig_utf8_step(path + i, length - i);
        if (step == 0) {
            used += (size_t)snprintf(text + used, 5, "\\x%02x", (unsigned char)path[i++]);
            continue;
        }
        if (path[i] == '\\' || path[i] == '\'')
            text[used++] = '\\';
        memcpy(text + used, path + i, step);
        used += step;
        i += step;
    }
    memcpy(text + used, "'", 2);
    return text;
}

char *
mig_text_path(const char *path)
{
    size_t length = strlen(path);

    if (strncmp(path, "$'", 2) == 0 || !mig_utf8_valid(path, length))
        return quote(path, length);
    return strdup(path);
}

/* Takes the last component off, but not a root or a leading "..". */
static bool
drop_component(char *text, size_t *used, bool rooted)
{
    size_t start = *used;

    if (*used == (rooted ? 1u : 0u))
        return rooted;
    while (start > 0 && text[start - 1] != '/')
        start--;
    if (*used - start == 2 && memcmp(text + start, "..", 2) == 0)
        return false;
    *used = start > 1 || (start == 1 && !rooted) ? start - 1 : start;
    return true;
}

char *
mig_text_clean_path(const char *path)
{
    bool rooted = path[0] == '/';
    char *text = malloc(strlen(path) + 2);
    size_t used = 0;
    size_t length;

    if (text == NULL)
        return NULL;
    if (rooted)
        text[used++] = '/';
    for (; *path != '\0'; path += length) {
        path += strspn(path, "/");
        length = strcspn(path, "/");
        if (length == 0 || (length == 1 && path[0] == '.'))
            continue;
        if (length == 2 && memcmp(path, "..", 2) == 0 && drop_component(text, &used, rooted))
            continue;
        if (used > 0 && text[used - 1] != '/')
            text[used++] = '/';
        memcpy(text + used, path, length);
        used += length;
    }
    if (used == 0)
        text[used++] = '.';
    text[used] = '\0';
    return text;
}

char *
mig_text_dirname(const char *path)
{
    const char *slash = strrchr(path, '/');

    if (slash == NULL)
        return strdup(".");
    return strndup(path, slash == path ? 1 : (size_t)(slash - path));
}
