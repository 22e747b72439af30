/* SPDX-License-Identifier: MPL-2.0 */
/* What Go's regexp answers, from tests/fixtures/regex/answers.txt; made by the generate.go there.
 */
#include "config.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <mig/regex.h>

static int
digit(char c)
{
    return c >= 'a' ? c - 'a' + 10 : c - '0';
}

/* Reads hex up to a space; gives what comes after the space. */
static const char *
read_hex(const char *at, char *ret_text, size_t *ret_length)
{
    size_t length = 0;

    for (; *at != ' ' && *at != '-'; at += 2)
        ret_text[length++] = (char)(digit(at[0]) << 4 | digit(at[1]));
    ret_text[length] = '\0';
    *ret_length = length;
    return at + (*at == '-' ? 2 : 1);
}

static char
answer(const char *pattern, size_t pattern_length, const char *text, size_t length)
{
    struct mig_regex_scratch *scratch = mig_regex_scratch_new();
    struct mig_regex *regex = NULL;
    char message[512];
    char given = 'E';

    if (mig_regex_new(pattern, pattern_length, &regex, message, sizeof(message)) == 0)
        given = (char)('0' + mig_regex_match(regex, scratch, text, length, 0));
    /* A text without an end of line is a line. */
    if (given != 'E' && length > 0 && memchr(text, '\n', length) == NULL &&
        text[length - 1] != '\r')
        assert_int_equal(mig_regex_match_lines(regex, scratch, text, length), given - '0');
    mig_regex_free(regex);
    mig_regex_scratch_free(scratch);
    return given;
}

static void
test_answers(void **state)
{
    const char *top = getenv("top_srcdir");
    char path[4096];
    char line[4096];
    char pattern[1024];
    char text[1024];
    size_t pattern_length = 0;
    size_t length = 0;
    size_t lines = 0;
    size_t wrong = 0;
    const char *at;
    FILE *file;

    (void)state;
    snprintf(path, sizeof(path), "%s/tests/fixtures/regex/answers.txt", top != NULL ? top : ".");
    file = fopen(path, "r");
    assert_non_null(file);
    while (fgets(line, sizeof(line), file) != NULL) {
        assert_true(strlen(line) < sizeof(line) - 1);
        at = read_hex(line, pattern, &pattern_length);
        if (*at == '-') {
            at += 2;
            length = 0;
        } else {
            at = read_hex(at, text, &length);
        }
        lines++;
        if (answer(pattern, pattern_length, text, length) != *at && ++wrong < 30)
            print_message("'%s' on '%.*s' should give %c\n", pattern, (int)length, text, *at);
    }
    fclose(file);
    assert_true(lines > 10000);
    assert_int_equal(wrong, 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_answers)};

    return cmocka_run_group_tests_name("regex_answers", tests, NULL, NULL);
}
