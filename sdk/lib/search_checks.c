/* SPDX-License-Identifier: MPL-2.0 */
#include "config.h"

#include "search_checks.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define SIZE_SYNTAX "^(<|>)?[0-9]+(k|m|g|t)?$"
#define MTIME_SYNTAX "^(<|>)[0-9]+(d|h|m)$"
#define NUMBER_SYNTAX "^(<|>)?[0-9]+$"
#define PERM_SYNTAX "^(-|/)?[0-7]{1,4}$"

const struct check_name mig_checks_kinds[CHECK_KINDS] = {
    [CHECK_NAME] = {"names", "name"},
    [CHECK_MODE] = {"modes", "mode"},
    [CHECK_SIZE] = {"sizes", "size"},
    [CHECK_MTIME] = {"mtimes", "mtime"},
    [CHECK_CTIME] = {"ctimes", "ctime"},
    [CHECK_ATIME] = {"atimes", "atime"},
    [CHECK_UID] = {"uids", "uid"},
    [CHECK_GID] = {"gids", "gid"},
    [CHECK_PERM] = {"perms", "perm"},
    [CHECK_INODE] = {"inodes", "inode"},
    [CHECK_XATTR] = {"xattrs", "xattr"},
    [CHECK_CAPABILITY] = {"capabilities", "cap"},
    [CHECK_CONTENT] = {"contents", "content"},
    [CHECK_MD5] = {"md5", "md5"},
    [CHECK_SHA1] = {"sha1", "sha1"},
    [CHECK_SHA2] = {"sha2", "sha2"},
    [CHECK_SHA3] = {"sha3", "sha3"},
};

int
mig_checks_refuse(const struct reason *reason, const char *format, ...)
{
    int used = snprintf(reason->message, reason->size, "search '%s': ", reason->label);
    va_list args;

    if (used < 0 || (size_t)used >= reason->size)
        return -EINVAL;
    va_start(args, format);
    vsnprintf(reason->message + used, reason->size - (size_t)used, format, args);
    va_end(args);
    return -EINVAL;
}

static int
compile_regex(const struct reason *reason, struct check *check, bool invertible)
{
    const char *pattern = check->value;
    char message[512] = "no memory";
    int code;

    /* A lone '!' is a literal. */
    check->inverse = invertible && pattern[0] == '!' && pattern[1] != '\0';
    pattern += check->inverse;
    code = mig_regex_new(pattern, strlen(pattern), &check->regex, message, sizeof(message));
    if (code < 0)
        mig_checks_refuse(reason, "%s in '%s'", message, mig_checks_kinds[check->kind].member);
    return code;
}

static int
compile_size(const struct reason *reason, struct check *check)
{
    int code = mig_search_parse_size(check->value, &check->least, &check->most);

    if (code == -ERANGE)
        return mig_checks_refuse(reason, "size '%s' is too great", check->value);
    if (code < 0)
        return mig_checks_refuse(reason, "Invalid size format for size '%s'. Must match regex %s",
                                 check->value, SIZE_SYNTAX);
    return 0;
}

static int
compile_times(const struct reason *reason, struct check *check)
{
    const char *what = mig_checks_kinds[check->kind].mismatch;
    int code = mig_search_parse_times(check->value, &check->times);

    if (code == -ERANGE)
        return mig_checks_refuse(reason, "%s '%s' is too great", what, check->value);
    if (code < 0)
        return mig_checks_refuse(
            reason,
            "Invalid %s format for %s '%s'. Must match regex %s, or be a window of "
            "RFC 3339 times as in 2026-01-31T00:00:00Z..2026-02-01T00:00:00Z",
            what, what, check->value, MTIME_SYNTAX);
    return 0;
}

