/* SPDX-License-Identifier: MPL-2.0 */
/*
 * The strict scanner and the canonical form, in one pass over the text: checking is scanning
 * without an output. The grammar is RFC 8259; the canonical form is what Go's encoding/json prints
 * for a generic value.
 */
#include "config.h"

#include "base/json.h"

#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/json_internal.h"

/* The scanner recurses, so no caller may allow more than the stack of a thread bears. */
#define DEPTH_CAP 512u
#define NUMBER_MAX 65536u

/* A member of an object that is being read. */
struct member {
    size_t key; /* the decoded name: offset in scan.keys */
    size_t key_len;
    size_t text; /* the canonical member: offset in scan.out */
    size_t text_len;
    size_t at; /* where the name stands in the document, for messages */
};

struct scan {
    const char *text;
    size_t len;
    size_t pos;
    unsigned depth;
    unsigned max_depth;
    unsigned fold_depth;
    struct mig_buf *out;  /* NULL: check only */
    struct mig_buf value; /* the string that was read last, decoded */
    struct mig_buf keys;  /* the names of all open objects, used as a stack; so members */
    struct member *members;
    size_t members_count;
    size_t members_cap;
    struct mig_err *err;
};

static int scan_value(struct scan *s);

static int
no_memory(struct scan *s)
{
    return mig_err_set(s->err, -ENOMEM, "JSON at byte %zu: out of memory", s->pos);
}

static int
syntax(struct scan *s, size_t at, const char *what)
{
    return mig_err_set(s->err, MIG_E_SYNTAX, "JSON at byte %zu: %s", at, what);
}

static void
skip_space(struct scan *s)
{
    while (s->pos < s->len) {
        char c = s->text[s->pos];
        if (c != ' ' && c != '\t' && c != '\n' && c != '\r')
            break;
        s->pos++;
    }
}

static int
put(struct scan *s, const char *text, size_t len)
{
    if (s->out != NULL && mig_buf_add(s->out, text, len) != 0)
        return no_memory(s);
    return 0;
}

static int
scan_literal(struct scan *s, const char *word)
{
    size_t len = strlen(word);

    if (s->len - s->pos < len || memcmp(s->text + s->pos, word, len) != 0)
        return syntax(s, s->pos, "unknown word: expected true, false or null");
    s->pos += len;
    return put(s, word, len);
}

/* Reads a string into s->value. */
static int
scan_string(struct scan *s)
{
    size_t start = s->pos++;

    mig_buf_reset(&s->value);
    while (s->pos < s->len) {
        unsigned char c = (unsigned char)s->text[s->pos];
        size_t used = 1;
        int rc;
        if (c == '"') {
            s->pos++;
            return s->value.failed ? no_memory(s) : 0;
        }
        if (c < 0x20)
            return syntax(s, s->pos, "control character in a string: it must be escaped");
        if (c == '\\') {
            rc = mig_json_unescape(s->text + s->pos, s->len - s->pos, &s->value, &used);
            if (rc == MIG_E_SYNTAX)
                return syntax(s, s->pos, "unknown escape sequence in a string");
        } else {
            if (c >= 0x80)
                used = mig_utf8_length(s->text + s->pos, s->len - s->pos);
            if (used == 0)
                return syntax(s, s->pos, "bytes that are not UTF-8");
            rc = mig_buf_add(&s->value, s->text + s->pos, used);
        }
        if (rc != 0)
            return no_memory(s);
        s->pos += used;
    }
    return syntax(s, start, "string without an end");
}

static size_t
skip_digits(struct scan *s)
{
    size_t start = s->pos;

    while (s->pos < s->len && s->text[s->pos] >= '0' && s->text[s->pos] <= '9')
        s->pos++;
    return s->pos - start;
}

