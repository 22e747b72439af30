/* SPDX-License-Identifier: MPL-2.0 */
/* The words of a target expression, for document/target.c. */
#ifndef MIG_DOCUMENT_TARGET_LEX_H
#define MIG_DOCUMENT_TARGET_LEX_H

#define MIG_TARGET_TEXT_MAX 2048 /* bytes; what an action's target may have */

enum mig_target_token {
    TARGET_END,
    TARGET_WORD,   /* in lower case; "quoted" ones as they are */
    TARGET_STRING, /* without its quotes */
    TARGET_NUMBER,
    TARGET_OPERATOR,
    TARGET_OTHER, /* one character: ( ) , and what has no place in the subset */
    TARGET_BAD    /* a comment, a quote that is not of the subset or that does not end */
};

struct mig_target_lexer {
    const char *at;
    enum mig_target_token token;
    char text[MIG_TARGET_TEXT_MAX + 1];
    int quoted; /* a word in double quotes: never a keyword */
};

/* Reads the next token into the lexer. */
void mig_target_next(struct mig_target_lexer *lexer);

#endif
