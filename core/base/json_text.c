/* SPDX-License-Identifier: MPL-2.0 */
/* The pieces of JSON text: UTF-8, escapes, numbers as Go writes them, raw members. */
#include "config.h"

#include "base/json.h"

#include <errno.h>
#include <float.h>
#include <locale.h>
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/json_internal.h"

static bool
continues(unsigned char c)
{
    return (c & 0xc0) == 0x80;
}

size_t
mig_utf8_length(const char *text, size_t len)
{
    const unsigned char *p = (const unsigned char *)text;

    if (len == 0)
        return 0;
    if (p[0] < 0x80)
        return 1;
    if (p[0] < 0xc2 || p[0] > 0xf4)
        return 0;
    if (p[0] < 0xe0)
        return len >= 2 && continues(p[1]) ? 2 : 0;
    if (p[0] < 0xf0) {
        if (len < 3 || !continues(p[1]) || !continues(p[2]))
            return 0;
        if ((p[0] == 0xe0 && p[1] < 0xa0) || (p[0] == 0xed && p[1] > 0x9f))
            return 0;
        return 3;
    }
    if (len < 4 || !continues(p[1]) || !continues(p[2]) || !continues(p[3]))
        return 0;
    if ((p[0] == 0xf0 && p[1] < 0x90) || (p[0] == 0xf4 && p[1] > 0x8f))
        return 0;
    return 4;
}

int
mig_utf8_valid(const char *text, size_t len)
{
    size_t pos = 0;

    while (pos < len) {
        size_t used = mig_utf8_length(text + pos, len - pos);
        if (used == 0)
            return 0;
        pos += used;
    }
    return 1;
}

int
mig_utf8_add(struct mig_buf *out, unsigned code)
{
    char bytes[4];
    size_t n = 0;

    if (code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff))
        code = 0xfffd;
    if (code < 0x80) {
        bytes[n++] = (char)code;
    } else if (code < 0x800) {
        bytes[n++] = (char)(0xc0 | (code >> 6));
        bytes[n++] = (char)(0x80 | (code & 0x3f));
    } else if (code < 0x10000) {
        bytes[n++] = (char)(0xe0 | (code >> 12));
        bytes[n++] = (char)(0x80 | ((code >> 6) & 0x3f));
        bytes[n++] = (char)(0x80 | (code & 0x3f));
    } else {
        bytes[n++] = (char)(0xf0 | (code >> 18));
        bytes[n++] = (char)(0x80 | ((code >> 12) & 0x3f));
        bytes[n++] = (char)(0x80 | ((code >> 6) & 0x3f));
        bytes[n++] = (char)(0x80 | (code & 0x3f));
    }
    return mig_buf_add(out, bytes, n);
}

/* The value of "\uXXXX" at text, or -1. */
static int
hex_escape(const char *text, size_t len)
{
    int value = 0;

    if (len < 6 || text[0] != '\\' || text[1] != 'u')
        return -1;
    for (int i = 2; i < 6; i++) {
        char c = text[i];
        int digit;
        if (c >= '0' && c <= '9')
            digit = c - '0';
        else if (c >= 'a' && c <= 'f')
            digit = c - 'a' + 10;
        else if (c >= 'A' && c <= 'F')
            digit = c - 'A' + 10;
        else
            return -1;
        value = value * 16 + digit;
    }
    return value;
}

int
mig_json_unescape(const char *text, size_t len, struct mig_buf *out, size_t *ret_used)
{
    static const char from[] = "\"\\/bfnrt";
    static const char to[] = "\"\\/\b\f\n\r\t";
    const char *at;
    int high;
    int low;

    if (len < 2 || text[1] == '\0')
        return MIG_E_SYNTAX;
    at = strchr(from, text[1]);
    if (at != NULL) {
        *ret_used = 2;
        return mig_buf_addc(out, to[at - from]);
    }
    high = hex_escape(text, len);
    if (high < 0)
        return MIG_E_SYNTAX;
    *ret_used = 6;
    if (high >= 0xd800 && high <= 0xdbff) {
        low = hex_escape(text + 6, len - 6);
        if (low >= 0xdc00 && low <= 0xdfff) {
            *ret_used = 12;
            return mig_utf8_add(out, 0x10000u + (((unsigned)high - 0xd800u) << 10) +
                                         ((unsigned)low - 0xdc00u));
        }
    }
    return mig_utf8_add(out, (unsigned)high);
}

/* Go's short escapes, else \u00xx; NULL when the byte stands for itself. */
static const char *
escape_of(unsigned char c, char space[8])
{
    switch (c) {
    case '"':
        return "\\\"";
    case '\\':
        return "\\\\";
    case '\n':
        return "\\n";
    case '\r':
        return "\\r";
    case '\t':
        return "\\t";
    default:
        if (c >= 0x20 && c != '<' && c != '>' && c != '&')
            return NULL;
        snprintf(space, 8, "\\u%04x", c);
        return space;
    }
}

