/* SPDX-License-Identifier: MPL-2.0 */
/* The grammar, with PostgreSQL's precedence; values and operators are document/target_value.c. */
#include "config.h"

#include "document/target.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "document/target_lex.h"
#include "document/target_value.h"

#define DEPTH_MAX 64

struct parser {
    struct mig_target_lexer lexer;
    const struct mig_target_record *record;
    bool failed; /* not in the subset, or not SQL: nothing is decided */
    unsigned depth;
    char *used; /* texts of literals */
    char texts[2 * MIG_TARGET_TEXT_MAX + 2];
};

static const struct mig_target_value undecided = {.kind = TARGET_UNDECIDED};

static struct mig_target_value parse_or(struct parser *p);
static struct mig_target_value parse_operators(struct parser *p);

static struct mig_target_value
fail(struct parser *p)
{
    p->failed = true;
    return undecided;
}

static bool
is_keyword(const struct parser *p, const char *word)
{
    return p->lexer.token == TARGET_WORD && !p->lexer.quoted && strcmp(p->lexer.text, word) == 0;
}

static bool
take_keyword(struct parser *p, const char *word)
{
    if (!is_keyword(p, word))
        return false;
    mig_target_next(&p->lexer);
    return true;
}

static bool
is_character(const struct parser *p, char c)
{
    return p->lexer.token == TARGET_OTHER && p->lexer.text[0] == c;
}

static bool
take_character(struct parser *p, char c)
{
    if (!is_character(p, c))
        return false;
    mig_target_next(&p->lexer);
    return true;
}

/* A copy of the token's text that lasts as long as the parser. */
static const char *
keep(struct parser *p)
{
    size_t size = strlen(p->lexer.text) + 1;
    char *text = p->used;

    if (size > (size_t)(p->texts + sizeof(p->texts) - p->used)) {
        p->failed = true;
        return "";
    }
    memcpy(text, p->lexer.text, size);
    p->used += size;
    return text;
}

/* Behind the parenthesis that closes the one which was just read: nothing inside is understood. */
static struct mig_target_value
skip_parentheses(struct parser *p)
{
    for (unsigned open = 1; open > 0; mig_target_next(&p->lexer)) {
        if (p->lexer.token == TARGET_END || p->lexer.token == TARGET_BAD)
            return fail(p);
        if (is_character(p, '('))
            open++;
        else if (is_character(p, ')'))
            open--;
    }
    return undecided;
}

static struct mig_target_value
text_value(const char *text)
{
    return text ? (struct mig_target_value){.kind = TARGET_TEXT, .text = text} : undecided;
}

static struct mig_target_value
json_value(struct json_object *json, bool partial)
{
    return json ? (struct mig_target_value){.kind = TARGET_JSON, .json = json, .partial = partial}
                : undecided;
}

static struct mig_target_value
column(const struct mig_target_record *record, const char *name)
{
    if (strcmp(name, "name") == 0)
        return text_value(record->name);
    if (strcmp(name, "queueloc") == 0)
        return text_value(record->queueloc);
    if (strcmp(name, "mode") == 0)
        return text_value(record->mode);
    if (strcmp(name, "version") == 0)
        return text_value(record->version);
    if (strcmp(name, "status") == 0)
        return text_value(record->status);
    if (strcmp(name, "environment") == 0)
        return json_value(record->environment, true);
    if (strcmp(name, "tags") == 0)
        return json_value(record->tags, false);
    return undecided;
}

static struct mig_target_value
parse_word(struct parser *p)
{
    static const char *const reserved[] = {"and",   "or",      "not",    "in",   "is", "like",
                                           "ilike", "between", "select", "case", NULL};
    struct mig_target_value v;

    for (size_t i = 0; reserved[i]; i++)
        if (is_keyword(p, reserved[i]))
            return fail(p);
    if (take_keyword(p, "null"))
        return (struct mig_target_value){.kind = TARGET_NULL};
    if (take_keyword(p, "true"))
        return mig_target_truth_value(true);
    if (take_keyword(p, "false"))
        return mig_target_truth_value(false);
    v = column(p->record, p->lexer.text);
    mig_target_next(&p->lexer);
    if (take_character(p, '(')) /* a function */
        return skip_parentheses(p);
    return v;
}

static struct mig_target_value
parse_number(struct parser *p)
{
    struct mig_target_value v = {.kind = TARGET_INTEGER};
    char *end;

    errno = 0;
    v.number = strtoll(p->lexer.text, &end, 10);
    if (*end || errno)
        v = undecided;
    mig_target_next(&p->lexer);
    return v;
}

static struct mig_target_value
parse_primary(struct parser *p)
{
    struct mig_target_value v = {.kind = TARGET_TEXT, .literal = true};

    switch (p->lexer.token) {
    case TARGET_STRING:
        v.text = keep(p);
        mig_target_next(&p->lexer);
        return v;
    case TARGET_NUMBER:
        return parse_number(p);
    case TARGET_WORD:
        return parse_word(p);
    default:
        break;
    }
    if (!take_character(p, '('))
        return fail(p);
    if (is_keyword(p, "select"))
        return skip_parentheses(p);
    v = parse_or(p);
    if (!take_character(p, ')'))
        return fail(p);
    v.literal = false;
    return v;
}

static struct mig_target_value
apply(const char *op, struct mig_target_value a, struct mig_target_value b)
{
    if (strcmp(op, "->") == 0 || strcmp(op, "->>") == 0)
        return mig_target_member(a, b, false, op[2] == '>');
    if (strcmp(op, "#>>") == 0)
        return mig_target_member(a, b, true, true);
    if (strcmp(op, "~") == 0 || strcmp(op, "~*") == 0)
        return mig_target_match(a, b, op[1] == '*');
    if (strcmp(op, "!~") == 0 || strcmp(op, "!~*") == 0)
        return mig_target_not(mig_target_match(a, b, op[2] == '*'));
    return undecided;
}

