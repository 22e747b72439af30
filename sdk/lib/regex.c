/* SPDX-License-Identifier: MPL-2.0 */
#include "config.h"

#include <mig/regex.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include "regex_syntax.h"
#include "utf8.h"

/* A match of an honest pattern on a line takes some thousand steps. */
#define MATCH_LIMIT 2000000u
#define HEAP_LIMIT_KIB 20000u
#define NEST_LIMIT 250u
#define JIT_STACK_START 32768u
#define JIT_STACK_MAX 1048576u
#define REPLACEMENT "\xef\xbf\xbd" /* U+FFFD */

#define COMPILE_OPTIONS                                                                            \
    (PCRE2_UTF | PCRE2_DOLLAR_ENDONLY | PCRE2_NO_AUTO_CAPTURE | PCRE2_ALT_CIRCUMFLEX |             \
     PCRE2_NEVER_BACKSLASH_C)

struct mig_regex {
    pcre2_code *code;
    pcre2_code *lines; /* for text of many lines; NULL: not to be had */
};

struct mig_regex_scratch {
    pcre2_match_data *data;
    pcre2_match_context *context;
    pcre2_jit_stack *stack;
    char *repaired;
    size_t repaired_size;
};

static pcre2_code *
compile(const char *text, size_t length, int *ret_error, size_t *ret_at)
{
    pcre2_compile_context *context = pcre2_compile_context_create(NULL);
    pcre2_code *code;

    *ret_error = PCRE2_ERROR_NOMEMORY;
    *ret_at = 0;
    if (context == NULL)
        return NULL;
    pcre2_set_newline(context, PCRE2_NEWLINE_LF);
    pcre2_set_bsr(context, PCRE2_BSR_ANYCRLF);
    pcre2_set_parens_nest_limit(context, NEST_LIMIT);
    code = pcre2_compile((PCRE2_SPTR)text, length, COMPILE_OPTIONS, ret_error, ret_at, context);
    pcre2_compile_context_free(context);
    return code;
}

/* Where executable memory may not be written, JIT is not to be had and the interpreter does it. */
static pcre2_code *
compile_jit(const char *text, size_t length, int *ret_error, size_t *ret_at)
{
    pcre2_code *code = compile(text, length, ret_error, ret_at);

    if (code != NULL)
        (void)pcre2_jit_compile(code, PCRE2_JIT_COMPLETE);
    return code;
}

/* Only makes things faster: without it each line is matched alone. */
static pcre2_code *
compile_lines(const char *pattern, size_t length)
{
    pcre2_code *code = NULL;
    char *text = NULL;
    uint32_t *origin = NULL;
    char message[256];
    size_t text_length = 0;
    size_t at = 0;
    int error = 0;

    if (mig_regex_syntax(pattern, length, true, &text, &text_length, &origin, message,
                         sizeof(message)) == 0)
        code = compile_jit(text, text_length, &error, &at);
    free(text);
    free(origin);
    return code;
}

int
mig_regex_new(const char *pattern, size_t length, struct mig_regex **ret_regex, char *ret_message,
              size_t message_size)
{
    struct mig_regex *regex = NULL;
    char *text = NULL;
    uint32_t *origin = NULL;
    size_t text_length = 0;
    size_t at = 0;
    char reason[200] = "";
    int error = 0;
    int code;

    if (length > MIG_REGEX_PATTERN_MAX) {
        snprintf(ret_message, message_size,
                 "a regular expression of %zu bytes is longer than the %u allowed", length,
                 MIG_REGEX_PATTERN_MAX);
        return -E2BIG;
    }
    code = mig_regex_syntax(pattern, length, false, &text, &text_length, &origin, ret_message,
                            message_size);
    if (code < 0)
        goto out;
    regex = calloc(1, sizeof(*regex));
    code = -ENOMEM;
    if (regex == NULL)
        goto out;
    regex->code = compile_jit(text, text_length, &error, &at);
    if (regex->code == NULL) {
        pcre2_get_error_message(error, (PCRE2_UCHAR *)reason, sizeof(reason));
        mig_regex_explain(pattern, length, at <= text_length ? origin[at] : length, reason,
                          ret_message, message_size);
        code = -EINVAL;
        goto out;
    }
    regex->lines = compile_lines(pattern, length);
    *ret_regex = regex;
    regex = NULL;
    code = 0;
out:
    mig_regex_free(regex);
    free(text);
    free(origin);
    return code;
}

void
mig_regex_free(struct mig_regex *regex)
{
    if (regex == NULL)
        return;
    pcre2_code_free(regex->code);
    pcre2_code_free(regex->lines);
    free(regex);
}

struct mig_regex_scratch *
mig_regex_scratch_new(void)
{
    struct mig_regex_scratch *scratch = calloc(1, sizeof(*scratch));

    if (scratch == NULL)
        return NULL;
    scratch->data = pcre2_match_data_create(1, NULL);
    scratch->context = pcre2_match_context_create(NULL);
    if (scratch->data == NULL || scratch->context == NULL) {
        mig_regex_scratch_free(scratch);
        return NULL;
    }
    pcre2_set_match_limit(scratch->context, MATCH_LIMIT);
    pcre2_set_depth_limit(scratch->context, MATCH_LIMIT);
    pcre2_set_heap_limit(scratch->context, HEAP_LIMIT_KIB);
    scratch->stack = pcre2_jit_stack_create(JIT_STACK_START, JIT_STACK_MAX, NULL);
    if (scratch->stack != NULL)
        pcre2_jit_stack_assign(scratch->context, NULL, scratch->stack);
    return scratch;
}

