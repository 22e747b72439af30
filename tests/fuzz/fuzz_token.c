/* SPDX-License-Identifier: MPL-2.0 */
/* The header by which an investigator says who he is. */
#include "config.h"

#include "fuzz.h"

#include "api/token.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct mig_time now = {0};
    struct mig_token token = {0};
    struct mig_err err = {0};
    char *text = malloc(size + 1);

    MUST(text != NULL);
    if (size > 0)
        memcpy(text, data, size);
    text[size] = '\0';
    MUST(mig_time_parse("2026-01-02T03:04:05Z", 20, &now) == 0);
    if (mig_token_parse(text, now, 600000, &token, &err) == 0) {
        MUST(token.signature > text && token.signature <= text + strlen(text));
        /* What is signed is what came, but that a newline ends it. */
        MUST(token.signed_len > 0 && token.signed_text[token.signed_len - 1] == '\n');
        MUST(strncmp(token.signed_text, text, token.signed_len - 1) == 0);
        MUST(text[token.signed_len - 1] == ';');
    } else {
        MUST(err.text[0] != '\0');
    }
    mig_token_fini(&token);
    free(text);
    return 0;
}
