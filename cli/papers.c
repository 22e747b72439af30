/* SPDX-License-Identifier: MPL-2.0 */
#include "config.h"

#include "papers.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "document/action.h"
#include "migrc.h"
#include "question.h"
#include "trust/pgp.h"

#define USAGE                                                                                      \
    "usage: mig action canonical FILE               print the exact text that is signed\n"         \
    "       mig action sign [-c CONFIG] FILE        add a signature, print the action\n"           \
    "       mig action verify [-c CONFIG] FILE      check each signature\n"                        \
    "FILE - is standard input.\n"

static int
canonical(const char *path, struct mig_err *err)
{
    struct mig_action *action = NULL;
    struct mig_buf text = MIG_BUF_INIT;
    int code;

    code = mig_question_read(path, &action, err);
    if (code < 0)
        return code;
    code = mig_action_signed_text(action, &text);
    if (code < 0)
        mig_err_errno(err, -code, "signed text");
    else if (fwrite(text.data, 1, text.len, stdout) != text.len || fflush(stdout) != 0)
        code = mig_err_errno(err, errno, "standard output");
    mig_buf_fini(&text);
    mig_action_free(action);
    return code;
}

static int
print_action(const struct mig_action *action, struct mig_err *err)
{
    struct mig_buf json = MIG_BUF_INIT;
    int code = mig_action_json(action, &json);

    if (code < 0)
        mig_err_errno(err, -code, "action");
    else
        printf("%s\n", json.data);
    mig_buf_fini(&json);
    return code;
}

static int
sign(const char *config, const char *path, struct mig_err *err)
{
    struct mig_action *action = NULL;
    struct mig_migrc migrc = {0};
    struct mig_pgp *pgp = NULL;
    int code;

    code = mig_migrc_load(config, &migrc, err);
    if (code < 0) {
        if (code == MIG_E_NOT_FOUND)
            fputs(mig_migrc_example, stderr);
        return code;
    }
    code = mig_migrc_need_key(&migrc, err);
    if (code == 0)
        code = mig_question_read(path, &action, err);
    if (code == 0)
        code = mig_pgp_open(migrc.gpg_home, &pgp, err);
    if (code == 0)
        code = mig_question_sign(action, pgp, migrc.keyid, err);
    if (code == 0)
        code = print_action(action, err);
    mig_pgp_close(pgp);
    mig_action_free(action);
    mig_migrc_fini(&migrc);
    return code;
}

static int
verify_each(const struct mig_action *action, struct mig_pgp *pgp, struct mig_err *err)
{
    struct mig_buf text = MIG_BUF_INIT;
    char fpr[MIG_FPR_LEN + 1];
    size_t bad = 0;
    int code;

    code = mig_action_signed_text(action, &text);
    if (code < 0) {
        mig_err_errno(err, -code, "signed text");
        goto out;
    }
    for (size_t i = 0; i < action->signatures_count; i++) {
        code = mig_pgp_verify(pgp, text.data, text.len, action->signatures[i], fpr, err);
        if (code == 0) {
            printf("signature %zu: valid, by %s\n", i + 1, fpr);
        } else {
            printf("signature %zu: NOT valid: %s\n", i + 1, err->text);
            bad++;
        }
    }
    code = 0;
    if (action->signatures_count == 0)
        code = mig_err_set(err, MIG_E_SIGNATURE, "the action has no signature");
    else if (bad > 0)
        code = mig_err_set(err, MIG_E_SIGNATURE, "%zu of %zu signatures are not valid", bad,
                           action->signatures_count);
out:
    mig_buf_fini(&text);
    return code;
}

static int
verify(const char *config, const char *path, struct mig_err *err)
{
    struct mig_action *action = NULL;
    struct mig_migrc migrc = {0};
    struct mig_pgp *pgp = NULL;
    int code;

    /* Without a configuration GnuPG's own home has the keys. */
    code = mig_migrc_load(config, &migrc, err);
    if (code == MIG_E_NOT_FOUND && !config)
        code = 0;
    if (code == 0)
        code = mig_question_read(path, &action, err);
    if (code == 0)
        code = mig_pgp_open(migrc.gpg_home, &pgp, err);
    if (code == 0)
        code = verify_each(action, pgp, err);
    mig_pgp_close(pgp);
    mig_action_free(action);
    mig_migrc_fini(&migrc);
    return code;
}

int
mig_papers_main(int argc, char **argv)
{
    const char *verb = argc > 0 ? argv[0] : "", *config = NULL;
    struct mig_err err = {0};
    int code;

    if (argc == 4 && strcmp(argv[1], "-c") == 0) {
        config = argv[2];
        argv += 2;
        argc -= 2;
    }
    if (argc != 2) {
        fputs(USAGE, stderr);
        return 1;
    }
    if (strcmp(verb, "canonical") == 0) {
        code = canonical(argv[1], &err);
    } else if (strcmp(verb, "sign") == 0) {
        code = sign(config, argv[1], &err);
    } else if (strcmp(verb, "verify") == 0) {
        code = verify(config, argv[1], &err);
    } else {
        fprintf(stderr, "error: mig action has no command '%s'\n" USAGE, verb);
        return 1;
    }
    if (code < 0)
        fprintf(stderr, "error: %s\n", err.text);
    return code < 0 ? 1 : 0;
}