int
mig_json_add_string(struct mig_buf *out, const char *text, size_t len)
{
    size_t plain = 0; /* start of the run that needs no escape */
    size_t pos = 0;

    mig_buf_addc(out, '"');
    while (pos < len) {
        char space[8];
        size_t used = mig_utf8_length(text + pos, len - pos);
        const char *escape = used == 1 ? escape_of((unsigned char)text[pos], space) : NULL;
        if (used == 0) {
            escape = "\xef\xbf\xbd";
            used = 1;
        } else if (used == 3 && memcmp(text + pos, "\xe2\x80\xa8", 3) == 0) {
            escape = "\\u2028";
        } else if (used == 3 && memcmp(text + pos, "\xe2\x80\xa9", 3) == 0) {
            escape = "\\u2029";
        }
        if (escape != NULL) {
            mig_buf_add(out, text + plain, pos - plain);
            mig_buf_adds(out, escape);
            plain = pos + used;
        }
        pos += used;
    }
    if (pos > plain)
        mig_buf_add(out, text + plain, pos - plain);
    return mig_buf_addc(out, '"');
}

static locale_t c_locale;
static pthread_once_t c_locale_once = PTHREAD_ONCE_INIT;

static void
make_c_locale(void)
{
    c_locale = newlocale(LC_ALL_MASK, "C", (locale_t)0);
}

double
mig_json_strtod(const char *text)
{
    pthread_once(&c_locale_once, make_c_locale);
    if (c_locale == (locale_t)0)
        return strtod(text, NULL);
    return strtod_l(text, NULL, c_locale);
}

/* A positive double as 0.DIGITS * 10^point. */
struct decimal {
    char digits[20];
    int count;
    int point;
};

/* The nearest decimal of `precision` digits. printf's decimal point follows the locale: only the
 * digits are taken. */
static void
round_to(double value, int precision, struct decimal *d)
{
    char text[64];
    const char *at = text;

    snprintf(text, sizeof text, "%.*e", precision - 1, value);
    d->count = 0;
    for (; *at != 'e' && *at != '\0'; at++) {
        if (*at >= '0' && *at <= '9' && d->count < 18)
            d->digits[d->count++] = *at;
    }
    d->digits[d->count] = '\0';
    d->point = (*at == 'e' ? (int)strtol(at + 1, NULL, 10) : 0) + 1;
}

static bool
reads_back(const struct decimal *d, double value)
{
    char text[48];

    snprintf(text, sizeof text, "0.%se%d", d->digits, d->point);
    return mig_json_strtod(text) == value;
}

static void
step_up(struct decimal *d)
{
    int i = d->count - 1;

    while (i >= 0 && d->digits[i] == '9')
        d->digits[i--] = '0';
    if (i >= 0) {
        d->digits[i]++;
        return;
    }
    d->digits[0] = '1';
    d->point++;
}

/* The shortest decimal that reads back as the same double. From a power of two the next double is
 * twice as far above as below, so the nearest decimal may miss where the one above it hits. */
static void
shortest(double value, struct decimal *d)
{
    int exponent;
    bool power = frexp(value, &exponent) == 0.5;
    int precision = value < DBL_MIN ? 1 : DBL_DIG;

    for (; precision < 17; precision++) {
        round_to(value, precision, d);
        if (reads_back(d, value))
            break;
        if (power) {
            step_up(d);
            if (reads_back(d, value))
                break;
        }
    }
    if (precision == 17)
        round_to(value, 17, d);
    while (d->count > 1 && d->digits[d->count - 1] == '0')
        d->digits[--d->count] = '\0';
}

static void
add_scientific(struct mig_buf *out, const struct decimal *d)
{
    mig_buf_addc(out, d->digits[0]);
    if (d->count > 1) {
        mig_buf_addc(out, '.');
        mig_buf_adds(out, d->digits + 1);
    }
    mig_buf_addf(out, "e%+d", d->point - 1);
}

static void
add_positional(struct mig_buf *out, const struct decimal *d)
{
    int i = 0;

    if (d->point <= 0)
        mig_buf_adds(out, "0");
    for (; i < d->point; i++)
        mig_buf_addc(out, i < d->count ? d->digits[i] : '0');
    if (i >= d->count)
        return;
    mig_buf_addc(out, '.');
    for (int zero = d->point; zero < 0; zero++)
        mig_buf_addc(out, '0');
    mig_buf_adds(out, d->digits + i);
}

