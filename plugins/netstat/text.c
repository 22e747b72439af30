/* SPDX-License-Identifier: MPL-2.0 */
#include "netstat.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>
#include <mig/json.h>

int
netstat_grow(void **array, size_t *size, size_t count, size_t element)
{
    size_t wanted = *size == 0 ? 16 : *size * 2;
    void *grown;

    if (count < *size)
        return 0;
    if (wanted < *size || wanted > SIZE_MAX / element)
        return -ENOMEM;
    grown = realloc(*array, wanted * element);
    if (grown == NULL)
        return -ENOMEM;
    *array = grown;
    *size = wanted;
    return 0;
}

void
netstat_text_add(struct netstat_text *text, const char *data, size_t length)
{
    size_t size = text->size == 0 ? 256 : text->size;
    char *grown;

    if (text->failed || length == 0)
        return;
    if (length > SIZE_MAX / 4 - text->length) {
        text->failed = true;
        return;
    }
    while (size < text->length + length)
        size *= 2;
    if (size > text->size) {
        grown = realloc(text->data, size);
        if (grown == NULL) {
            text->failed = true;
            return;
        }
        text->data = grown;
        text->size = size;
    }
    memcpy(text->data + text->length, data, length);
    text->length += length;
}

void
netstat_text_adds(struct netstat_text *text, const char *string)
{
    netstat_text_add(text, string, strlen(string));
}

void
netstat_text_number(struct netstat_text *text, uint64_t number)
{
    char digits[20];
    size_t at = sizeof(digits);

    do {
        digits[--at] = (char)('0' + number % 10);
        number /= 10;
    } while (number > 0);
    netstat_text_add(text, digits + at, sizeof(digits) - at);
}

/* Nothing in it that JSON would escape. */
static bool
is_plain(const char *string)
{
    for (const unsigned char *p = (const unsigned char *)string; *p != '\0'; p++)
        if (*p < 0x20 || *p > 0x7e || *p == '"' || *p == '\\')
            return false;
    return true;
}

void
netstat_text_string(struct netstat_text *text, const char *string)
{
    struct json_object *value;
    const char *json;
    size_t length = 0;

    if (is_plain(string)) {
        netstat_text_add(text, "\"", 1);
        netstat_text_adds(text, string);
        netstat_text_add(text, "\"", 1);
        return;
    }
    value = json_object_new_string(string);
    json = value != NULL ? mig_json_text(value, &length) : NULL;
    if (json != NULL)
        netstat_text_add(text, json, length);
    else
        text->failed = true;
    json_object_put(value);
}

void
netstat_text_fini(struct netstat_text *text)
{
    free(text->data);
    memset(text, 0, sizeof(*text));
}
