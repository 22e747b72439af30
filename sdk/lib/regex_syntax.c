/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Go's RE2 syntax (https://github.com/google/re2/wiki/Syntax, Go's regexp/syntax) to PCRE2's. Only
 * what is known to mean the same is let through; the rest is rewritten or refused.
 */
#include "config.h"

#include "regex_syntax.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The longest rewriting, \S in a class, makes 38 bytes of 2. */
#define GROWTH 24u
#define REPEAT_MAX 1000u
#define RUNE_MAX 0x10ffffu

#define LOOKAROUND "lookahead and lookbehind are not supported (RE2 syntax)"
#define BACKREFERENCE "backreferences are not supported (RE2 syntax)"
#define ESCAPE "invalid escape sequence (RE2 syntax)"
#define NESTED "invalid nested repetition operator (RE2 syntax)"
/* A line's ends as they are in text of many lines: a \r before the newline is no part of the line.
 */
#define LINE_BEGIN "(?m:^)"
#define LINE_END "(?=\\r?(?m:$))"
/* A newline, which no line holds; it can be repeated. */
#define NEVER "(?:(?!\\n)\\n)"

#define GROUP "invalid or unsupported Perl syntax in a group (RE2 syntax)"

struct rewrite {
    const char *pattern;
    size_t length;
    bool lines;   /* for text of many lines, see mig_regex_syntax() */
    bool newline; /* what was rewritten last may match a newline */
    size_t at;
    char *out;
    uint32_t *origin;
    size_t used;
    size_t refused_at;
    const char *refused; /* why, or NULL */
};

void
mig_regex_explain(const char *pattern, size_t length, size_t at, const char *reason,
                  char *ret_message, size_t message_size)
{
    int shown = length > 200 ? 200 : (int)length;

    snprintf(ret_message, message_size, "invalid regular expression '%.*s%s': %s at byte %zu",
             shown, pattern, length > 200 ? "…" : "", reason, at);
}

static int
refuse(struct rewrite *r, size_t at, const char *reason)
{
    r->refused_at = at;
    r->refused = reason;
    return -EINVAL;
}

static void
put(struct rewrite *r, const char *text, size_t length)
{
    size_t i;

    for (i = 0; i < length; i++) {
        r->out[r->used] = text[i];
        r->origin[r->used++] = (uint32_t)r->at;
    }
}

static void
put_text(struct rewrite *r, const char *text)
{
    put(r, text, strlen(text));
}

static void
put_rune(struct rewrite *r, unsigned int rune, bool in_class)
{
    char text[16];

    r->newline = true;
    snprintf(text, sizeof(text), "\\x{%x}", rune);
    put_text(r, r->lines && !in_class && rune == '\n' ? NEVER : text);
}

/* The byte `ahead` of the present one; 0 beyond the end. */
static unsigned char
peek(const struct rewrite *r, size_t ahead)
{
    return ahead < r->length - r->at ? (unsigned char)r->pattern[r->at + ahead] : 0;
}

static bool
is_digit(unsigned char c)
{
    return c >= '0' && c <= '9';
}

static bool
is_octal(unsigned char c)
{
    return c >= '0' && c <= '7';
}