int
mig_json_add_double(struct mig_buf *out, double value)
{
    struct decimal d;

    if (!isfinite(value))
        return mig_buf_adds(out, "null"); /* JSON has no word for it */
    if (signbit(value)) {
        mig_buf_addc(out, '-');
        value = -value;
    }
    if (value == 0)
        return mig_buf_addc(out, '0');
    shortest(value, &d);
    if (value < 1e-6 || value >= 1e21)
        add_scientific(out, &d);
    else
        add_positional(out, &d);
    return out->failed ? -ENOMEM : 0;
}

static void
skip_space(const char *text, size_t len, size_t *pos)
{
    while (*pos < len && memchr(" \t\r\n", text[*pos], 4) != NULL)
        (*pos)++;
}

/* Past the string that starts at *pos. */
static void
skip_string(const char *text, size_t len, size_t *pos)
{
    for ((*pos)++; *pos < len && text[*pos] != '"'; (*pos)++) {
        if (text[*pos] == '\\')
            (*pos)++;
    }
    if (*pos < len)
        (*pos)++;
    else
        *pos = len;
}

/* Past the value that starts at *pos; the text is known to be well formed. */
static void
skip_value(const char *text, size_t len, size_t *pos)
{
    size_t depth = 0;

    while (*pos < len) {
        char c = text[*pos];
        if (c == '"') {
            skip_string(text, len, pos);
            if (depth == 0)
                return;
            continue;
        }
        if (c == '{' || c == '[')
            depth++;
        if (c == '}' || c == ']') {
            if (depth == 0)
                return;
            depth--;
            (*pos)++;
            if (depth == 0)
                return;
            continue;
        }
        if (depth == 0 && memchr(", \t\r\n", c, 5) != NULL)
            return;
        (*pos)++;
    }
}

/* Whether the raw string at `raw` (with its quotes) says `key`. */
static bool
string_is(const char *raw, size_t len, const char *key)
{
    struct mig_buf decoded = MIG_BUF_INIT;
    size_t key_len = strlen(key);
    bool same = false;
    size_t pos = 1;

    if (len < 2)
        return false;
    if (memchr(raw, '\\', len) == NULL)
        return len - 2 == key_len && memcmp(raw + 1, key, key_len) == 0;
    while (pos < len - 1) {
        size_t used = 1;
        if (raw[pos] == '\\') {
            if (mig_json_unescape(raw + pos, len - 1 - pos, &decoded, &used) != 0)
                goto out;
        } else {
            mig_buf_addc(&decoded, raw[pos]);
        }
        pos += used;
    }
    same = !decoded.failed && decoded.len == key_len && memcmp(decoded.data, key, key_len) == 0;
out:
    mig_buf_fini(&decoded);
    return same;
}

int
mig_json_raw_member(const char *text, size_t len, const char *key, const char **ret_text,
                    size_t *ret_len)
{
    size_t pos = 0;

    skip_space(text, len, &pos);
    if (pos >= len || text[pos] != '{')
        return MIG_E_NOT_FOUND;
    for (;;) {
        size_t name, name_len, value;
        pos++; /* '{' or ',' */
        skip_space(text, len, &pos);
        if (pos >= len || text[pos] != '"')
            return MIG_E_NOT_FOUND;
        name = pos;
        skip_string(text, len, &pos);
        name_len = pos - name;
        skip_space(text, len, &pos);
        if (pos >= len || text[pos] != ':')
            return MIG_E_NOT_FOUND;
        pos++;
        skip_space(text, len, &pos);
        value = pos;
        skip_value(text, len, &pos);
        if (string_is(text + name, name_len, key)) {
            *ret_text = text + value;
            *ret_len = pos - value;
            return 0;
        }
        skip_space(text, len, &pos);
        if (pos >= len || text[pos] != ',')
            return MIG_E_NOT_FOUND;
    }
}

int
mig_json_raw_next(const char *text, size_t len, size_t *cursor, const char **ret_text,
                  size_t *ret_len)
{
    size_t pos = *cursor;
    size_t value;

    skip_space(text, len, &pos);
    if (pos >= len || text[pos] != (*cursor == 0 ? '[' : ','))
        return MIG_E_NOT_FOUND;
    pos++;
    skip_space(text, len, &pos);
    if (pos >= len || text[pos] == ']')
        return MIG_E_NOT_FOUND;
    value = pos;
    skip_value(text, len, &pos);
    *ret_text = text + value;
    *ret_len = pos - value;
    *cursor = pos;
    return 0;
}

int
mig_json_raw_element(const char *text, size_t len, size_t index, const char **ret_text,
                     size_t *ret_len)
{
    size_t cursor = 0;
    const char *at;
    size_t at_len;

    do {
        int rc = mig_json_raw_next(text, len, &cursor, &at, &at_len);
        if (rc != 0)
            return rc;
    } while (index-- > 0);
    *ret_text = at;
    *ret_len = at_len;
    return 0;
}
