/* SPDX-License-Identifier: MPL-2.0 */
#include "config.h"

#include <mig/version.h>

#include <stdint.h>
#include <string.h>

#include "version_internal.h"

/* A part of a version; the locale has no say in what is a digit. */
struct part {
    const char *text;
    size_t length;
};

static bool
is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool
is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static int
order(long a, long b)
{
    return a < b ? -1 : a > b;
}

static struct part
take_digits(struct part *from)
{
    struct part run = {from->text, 0};

    while (run.length < from->length && is_digit(run.text[run.length]))
        run.length++;
    from->text += run.length;
    from->length -= run.length;
    return run;
}

/* Numbers of any length, as they count; the empty one is 0. */
static int
compare_numbers(struct part a, struct part b)
{
    int code;

    for (; a.length > 0 && *a.text == '0'; a.length--)
        a.text++;
    for (; b.length > 0 && *b.text == '0'; b.length--)
        b.text++;
    if (a.length != b.length)
        return a.length < b.length ? -1 : 1;
    code = a.length > 0 ? memcmp(a.text, b.text, a.length) : 0;
    return order(code, 0);
}

/* The shorter of two that are equal as far as it goes is less. */
static int
compare_bytes(struct part a, struct part b)
{
    size_t least = a.length < b.length ? a.length : b.length;
    int code = least > 0 ? memcmp(a.text, b.text, least) : 0;

    if (code != 0)
        return order(code, 0);
    return a.length < b.length ? -1 : a.length > b.length;
}

/* "1:2.3-4" as epoch, version and release; an epoch is digits before the first colon. */
struct evr {
    struct part epoch;
    struct part version;
    struct part release;
    bool has_release;
};

static struct evr
split(const char *text)
{
    struct evr evr = {.epoch = {"", 0}, .version = {text, strlen(text)}, .release = {"", 0}};
    struct part rest = evr.version;
    struct part digits = take_digits(&rest);
    const char *dash;

    if (rest.length > 0 && *rest.text == ':') {
        evr.epoch = digits;
        evr.version = (struct part){rest.text + 1, rest.length - 1};
    }
    dash = memrchr(evr.version.text, '-', evr.version.length);
    if (dash != NULL) {
        evr.has_release = true;
        evr.release.text = dash + 1;
        evr.release.length = evr.version.length - (size_t)(dash + 1 - evr.version.text);
        evr.version.length = (size_t)(dash - evr.version.text);
    }
    return evr;
}

/* ---- dpkg ---- */

/* The place of the character that ends or continues a run of others than digits. */
static int
dpkg_place(struct part part)
{
    if (part.length == 0 || is_digit(*part.text))
        return 0;
    if (*part.text == '~')
        return -1;
    return is_letter(*part.text) ? *part.text : (unsigned char)*part.text + 256;
}

static void
step(struct part *part)
{
    if (part->length > 0 && !is_digit(*part->text)) {
        part->text++;
        part->length--;
    }
}

static int
dpkg_compare_part(struct part a, struct part b)
{
    int code = 0;

    while (code == 0 && (a.length > 0 || b.length > 0)) {
        while (code == 0 &&
               ((a.length > 0 && !is_digit(*a.text)) || (b.length > 0 && !is_digit(*b.text)))) {
            code = order(dpkg_place(a), dpkg_place(b));
            step(&a);
            step(&b);
        }
        if (code == 0)
            code = compare_numbers(take_digits(&a), take_digits(&b));
    }
    return code;
}

static int
dpkg_compare(const char *a_text, const char *b_text)
{
    struct evr a = split(a_text);
    struct evr b = split(b_text);
    int code = compare_numbers(a.epoch, b.epoch);

    if (code == 0)
        code = dpkg_compare_part(a.version, b.version);
    return code == 0 ? dpkg_compare_part(a.release, b.release) : code;
}

/* ---- rpm ---- */

/* Separators say nothing but where a run ends. */
static void
rpm_skip(struct part *part)
{
    while (part->length > 0 && !is_digit(*part->text) && !is_letter(*part->text) &&
           *part->text != '~' && *part->text != '^') {
        part->text++;
        part->length--;
    }
}