static bool
is_word(unsigned char c)
{
    return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static int
hex_value(unsigned char c)
{
    if (is_digit(c))
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

/* One character that is not a newline, from what may be one. */
static void
put_guard(struct rewrite *r)
{
    if (r->lines)
        put_text(r, "(?:(?!\\n)");
}

static void
put_guard_end(struct rewrite *r)
{
    if (r->lines)
        put_text(r, ")");
}

/* \xHH and \x{H…}. */
static int
rewrite_hex(struct rewrite *r, bool in_class)
{
    unsigned int rune = 0;
    size_t i = 2;

    if (peek(r, 2) == '{') {
        for (i = 3; hex_value(peek(r, i)) >= 0 && rune <= RUNE_MAX; i++)
            rune = rune * 16 + (unsigned int)hex_value(peek(r, i));
        if (i == 3 || peek(r, i) != '}' || rune > RUNE_MAX)
            return refuse(r, r->at, ESCAPE);
        i++;
    } else {
        if (hex_value(peek(r, 2)) < 0 || hex_value(peek(r, 3)) < 0)
            return refuse(r, r->at, ESCAPE);
        rune = (unsigned int)(hex_value(peek(r, 2)) * 16 + hex_value(peek(r, 3)));
        i = 4;
    }
    put_rune(r, rune, in_class);
    r->at += i;
    return 0;
}

/* \123 and \0; \1 to \9 alone are backreferences. */
static int
rewrite_octal(struct rewrite *r, bool in_class)
{
    unsigned int rune = 0;
    size_t i;

    if (peek(r, 1) > '7' || (peek(r, 1) != '0' && !is_octal(peek(r, 2))))
        return refuse(r, r->at, BACKREFERENCE);
    for (i = 1; i <= 3 && is_octal(peek(r, i)); i++)
        rune = rune * 8 + (unsigned int)(peek(r, i) - '0');
    put_rune(r, rune, in_class);
    r->at += i;
    return 0;
}

/* \pL, \p{Greek}, \p{^Greek}. */
static int
rewrite_property(struct rewrite *r, bool in_class)
{
    size_t i = 3;

    if (peek(r, 2) == '{') {
        while (is_word(peek(r, i)) || (i == 3 && peek(r, i) == '^'))
            i++;
        if (peek(r, i++) != '}')
            return refuse(r, r->at, "invalid character class range (RE2 syntax)");
    } else if (!is_word(peek(r, 2))) {
        return refuse(r, r->at, "invalid character class range (RE2 syntax)");
    }
    r->newline = true;
    if (!in_class)
        put_guard(r);
    put(r, r->pattern + r->at, i);
    if (!in_class)
        put_guard_end(r);
    r->at += i;
    return 0;
}

/* A byte that stands for itself. */
static void
put_literal(struct rewrite *r)
{
    if (r->lines && peek(r, 0) == '\n') {
        put_text(r, NEVER);
        return;
    }
    if (peek(r, 0) < 0x80 && !is_word(peek(r, 0)))
        put(r, "\\", 1);
    put(r, r->pattern + r->at, 1);
}

/* \Q…\E: every byte stands for itself. */
static void
rewrite_quoted(struct rewrite *r)
{
    r->at += 2;
    while (r->at < r->length && !(peek(r, 0) == '\\' && peek(r, 1) == 'E')) {
        put_literal(r);
        r->at++;
    }
    r->at += r->at < r->length ? 2 : 0;
}

/* What some become in text of many lines; NULL: the same as else. In a class \D and \W are left:
 * the class is guarded. */
static const char *
letter_of_lines(unsigned char c, bool in_class)
{
    switch (c) {
    case 'A':
        return in_class ? NULL : LINE_BEGIN;
    case 'z':
        return in_class ? NULL : LINE_END;
    case 'n':
        return in_class ? NULL : NEVER;
    case 's':
        return in_class ? "\\t\\f\\r " : "[\\t\\f\\r ]";
    case 'D':
        return in_class ? NULL : "[^\\d\\n]";
    case 'W':
        return in_class ? NULL : "[^\\w\\n]";
    default:
        return NULL;
    }
}

/* What an escape of one letter becomes; NULL: not known. */
static const char *
letter(unsigned char c, bool in_class)
{
    static const struct {
        char letter;
        const char *outside;
        const char *inside;
    } letters[] = {
        /* Lone anchors obey MIG_REGEX_NOT_BEGIN and NOT_END as '^' and '$', \A and \z would not. */
        {'A', "(?-m:^)", NULL},
        {'z', "(?-m:$)", NULL},
        {'b', "\\b", NULL},
        {'B', "\\B", NULL},
        {'d', "\\d", "\\d"},
        {'D', "\\D", "\\D"},
        {'w', "\\w", "\\w"},
        {'W', "\\W", "\\W"},
        /* PCRE2 counts the vertical tab as a space, RE2 does not. */
        {'s', "[\\t\\n\\f\\r ]", "\\t\\n\\f\\r "},
        {'S', "[^\\t\\n\\f\\r ]", "\\x00-\\x08\\x0b\\x0e-\\x1f\\x21-\\x{10ffff}"},
        {'a', "\\a", "\\a"},
        {'f', "\\f", "\\f"},
        {'t', "\\t", "\\t"},
        {'n', "\\n", "\\n"},
        {'r', "\\r", "\\r"},
        {'v', "\\x0b", "\\x0b"},
    };
    size_t i;

    for (i = 0; i < sizeof(letters) / sizeof(letters[0]); i++)
        if (letters[i].letter == c)
            return in_class ? letters[i].inside : letters[i].outside;
    return NULL;
}

static int
rewrite_escape(struct rewrite *r, bool in_class)
{
    unsigned char c = peek(r, 1);
    const char *text;

    if (r->length - r->at < 2)
        return refuse(r, r->at, "trailing backslash");
    if (c == 'x')
        return rewrite_hex(r, in_class);
    if (is_digit(c))
        return rewrite_octal(r, in_class);
    if (c == 'p' || c == 'P')
        return rewrite_property(r, in_class);
    if (c == 'k' || c == 'g')
        return refuse(r, r->at, BACKREFERENCE);
    if (c == 'Q' && !in_class) {
        rewrite_quoted(r);
        return 0;
    }
    text = r->lines ? letter_of_lines(c, in_class) : NULL;
    if (text == NULL)
        text = letter(c, in_class);
    r->newline = c == 'n' || c == 'D' || c == 'W' || peek(r, 2) == '-';
    if (text == NULL && (c >= 0x80 || (is_word(c) && c != '_')))
        return refuse(r, r->at, ESCAPE);
    if (text != NULL)
        put_text(r, text);
    else if (c == '_')
        put(r, "_", 1);
    else
        put(r, r->pattern + r->at, 2);
    r->at += 2;
    return 0;
}

/* [:alpha:] and [:^alpha:]; its length, or 0. */
static size_t
named_class(const struct rewrite *r)
{
    size_t i = 2;

    if (peek(r, 1) != ':')
        return 0;
    while (is_word(peek(r, i)) || (i == 2 && peek(r, i) == '^'))
        i++;
    return peek(r, i) == ':' && peek(r, i + 1) == ']' ? i + 2 : 0;
}

/* What stands between the brackets, and the closing one. */
static int
rewrite_class_rest(struct rewrite *r, size_t start)
{
    size_t first = r->at;
    size_t named;
    bool newline = false;
    int code;

    while (r->at < r->length) {
        if (peek(r, 0) == ']' && r->at != first) {
            put(r, "]", 1);
            r->at++;
            r->newline = newline;
            return 0;
        }
        if (peek(r, 0) == '\\') {
            code = rewrite_escape(r, true);
            if (code < 0)
                return code;
            newline = newline || r->newline;
            continue;
        }
        named = peek(r, 0) == '[' ? named_class(r) : 0;
        newline = newline || named > 0 || peek(r, 0) < ' ';
        if (named == 0 &&
            (peek(r, 0) == '[' || peek(r, 0) == ']' || (peek(r, 0) == '-' && r->at == first)))
            put(r, "\\", 1);
        put(r, r->pattern + r->at, named == 0 ? 1 : named);
        r->at += named == 0 ? 1 : named;
    }
    return refuse(r, start, "missing closing ]");
}

static int
rewrite_class(struct rewrite *r)
{
    size_t start = r->at;
    size_t used = r->used;
    int code;

    if (peek(r, 1) == '^') {
        put_text(r, r->lines ? "[^\\n" : "[^");
        r->at += 2;
        return rewrite_class_rest(r, start);
    }
    put(r, "[", 1);
    r->at++;
    code = rewrite_class_rest(r, start);
    if (code < 0 || !r->lines || !r->newline)
        return code;
    /* Once more, behind a guard. */
    r->at = start;
    r->used = used;
    put_guard(r);
    put(r, "[", 1);
    r->at++;
    code = rewrite_class_rest(r, start);
    put_guard_end(r);
    return code;
}

/* (?flags) and (?flags:…) with flags i, m, s, U. */
static int
rewrite_flags(struct rewrite *r)
{
    size_t i = 2;
    size_t letters = 0;
    bool minus = false;

    for (;; i++) {
        unsigned char c = peek(r, i);
        if (c == '-' && !minus)
            minus = true;
        else if (c == 'i' || c == 'm' || c == 's' || c == 'U')
            letters++;
        else
            break;
    }
    if ((peek(r, i) != ':' && peek(r, i) != ')') || letters == 0)
        return refuse(r, r->at, GROUP);
    put(r, r->pattern + r->at, i + 1);
    r->at += i + 1;
    return 0;
}

static int
rewrite_group(struct rewrite *r)
{
    unsigned char c = peek(r, 2);
    size_t i;

    if (peek(r, 1) == '*')
        return refuse(r, r->at + 1, "missing argument to repetition operator");
    if (peek(r, 1) != '?') {
        put(r, "(", 1);
        r->at++;
        return 0;
    }
    if (c == '=' || c == '!' || (c == '<' && (peek(r, 3) == '=' || peek(r, 3) == '!')))
        return refuse(r, r->at, LOOKAROUND);
    if (c == 'P' && peek(r, 3) == '=')
        return refuse(r, r->at, BACKREFERENCE);
    if (c == ':') {
        put(r, "(?:", 3);
        r->at += 3;
        return 0;
    }
    if (c != '<' && !(c == 'P' && peek(r, 3) == '<'))
        return rewrite_flags(r);
    /* A name: nothing here looks at what a group caught. */
    for (i = c == '<' ? 3 : 4; is_word(peek(r, i)); i++)
        ;
    if (peek(r, i) != '>' || i == (c == '<' ? 3u : 4u))
        return refuse(r, r->at, "invalid named group");
    put(r, "(", 1);
    r->at += i + 1;
    return 0;
}

/* Length of {n}, {n,} or {n,m} `ahead` of the present byte, 0 when it is none: '{' is then a
 * literal. */
static size_t
counted(const struct rewrite *r, size_t ahead, bool *ret_too_many)
{
    unsigned long n[2] = {0, 0};
    size_t i = ahead + 1;
    size_t digits[2] = {0, 0};
    int part = 0;

    for (;; i++) {
        unsigned char c = peek(r, i);
        if (is_digit(c)) {
            n[part] = n[part] > REPEAT_MAX ? n[part] : n[part] * 10 + (unsigned long)(c - '0');
            digits[part]++;
        } else if (c == ',' && part == 0) {
            part = 1;
        } else {
            break;
        }
    }
    if (peek(r, i) != '}' || digits[0] == 0)
        return 0;
    *ret_too_many = n[0] > REPEAT_MAX || n[1] > REPEAT_MAX || (digits[1] > 0 && n[1] < n[0]);
    return i + 1 - ahead;
}

static size_t
repetition(const struct rewrite *r, size_t ahead, bool *ret_too_many)
{
    unsigned char c = peek(r, ahead);

    if (c == '*' || c == '+' || c == '?')
        return 1;
    return c == '{' ? counted(r, ahead, ret_too_many) : 0;
}

static int
rewrite_repetition(struct rewrite *r)
{
    bool too_many = false;
    bool ignored = false;
    size_t length = repetition(r, 0, &too_many);

    if (length == 0) {
        put(r, "\\{", 2);
        r->at++;
        return 0;
    }
    if (too_many)
        return refuse(r, r->at, "invalid repeat count (at most 1000)");
    if (peek(r, length) == '?')
        length++;
    /* a++ is possessive in PCRE2, a** an error in both. */
    if (repetition(r, length, &ignored) > 0)
        return refuse(r, r->at, NESTED);
    put(r, r->pattern + r->at, length);
    r->at += length;
    return 0;
}

/* '^', '$' and '.', ')' and '|', and characters that stand for themselves. */
static void
rewrite_plain(struct rewrite *r)
{
    const char *text = NULL;

    if (r->lines)
        text = peek(r, 0) == '^'    ? LINE_BEGIN
               : peek(r, 0) == '$'  ? LINE_END
               : peek(r, 0) == '.'  ? "\\N"
               : peek(r, 0) == '\n' ? NEVER
                                    : NULL;
    if (text != NULL)
        put_text(r, text);
    else
        put(r, r->pattern + r->at, 1);
    r->at++;
}

static int
rewrite_one(struct rewrite *r)
{
    switch (peek(r, 0)) {
    case '\\':
        return rewrite_escape(r, false);
    case '[':
        return rewrite_class(r);
    case '(':
        return rewrite_group(r);
    case '*':
    case '+':
    case '?':
    case '{':
        return rewrite_repetition(r);
    default:
        rewrite_plain(r);
        return 0;
    }
}

int
mig_regex_syntax(const char *pattern, size_t length, bool lines, char **ret_text,
                 size_t *ret_length, uint32_t **ret_origin, char *ret_message, size_t message_size)
{
    struct rewrite r = {.pattern = pattern, .length = length, .lines = lines};
    int code = 0;

    r.out = malloc(length * GROWTH + 1);
    r.origin = calloc(length * GROWTH + 1, sizeof(*r.origin));
    if (r.out == NULL || r.origin == NULL) {
        code = -ENOMEM;
        snprintf(ret_message, message_size, "no memory for a regular expression");
        goto out;
    }
    while (r.at < length && code == 0)
        code = rewrite_one(&r);
    if (code < 0) {
        mig_regex_explain(pattern, length, r.refused_at, r.refused, ret_message, message_size);
        goto out;
    }
    r.out[r.used] = '\0';
    r.origin[r.used] = (uint32_t)length;
    *ret_text = r.out;
    *ret_length = r.used;
    *ret_origin = r.origin;
    r.out = NULL;
    r.origin = NULL;
out:
    free(r.out);
    free(r.origin);
    return code;
}
