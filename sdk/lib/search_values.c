/* SPDX-License-Identifier: MPL-2.0 */
/* The filters' values: sizes, numbers, ages, times, permission bits. */
#include "config.h"

#include <mig/search.h>

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

/* Digits up to `unit`; 1 digit at least. */
static int
parse_digits(const char *text, uint64_t *ret_number, const char **ret_end)
{
    uint64_t number = 0;
    const char *p = text;

    for (; *p >= '0' && *p <= '9'; p++)
        if (__builtin_mul_overflow(number, 10u, &number) ||
            __builtin_add_overflow(number, (uint64_t)(*p - '0'), &number))
            return -ERANGE;
    if (p == text)
        return -EINVAL;
    *ret_number = number;
    *ret_end = p;
    return 0;
}

int
mig_search_parse_size(const char *text, uint64_t *ret_least, uint64_t *ret_most)
{
    static const char units[] = "kmgt";
    const char *digits = text + (*text == '<' || *text == '>');
    const char *end = NULL;
    const char *unit;
    uint64_t number = 0;
    int code = parse_digits(digits, &number, &end);

    if (code < 0)
        return code;
    if (*end != '\0') {
        unit = strchr(units, *end);
        if (unit == NULL || end[1] != '\0')
            return -EINVAL;
        if (__builtin_mul_overflow(number, UINT64_C(1) << (10 * (unit - units + 1)), &number))
            return -ERANGE;
    }
    *ret_least = *text == '<' ? 0 : number;
    *ret_most = *text == '>' ? UINT64_MAX : number;
    return 0;
}

int
mig_search_parse_mtime(const char *text, bool *ret_newer, uint64_t *ret_seconds)
{
    const char *end = NULL;
    uint64_t number = 0;
    uint64_t unit;
    int code;

    if (*text != '<' && *text != '>')
        return -EINVAL;
    code = parse_digits(text + 1, &number, &end);
    if (code < 0)
        return code;
    unit = *end == 'd' ? 86400 : *end == 'h' ? 3600 : *end == 'm' ? 60 : 0;
    if (unit == 0 || end[1] != '\0')
        return -EINVAL;
    if (__builtin_mul_overflow(number, unit, &number) || number > INT64_MAX / 2)
        return -ERANGE;
    *ret_newer = *text == '<';
    *ret_seconds = number;
    return 0;
}

int
mig_search_parse_number(const char *text, uint64_t *ret_least, uint64_t *ret_most)
{
    const char *end = NULL;
    uint64_t number = 0;
    int code = parse_digits(text + (*text == '<' || *text == '>'), &number, &end);

    if (code < 0 || *end != '\0')
        return code < 0 ? code : -EINVAL;
    *ret_least = *text == '<' ? 0 : number;
    *ret_most = *text == '>' ? UINT64_MAX : number;
    return 0;
}

/* ---- times ---- */

/* Exactly `count` digits, moved over. */
static bool
take_digits(const char **text, unsigned int count, int *ret_number)
{
    int number = 0;

    for (; count > 0; count--, ++*text) {
        if (**text < '0' || **text > '9')
            return false;
        number = number * 10 + (**text - '0');
    }
    *ret_number = number;
    return true;
}

static bool
take_char(const char **text, const char *any)
{
    if (**text == '\0' || strchr(any, **text) == NULL)
        return false;
    ++*text;
    return true;
}

/* ".123456789": what is finer than a nanosecond is dropped. */
static bool
take_fraction(const char **text, long *ret_nanoseconds)
{
    long unit = 100000000;

    if (**text != '.')
        return true;
    ++*text;
    if (**text < '0' || **text > '9')
        return false;
    for (; **text >= '0' && **text <= '9'; ++*text, unit /= 10)
        *ret_nanoseconds += (**text - '0') * unit;
    return true;
}

/* "Z" or "+hh:mm": seconds east of Greenwich. */
static bool
take_zone(const char **text, int *ret_seconds)
{
    int sign = **text == '-' ? -1 : 1;
    int hours = 0;
    int minutes = 0;

    *ret_seconds = 0;
    if (take_char(text, "Zz"))
        return true;
    if (!take_char(text, "+-") || !take_digits(text, 2, &hours) || !take_char(text, ":") ||
        !take_digits(text, 2, &minutes) || hours > 23 || minutes > 59)
        return false;
    *ret_seconds = sign * (hours * 3600 + minutes * 60);
    return true;
}