void
mig_regex_scratch_free(struct mig_regex_scratch *scratch)
{
    if (scratch == NULL)
        return;
    pcre2_match_data_free(scratch->data);
    pcre2_match_context_free(scratch->context);
    pcre2_jit_stack_free(scratch->stack);
    free(scratch->repaired);
    free(scratch);
}

static int
match(const pcre2_code *pattern, struct mig_regex_scratch *scratch, const char *text, size_t length,
      uint32_t options)
{
    int code = pcre2_match(pattern, (PCRE2_SPTR)text, length, 0, options | PCRE2_NO_UTF_CHECK,
                           scratch->data, scratch->context);

    if (code == PCRE2_ERROR_JIT_STACKLIMIT)
        code = pcre2_match(pattern, (PCRE2_SPTR)text, length, 0,
                           options | PCRE2_NO_UTF_CHECK | PCRE2_NO_JIT, scratch->data,
                           scratch->context);
    if (code >= 0)
        return 1;
    if (code == PCRE2_ERROR_NOMATCH)
        return 0;
    return code == PCRE2_ERROR_NOMEMORY ? -ENOMEM : -E2BIG;
}

int
mig_regex_match_utf8(const struct mig_regex *regex, struct mig_regex_scratch *scratch,
                     const char *text, size_t length, uint32_t flags)
{
    return match(regex->code, scratch, text, length,
                 (flags & MIG_REGEX_NOT_BEGIN ? PCRE2_NOTBOL : 0) |
                     (flags & MIG_REGEX_NOT_END ? PCRE2_NOTEOL : 0));
}

/* The line that the last match begins in is matched alone; *ret_next is where the next one begins.
 */
static int
match_its_line(const struct mig_regex *regex, struct mig_regex_scratch *scratch, const char *text,
               size_t length, size_t *ret_next)
{
    size_t at = pcre2_get_ovector_pointer(scratch->data)[0];
    const char *newline;
    const char *begin;
    size_t used;

    /* Behind the last newline there is no line any more. */
    *ret_next = length;
    if (at >= length)
        return 0;
    newline = memrchr(text, '\n', at);
    begin = newline != NULL ? newline + 1 : text;
    newline = memchr(text + at, '\n', length - at);
    if (newline == NULL)
        return -EINVAL;
    *ret_next = (size_t)(newline - text) + 1;
    used = (size_t)(newline - begin);
    if (used > 0 && begin[used - 1] == '\r')
        used--;
    return match(regex->code, scratch, begin, used, 0);
}

int
mig_regex_match_lines(const struct mig_regex *regex, struct mig_regex_scratch *scratch,
                      const char *text, size_t length)
{
    size_t next = 0;
    int code = 0;

    if (regex->lines == NULL)
        return -ENOTSUP;
    /* Leftmost: no line before the one that a match begins in has one. */
    while (code == 0 && length > 0) {
        code = match(regex->lines, scratch, text, length, 0);
        if (code <= 0)
            return code;
        code = match_its_line(regex, scratch, text, length, &next);
        text += next;
        length -= next;
    }
    return code;
}

/* Half of a binary file's bytes are not UTF-8: what most bytes are is seen without a call. */
static size_t
repair(const char *text, size_t length, char *out)
{
    size_t used = 0;
    size_t i = 0;
    size_t step;
    uint64_t word;

    while (i < length) {
        unsigned char c = (unsigned char)text[i];
        if (length - i >= sizeof(word)) {
            memcpy(&word, text + i, sizeof(word));
            if ((word & UINT64_C(0x8080808080808080)) == 0) {
                memcpy(out + used, &word, sizeof(word));
                used += sizeof(word);
                i += sizeof(word);
                continue;
            }
        }
        if (c < 0x80) {
            out[used++] = text[i++];
            continue;
        }
        /* No character begins with any other byte. */
        step = c >= 0xc2 && c <= 0xf4 ? mig_utf8_step(text + i, length - i) : 0;
        if (step == 0) {
            memcpy(out + used, REPLACEMENT, 3);
            used += 3;
            i++;
            continue;
        }
        memcpy(out + used, text + i, step);
        used += step;
        i += step;
    }
    return used;
}

const char *
mig_regex_utf8(struct mig_regex_scratch *scratch, const char *text, size_t length,
               size_t *ret_length)
{
    char *grown;

    if (mig_utf8_valid(text, length)) {
        *ret_length = length;
        return text;
    }
    if (length > SIZE_MAX / 3)
        return NULL;
    if (scratch->repaired_size < length * 3) {
        grown = realloc(scratch->repaired, length * 3);
        if (grown == NULL)
            return NULL;
        scratch->repaired = grown;
        scratch->repaired_size = length * 3;
    }
    *ret_length = repair(text, length, scratch->repaired);
    return scratch->repaired;
}

int
mig_regex_match(const struct mig_regex *regex, struct mig_regex_scratch *scratch, const char *text,
                size_t length, uint32_t flags)
{
    size_t valid_length = 0;
    const char *valid = mig_regex_utf8(scratch, text, length, &valid_length);

    return valid != NULL ? mig_regex_match_utf8(regex, scratch, valid, valid_length, flags)
                         : -ENOMEM;
}
