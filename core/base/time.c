/* SPDX-License-Identifier: MPL-2.0 */
#include "config.h"

#include "base/time.h"

#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/error.h"

#define YEAR0_SEC (-62167219200LL) /* 0000-01-01T00:00:00Z */
#define YEAR10K_SEC 253402300800LL /* 10000-01-01T00:00:00Z */

struct mig_time
mig_time_now(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_REALTIME, &ts);
    return (struct mig_time){.sec = ts.tv_sec, .nsec = (int32_t)ts.tv_nsec};
}

int64_t
mig_time_monotonic_ms(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

/* Days since 1970-01-01 of a date of the proleptic Gregorian calendar, and back: Howard Hinnant,
 * "chrono-Compatible Low-Level Date Algorithms". */
static int64_t
days_from_civil(int64_t y, int m, int d)
{
    y -= m <= 2;
    int64_t era = (y >= 0 ? y : y - 399) / 400;
    int64_t yoe = y - era * 400;
    int64_t doy = (153 * (m + (m > 2 ? -3 : 9)) + 2) / 5 + d - 1;
    int64_t doe = yoe * 365 + yoe / 4 - yoe / 100 + doy;
    return era * 146097 + doe - 719468;
}

static void
civil_from_days(int64_t z, int64_t *y, int *m, int *d)
{
    z += 719468;
    int64_t era = (z >= 0 ? z : z - 146096) / 146097;
    int64_t doe = z - era * 146097;
    int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
    int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    int64_t mp = (5 * doy + 2) / 153;
    *d = (int)(doy - (153 * mp + 2) / 5 + 1);
    *m = (int)(mp < 10 ? mp + 3 : mp - 9);
    *y = yoe + era * 400 + (*m <= 2);
}

static int
days_in_month(int year, int month)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

    return month == 2 && leap ? 29 : days[month - 1];
}

/* Exactly `count` digits; -1 when one is missing. */
static int
digits(const char **at, const char *end, int count)
{
    int value = 0;

    for (int i = 0; i < count; i++, (*at)++) {
        if (*at >= end || **at < '0' || **at > '9')
            return -1;
        value = value * 10 + (**at - '0');
    }
    return value;
}

static bool
literal(const char **at, const char *end, char c)
{
    if (*at >= end || **at != c)
        return false;
    (*at)++;
    return true;
}

static bool
parse_fraction(const char **at, const char *end, int32_t *nsec)
{
    int32_t scale = 100000000;
    const char *start;

    *nsec = 0;
    if (!literal(at, end, '.'))
        return true;
    for (start = *at; *at < end && **at >= '0' && **at <= '9'; (*at)++) {
        *nsec += scale * (**at - '0');
        scale /= 10;
    }
    return *at > start;
}

static bool
parse_offset(const char **at, const char *end, int *seconds)
{
    int sign;
    int hours;
    int minutes;

    *seconds = 0;
    if (literal(at, end, 'Z'))
        return true;
    if (literal(at, end, '+'))
        sign = 1;
    else if (literal(at, end, '-'))
        sign = -1;
    else
        return false;
    hours = digits(at, end, 2);
    if (hours < 0 || hours > 23 || !literal(at, end, ':'))
        return false;
    minutes = digits(at, end, 2);
    if (minutes < 0 || minutes > 59)
        return false;
    *seconds = sign * (hours * 3600 + minutes * 60);
    return true;
}

int
mig_time_parse(const char *text, size_t len, struct mig_time *ret)
{
    const char *at = text;
    const char *end = text + len;
    int year, month, day, hour, minute, second, offset;
    int32_t nsec;
    int64_t sec;

    year = digits(&at, end, 4);
    if (year < 0 || !literal(&at, end, '-'))
        return MIG_E_SYNTAX;
    month = digits(&at, end, 2);
    if (month < 1 || month > 12 || !literal(&at, end, '-'))
        return MIG_E_SYNTAX;
    day = digits(&at, end, 2);
    if (day < 1 || day > days_in_month(year, month) || !literal(&at, end, 'T'))
        return MIG_E_SYNTAX;
    hour = digits(&at, end, 2);
    if (hour < 0 || hour > 23 || !literal(&at, end, ':'))
        return MIG_E_SYNTAX;
    minute = digits(&at, end, 2);
    if (minute < 0 || minute > 59 || !literal(&at, end, ':'))
        return MIG_E_SYNTAX;
    second = digits(&at, end, 2);
    if (second < 0 || second > 59)
        return MIG_E_SYNTAX;
    if (!parse_fraction(&at, end, &nsec) || !parse_offset(&at, end, &offset) || at != end)
        return MIG_E_SYNTAX;
    sec = days_from_civil(year, month, day) * 86400 + hour * 3600 + minute * 60 + second - offset;
    if (sec < YEAR0_SEC || sec >= YEAR10K_SEC)
        return MIG_E_SYNTAX;
    *ret = (struct mig_time){.sec = sec, .nsec = nsec};
    return 0;
}

/* Writes ".123" without trailing zeros, or nothing; `unit` is how many digits value has. */
static void
add_fraction(char *text, size_t size, int64_t value, int unit)
{
    char frac[24];
    size_t len;

    if (value == 0)
        return;
    snprintf(frac, sizeof frac, ".%0*lld", unit, (long long)value);
    len = strlen(frac);
    while (frac[len - 1] == '0')
        frac[--len] = '\0';
    len = strlen(text);
    snprintf(text + len, size - len, "%s", frac);
}

