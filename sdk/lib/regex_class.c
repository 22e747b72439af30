/* SPDX-License-Identifier: MPL-2.0 */
/* Escapes, and classes of characters. */
#include "config.h"

#include "regex_parser.h"

#include <string.h>

#define ESCAPE "invalid escape sequence (RE2 syntax)"
#define RANGE "invalid character class range (RE2 syntax)"

static bool
is_octal(unsigned char c)
{
    return c >= '0' && c <= '7';
}

static int
hex_value(unsigned char c)
{
    if (regex_is_digit(c))
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

/* \xHH and \x{H…}. */
static int
parse_hex(struct parser *p, uint32_t *ret_rune)
{
    uint32_t rune = 0;
    size_t i = 2;

    if (regex_peek(p, 2) == '{') {
        for (i = 3; hex_value(regex_peek(p, i)) >= 0 && rune <= RUNE_MAX; i++)
            rune = rune * 16 + (uint32_t)hex_value(regex_peek(p, i));
        if (i == 3 || regex_peek(p, i) != '}' || rune > RUNE_MAX)
            return regex_refuse(p, p->at, ESCAPE);
        i++;
    } else {
        if (hex_value(regex_peek(p, 2)) < 0 || hex_value(regex_peek(p, 3)) < 0)
            return regex_refuse(p, p->at, ESCAPE);
        rune = (uint32_t)(hex_value(regex_peek(p, 2)) * 16 + hex_value(regex_peek(p, 3)));
        i = 4;
    }
    *ret_rune = rune;
    p->at += i;
    return 0;
}

/* \123 and \0; \1 to \9 alone are backreferences. */
static int
parse_octal(struct parser *p, uint32_t *ret_rune)
{
    uint32_t rune = 0;
    size_t i;

    if (regex_peek(p, 1) > '7' || (regex_peek(p, 1) != '0' && !is_octal(regex_peek(p, 2))))
        return regex_refuse(p, p->at, REGEX_BACKREFERENCE);
    for (i = 1; i <= 3 && is_octal(regex_peek(p, i)); i++)
        rune = rune * 8 + (uint32_t)(regex_peek(p, i) - '0');
    *ret_rune = rune;
    p->at += i;
    return 0;
}

int
regex_parse_escape(struct parser *p, uint32_t *ret_rune)
{
    static const char letters[] = "afnrtv";
    static const char values[] = "\a\f\n\r\t\v";
    unsigned char c = regex_peek(p, 1);
    const char *letter;

    if (p->length - p->at < 2)
        return regex_refuse(p, p->at, "trailing backslash");
    if (c == 'x')
        return parse_hex(p, ret_rune);
    if (regex_is_digit(c))
        return parse_octal(p, ret_rune);
    if (c == 'k' || c == 'g')
        return regex_refuse(p, p->at, REGEX_BACKREFERENCE);
    letter = c != '\0' ? strchr(letters, c) : NULL;
    if (letter != NULL)
        *ret_rune = (unsigned char)values[letter - letters];
    else if (c < 0x80 && (!mig_rune_is_word(c) || c == '_'))
        *ret_rune = c;
    else
        return regex_refuse(p, p->at, ESCAPE);
    p->at += 2;
    return 0;
}

/* Adds a set of its own to a class, in the cases that the flags ask for. */
static void
add_set(struct parser *p, struct mig_runes *class, struct mig_runes *set, bool negated)
{
    if (p->flags & FLAG_FOLD)
        mig_runes_fold(set);
    mig_runes_join(class, set, negated);
    mig_runes_fini(set);
}

/* \pL, \p{Greek}, \p{^Greek}, \P… */
static int
parse_property(struct parser *p, struct mig_runes *class)
{
    struct mig_runes set = {0};
    bool negated = regex_peek(p, 1) == 'P';
    const char *name = p->pattern + p->at + 2;
    const char *end;
    size_t length = 1;
    size_t used = 3;

    if (regex_peek(p, 2) == '{') {
        name++;
        end = memchr(name, '}', (size_t)(p->pattern + p->length - name));
        if (end == NULL)
            return regex_refuse(p, p->at, RANGE);
        length = (size_t)(end - name);
        used = length + 4;
        if (length > 0 && *name == '^') {
            negated = !negated;
            name++;
            length--;
        }
    } else if (p->length - p->at < 3) {
        return regex_refuse(p, p->at, RANGE);
    }
    if (!mig_runes_add_property(&set, name, length)) {
        mig_runes_fini(&set);
        return regex_refuse(p, p->at, RANGE);
    }
    add_set(p, class, &set, negated);
    p->at += used;
    return 0;
}

int
regex_parse_set_escape(struct parser *p, struct mig_runes *class)
{
    struct mig_runes set = {0};
    unsigned char c = regex_peek(p, 1);
    int code;

    if (regex_peek(p, 0) != '\\')
        return 0;
    if (c == 'p' || c == 'P') {
        code = parse_property(p, class);
        return code < 0 ? code : 1;
    }
    if (c != 'D' && c != 'S' && c != 'W' && c != 'd' && c != 's' && c != 'w')
        return 0;
    mig_runes_add_perl(&set, (char)(c | 0x20));
    add_set(p, class, &set, c < 'a');
    p->at += 2;
    return 1;
}

/* 1 when [:alpha:] or [:^alpha:] was there and is in the class now. */
static int
parse_posix(struct parser *p, struct mig_runes *class)
{
    struct mig_runes set = {0};
    const char *name = p->pattern + p->at + 2;
    const char *end;
    bool negated;

    if (regex_peek(p, 0) != '[' || regex_peek(p, 1) != ':')
        return 0;
    end = memmem(name, (size_t)(p->pattern + p->length - name), ":]", 2);
    if (end == NULL)
        return 0;
    negated = *name == '^';
    if (!mig_runes_add_posix(&set, name + negated, (size_t)(end - name) - negated)) {
        mig_runes_fini(&set);
        return regex_refuse(p, p->at, RANGE);
    }
    add_set(p, class, &set, negated);
    p->at = (size_t)(end - p->pattern) + 2;
    return 1;
}

static int
parse_class_rune(struct parser *p, size_t start, uint32_t *ret_rune)
{
    if (regex_at_end(p))
        return regex_refuse(p, start, "missing closing ]");
    return regex_peek(p, 0) == '\\' ? regex_parse_escape(p, ret_rune)
                                    : regex_next_rune(p, ret_rune);
}

/* One character or a range of them. */
static int
parse_range(struct parser *p, size_t start, struct mig_runes *class)
{
    struct mig_runes set = {0};
    size_t begin = p->at;
    uint32_t first = 0;
    uint32_t last;
    int code = parse_class_rune(p, start, &first);

    last = first;
    /* [a-] means a or -. */
    if (code == 0 && regex_peek(p, 0) == '-' && p->length - p->at >= 2 && regex_peek(p, 1) != ']') {
        p->at++;
        code = parse_class_rune(p, start, &last);
    }
    if (code < 0)
        return code;
    if (last < first)
        return regex_refuse(p, begin, RANGE);
    mig_runes_add(&set, first, last);
    add_set(p, class, &set, false);
    return 0;
}

int
regex_parse_class(struct parser *p, struct mig_runes *class)
{
    size_t start = p->at++;
    bool negated = regex_peek(p, 0) == '^';
    bool begin = true;
    int code = 0;

    p->at += negated;
    /* A ] that comes first is a character. */
    while (code >= 0 && (regex_at_end(p) || regex_peek(p, 0) != ']' || begin)) {
        begin = false;
        code = parse_posix(p, class);
        if (code == 0)
            code = regex_parse_set_escape(p, class);
        if (code == 0)
            code = parse_range(p, start, class);
    }
    if (code < 0)
        return code;
    p->at++;
    if (negated)
        mig_runes_negate(class);
    return 0;
}
