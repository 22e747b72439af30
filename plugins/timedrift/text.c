/* SPDX-License-Identifier: MPL-2.0 */
#include "timedrift.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <mig/text.h>

static bool
take_unit(const char **at, int64_t *ret_unit)
{
    static const struct {
        const char *name;
        int64_t nanoseconds;
    } units[] = {{"ns", 1},
                 {"us", 1000},
                 {"\xc2\xb5s", 1000}, /* the micro sign and the letter mu */
                 {"\xce\xbcs", 1000},
                 {"ms", 1000000},
                 {"s", TIMEDRIFT_SECOND},
                 {"m", 60 * TIMEDRIFT_SECOND},
                 {"h", 3600 * TIMEDRIFT_SECOND}};

    for (size_t i = 0; i < MIG_COUNT(units); i++)
        if (strncmp(*at, units[i].name, strlen(units[i].name)) == 0) {
            *at += strlen(units[i].name);
            *ret_unit = units[i].nanoseconds;
            return true;
        }
    return false;
}

/* "12.5h" */
static bool
take_part(const char **at, int64_t *total)
{
    int64_t whole = 0, unit, part;
    double fraction = 0, scale = 0.1;
    size_t digits = 0;

    for (; **at >= '0' && **at <= '9'; (*at)++, digits++)
        if (__builtin_mul_overflow(whole, 10, &whole) ||
            __builtin_add_overflow(whole, **at - '0', &whole))
            return false;
    if (**at == '.')
        for ((*at)++; **at >= '0' && **at <= '9'; (*at)++, digits++, scale /= 10)
            fraction += (**at - '0') * scale;
    return digits > 0 && take_unit(at, &unit) && !__builtin_mul_overflow(whole, unit, &part) &&
           !__builtin_add_overflow(part, (int64_t)(fraction * (double)unit + 0.5), &part) &&
           !__builtin_add_overflow(*total, part, total);
}

bool
timedrift_parse_duration(const char *text, int64_t *ret_nanoseconds)
{
    int64_t total = 0;

    text += *text == '+';
    if (strcmp(text, "0") != 0) {
        if (*text == '\0')
            return false;
        while (*text != '\0')
            if (!take_part(&text, &total))
                return false;
    }
    *ret_nanoseconds = total;
    return true;
}

void
timedrift_time_text(int64_t nanoseconds, bool local, char ret_text[TIMEDRIFT_TIME_SIZE])
{
    int64_t fraction = nanoseconds % TIMEDRIFT_SECOND;
    time_t seconds = (time_t)(nanoseconds / TIMEDRIFT_SECOND);
    char digits[16] = "", zone[32] = "Z";
    struct tm tm = {.tm_year = 70};
    size_t length;

    if (fraction < 0) {
        fraction += TIMEDRIFT_SECOND;
        seconds--;
    }
    if (local)
        (void)localtime_r(&seconds, &tm);
    else
        (void)gmtime_r(&seconds, &tm);
    if (fraction != 0) {
        length = (size_t)snprintf(digits, sizeof(digits), ".%09" PRId64, fraction);
        while (digits[length - 1] == '0')
            digits[--length] = '\0';
    }
    if (tm.tm_gmtoff != 0)
        snprintf(zone, sizeof(zone), "%c%02ld:%02ld", tm.tm_gmtoff < 0 ? '-' : '+',
                 labs(tm.tm_gmtoff) / 3600, labs(tm.tm_gmtoff) / 60 % 60);
    snprintf(ret_text, TIMEDRIFT_TIME_SIZE, "%04d-%02d-%02dT%02d:%02d:%02d%s%s", tm.tm_year + 1900,
             tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec, digits, zone);
}

void
timedrift_duration_text(int64_t nanoseconds, char ret_text[TIMEDRIFT_TIME_SIZE])
{
    char text[MIG_TEXT_DURATION_SIZE];

    mig_text_duration(nanoseconds < 0 ? 0 - (uint64_t)nanoseconds : (uint64_t)nanoseconds, text);
    snprintf(ret_text, TIMEDRIFT_TIME_SIZE, "%s%s", nanoseconds < 0 ? "-" : "", text);
}