/* Moves over a number; *ret_plain tells that it is its own canonical form. */
static int
number_grammar(struct scan *s, bool *ret_plain)
{
    size_t start = s->pos;
    size_t count;
    bool plain = true;

    if (s->text[s->pos] == '-')
        s->pos++;
    if (s->pos < s->len && s->text[s->pos] == '0') {
        s->pos++;
        count = 1;
    } else {
        count = skip_digits(s);
    }
    if (count == 0)
        return syntax(s, start, "'-' without a number");
    if (s->pos < s->len && s->text[s->pos] == '.') {
        s->pos++;
        plain = false;
        if (skip_digits(s) == 0)
            return syntax(s, start, "number without digits after its point");
    }
    if (s->pos < s->len && (s->text[s->pos] == 'e' || s->text[s->pos] == 'E')) {
        s->pos++;
        plain = false;
        if (s->pos < s->len && (s->text[s->pos] == '+' || s->text[s->pos] == '-'))
            s->pos++;
        if (skip_digits(s) == 0)
            return syntax(s, start, "number without digits in its exponent");
    }
    /* A double holds every integer of 15 digits. */
    *ret_plain = plain && count <= 15;
    return 0;
}

static int
scan_number(struct scan *s)
{
    size_t start = s->pos;
    bool plain = false;
    double value;
    int rc = number_grammar(s, &plain);

    if (rc != 0)
        return rc;
    if (plain)
        return put(s, s->text + start, s->pos - start);
    if (s->pos - start > NUMBER_MAX)
        return mig_err_set(s->err, MIG_E_LIMIT,
                           "JSON at byte %zu: number of %zu digits, at most %u", start,
                           s->pos - start, NUMBER_MAX);
    mig_buf_reset(&s->value);
    if (mig_buf_add(&s->value, s->text + start, s->pos - start) != 0)
        return no_memory(s);
    value = mig_json_strtod(s->value.data);
    if (!isfinite(value))
        return syntax(s, start, "number out of the range of a double");
    if (s->out != NULL && mig_json_add_double(s->out, value) != 0)
        return no_memory(s);
    return 0;
}

static int
enter(struct scan *s)
{
    if (++s->depth > s->max_depth)
        return mig_err_set(s->err, MIG_E_LIMIT, "JSON at byte %zu: nested deeper than %u levels",
                           s->pos, s->max_depth);
    s->pos++;
    skip_space(s);
    return 0;
}

/* After an element or member: 1 when another follows, 0 at the end. */
static int
next_or_end(struct scan *s, char end)
{
    skip_space(s);
    if (s->pos < s->len && s->text[s->pos] == ',') {
        s->pos++;
        skip_space(s);
        return 1;
    }
    if (s->pos < s->len && s->text[s->pos] == end) {
        s->pos++;
        s->depth--;
        return 0;
    }
    return syntax(s, s->pos, end == ']' ? "expected ',' or ']'" : "expected ',' or '}'");
}

static int
scan_array(struct scan *s)
{
    int rc = enter(s);
    int more = 1;

    if (rc == 0)
        rc = put(s, "[", 1);
    if (rc != 0)
        return rc;
    if (s->pos < s->len && s->text[s->pos] == ']') {
        s->pos++;
        s->depth--;
        return put(s, "]", 1);
    }
    while (more == 1) {
        rc = scan_value(s);
        if (rc != 0)
            return rc;
        more = next_or_end(s, ']');
        if (more < 0)
            return more;
        rc = put(s, more ? "," : "]", 1);
        if (rc != 0)
            return rc;
    }
    return 0;
}

static struct member *
push_member(struct scan *s)
{
    if (s->members_count == s->members_cap) {
        size_t cap = s->members_cap == 0 ? 16 : s->members_cap * 2;
        struct member *grown = reallocarray(s->members, cap, sizeof *grown);
        if (grown == NULL)
            return NULL;
        s->members = grown;
        s->members_cap = cap;
    }
    return &s->members[s->members_count++];
}

