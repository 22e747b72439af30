/* SPDX-License-Identifier: MPL-2.0 */
#ifndef MIG_PLUGIN_YARA_H
#define MIG_PLUGIN_YARA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <mig/plugin.h>

struct YR_RULES;
struct _YR_COMPILER;
struct YR_SCAN_CONTEXT;
struct json_object;
struct mig_regex;
struct mig_search_set;

/* Counts, since the descriptor is a constant of another file. */
#define YARA_OPTIONS_COUNT 7
#define YARA_FIELDS_COUNT 12
extern const struct mig_option yara_options[YARA_OPTIONS_COUNT];
extern const struct mig_field yara_fields[YARA_FIELDS_COUNT];

#define YARA_RULES_MAX (1u << 20)
#define YARA_TIMEOUT_MAX 3600u
#define YARA_THREADS_MAX 16u

/* ---- question.c: what the parameters ask for ---- */

struct yara_question {
    struct YR_RULES *rules;
    struct mig_search_set *files; /* NULL: none */
    pid_t *pids;
    size_t pids_count;
    struct mig_regex **names; /* of processes' executables */
    size_t names_count;
    unsigned timeout; /* seconds an object */
    unsigned threads;
};

/* 0, or a negative errno value after refuse(). */
int yara_question_init(const struct mig_host *host, const char *parameters, size_t length,
                       struct yara_question *ret_question);
void yara_question_fini(struct yara_question *question);

/* ---- defines.c: external variables ---- */

struct yara_define {
    char *name;
    char *value;
};

struct yara_defines {
    struct yara_define *list;
    size_t count;
};

/* Those of the parameters; what was taken is to be released also on failure. 0, or a negative errno
 * value after refuse(). */
int yara_defines_take(const struct mig_host *host, struct json_object *object,
                      struct yara_defines *ret_defines);
void yara_defines_fini(struct yara_defines *defines);
/* Declares them, and the ones of objects, to a compiler. One of libyara's codes. */
int yara_defines_compile(const struct yara_defines *defines, struct _YR_COMPILER *compiler);
/* Sets filepath, filename and extension (with its dot) for the object that is scanned next; the
 * path stays the caller's until the scan is over. One of libyara's codes. */
int yara_defines_object(struct YR_SCAN_CONTEXT *scanner, const char *path);

/* ---- rules.c ---- */

/* The rules, compiled; released with yr_rules_destroy(). 0, or a negative errno value after
 * refuse(): the first mistake with its line. Include statements are refused. Takes the variables.
 */
int yara_rules_compile(const struct mig_host *host, const char *text, struct yara_defines *defines,
                       struct YR_RULES **ret_rules);

/* ---- scan.c ---- */

struct yara_object {
    char *path; /* of the file or the process's executable */
    pid_t pid;  /* 0: a file */
};

struct yara_statistics {
    uint64_t files;
    uint64_t processes;
    uint64_t matched;
    uint64_t failed;
    unsigned threads;
    bool cut_short;
};

/* Threads that hold objects against the rules. */
struct yara_scan;

/* NULL: no memory, or no thread can be started. */
struct yara_scan *yara_scan_new(const struct mig_host *host, const struct yara_question *question);
/* Takes the path. Waits while there is enough to do. Non-zero: it is over. */
int yara_scan_add(struct yara_scan *scan, char *path, pid_t pid);
/* A soft error; from any thread. */
void yara_scan_error(struct yara_scan *scan, const char *message);
/* Waits for the threads and says what there was. 0, or what emit() gave. */
int yara_scan_finish(struct yara_scan *scan, struct yara_statistics *ret_statistics);

/* ---- result.c ---- */

/* What matched one object. The elements of `names` are borrowed from the rules. */
struct json_object *yara_element(const struct yara_object *object, struct json_object *names,
                                 struct json_object *rules);
void yara_result_add_rule(struct json_object *names, struct json_object *rules, const void *rule);

/* ---- print.c ---- */

int yara_print(const struct mig_host *host, const char *result, size_t length, uint32_t flags);

#endif