static bool
is_comparison(const struct parser *p)
{
    static const char *const names[] = {"=", "<>", "!=", "<", "<=", ">", ">=", NULL};

    for (size_t i = 0; p->lexer.token == TARGET_OPERATOR && names[i]; i++)
        if (strcmp(p->lexer.text, names[i]) == 0)
            return true;
    return false;
}

/* The operators that bind more than a comparison does, all of one strength, from the left. Casts
 * and arithmetic bind otherwise: they are not in the subset. */
static struct mig_target_value
parse_operators(struct parser *p)
{
    static const char *const names[] = {"->", "->>", "#>>", "~", "~*", "!~", "!~*", NULL};
    struct mig_target_value v = parse_primary(p);

    while (p->lexer.token == TARGET_OPERATOR && !is_comparison(p) && !p->failed) {
        size_t i = 0;

        while (names[i] && strcmp(names[i], p->lexer.text) != 0)
            i++;
        if (!names[i])
            return fail(p);
        mig_target_next(&p->lexer);
        v = apply(names[i], v, parse_primary(p));
    }
    return v;
}

static struct mig_target_value
parse_in(struct parser *p, struct mig_target_value v)
{
    struct mig_target_value found = mig_target_truth_value(false);

    if (!take_character(p, '('))
        return fail(p);
    if (is_keyword(p, "select"))
        return skip_parentheses(p);
    do
        found = mig_target_or(found, mig_target_compare("=", v, parse_operators(p)));
    while (take_character(p, ',') && !p->failed);
    return take_character(p, ')') ? found : fail(p);
}

static struct mig_target_value
parse_between(struct parser *p, struct mig_target_value v)
{
    struct mig_target_value low = parse_operators(p), high;

    if (!take_keyword(p, "and"))
        return fail(p);
    high = parse_operators(p);
    return mig_target_and(mig_target_compare(">=", v, low), mig_target_compare("<=", v, high));
}

static struct mig_target_value
parse_like(struct parser *p)
{
    struct mig_target_value v = parse_operators(p);
    bool negate = take_keyword(p, "not");

    if (take_keyword(p, "like"))
        v = mig_target_like(v, parse_operators(p), false);
    else if (take_keyword(p, "ilike"))
        v = mig_target_like(v, parse_operators(p), true);
    else if (take_keyword(p, "in"))
        v = parse_in(p, v);
    else if (take_keyword(p, "between"))
        v = parse_between(p, v);
    else if (negate)
        return fail(p);
    return negate ? mig_target_not(v) : v;
}

static struct mig_target_value
parse_comparison(struct parser *p)
{
    struct mig_target_value v = parse_like(p);
    char op[4];

    if (!is_comparison(p))
        return v;
    memcpy(op, p->lexer.text, strlen(p->lexer.text) + 1);
    mig_target_next(&p->lexer);
    v = mig_target_compare(op, v, parse_like(p));
    return is_comparison(p) ? fail(p) : v;
}

static struct mig_target_value
parse_is(struct parser *p)
{
    struct mig_target_value v = parse_comparison(p);

    while (take_keyword(p, "is")) {
        bool negate = take_keyword(p, "not");
        bool known = v.kind != TARGET_UNDECIDED;

        if (take_keyword(p, "null"))
            v = known ? mig_target_truth_value(v.kind == TARGET_NULL) : v;
        else if (is_keyword(p, "true") || is_keyword(p, "false")) {
            bool wanted = p->lexer.text[0] == 't';

            mig_target_next(&p->lexer);
            known = v.kind == TARGET_TRUTH || v.kind == TARGET_NULL;
            v = known ? mig_target_truth_value(v.kind == TARGET_TRUTH && v.truth == wanted)
                      : undecided;
        } else {
            return fail(p);
        }
        if (negate)
            v = mig_target_not(v);
    }
    return v;
}

static struct mig_target_value
parse_not(struct parser *p)
{
    struct mig_target_value v;

    if (p->depth >= DEPTH_MAX)
        return fail(p);
    p->depth++;
    v = take_keyword(p, "not") ? mig_target_not(parse_not(p)) : parse_is(p);
    p->depth--;
    return v;
}

static struct mig_target_value
parse_and(struct parser *p)
{
    struct mig_target_value v = parse_not(p);

    while (take_keyword(p, "and") && !p->failed)
        v = mig_target_and(v, parse_not(p));
    return v;
}

static struct mig_target_value
parse_or(struct parser *p)
{
    struct mig_target_value v = parse_and(p);

    while (take_keyword(p, "or") && !p->failed)
        v = mig_target_or(v, parse_and(p));
    return v;
}

enum mig_target_truth
mig_target_evaluate(const char *target, const struct mig_target_record *record)
{
    struct parser p = {.lexer = {.at = target}, .record = record};
    struct mig_target_value v;

    if (strlen(target) > MIG_TARGET_TEXT_MAX)
        return MIG_TARGET_UNDECIDED;
    p.used = p.texts;
    mig_target_next(&p.lexer);
    /* Through AND, a text in quotes is read as a truth. */
    v = mig_target_and(mig_target_truth_value(true), parse_or(&p));
    if (p.failed || p.lexer.token != TARGET_END || v.kind == TARGET_UNDECIDED)
        return MIG_TARGET_UNDECIDED;
    return v.kind == TARGET_TRUTH && v.truth ? MIG_TARGET_TRUE : MIG_TARGET_FALSE;
}
