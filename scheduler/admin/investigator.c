/* SPDX-License-Identifier: MPL-2.0 */
#include "config.h"
#include "admin/investigator.h"

#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/file.h"
#include "store/investigators.h"

#define MAX_KEY (1u << 20)

/* The one usable key of the file. */
static int
read_key(const char *path, struct mig_buf *text, char fpr[MIG_FPR_LEN + 1], struct mig_err *err)
{
    int r = mig_file_read(path, MAX_KEY, text, err);

    if (r < 0)
        return r;
    r = mig_investigators_key(text->data ? text->data : "", text->len, fpr, err);
    return r < 0 ? mig_err_prefix(err, "%s", path) : 0;
}

static int
add(struct mig_db *db, const char *name, const char *path, const char *permissions,
    struct mig_err *err)
{
    struct mig_buf text = MIG_BUF_INIT;
    char fpr[MIG_FPR_LEN + 1] = "";
    uint32_t mask = 0;
    int64_t id = 0;
    int r = mig_permissions_parse(permissions, &mask, err);

    if (r == 0)
        r = read_key(path, &text, fpr, err);
    if (r == 0)
        r = mig_investigators_add(db, name, fpr, text.data, text.len, mask, &id, err);
    if (r == 0)
        printf("investigator %" PRId64 " '%s' with key %s\n", id, name, fpr);
    mig_buf_fini(&text);
    return r;
}

static int
parse_add(struct mig_db *db, int argc, char **argv, struct mig_err *err)
{
    static const struct option options[] = {{"name", required_argument, NULL, 'n'},
                                            {"key", required_argument, NULL, 'k'},
                                            {"permissions", required_argument, NULL, 'p'},
                                            {NULL, 0, NULL, 0}};
    const char *name = NULL, *key = NULL, *permissions = "default";
    int opt;

    optind = 1;
    while ((opt = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (opt == 'n')
            name = optarg;
        else if (opt == 'k')
            key = optarg;
        else if (opt == 'p')
            permissions = optarg;
        else
            return MIG_E_SYNTAX;
    }
    if (!name || !*name || !key || optind < argc)
        return mig_err_set(err, MIG_E_SYNTAX, "investigator add needs --name and --key");
    return add(db, name, key, permissions, err);
}

static void
print_one(const struct mig_investigator *who, void *context)
{
    struct mig_buf text = MIG_BUF_INIT;

    (void)context;
    mig_permissions_text(who->permissions, &text);
    printf("%" PRId64 "\t%s\t%s\t%s\t%s\n", who->id, who->status, who->fpr,
           text.len ? text.data : "none", who->name);
    mig_buf_fini(&text);
}

int
mig_admin_investigator(struct mig_db *db, int argc, char **argv, struct mig_err *err)
{
    const char *verb = argc > 0 ? argv[0] : "";

    if (strcmp(verb, "add") == 0)
        return parse_add(db, argc, argv, err);
    if (strcmp(verb, "list") == 0 && argc == 1)
        return mig_investigators_list(db, print_one, NULL, err);
    if (strcmp(verb, "disable") == 0 && argc == 2)
        return mig_investigators_set_status(db, argv[1], "disabled", err);
    if (strcmp(verb, "enable") == 0 && argc == 2)
        return mig_investigators_set_status(db, argv[1], "active", err);
    return mig_err_set(err, MIG_E_SYNTAX,
                       "expected investigator add, list, disable WHO or enable WHO");
}