static int
compile_number(const struct reason *reason, struct check *check)
{
    const char *what = mig_checks_kinds[check->kind].mismatch;
    int code = mig_search_parse_number(check->value, &check->least, &check->most);

    if (code == -ERANGE)
        return mig_checks_refuse(reason, "%s '%s' is too great", what, check->value);
    if (code < 0)
        return mig_checks_refuse(reason, "Invalid %s format for %s '%s'. Must match regex %s", what,
                                 what, check->value, NUMBER_SYNTAX);
    return 0;
}

static int
compile_perm(const struct reason *reason, struct check *check)
{
    if (mig_search_parse_perm(check->value, &check->perm) < 0)
        return mig_checks_refuse(reason, "Invalid perm format for perm '%s'. Must match regex %s",
                                 check->value, PERM_SYNTAX);
    return 0;
}

static int
hex_value(char c)
{
    /* Digits of hashes are random: what branches on them is slow. */
    unsigned int digit = (unsigned int)c - '0';
    unsigned int letter = ((unsigned int)c | 0x20u) - 'a';
    int value = letter < 6 ? (int)letter + 10 : -1;

    return digit < 10 ? (int)digit : value;
}

static int
compile_hash(const struct reason *reason, struct check *check)
{
    static const struct {
        enum check_kind kind;
        enum mig_digest first;
        enum mig_digest last;
        const char *lengths;
    } families[] = {
        {CHECK_MD5, MIG_DIGEST_MD5, MIG_DIGEST_MD5, "32"},
        {CHECK_SHA1, MIG_DIGEST_SHA1, MIG_DIGEST_SHA1, "40"},
        {CHECK_SHA2, MIG_DIGEST_SHA256, MIG_DIGEST_SHA512, "64, 96 or 128"},
        {CHECK_SHA3, MIG_DIGEST_SHA3_224, MIG_DIGEST_SHA3_512, "56, 64, 96 or 128"},
    };
    size_t family = (size_t)(check->kind - CHECK_MD5);
    size_t length = strlen(check->value);
    int byte;
    size_t i;

    check->algorithm = families[family].first;
    while (check->algorithm <= families[family].last &&
           mig_digest_size(check->algorithm) * 2 != length)
        check->algorithm++;
    if (check->algorithm > families[family].last)
        return mig_checks_refuse(reason, "%s '%s' has %zu digits, must have %s",
                                 mig_checks_kinds[check->kind].member, check->value, length,
                                 families[family].lengths);
    for (i = 0; i < length; i += 2) {
        byte = hex_value(check->value[i]) * 16 | hex_value(check->value[i + 1]);
        if (byte < 0)
            return mig_checks_refuse(reason, "%s '%s' must be hexadecimal",
                                     mig_checks_kinds[check->kind].member, check->value);
        check->digest[i / 2] = (uint8_t)byte;
    }
    return 0;
}

bool
mig_checks_by_regex(enum check_kind kind)
{
    return kind == CHECK_NAME || kind == CHECK_MODE || kind == CHECK_XATTR ||
           kind == CHECK_CAPABILITY || kind == CHECK_CONTENT;
}

int
mig_checks_compile(const struct reason *reason, struct check *check)
{
    if (check->value[0] == '\0')
        return mig_checks_refuse(reason, "Empty values are not permitted in '%s'",
                                 mig_checks_kinds[check->kind].member);
    switch (check->kind) {
    case CHECK_NAME:
    case CHECK_XATTR:
    case CHECK_CAPABILITY:
    case CHECK_CONTENT:
        return compile_regex(reason, check, true);
    case CHECK_MODE:
        return compile_regex(reason, check, false);
    case CHECK_SIZE:
        return compile_size(reason, check);
    case CHECK_MTIME:
    case CHECK_CTIME:
    case CHECK_ATIME:
        return compile_times(reason, check);
    case CHECK_UID:
    case CHECK_GID:
    case CHECK_INODE:
        return compile_number(reason, check);
    case CHECK_PERM:
        return compile_perm(reason, check);
    default:
        return compile_hash(reason, check);
    }
}