static bool
starts_with(struct part part, char c)
{
    return part.length > 0 && *part.text == c;
}

static struct part
take_letters(struct part *from)
{
    struct part run = {from->text, 0};

    while (run.length < from->length && is_letter(run.text[run.length]))
        run.length++;
    from->text += run.length;
    from->length -= run.length;
    return run;
}

/* '~' is before the end of a version, '^' behind it and before everything else. True when that
 * decides, or, with *ret_code 0, when both have it. */
static bool
rpm_marks(struct part *a, struct part *b, int *ret_code)
{
    *ret_code = 0;
    if (starts_with(*a, '~') || starts_with(*b, '~')) {
        *ret_code = order(starts_with(*b, '~'), starts_with(*a, '~'));
    } else if (starts_with(*a, '^') || starts_with(*b, '^')) {
        if (a->length == 0 || b->length == 0)
            *ret_code = a->length == 0 ? -1 : 1;
        else
            *ret_code = order(starts_with(*b, '^'), starts_with(*a, '^'));
    } else {
        return false;
    }
    if (*ret_code == 0) {
        *a = (struct part){a->text + 1, a->length - 1};
        *b = (struct part){b->text + 1, b->length - 1};
    }
    return true;
}

/* One run of digits or letters of each. A run of digits is newer than one of letters. */
static int
rpm_compare_run(struct part *a, struct part *b)
{
    bool digits = is_digit(*a->text);

    if (digits != is_digit(*b->text))
        return digits ? 1 : -1;
    if (digits)
        return compare_numbers(take_digits(a), take_digits(b));
    return compare_bytes(take_letters(a), take_letters(b));
}

static int
rpm_compare_part(struct part a, struct part b)
{
    int code = 0;

    if (compare_bytes(a, b) == 0)
        return 0;
    while (a.length > 0 || b.length > 0) {
        rpm_skip(&a);
        rpm_skip(&b);
        if (rpm_marks(&a, &b, &code)) {
            if (code != 0)
                return code;
            continue;
        }
        if (a.length == 0 || b.length == 0)
            break;
        code = rpm_compare_run(&a, &b);
        if (code != 0)
            return code;
    }
    return order(a.length > 0, b.length > 0);
}

static int
rpm_compare(const char *a_text, const char *b_text, bool any_release)
{
    struct evr a = split(a_text);
    struct evr b = split(b_text);
    int code = compare_numbers(a.epoch, b.epoch);

    if (code == 0)
        code = rpm_compare_part(a.version, b.version);
    if (code != 0 || (any_release && (!a.has_release || !b.has_release)))
        return code;
    if (a.has_release != b.has_release)
        return a.has_release ? 1 : -1;
    return rpm_compare_part(a.release, b.release);
}

/* ---- apk ---- */

/* In the order that decides when one version has a part that the other has not: the later kind is
 * the lesser version. */
enum apk_kind {
    APK_FIRST,
    APK_NUMBER,
    APK_LETTER,
    APK_SUFFIX,
    APK_SUFFIX_NUMBER,
    APK_HASH,
    APK_REVISION,
    APK_END,
    APK_INVALID
};

struct apk {
    struct part rest;
    enum apk_kind kind;
    struct part value;
    int suffix; /* below 0: of a version that is still to come */
};

static int
apk_suffix(struct part name)
{
    static const char *const names[] = {"alpha", "beta", "pre", "rc", "cvs",
                                        "svn",   "git",  "hg",  "p"};
    size_t i;

    for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (name.length == strlen(names[i]) && memcmp(name.text, names[i], name.length) == 0)
            return i < 4 ? (int)i - 4 : (int)i;
    return 0;
}

static bool
is_hash_digit(char c)
{
    return is_digit(c) || (c >= 'a' && c <= 'f');
}

static void
apk_take_number(struct apk *at, enum apk_kind kind)
{
    at->value = take_digits(&at->rest);
    at->kind = at->value.length > 0 ? kind : APK_INVALID;
}

