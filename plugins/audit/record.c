/* SPDX-License-Identifier: MPL-2.0 */
#include "config.h"

#include "audit.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>
#include <linux/audit.h>

#define NAME_MAX_ 64u

/* What the kernel and the programs write in hexadecimal digits when it holds a space, a quote or a
 * control character: audit_log_untrustedstring() of the kernel, audit_encode_nv_string(3). */
static const char *const encoded[] = {
    "acct", "cmd",   "comm",        "cwd",  "data",      "dir", "exe",      "file", "grp", "key",
    "name", "ocomm", "old-chardev", "path", "proctitle", "sw",  "terminal", "unit", "vm",  "watch"};

struct text {
    const char *at, *end;
};

/* ---- values ---- */

static int
hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c = (char)(c | 0x20);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool
is_hex(const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if (hex_digit(text[i]) < 0)
            return false;
    return length > 0 && length % 2 == 0;
}

static bool
is_encoded(uint16_t type, const char *name)
{
    /* Arguments of a program; in SYSCALL a0 is a number. */
    if (type == AUDIT_EXECVE && name[0] == 'a' && isdigit((unsigned char)name[1]))
        return true;
    for (size_t i = 0; i < MIG_COUNT(encoded); i++)
        if (strcmp(encoded[i], name) == 0)
            return true;
    return false;
}

/* Bytes of a well-formed character of UTF-8, 0: it is none. */
static size_t
character(const unsigned char *text, size_t left)
{
    size_t size = text[0] < 0x80   ? 1
                  : text[0] < 0xc2 ? 0
                  : text[0] < 0xe0 ? 2
                  : text[0] < 0xf0 ? 3
                                   : 4;

    if (size == 0 || size > left || text[0] > 0xf4)
        return 0;
    for (size_t i = 1; i < size; i++)
        if ((text[i] & 0xc0) != 0x80)
            return 0;
    if ((text[0] == 0xe0 && text[1] < 0xa0) || (text[0] == 0xed && text[1] > 0x9f) ||
        (text[0] == 0xf0 && text[1] < 0x90) || (text[0] == 0xf4 && text[1] > 0x8f))
        return 0;
    return size;
}

/* Text for JSON: a byte that is not UTF-8, and a control character, becomes \xHH. The NULs between
 * the words of a command line become spaces. */
static struct json_object *
value_text(const char *bytes, size_t length)
{
    char out[4 * AUDIT_VALUE_MAX + 8];
    size_t used = 0, step;

    if (length > AUDIT_VALUE_MAX)
        length = AUDIT_VALUE_MAX;
    for (size_t i = 0; i < length; i += step) {
        const unsigned char *at = (const unsigned char *)bytes + i;

        step = character(at, length - i);
        if (at[0] == '\0') {
            out[used++] = ' ';
        } else if (step == 0 || at[0] < 0x20 || at[0] == 0x7f) {
            step = 1;
            used += (size_t)snprintf(out + used, 5, "\\x%02x", at[0]);
        } else {
            memcpy(out + used, at, step);
            used += step;
        }
    }
    return json_object_new_string_len(out, (int)used);
}

static struct json_object *
decode(const char *text, size_t length)
{
    char bytes[AUDIT_VALUE_MAX];
    size_t count = length / 2 < sizeof(bytes) ? length / 2 : sizeof(bytes);

    for (size_t i = 0; i < count; i++)
        bytes[i] = (char)(hex_digit(text[2 * i]) << 4 | hex_digit(text[2 * i + 1]));
    return value_text(bytes, count);
}

/* ---- fields ---- */

static void
skip_space(struct text *text)
{
    while (text->at < text->end && (*text->at == ' ' || *text->at == ',' || *text->at == '\n' ||
                                    *text->at == '\x1d' || *text->at == '\0'))
        text->at++;
}

/* "name=": false when the next word is none. */
static bool
take_name(struct text *text, char name[NAME_MAX_])
{
    const char *at = text->at;
    size_t length;

    while (at < text->end && (isalnum((unsigned char)*at) || *at == '_' || *at == '-' ||
                              *at == '.' || *at == '[' || *at == ']'))
        at++;
    length = (size_t)(at - text->at);
    if (at >= text->end || *at != '=' || length == 0 || length >= NAME_MAX_)
        return false;
    memcpy(name, text->at, length);
    name[length] = '\0';
    text->at = at + 1;
    return true;
}

/* Up to the closing quote, or all that is left. */
static struct text
take_quoted(struct text *text)
{
    char quote = *text->at++;
    const char *end = memchr(text->at, quote, (size_t)(text->end - text->at));
    struct text value = {text->at, end != NULL ? end : text->end};

    text->at = end != NULL ? end + 1 : text->end;
    return value;
}

