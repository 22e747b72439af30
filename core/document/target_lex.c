/* SPDX-License-Identifier: MPL-2.0 */
#include "config.h"

#include "document/target_lex.h"

#include <ctype.h>
#include <string.h>

static const char operator_chars[] = "+-*/<>=~!@#%^&|`?:";

static int
word_start(unsigned char c)
{
    return isalpha(c) || c == '_' || c >= 0x80;
}

static int
word_char(unsigned char c)
{
    return word_start(c) || isdigit(c) || c == '$';
}

/* 'text' or "name", with the quote doubled inside. */
static void
read_quoted(struct mig_target_lexer *lexer, enum mig_target_token token)
{
    const char quote = *lexer->at++;
    size_t len = 0;

    lexer->token = TARGET_BAD;
    for (; *lexer->at; lexer->at++) {
        if (*lexer->at == quote && lexer->at[1] != quote)
            break;
        if (*lexer->at == quote)
            lexer->at++;
        if (len == MIG_TARGET_TEXT_MAX)
            return;
        lexer->text[len++] = *lexer->at;
    }
    if (*lexer->at != quote)
        return;
    lexer->at++;
    lexer->text[len] = '\0';
    lexer->token = token;
}

/* The characters of `at` that `take` accepts. */
static size_t
read_run(struct mig_target_lexer *lexer, int (*take)(unsigned char))
{
    size_t len = 0;

    while (take((unsigned char)*lexer->at) && len < MIG_TARGET_TEXT_MAX)
        lexer->text[len++] = *lexer->at++;
    lexer->text[len] = '\0';
    return len;
}

static int
operator_char(unsigned char c)
{
    return c != '\0' && strchr(operator_chars, c) != NULL;
}

static int
number_char(unsigned char c)
{
    return isdigit(c) || c == '.';
}

static void
read_word(struct mig_target_lexer *lexer)
{
    size_t len = read_run(lexer, word_char);

    for (size_t i = 0; i < len; i++)
        if (lexer->text[i] >= 'A' && lexer->text[i] <= 'Z')
            lexer->text[i] = (char)(lexer->text[i] - 'A' + 'a');
    /* E'...' and its like are other kinds of text. */
    lexer->token = *lexer->at == '\'' || *lexer->at == '"' ? TARGET_BAD : TARGET_WORD;
}

static void
read_operator(struct mig_target_lexer *lexer)
{
    read_run(lexer, operator_char);
    lexer->token =
        strstr(lexer->text, "--") || strstr(lexer->text, "/*") ? TARGET_BAD : TARGET_OPERATOR;
}

void
mig_target_next(struct mig_target_lexer *lexer)
{
    unsigned char c;

    while (isspace((unsigned char)*lexer->at))
        lexer->at++;
    c = (unsigned char)*lexer->at;
    lexer->quoted = c == '"';
    lexer->text[0] = '\0';
    if (c == '\0') {
        lexer->token = TARGET_END;
    } else if (c == '\'') {
        read_quoted(lexer, TARGET_STRING);
    } else if (c == '"') {
        read_quoted(lexer, TARGET_WORD);
    } else if (word_start(c)) {
        read_word(lexer);
    } else if (isdigit(c)) {
        read_run(lexer, number_char);
        lexer->token = word_start((unsigned char)*lexer->at) ? TARGET_BAD : TARGET_NUMBER;
    } else if (operator_char(c)) {
        read_operator(lexer);
    } else {
        lexer->text[0] = (char)c;
        lexer->text[1] = '\0';
        lexer->token = c == '$' ? TARGET_BAD : TARGET_OTHER;
        lexer->at++;
    }
}