/* RFC 3339, 5.6: date-time. */
static bool
take_time(const char **text, struct timespec *ret_time)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    struct timespec time = {0};
    struct tm tm = {0};
    int zone = 0;
    bool leap;

    if (!take_digits(text, 4, &tm.tm_year) || !take_char(text, "-") ||
        !take_digits(text, 2, &tm.tm_mon) || !take_char(text, "-") ||
        !take_digits(text, 2, &tm.tm_mday) || !take_char(text, "Tt ") ||
        !take_digits(text, 2, &tm.tm_hour) || !take_char(text, ":") ||
        !take_digits(text, 2, &tm.tm_min) || !take_char(text, ":") ||
        !take_digits(text, 2, &tm.tm_sec) || !take_fraction(text, &time.tv_nsec) ||
        !take_zone(text, &zone))
        return false;
    leap = tm.tm_year % 4 == 0 && (tm.tm_year % 100 != 0 || tm.tm_year % 400 == 0);
    if (tm.tm_mon < 1 || tm.tm_mon > 12 || tm.tm_mday < 1 ||
        tm.tm_mday > days[tm.tm_mon - 1] + (leap && tm.tm_mon == 2) || tm.tm_hour > 23 ||
        tm.tm_min > 59 || tm.tm_sec > 60)
        return false;
    tm.tm_year -= 1900;
    tm.tm_mon--;
    time.tv_sec = timegm(&tm) - zone;
    *ret_time = time;
    return true;
}

static bool
is_later(struct timespec a, struct timespec b)
{
    return a.tv_sec != b.tv_sec ? a.tv_sec > b.tv_sec : a.tv_nsec > b.tv_nsec;
}

static int
parse_window(const char *text, struct mig_search_times *times)
{
    bool from = *text != '.';

    if (from && !take_time(&text, &times->from))
        return -EINVAL;
    if (strncmp(text, "..", 2) != 0)
        return -EINVAL;
    text += 2;
    if (*text == '\0')
        return from ? 0 : -EINVAL;
    if (!take_time(&text, &times->to) || *text != '\0' || is_later(times->from, times->to))
        return -EINVAL;
    return 0;
}

int
mig_search_parse_times(const char *text, struct mig_search_times *ret_times)
{
    struct mig_search_times times = {{INT64_MIN, 0}, {INT64_MAX, 0}, false};
    uint64_t seconds = 0;
    struct timespec edge;
    bool newer = false;
    int code;

    if (*text == '<' || *text == '>') {
        code = mig_search_parse_mtime(text, &newer, &seconds);
        clock_gettime(CLOCK_REALTIME, &edge);
        edge.tv_sec -= (time_t)seconds;
        *(newer ? &times.from : &times.to) = edge;
    } else {
        times.inclusive = true;
        code = parse_window(text, &times);
    }
    if (code == 0)
        *ret_times = times;
    return code;
}

bool
mig_search_times_have(const struct mig_search_times *times, struct timespec time)
{
    if (times->inclusive)
        return !is_later(times->from, time) && !is_later(time, times->to);
    return is_later(time, times->from) && is_later(times->to, time);
}

/* ---- permission bits ---- */

int
mig_search_parse_perm(const char *text, struct mig_search_perm *ret_perm)
{
    struct mig_search_perm perm = {.how = '='};
    size_t digits;

    if (*text == '-' || *text == '/')
        perm.how = *text++;
    digits = strspn(text, "01234567");
    if (digits < 1 || digits > 4 || text[digits] != '\0')
        return -EINVAL;
    perm.bits = (mode_t)strtoul(text, NULL, 8);
    *ret_perm = perm;
    return 0;
}

/* As with find, "/0" holds for all. */
bool
mig_search_perm_has(const struct mig_search_perm *perm, mode_t mode)
{
    mode_t bits = mode & 07777;

    if (perm->how == '-')
        return (bits & perm->bits) == perm->bits;
    if (perm->how == '/')
        return perm->bits == 0 || (bits & perm->bits) != 0;
    return bits == perm->bits;
}