void
mig_time_format(struct mig_time t, char text[MIG_TIME_TEXT])
{
    int64_t sec = t.sec;
    int64_t days, rest, year;
    int month, day;
    size_t len;

    /* Four digits hold no other year, and every reader expects four. */
    if (sec < YEAR0_SEC)
        sec = YEAR0_SEC;
    if (sec >= YEAR10K_SEC)
        sec = YEAR10K_SEC - 1;
    days = sec / 86400;
    rest = sec % 86400;
    if (rest < 0) {
        rest += 86400;
        days--;
    }
    civil_from_days(days, &year, &month, &day);
    snprintf(text, MIG_TIME_TEXT, "%04d-%02d-%02dT%02d:%02d:%02d", (int)year, month, day,
             (int)(rest / 3600), (int)(rest / 60 % 60), (int)(rest % 60));
    add_fraction(text, MIG_TIME_TEXT, t.nsec, 9);
    len = strlen(text);
    snprintf(text + len, MIG_TIME_TEXT - len, "Z");
}

int
mig_time_compare(struct mig_time a, struct mig_time b)
{
    if (a.sec != b.sec)
        return a.sec < b.sec ? -1 : 1;
    return (a.nsec > b.nsec) - (a.nsec < b.nsec);
}

static int
duration_unit(const char **at, int64_t *ms)
{
    static const struct {
        const char *name;
        int64_t ms;
    } units[] = {{"ms", 1}, {"s", 1000}, {"m", 60000}, {"h", 3600000}};

    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
        size_t len = strlen(units[i].name);
        if (strncmp(*at, units[i].name, len) == 0) {
            *at += len;
            *ms = units[i].ms;
            return 0;
        }
    }
    return MIG_E_SYNTAX;
}

static bool
is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* One "<number><unit>". */
static int
duration_part(const char **at, int64_t *ret_ms)
{
    int64_t whole = 0;
    int64_t fraction = 0; /* in parts of `scale` */
    int64_t scale = 1;
    int64_t unit;
    const char *start = *at;

    for (; is_digit(**at); (*at)++) {
        if (__builtin_mul_overflow(whole, 10, &whole) ||
            __builtin_add_overflow(whole, **at - '0', &whole))
            return MIG_E_SYNTAX;
    }
    if (**at == '.') {
        for ((*at)++; is_digit(**at); (*at)++) {
            if (scale < 1000000000) {
                fraction = fraction * 10 + (**at - '0');
                scale *= 10;
            }
        }
        if (*at - start < 2)
            return MIG_E_SYNTAX;
    }
    if (*at == start || duration_unit(at, &unit) != 0)
        return MIG_E_SYNTAX;
    if (__builtin_mul_overflow(whole, unit, ret_ms) ||
        __builtin_add_overflow(*ret_ms, fraction * unit / scale, ret_ms))
        return MIG_E_SYNTAX;
    return 0;
}

int
mig_duration_parse(const char *text, int64_t *ret_ms)
{
    const char *at = text;
    int64_t total = 0;
    bool negative = *at == '-';

    if (*at == '-' || *at == '+')
        at++;
    if (strcmp(at, "0") == 0) {
        *ret_ms = 0;
        return 0;
    }
    if (*at == '\0')
        return MIG_E_SYNTAX;
    while (*at != '\0') {
        int64_t part;
        if (duration_part(&at, &part) != 0 || __builtin_add_overflow(total, part, &total))
            return MIG_E_SYNTAX;
    }
    *ret_ms = negative ? -total : total;
    return 0;
}

void
mig_duration_format(int64_t nsec, char text[MIG_TIME_TEXT])
{
    const char *sign = nsec < 0 ? "-" : "";
    uint64_t n = nsec < 0 ? 0 - (uint64_t)nsec : (uint64_t)nsec;
    const char *unit = "s";
    uint64_t sec = n / 1000000000;
    size_t len;

    if (n == 0) {
        snprintf(text, MIG_TIME_TEXT, "0s");
        return;
    }
    if (sec == 0) {
        int places = n >= 1000000 ? 6 : n >= 1000 ? 3 : 0;
        uint64_t scale = places == 6 ? 1000000 : places == 3 ? 1000 : 1;
        unit = places == 6 ? "ms" : places == 3 ? "\xc2\xb5s" : "ns";
        snprintf(text, MIG_TIME_TEXT, "%s%llu", sign, (unsigned long long)(n / scale));
        add_fraction(text, MIG_TIME_TEXT, (int64_t)(n % scale), places);
    } else {
        uint64_t hours = sec / 3600;
        unsigned minutes = (unsigned)(sec / 60 % 60);
        unsigned seconds = (unsigned)(sec % 60);
        if (hours > 0)
            snprintf(text, MIG_TIME_TEXT, "%s%lluh%um%u", sign, (unsigned long long)hours, minutes,
                     seconds);
        else if (minutes > 0)
            snprintf(text, MIG_TIME_TEXT, "%s%um%u", sign, minutes, seconds);
        else
            snprintf(text, MIG_TIME_TEXT, "%s%u", sign, seconds);
        add_fraction(text, MIG_TIME_TEXT, (int64_t)(n % 1000000000), 9);
    }
    len = strlen(text);
    snprintf(text + len, MIG_TIME_TEXT - len, "%s", unit);
}