static void
apk_take_suffix(struct apk *at)
{
    at->value = take_letters(&at->rest);
    at->suffix = apk_suffix(at->value);
    at->kind = at->suffix != 0 ? APK_SUFFIX : APK_INVALID;
}

static void
apk_take_hash(struct apk *at)
{
    at->value = (struct part){at->rest.text, 0};
    while (at->value.length < at->rest.length && is_hash_digit(at->value.text[at->value.length]))
        at->value.length++;
    at->rest.text += at->value.length;
    at->rest.length -= at->value.length;
    at->kind = at->value.length > 0 ? APK_HASH : APK_INVALID;
}

static void
apk_next(struct apk *at)
{
    enum apk_kind before = at->kind;
    char c;

    if (before >= APK_END)
        return;
    if (at->rest.length == 0) {
        at->kind = APK_END;
        return;
    }
    c = *at->rest.text;
    if (before == APK_SUFFIX && is_digit(c)) {
        apk_take_number(at, APK_SUFFIX_NUMBER);
        return;
    }
    at->rest = (struct part){at->rest.text + 1, at->rest.length - 1};
    if (c == '.' && before <= APK_NUMBER) {
        apk_take_number(at, APK_NUMBER);
    } else if (before <= APK_NUMBER && c >= 'a' && c <= 'z') {
        at->value = (struct part){at->rest.text - 1, 1};
        at->kind = APK_LETTER;
    } else if (c == '_' && before <= APK_SUFFIX_NUMBER) {
        apk_take_suffix(at);
    } else if (c == '~' && before <= APK_SUFFIX_NUMBER) {
        apk_take_hash(at);
    } else if (c == '-' && before <= APK_HASH && starts_with(at->rest, 'r')) {
        at->rest = (struct part){at->rest.text + 1, at->rest.length - 1};
        apk_take_number(at, APK_REVISION);
    } else {
        at->kind = APK_INVALID;
    }
}

static int
apk_compare_value(const struct apk *a, const struct apk *b)
{
    switch (a->kind) {
    case APK_NUMBER:
        /* A number with a leading zero is a fraction. */
        if (starts_with(a->value, '0') || starts_with(b->value, '0'))
            return compare_bytes(a->value, b->value);
        return compare_numbers(a->value, b->value);
    case APK_FIRST:
    case APK_SUFFIX_NUMBER:
    case APK_REVISION:
        return compare_numbers(a->value, b->value);
    case APK_SUFFIX:
        return order(a->suffix, b->suffix);
    default:
        return compare_bytes(a->value, b->value);
    }
}

static int
apk_compare(const char *a_text, const char *b_text)
{
    struct apk a = {.rest = {a_text, strlen(a_text)}, .kind = APK_FIRST};
    struct apk b = {.rest = {b_text, strlen(b_text)}, .kind = APK_FIRST};
    int code;

    apk_take_number(&a, APK_FIRST);
    apk_take_number(&b, APK_FIRST);
    while (a.kind == b.kind && a.kind < APK_END) {
        code = apk_compare_value(&a, &b);
        if (code != 0)
            return code;
        apk_next(&a);
        apk_next(&b);
    }
    if (a.kind == b.kind)
        return compare_bytes(a.rest, b.rest);
    if (a.kind == APK_SUFFIX && a.suffix < 0)
        return -1;
    if (b.kind == APK_SUFFIX && b.suffix < 0)
        return 1;
    return a.kind > b.kind ? -1 : 1;
}

/* ---- all ---- */

int
mig_version_compare(enum mig_version_system system, const char *a, const char *b)
{
    if (system == MIG_VERSION_RPM)
        return rpm_compare(a, b, false);
    return system == MIG_VERSION_APK ? apk_compare(a, b) : dpkg_compare(a, b);
}

int
mig_version_compare_bound(enum mig_version_system system, const char *version, const char *bound)
{
    if (system == MIG_VERSION_RPM)
        return rpm_compare(version, bound, true);
    return mig_version_compare(system, version, bound);
}