static int
scan_member(struct scan *s)
{
    size_t index = s->members_count;
    size_t at = s->pos;
    struct member *m;
    int rc;

    if (s->pos >= s->len || s->text[s->pos] != '"')
        return syntax(s, s->pos, "expected a member name in double quotes");
    rc = scan_string(s);
    if (rc != 0)
        return rc;
    if (s->value.len > 0 && memchr(s->value.data, 0, s->value.len) != NULL)
        return syntax(s, at, "member name with a NUL");
    m = push_member(s);
    if (m == NULL)
        return no_memory(s);
    *m = (struct member){.key = s->keys.len, .key_len = s->value.len, .at = at};
    if (s->out != NULL)
        m->text = s->out->len;
    if (mig_buf_add(&s->keys, s->value.data, s->value.len) != 0)
        return no_memory(s);
    if (s->out != NULL && mig_json_add_string(s->out, s->value.data, s->value.len) != 0)
        return no_memory(s);
    skip_space(s);
    if (s->pos >= s->len || s->text[s->pos] != ':')
        return syntax(s, s->pos, "expected ':' after a member name");
    s->pos++;
    rc = put(s, ":", 1);
    if (rc != 0)
        return rc;
    skip_space(s);
    rc = scan_value(s);
    if (rc == 0 && s->out != NULL)
        s->members[index].text_len = s->out->len - s->members[index].text;
    return rc;
}

static int
compare_bytes(const char *a, size_t a_len, const char *b, size_t b_len)
{
    size_t common = a_len < b_len ? a_len : b_len;
    int order = common > 0 ? memcmp(a, b, common) : 0;

    return order != 0 ? order : (a_len > b_len) - (a_len < b_len);
}

static int
compare_members(const void *pa, const void *pb, void *keys)
{
    const struct member *a = pa;
    const struct member *b = pb;
    const char *base = keys;

    return compare_bytes(base + a->key, a->key_len, base + b->key, b->key_len);
}

/* As above, ASCII letters without their case. */
static int
compare_folded(const void *pa, const void *pb, void *keys)
{
    const struct member *a = pa;
    const struct member *b = pb;
    const unsigned char *x = (const unsigned char *)keys + a->key;
    const unsigned char *y = (const unsigned char *)keys + b->key;
    size_t common = a->key_len < b->key_len ? a->key_len : b->key_len;

    for (size_t i = 0; i < common; i++) {
        unsigned char cx = x[i] >= 'A' && x[i] <= 'Z' ? x[i] + 32 : x[i];
        unsigned char cy = y[i] >= 'A' && y[i] <= 'Z' ? y[i] + 32 : y[i];
        if (cx != cy)
            return cx < cy ? -1 : 1;
    }
    return (a->key_len > b->key_len) - (a->key_len < b->key_len);
}

typedef int (*compare_fn)(const void *, const void *, void *);

/* Sorts and looks for two equal names; sorted first, because names come from outside and comparing
 * each with each would let one document take minutes. */
static int
refuse_duplicates(struct scan *s, struct member *members, size_t count, compare_fn compare)
{
    qsort_r(members, count, sizeof *members, compare, s->keys.data);
    for (size_t i = 1; i < count; i++) {
        const struct member *m = &members[i];
        if (compare(&members[i - 1], m, s->keys.data) != 0)
            continue;
        return mig_err_set(s->err, MIG_E_SYNTAX, "JSON at byte %zu: duplicate key \"%.*s\"%s",
                           m->at > members[i - 1].at ? m->at : members[i - 1].at,
                           (int)(m->key_len > 64 ? 64 : m->key_len), s->keys.data + m->key,
                           compare == compare_folded ? " (case does not tell keys apart here)"
                                                     : "");
    }
    return 0;
}

/* Puts the canonical members, written in the order they came, into the order of their names. */
static int
reorder(struct scan *s, size_t start, const struct member *members, size_t count)
{
    struct mig_buf sorted = MIG_BUF_INIT;
    bool in_order = true;

    for (size_t i = 1; i < count && in_order; i++)
        in_order = members[i - 1].text < members[i].text;
    if (in_order)
        return 0;
    for (size_t i = 0; i < count; i++) {
        if (i > 0)
            mig_buf_addc(&sorted, ',');
        mig_buf_add(&sorted, s->out->data + members[i].text, members[i].text_len);
    }
    if (sorted.failed) {
        mig_buf_fini(&sorted);
        return no_memory(s);
    }
    memcpy(s->out->data + start, sorted.data, sorted.len);
    mig_buf_fini(&sorted);
    return 0;
}

