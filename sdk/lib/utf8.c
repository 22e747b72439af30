/* SPDX-License-Identifier: MPL-2.0 */
#include "config.h"

#include "utf8.h"

#include <stdint.h>
#include <string.h>

static bool
continues(unsigned char byte)
{
    return (byte & 0xc0) == 0x80;
}

size_t
mig_utf8_step(const char *text, size_t left)
{
    const unsigned char *p = (const unsigned char *)text;

    if (p[0] < 0x80)
        return 1;
    if (p[0] >= 0xc2 && p[0] <= 0xdf)
        return left >= 2 && continues(p[1]) ? 2 : 0;
    if (left < 3 || p[0] < 0xe0 || p[0] > 0xf4 || !continues(p[1]) || !continues(p[2]))
        return 0;
    if (p[0] <= 0xef) {
        /* No overlong forms, no surrogates. */
        if ((p[0] == 0xe0 && p[1] < 0xa0) || (p[0] == 0xed && p[1] > 0x9f))
            return 0;
        return 3;
    }
    if (left < 4 || !continues(p[3]) || (p[0] == 0xf0 && p[1] < 0x90) ||
        (p[0] == 0xf4 && p[1] > 0x8f))
        return 0;
    return 4;
}

size_t
mig_utf8_decode(const char *text, size_t left, uint32_t *ret_rune)
{
    const unsigned char *p = (const unsigned char *)text;
    size_t step = mig_utf8_step(text, left);

    switch (step) {
    case 1:
        *ret_rune = p[0];
        break;
    case 2:
        *ret_rune = (uint32_t)(p[0] & 0x1f) << 6 | (p[1] & 0x3fu);
        break;
    case 3:
        *ret_rune = (uint32_t)(p[0] & 0x0f) << 12 | (uint32_t)(p[1] & 0x3f) << 6 | (p[2] & 0x3fu);
        break;
    case 4:
        *ret_rune = (uint32_t)(p[0] & 0x07) << 18 | (uint32_t)(p[1] & 0x3f) << 12 |
                    (uint32_t)(p[2] & 0x3f) << 6 | (p[3] & 0x3fu);
        break;
    default:
        break;
    }
    return step;
}

size_t
mig_utf8_encode(uint32_t rune, char ret_text[4])
{
    if (rune < 0x80) {
        ret_text[0] = (char)rune;
        return 1;
    }
    if (rune < 0x800) {
        ret_text[0] = (char)(0xc0 | rune >> 6);
        ret_text[1] = (char)(0x80 | (rune & 0x3f));
        return 2;
    }
    if (rune < 0x10000) {
        ret_text[0] = (char)(0xe0 | rune >> 12);
        ret_text[1] = (char)(0x80 | (rune >> 6 & 0x3f));
        ret_text[2] = (char)(0x80 | (rune & 0x3f));
        return 3;
    }
    ret_text[0] = (char)(0xf0 | rune >> 18);
    ret_text[1] = (char)(0x80 | (rune >> 12 & 0x3f));
    ret_text[2] = (char)(0x80 | (rune >> 6 & 0x3f));
    ret_text[3] = (char)(0x80 | (rune & 0x3f));
    return 4;
}

bool
mig_utf8_valid(const char *text, size_t length)
{
    size_t i = 0;
    size_t step;
    uint64_t word;

    while (i < length) {
        /* Most text is ASCII: eight bytes at a time. */
        if (length - i >= sizeof(word)) {
            memcpy(&word, text + i, sizeof(word));
            if ((word & UINT64_C(0x8080808080808080)) == 0) {
                i += sizeof(word);
                continue;
            }
        }
        step = mig_utf8_step(text + i, length - i);
        if (step == 0)
            return false;
        i += step;
    }
    return true;
}
