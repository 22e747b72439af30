/* SPDX-License-Identifier: MPL-2.0 */
/*
 * The file search engine: many searches, one walk, each file opened and read at most once. Link
 * with libmig-search (json-c, libcrypto, zlib, and libbz2, liblzma, libzstd where they were found).
 *
 * A set is filled with searches and then run; running changes nothing in it but the counts. A
 * search reaches what lies under its paths, down to maxdepth (a path itself is depth 1), one file
 * system type aside: pseudo file systems are entered only when a path names them, network ones also
 * with remotefs. Symbolic links are not followed to directories; a link to a regular file is
 * searched under its own name. Pipes, sockets and devices are never opened.
 *
 * Content is matched by line, as grep does: lines end at \n, a \r before it is dropped, the last
 * line needs none. Lines may be of any length; memory is bounded. With
 * macroal every line must match (none, when inverted), which an empty file does.
 *
 * A run has several threads, by default one for every two cores that the process may use (at least
 * one, at most 16); a search's option `threads` asks for more or less, up to one a core. When there
 * are more cores than threads, each has another one that reads large files for it. Hits come in no
 * order; which ones a search with a limit ends with may differ from run to run.
 *
 * With decompress a search looks at what a gzip, bzip2, xz or zstd file holds, up to 4 GiB, and, of
 * what is more than 64 MiB, up to 1,000 times what was read of the file.
 *
 * A file is what it was when it was opened; what is appended while it is read is not looked at.
 *
 * What could not be read is neither found nor not found: the checks on it give no match, inverted
 * or not, and an error says why.
 */
#ifndef MIG_SEARCH_H
#define MIG_SEARCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>
#include <time.h>

struct json_object;
struct mig_search_set;

#define MIG_SEARCH_LABEL_MAX 64u
#define MIG_SEARCH_SHA256_SIZE 32u
/* What hit() is told instead of a check when all checks of a search matched. */
#define MIG_SEARCH_ALL SIZE_MAX

struct mig_search_hit {
    size_t search;           /* its place in the order of labels */
    size_t check;            /* its place in the search, or MIG_SEARCH_ALL */
    const char *path;        /* bytes, see mig_text_path() */
    const struct stat *stat; /* of the file itself, also when `path` is a link */
    const uint8_t *sha256;   /* of the file's bytes; NULL: not asked, or not to be had */
};

/* hit() and error() are called by any thread of the run, one call at a time; cancelled() may be
 * called by several at once. */
struct mig_search_host {
    void *context;
    /* Non-zero ends the run. */
    int (*hit)(void *context, const struct mig_search_hit *hit);
    /* A soft error; the text is UTF-8. */
    void (*error)(void *context, const char *message);
    /* Non-zero ends the run; asked for every directory and every MiB. */
    int (*cancelled)(void *context);
};

struct mig_search_statistics {
    uint64_t files;       /* checked */
    uint64_t open_failed; /* files and directories */
    uint64_t hits;
    bool cut_short; /* cancelled() or hit() ended it */
};

/* Files, and folders with all that is in them, that a search did not look into, and why. A file
 * that is known not to match by what was looked at is not among them. */
struct mig_search_skipped {
    uint64_t permission;
    uint64_t type;       /* pipes, sockets, devices, links to folders, folders above themselves */
    uint64_t filesystem; /* pseudo and network file systems */
    uint64_t size;       /* over maxsize */
    uint64_t vanished;   /* while the search ran; also links that lead nowhere */
    uint64_t depth;      /* under maxdepth */
    uint64_t failed;     /* could not be read for another reason, which an error tells */
};

struct mig_search_set *mig_search_set_new(void);
void mig_search_set_free(struct mig_search_set *set);

/* Adds a search given as {paths[], contents[]?, names[]?, sizes[]?, modes[]?, mtimes[]?, ctimes[]?,
 * atimes[]?, uids[]?, gids[]?, perms[]?, inodes[]?, xattrs[]?, capabilities[]?, md5[]?, sha1[]?,
 * sha2[]?, sha3[]?, options{…}}. The set holds on to the object, which must not be changed then.
 * -EINVAL and a message that names the value and what is expected. */
int mig_search_add_json(struct mig_search_set *set, const char *label, struct json_object *search,
                        char *ret_message, size_t message_size);

/* Adds a search given as the file module's arguments: "-path /usr -name '\.so$' -size=>1m". Blanks
 * are kept in quotes of either kind; a backslash is itself. Matchall and a maxdepth of 1000 are the
 * defaults, and there is no matchlimit. -EINVAL or -ENOMEM and a message. */
int mig_search_add_arguments(struct mig_search_set *set, const char *label, const char *text,
                             char *ret_message, size_t message_size);

/* In the order of labels, once all are added. */
size_t mig_search_count(const struct mig_search_set *set);
const char *mig_search_label(const struct mig_search_set *set, size_t search);
bool mig_search_match_all(const struct mig_search_set *set, size_t search);
/* The greatest maxerrors; 0: no limit. */
uint64_t mig_search_max_errors(const struct mig_search_set *set);
size_t mig_search_check_count(const struct mig_search_set *set, size_t search);
/* Member of the parameters ("names", …) that the check comes from, and its value. */
const char *mig_search_check_member(const struct mig_search_set *set, size_t search, size_t check);
const char *mig_search_check_value(const struct mig_search_set *set, size_t search, size_t check);
/* Hits of the last run; MIG_SEARCH_ALL: of the whole search. */
uint64_t mig_search_hits(const struct mig_search_set *set, size_t search, size_t check);

/* What the last run did not look at. */
struct mig_search_skipped mig_search_skipped(const struct mig_search_set *set, size_t search);

/* 0, also when it was cut short, or -ENOMEM. */
int mig_search_run(struct mig_search_set *set, const struct mig_search_host *host,
                   struct mig_search_statistics *ret_statistics);

/* The filters' values. -EINVAL: the syntax is wrong; -ERANGE: too great. */
int mig_search_parse_size(const char *text, uint64_t *ret_least, uint64_t *ret_most);
/* A whole number without a unit: "<n" at most, ">n" at least, "n". */
int mig_search_parse_number(const char *text, uint64_t *ret_least, uint64_t *ret_most);
/* "<30d": *ret_newer is true and *ret_seconds 30 days. */
int mig_search_parse_mtime(const char *text, bool *ret_newer, uint64_t *ret_seconds);

/* Times that are wanted: after `from` and before `to`, or, with `inclusive`, at them as well. */
struct mig_search_times {
    struct timespec from;
    struct timespec to;
    bool inclusive;
};
/* An age as above, counted from now, or a window of RFC 3339 times, both ends inclusive, of which
 * one may be left out: "2026-01-31T00:00:00Z..2026-02-01T12:00:00+01:00", "2026-01-31T00:00:00Z..".
 */
int mig_search_parse_times(const char *text, struct mig_search_times *ret_times);
bool mig_search_times_have(const struct mig_search_times *times, struct timespec time);

/* Octal permission bits as of find(1): "0644" exactly these, "-4000" all of these, "/6000" any of
 * these. */
struct mig_search_perm {
    char how; /* '=', '-' or '/' */
    mode_t bits;
};
int mig_search_parse_perm(const char *text, struct mig_search_perm *ret_perm);
bool mig_search_perm_has(const struct mig_search_perm *perm, mode_t mode);

#endif
