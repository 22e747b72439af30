/* SPDX-License-Identifier: MPL-2.0 */
#include "config.h"

#include "args.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/time.h"

#define DEFAULT_VALIDITY_MS (300 * 1000)
#define MAX_VALIDITY_MS (INT64_C(366) * 24 * 3600 * 1000)

enum kind { SWITCH, TEXT, DURATION, SHOW, DIGITS };

static const struct flag {
    const char *name;
    enum kind kind;
    size_t place;
} flags[] = {
    {"V", SWITCH, offsetof(struct mig_args, version)},
    {"c", TEXT, offsetof(struct mig_args, config)},
    {"e", DURATION, offsetof(struct mig_args, validity_ms)},
    {"h", SWITCH, offsetof(struct mig_args, help)},
    {"help", SWITCH, offsetof(struct mig_args, help)},
    {"i", TEXT, offsetof(struct mig_args, file)},
    {"n", TEXT, offsetof(struct mig_args, name)},
    {"now", SWITCH, offsetof(struct mig_args, now)},
    {"p", SWITCH, offsetof(struct mig_args, print)},
    {"s", SWITCH, offsetof(struct mig_args, sign)},
    {"show", SHOW, offsetof(struct mig_args, show)},
    {"t", TEXT, offsetof(struct mig_args, target)},
    {"target-found", DIGITS, offsetof(struct mig_args, target_found)},
    {"target-notfound", DIGITS, offsetof(struct mig_args, target_notfound)},
    {"v", SWITCH, offsetof(struct mig_args, verbose)},
    {"z", SWITCH, offsetof(struct mig_args, compress)},
};

/* "-x", "--x" or "-x=v" -> the name and the value behind '='; 0 when it is not an option. */
static int
split(const char *arg, const char **ret_name, size_t *ret_len, const char **ret_value)
{
    const char *equals;

    if (arg[0] != '-' || arg[1] == '\0')
        return 0;
    arg += arg[1] == '-' ? 2 : 1;
    if (*arg == '\0')
        return 0;
    equals = strchr(arg, '=');
    *ret_name = arg;
    *ret_len = equals ? (size_t)(equals - arg) : strlen(arg);
    *ret_value = equals ? equals + 1 : NULL;
    return 1;
}

static const struct flag *
find(const char *name, size_t len)
{
    for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++)
        if (strlen(flags[i].name) == len && memcmp(flags[i].name, name, len) == 0)
            return &flags[i];
    return NULL;
}

static int
set_switch(const char *name, const char *value, bool *place, struct mig_err *err)
{
    if (!value || strcmp(value, "true") == 0 || strcmp(value, "1") == 0)
        *place = true;
    else if (strcmp(value, "false") == 0 || strcmp(value, "0") == 0)
        *place = false;
    else
        return mig_err_set(err, MIG_E_INVALID, "-%s is on or off: -%s or -%s=false, not '%s'", name,
                           name, name, value);
    return 0;
}

static int
set_duration(const char *name, const char *value, int64_t *place, struct mig_err *err)
{
    int64_t ms;

    if (mig_duration_parse(value, &ms) < 0 || ms < 1000 || ms > MAX_VALIDITY_MS)
        return mig_err_set(err, MIG_E_INVALID,
                           "-%s takes a time from 1s to 8784h, like 300s, 30m or 12h, not '%s'",
                           name, value);
    *place = ms;
    return 0;
}

static int
set_show(const char *value, enum mig_show *place, struct mig_err *err)
{
    static const char *const words[] = {"found", "notfound", "all"};

    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if (strcmp(value, words[i]) == 0) {
            *place = (enum mig_show)i;
            return 0;
        }
    }
    return mig_err_set(err, MIG_E_INVALID, "-show takes found, notfound or all, not '%s'", value);
}

static int
set_digits(const char *name, const char *value, const char **place, struct mig_err *err)
{
    size_t len = strlen(value);

    if (len == 0 || len > 18 || strspn(value, "0123456789") != len)
        return mig_err_set(err, MIG_E_INVALID, "-%s takes the id of an action, not '%s'", name,
                           value);
    *place = value;
    return 0;
}

static int
set(struct mig_args *args, const struct flag *flag, const char *value, struct mig_err *err)
{
    void *place = (char *)args + flag->place;

    switch (flag->kind) {
    case SWITCH:
        return set_switch(flag->name, value, place, err);
    case DURATION:
        return set_duration(flag->name, value, place, err);
    case SHOW:
        return set_show(value, place, err);
    case DIGITS:
        return set_digits(flag->name, value, place, err);
    case TEXT:
        break;
    }
    *(const char **)place = value;
    return 0;
}

static int
check(const struct mig_args *args, struct mig_err *err)
{
    if (args->target_found && args->target_notfound)
        return mig_err_set(err, MIG_E_INVALID,
                           "-target-found and -target-notfound exclude each other");
    if (args->print && args->sign)
        return mig_err_set(err, MIG_E_INVALID,
                           "-p prints the unsigned action, -s the signed one: give one of them");
    if (args->module && args->file)
        return mig_err_set(err, MIG_E_INVALID,
                           "-i launches an action of a file: it goes without a module");
    if (!args->module && !args->file && !args->version && !args->help)
        return mig_err_set(err, MIG_E_INVALID, "name a module or give -i FILE; see mig help");
    if (!args->module && args->rest_count > 0)
        return mig_err_set(err, MIG_E_INVALID, "unknown option or argument '%s'; see mig help",
                           args->rest[0]);
    return 0;
}

static int
parse(int argc, char **argv, mig_args_valued_fn valued, void *context, struct mig_args *args,
      struct mig_err *err)
{
    const char *name, *value;
    const struct flag *flag;
    size_t len;
    int i = 0, code;

    if (argc > 0 && argv[0][0] != '-')
        args->module = argv[i++];
    for (; i < argc; i++) {
        if (strcmp(argv[i], "--") == 0)
            break;
        int option = split(argv[i], &name, &len, &value);

        flag = option ? find(name, len) : NULL;
        if (!flag) {
            args->rest[args->rest_count++] = argv[i];
            if (option && !value && valued && i + 1 < argc && valued(context, name, len) == 1)
                args->rest[args->rest_count++] = argv[++i];
            continue;
        }
        if (flag->kind != SWITCH && !value) {
            if (i + 1 >= argc)
                return mig_err_set(err, MIG_E_INVALID, "option -%s needs a value", flag->name);
            value = argv[++i];
        }
        code = set(args, flag, value, err);
        if (code < 0)
            return code;
    }
    for (i++; i < argc; i++)
        args->rest[args->rest_count++] = argv[i];
    return check(args, err);
}

int
mig_args_parse(int argc, char **argv, mig_args_valued_fn valued, void *context,
               struct mig_args *ret, struct mig_err *err)
{
    struct mig_args args = {.validity_ms = DEFAULT_VALIDITY_MS};
    int code;

    args.rest = calloc((size_t)argc + 1, sizeof(*args.rest));
    if (!args.rest)
        return mig_err_errno(err, ENOMEM, "command line");
    code = parse(argc, argv, valued, context, &args, err);
    if (code < 0) {
        mig_args_fini(&args);
        return code;
    }
    *ret = args;
    return 0;
}

void
mig_args_fini(struct mig_args *args)
{
    free(args->rest);
    args->rest = NULL;
    args->rest_count = 0;
}
