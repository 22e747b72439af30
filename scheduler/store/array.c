/* SPDX-License-Identifier: MPL-2.0 */
#include "config.h"
#include "store/array.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"

static void
array_next(struct mig_buf *array)
{
    mig_buf_addc(array, array->len ? ',' : '{');
}

void
mig_array_int(struct mig_buf *array, int64_t value)
{
    array_next(array);
    mig_buf_addf(array, "%" PRId64, value);
}

void
mig_array_text(struct mig_buf *array, const char *text, size_t len)
{
    array_next(array);
    if (!text) {
        mig_buf_adds(array, "NULL");
        return;
    }
    mig_buf_addc(array, '"');
    while (len) {
        size_t plain = 0;
        while (plain < len && text[plain] != '"' && text[plain] != '\\')
            plain++;
        mig_buf_add(array, text, plain);
        if (plain < len) {
            mig_buf_addc(array, '\\');
            mig_buf_addc(array, text[plain++]);
        }
        text += plain;
        len -= plain;
    }
    mig_buf_addc(array, '"');
}

const char *
mig_array_end(struct mig_buf *array)
{
    if (!array->len)
        mig_buf_addc(array, '{');
    mig_buf_addc(array, '}');
    return array->failed ? NULL : array->data;
}

int64_t
mig_array_to_int(const char *text)
{
    return strtoll(text, NULL, 10);
}

/* The code unit of the escape \uXXXX at c, or -1. */
static long
code_unit(const char *c)
{
    char hex[5] = "";

    if (c[0] != '\\' || c[1] != 'u')
        return -1;
    for (int i = 0; i < 4; i++) {
        if (!isxdigit((unsigned char)c[2 + i]))
            return -1;
        hex[i] = c[2 + i];
    }
    return strtol(hex, NULL, 16);
}

void
mig_json_readable(char *text)
{
    char *c = text;

    while ((c = strchr(c, '\\'))) {
        long unit = code_unit(c);
        if (c[1] == '\0')
            return;
        if (unit < 0) {
            c += 2;
            continue;
        }
        long low = unit >= 0xd800 && unit < 0xdc00 ? code_unit(c + 6) : -1;
        if (low >= 0xdc00 && low < 0xe000) {
            c += 12;
            continue;
        }
        if (unit == 0 || (unit >= 0xd800 && unit < 0xe000))
            memcpy(c + 2, "fffd", 4);
        c += 6;
    }
}