static struct text
take_word(struct text *text)
{
    struct text value = {text->at, text->at};

    while (value.end < text->end && *value.end != ' ' && *value.end != '\x1d' && *value.end != '\0')
        value.end++;
    text->at = value.end;
    return value;
}

static int parse_fields(struct audit_record *record, struct text text, unsigned depth);

static int
add(struct audit_record *record, const char *name, struct json_object *value)
{
    if (value == NULL)
        return -ENOMEM;
    /* The first one counts: what follows may have been written by whom it is about. */
    if (json_object_object_get_ex(record->data, name, NULL) ||
        json_object_object_length(record->data) >= (int)AUDIT_FIELDS_MAX) {
        json_object_put(value);
        return 0;
    }
    return json_object_object_add(record->data, name, value) == 0 ? 0 : -ENOMEM;
}

/* True when the text has a field. */
static bool
has_fields(struct text text)
{
    char name[NAME_MAX_];

    while (text.at < text.end) {
        skip_space(&text);
        if (take_name(&text, name))
            return true;
        (void)take_word(&text);
    }
    return false;
}

static int
take_field(struct audit_record *record, struct text *text, const char *name, unsigned depth)
{
    struct text value;
    size_t length;
    char quote = text->at < text->end ? *text->at : ' ';

    if (quote == '\'' && strcmp(name, "msg") == 0) {
        /* It may hold quotes: it goes on to the last one. */
        const char *end = memrchr(text->at + 1, '\'', (size_t)(text->end - text->at - 1));

        value = (struct text){text->at + 1, end != NULL ? end : text->end};
        text->at = end != NULL ? end + 1 : text->end;
        if (depth == 0 && has_fields(value))
            return parse_fields(record, value, 1);
        return add(record, name, value_text(value.at, (size_t)(value.end - value.at)));
    }
    if (quote == '"' || quote == '\'') {
        value = take_quoted(text);
        return add(record, name, value_text(value.at, (size_t)(value.end - value.at)));
    }
    value = take_word(text);
    length = (size_t)(value.end - value.at);
    if (is_hex(value.at, length) && is_encoded(record->type, name))
        return add(record, name, decode(value.at, length));
    return add(record, name, value_text(value.at, length));
}

static int
parse_fields(struct audit_record *record, struct text text, unsigned depth)
{
    char name[NAME_MAX_];
    int code = 0;

    while (code == 0) {
        skip_space(&text);
        if (text.at >= text.end)
            break;
        if (take_name(&text, name))
            code = take_field(record, &text, name, depth);
        else
            (void)take_word(&text); /* words such as "avc: denied" */
    }
    return code;
}

/* ---- the head ---- */

static bool
take_number(struct text *text, size_t most, uint64_t *ret_number)
{
    const char *start = text->at;
    uint64_t number = 0;

    while (text->at < text->end && isdigit((unsigned char)*text->at) &&
           (size_t)(text->at - start) < most)
        number = number * 10 + (uint64_t)(*text->at++ - '0');
    *ret_number = number;
    return text->at > start;
}

static bool
take_char(struct text *text, char c)
{
    if (text->at >= text->end || *text->at != c)
        return false;
    text->at++;
    return true;
}

static bool
take_head(struct text *text, struct audit_record *record)
{
    static const char head[] = "audit(";
    uint64_t seconds, milliseconds;

    if ((size_t)(text->end - text->at) < sizeof(head) - 1 ||
        memcmp(text->at, head, sizeof(head) - 1) != 0)
        return false;
    text->at += sizeof(head) - 1;
    if (!take_number(text, 18, &seconds) || !take_char(text, '.') ||
        !take_number(text, 3, &milliseconds) || !take_char(text, ':') ||
        !take_number(text, 18, &record->serial) || !take_char(text, ')') || !take_char(text, ':'))
        return false;
    snprintf(record->stamp, sizeof(record->stamp), "%" PRIu64 ".%03" PRIu64, seconds, milliseconds);
    return true;
}

int
audit_record_parse(uint16_t type, const char *text, size_t length, struct audit_record *ret_record)
{
    struct text left = {text, text + length};
    struct audit_record record = {.type = type};
    int code;

    if (!take_head(&left, &record))
        return -EBADMSG;
    skip_space(&left);
    while (left.end > left.at && (left.end[-1] == '\0' || left.end[-1] == '\n'))
        left.end--;
    audit_type_name(type, record.name);
    record.text = left.at;
    record.length = (size_t)(left.end - left.at);
    record.data = json_object_new_object();
    code = record.data != NULL ? parse_fields(&record, left, 0) : -ENOMEM;
    if (code < 0) {
        json_object_put(record.data);
        return code;
    }
    *ret_record = record;
    return 0;
}
