/* SPDX-License-Identifier: MPL-2.0 */
#include "file.h"

#define PATH_LENGTH 4096
#define PATTERN_LENGTH 65536

#define FILTER(name, path, help, value, max)                                                       \
    {                                                                                              \
        name, "searches.s1." path, help, value, NULL, MIG_OPTION_STRING, MIG_OPTION_REPEATABLE,    \
            max                                                                                    \
    }
#define DIGEST(name, help, max)                                                                    \
    {                                                                                              \
        name, "searches.s1." name, help, "hash", NULL, MIG_OPTION_HEX, MIG_OPTION_REPEATABLE, max  \
    }
#define NUMBER(name, help, preset)                                                                 \
    {                                                                                              \
        name, "searches.s1.options." name, help, NULL, preset, MIG_OPTION_NUMBER,                  \
            MIG_OPTION_ALWAYS, 0                                                                   \
    }

/* In the order of the original's parameters. */
const struct mig_option file_options[FILE_OPTIONS_COUNT] = {
    {"path", "searches.s1.paths", "search here, in every sub-directory", "path", NULL,
     MIG_OPTION_STRING, MIG_OPTION_REPEATABLE | MIG_OPTION_REQUIRED, PATH_LENGTH},
    FILTER("content", "contents", "a line matches; '!' before it inverts", "regex", PATTERN_LENGTH),
    FILTER("name", "names", "the base name matches; '!' before it inverts", "regex",
           PATTERN_LENGTH),
    FILTER("size", "sizes", "<n at most, >n at least, n exactly; units k, m, g, t", "size", 32),
    FILTER("mode", "modes", "the mode matches, as in '-rwxr-xr-x'", "regex", PATTERN_LENGTH),
    FILTER("mtime", "mtimes", "<n changed since, >n before; units d, h, m; or TIME..TIME", "age",
           80),
    DIGEST("md5", "MD5 of the contents", 32),
    DIGEST("sha1", "SHA-1 of the contents", 40),
    DIGEST("sha2", "SHA-256, 384 or 512 of the contents, by length", 128),
    DIGEST("sha3", "SHA3-224, 256, 384 or 512 of the contents, by length", 128),
    FILTER("ctime", "ctimes", "as -mtime, of the last change of the metadata", "age", 80),
    FILTER("atime", "atimes", "as -mtime, of the last access", "age", 80),
    FILTER("uid", "uids", "number of the owner; <n at most, >n at least", "number", 32),
    FILTER("gid", "gids", "number of the group; <n at most, >n at least", "number", 32),
    FILTER("perm", "perms", "octal permission bits; -n all of them, /n any of them", "bits", 8),
    FILTER("inode", "inodes", "number of the inode; <n at most, >n at least", "number", 32),
    FILTER("xattr", "xattrs", "name of an extended attribute; '!' before it inverts", "regex",
           PATTERN_LENGTH),
    FILTER("cap", "capabilities", "a file capability, as in 'cap_net_raw=ep'; '!' inverts", "regex",
           PATTERN_LENGTH),
    NUMBER("maxdepth", "directories deep, 0 for no limit", "1000"),
    NUMBER("maxerrors", "errors returned, 0 for no limit", "30"),
    {"matchall", "searches.s1.options.matchall", "all checks must match the file", NULL, "true",
     MIG_OPTION_BOOL, MIG_OPTION_ALWAYS, 0},
    {"matchany", "searches.s1.options.matchall", "any check may match the file", NULL, "false",
     MIG_OPTION_CONST, 0, 0},
    {"macroal", "searches.s1.options.macroal", "content must match on all lines", NULL, "false",
     MIG_OPTION_BOOL, MIG_OPTION_ALWAYS, 0},
    {"mismatch", "searches.s1.options.mismatch",
     "invert checks of a kind: name, size, mode, mtime, content, md5, sha1, sha2, sha3, ctime, "
     "atime, uid, gid, perm, inode, xattr, cap",
     "kind", "null", MIG_OPTION_STRING, MIG_OPTION_REPEATABLE | MIG_OPTION_ALWAYS, 16},
    NUMBER("matchlimit", "files returned, 0 for no limit", "1000"),
    {"returnsha256", "searches.s1.options.returnsha256", "return the SHA-256 of what is found",
     NULL, NULL, MIG_OPTION_BOOL, 0, 0},
    {"decompress", "searches.s1.options.decompress", "look inside gzip, bzip2, xz and zstd files",
     NULL, NULL, MIG_OPTION_BOOL, 0, 0},
    {"maxsize", "searches.s1.options.maxsize", "skip larger files; units k, m, g, t", "size", NULL,
     MIG_OPTION_STRING, 0, 32},
    {"threads", "searches.s1.options.threads", "threads to search with, up to one a core", NULL,
     NULL, MIG_OPTION_NUMBER, 0, 1024},
};

const struct mig_field file_fields[FILE_FIELDS_COUNT] = {
    {"*[].file", "path of the file; empty: nothing matched", MIG_FIELD_STRING, MIG_FIELD_PRIVATE,
     4 * PATH_LENGTH},
    {"*[].search", "the search, or the one check that matched", MIG_FIELD_ECHO, 0, 0},
    {"*[].fileinfo.size", "size in bytes", MIG_FIELD_NUMBER, 0, 0},
    {"*[].fileinfo.mode", "type and permissions, as in -rwxr-xr-x", MIG_FIELD_STRING, 0, 32},
    {"*[].fileinfo.lastmodified", "time of the last change, UTC", MIG_FIELD_STRING, 0, 64},
    {"*[].fileinfo.sha256", "SHA-256 in upper-case hexadecimal", MIG_FIELD_STRING, 0, 64},
    {"filescount", "files checked", MIG_FIELD_NUMBER, MIG_FIELD_STATISTICS, 0},
    {"openfailed", "files and directories that could not be opened", MIG_FIELD_NUMBER,
     MIG_FIELD_STATISTICS, 0},
    {"totalhits", "files, or checks on files, that matched", MIG_FIELD_NUMBER, MIG_FIELD_STATISTICS,
     0},
#define SKIPPED(name, help)                                                                        \
    {                                                                                              \
        "skipped.*." name, "not looked at: " help, MIG_FIELD_NUMBER, MIG_FIELD_STATISTICS, 0       \
    }
    SKIPPED("permission", "no permission"),
    SKIPPED("type", "pipes, sockets, devices, links to folders"),
    SKIPPED("filesystem", "on pseudo or network file systems"),
    SKIPPED("size", "larger than maxsize"),
    SKIPPED("vanished", "gone while the search ran, and broken links"),
    SKIPPED("depth", "below maxdepth"),
    SKIPPED("failed", "could not be read"),
    {"exectime", "time the search took", MIG_FIELD_STRING, MIG_FIELD_STATISTICS, 32},
};
