/* SPDX-License-Identifier: MPL-2.0 */
/*
 * The pattern is what comes before the first NUL, the text what comes after. Neither crashes; a
 * text in pieces and as lines gives what it gives at once.
 */
#include "config.h"

#include "fuzz.h"

#include <errno.h>

#include "regex_run.h"

static int
match_pieces(const struct mig_regex *regex, struct mig_regex_scratch *scratch, const char *text,
             size_t length, size_t piece)
{
    struct mig_regex_run run = {0};
    size_t part;
    int code;

    mig_regex_begin(&run, regex, scratch);
    for (; length > 0; text += part, length -= part) {
        part = length < piece ? length : piece;
        mig_regex_feed(&run, text, part);
    }
    code = mig_regex_end(&run);
    mig_regex_run_fini(&run);
    return code;
}

static void
match_all(const struct mig_regex *regex, const char *text, size_t length)
{
    struct mig_regex_scratch *scratch = mig_regex_scratch_new();
    const char *newline = memchr(text, '\n', length);
    size_t line = newline != NULL ? (size_t)(newline - text) : length;
    int whole;
    size_t i;

    MUST(scratch != NULL);
    whole = mig_regex_match(regex, scratch, text, length, 0);
    MUST(whole == 0 || whole == 1 || whole == -E2BIG);
    for (i = 1; i < 5 && whole >= 0; i++)
        MUST(match_pieces(regex, scratch, text, length, i) == whole);
    line -= line > 0 && text[line - 1] == '\r';
    if (mig_regex_match(regex, scratch, text, line, 0) == 1 && length > 0)
        MUST(mig_regex_match_lines(regex, scratch, text, length) == 1);
    mig_regex_scratch_free(scratch);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *text = (const char *)data;
    const char *nul = size > 0 ? memchr(text, '\0', size) : NULL;
    size_t length = nul != NULL ? (size_t)(nul - text) : size;
    struct mig_regex *regex = NULL;
    char message[512] = "";
    int code = mig_regex_new(text, length, &regex, message, sizeof(message));

    if (code == 0) {
        match_all(regex, text + length, size - length);
        mig_regex_free(regex);
    } else {
        MUST(regex == NULL && message[0] != '\0');
    }
    return 0;
}
