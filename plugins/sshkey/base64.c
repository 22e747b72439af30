/* SPDX-License-Identifier: MPL-2.0 */
#include "sshkey.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static int
value_of(char c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    return c == '+' ? 62 : c == '/' ? 63 : -1;
}

static bool
is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* Nothing but padding and blanks, as much padding as the length wants. */
static bool
is_end(const char *text, size_t length, size_t digits)
{
    size_t padding = 0;
    size_t i;

    for (i = 0; i < length; i++) {
        if (text[i] == '=')
            padding++;
        else if (!is_blank(text[i]))
            return false;
    }
    return (digits + padding) % 4 == 0 && padding <= 2;
}

int
sshkey_base64(const char *text, size_t length, uint8_t **ret_data, size_t *ret_length)
{
    uint8_t *data = malloc(length / 4 * 3 + 3);
    uint32_t word = 0;
    size_t digits = 0;
    size_t used = 0;
    size_t i;

    if (data == NULL)
        return -ENOMEM;
    for (i = 0; i < length && text[i] != '='; i++) {
        if (is_blank(text[i]))
            continue;
        if (value_of(text[i]) < 0)
            break;
        word = word << 6 | (uint32_t)value_of(text[i]);
        if (++digits % 4 != 1)
            data[used++] = (uint8_t)(word >> (6 - 2 * ((digits - 1) % 4)));
    }
    if (!is_end(text + i, length - i, digits)) {
        explicit_bzero(data, used);
        free(data);
        return -EINVAL;
    }
    *ret_data = data;
    *ret_length = used;
    return 0;
}