static int
finish_object(struct scan *s, size_t start, size_t first, size_t keys, bool fold)
{
    struct member *members = s->members + first;
    size_t count = s->members_count - first;
    int rc = 0;

    if (count > 1 && fold)
        rc = refuse_duplicates(s, members, count, compare_folded);
    if (rc == 0 && count > 1)
        rc = refuse_duplicates(s, members, count, compare_members);
    if (rc == 0 && s->out != NULL)
        rc = reorder(s, start, members, count);
    s->members_count = first;
    s->keys.len = keys;
    return rc;
}

static int
scan_object(struct scan *s)
{
    size_t first = s->members_count;
    size_t keys = s->keys.len;
    size_t start;
    int more = 1;
    bool fold;
    int rc = enter(s);

    if (rc == 0)
        rc = put(s, "{", 1);
    if (rc != 0)
        return rc;
    fold = s->depth <= s->fold_depth;
    start = s->out != NULL ? s->out->len : 0;
    if (s->pos < s->len && s->text[s->pos] == '}') {
        s->pos++;
        s->depth--;
        return put(s, "}", 1);
    }
    while (more == 1) {
        rc = scan_member(s);
        if (rc != 0)
            return rc;
        more = next_or_end(s, '}');
        if (more < 0)
            return more;
        rc = more ? put(s, ",", 1) : finish_object(s, start, first, keys, fold);
        if (rc != 0)
            return rc;
    }
    return put(s, "}", 1);
}

static int
scan_value(struct scan *s)
{
    int rc;

    if (s->pos >= s->len)
        return syntax(s, s->pos, "the document ends where a value is expected");
    switch (s->text[s->pos]) {
    case '{':
        return scan_object(s);
    case '[':
        return scan_array(s);
    case '"':
        rc = scan_string(s);
        if (rc == 0 && s->out != NULL &&
            mig_json_add_string(s->out, s->value.data, s->value.len) != 0)
            rc = no_memory(s);
        return rc;
    case 't':
        return scan_literal(s, "true");
    case 'f':
        return scan_literal(s, "false");
    case 'n':
        return scan_literal(s, "null");
    default:
        if (s->text[s->pos] == '-' || (s->text[s->pos] >= '0' && s->text[s->pos] <= '9'))
            return scan_number(s);
        return syntax(s, s->pos, "expected a value");
    }
}

static int
scan_document(const char *text, size_t len, const struct mig_json_limits *limits,
              struct mig_buf *out, struct mig_err *err)
{
    struct scan s = {.text = text, .len = len, .out = out, .err = err};
    size_t max = limits != NULL && limits->max_bytes != 0 ? limits->max_bytes : MIG_JSON_MAX_BYTES;
    int rc;

    s.max_depth = limits != NULL && limits->max_depth != 0 ? limits->max_depth : MIG_JSON_MAX_DEPTH;
    if (s.max_depth > DEPTH_CAP)
        s.max_depth = DEPTH_CAP;
    s.fold_depth = limits != NULL ? limits->fold_depth : 0;
    if (len > max)
        return mig_err_set(err, MIG_E_LIMIT, "JSON of %zu bytes, at most %zu are allowed", len,
                           max);
    skip_space(&s);
    rc = scan_value(&s);
    skip_space(&s);
    if (rc == 0 && s.pos < s.len)
        rc = syntax(&s, s.pos, "more text after the end of the document");
    mig_buf_fini(&s.value);
    mig_buf_fini(&s.keys);
    free(s.members);
    return rc;
}

int
mig_json_check(const char *text, size_t len, const struct mig_json_limits *limits,
               struct mig_err *err)
{
    return scan_document(text, len, limits, NULL, err);
}

int
mig_json_canonical(const char *text, size_t len, const struct mig_json_limits *limits,
                   struct mig_buf *out, struct mig_err *err)
{
    struct mig_buf made = MIG_BUF_INIT;
    int rc = scan_document(text, len, limits, &made, err);

    if (rc == 0 && mig_buf_add(out, made.data, made.len) != 0)
        rc = mig_err_set(err, -ENOMEM, "canonical JSON of %zu bytes: out of memory", made.len);
    mig_buf_fini(&made);
    return rc;
}
