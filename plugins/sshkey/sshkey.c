/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Finds SSH keys and tells their fingerprints. The SDK's search finds the files that hold what
 * looks like a key; each is then read by keyfile.c. No byte of a key leaves this process.
 */
#include "sshkey.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <json-c/json.h>
#include <mig/json.h>
#include <mig/plugin.h>
#include <mig/search.h>
#include <mig/text.h>

#define DEPTH_DEFAULT 8u
#define DEPTH_MAX 1000u
#define ERRORS_MAX 30u
#define PATH_LENGTH 4096

/* Of any file, and of those whose names say that they hold many keys. */
#define FILE_SIZE "<1m"
#define LIST_SIZE "<64m"
#define LIST_BYTES_MAX (64u << 20)
#define KEY_LINE                                                                                   \
    "-----BEGIN ((RSA|DSA|EC|OPENSSH|ENCRYPTED) )?PRIVATE KEY-----|---- BEGIN SSH2 PUBLIC KEY"     \
    "|(ssh|ecdsa|sk)-[0-9a-z@.-]+[ \t]+AAAA"
#define LIST_NAME "^authorized_keys2?$|known_hosts"

static const char *const default_roots[] = {"/root", "/home", "/etc/ssh"};

static const struct mig_option options[] = {
    {"path", "paths", "search here instead of /root, /home and /etc/ssh", "path", NULL,
     MIG_OPTION_STRING, MIG_OPTION_REPEATABLE, PATH_LENGTH},
    {"maxdepth", "maxdepth", "directories deep, 0 for 8", NULL, "0", MIG_OPTION_NUMBER,
     MIG_OPTION_ALWAYS, DEPTH_MAX},
};

static const struct mig_field fields[] = {
    {"keys[].fingerprint_md5", "MD5 fingerprint; empty: not to be had", MIG_FIELD_STRING, 0,
     SSHKEY_MD5_SIZE},
    {"keys[].fingerprint_sha256", "SHA-256 fingerprint; empty: not to be had", MIG_FIELD_STRING, 0,
     SSHKEY_SHA256_SIZE},
    {"keys[].path", "file that holds the key", MIG_FIELD_STRING, MIG_FIELD_PRIVATE,
     4 * PATH_LENGTH},
    {"keys[].encrypted", "whether a private key is encrypted", MIG_FIELD_BOOL, 0, 0},
    {"keys[].type", "private, public, authorizedkeys or knownhosts", MIG_FIELD_STRING, 0, 16},
    {"keys[].algorithm", "RSA, DSA, ECDSA, ED25519, -SK and -CERT", MIG_FIELD_STRING, 0, 16},
    {"keys[].bits", "length of the key", MIG_FIELD_NUMBER, 0, 0},
    {"filescount", "files checked", MIG_FIELD_NUMBER, MIG_FIELD_STATISTICS, 0},
    {"openfailed", "files and directories that could not be opened", MIG_FIELD_NUMBER,
     MIG_FIELD_STATISTICS, 0},
    {"exectime", "time the search took", MIG_FIELD_STRING, MIG_FIELD_STATISTICS, 32},
};

struct run {
    const struct mig_host *host;
    const char *path; /* as it is shown */
    char *last;       /* the file that was read last: both searches may hit it */
    uint64_t keys;
    uint64_t errors;
    int output_code; /* of the last emit() */
};

/* ---- parameters ---- */

static int
add_search(const struct mig_host *host, struct mig_search_set *set, struct json_object *paths,
           uint64_t depth, const char *name)
{
    struct json_object *search = json_object_new_object();
    struct json_object *member = json_object_new_array();
    char message[1024];
    int code;

    json_object_array_add(member, json_object_new_string(KEY_LINE));
    json_object_object_add(search, "contents", member);
    member = json_object_new_array();
    json_object_array_add(member, json_object_new_string(name != NULL ? LIST_SIZE : FILE_SIZE));
    json_object_object_add(search, "sizes", member);
    if (name != NULL) {
        member = json_object_new_array();
        json_object_array_add(member, json_object_new_string(name));
        json_object_object_add(search, "names", member);
    }
    json_object_object_add(search, "paths", json_object_get(paths));
    member = json_object_new_object();
    json_object_object_add(member, "matchall", json_object_new_boolean(1));
    json_object_object_add(member, "maxdepth", json_object_new_int64((int64_t)depth));
    json_object_object_add(search, "options", member);
    code = mig_search_add_json(set, name != NULL ? "lists" : "files", search, message,
                               sizeof(message));
    json_object_put(search);
    return code < 0 ? mig_refuse(host, code, "%s", message) : 0;
}

/* The search that the parameters ask for; the caller's. */
static int
compile(const struct mig_host *host, const char *parameters, size_t length,
        struct mig_search_set **ret_set)
{
    static const char *const known[] = {"paths", "maxdepth"};
    struct json_object *object = NULL, *paths = NULL, *roots = json_object_new_array();
    struct mig_search_set *set = mig_search_set_new();
    uint64_t depth = 0;
    size_t i;
    int code = set != NULL ? mig_json_parameters(host, parameters, length, &object) : -ENOMEM;

    if (code < 0 || (code = mig_json_only(host, object, NULL, known, MIG_COUNT(known))) < 0 ||
        (code = mig_json_get_strings(host, object, "paths", &paths)) < 0 ||
        (code = mig_json_get_number(host, object, "maxdepth", &depth)) < 0)
        goto out;
    if (depth > DEPTH_MAX) {
        code = mig_refuse(host, -EINVAL, "maxdepth should be specified from 0-1000");
        goto out;
    }
    for (i = 0; paths == NULL && i < MIG_COUNT(default_roots); i++)
        if (access(default_roots[i], F_OK) == 0)
            json_object_array_add(roots, json_object_new_string(default_roots[i]));
    if (paths == NULL || json_object_array_length(paths) == 0)
        paths = roots;
    if (depth == 0)
        depth = DEPTH_DEFAULT;
    code = 0;
    if (json_object_array_length(paths) > 0 &&
        (code = add_search(host, set, paths, depth, NULL)) == 0)
        code = add_search(host, set, paths, depth, LIST_NAME);
    if (code < 0)
        goto out;
    *ret_set = set;
    set = NULL;
out:
    mig_search_set_free(set);
    json_object_put(object);
    json_object_put(roots);
    return code;
}

/* ---- running ---- */

static void
on_error(void *context, const char *message)
{
    struct run *run = context;

    if (++run->errors <= ERRORS_MAX)
        run->host->error(run->host, message);
}

static int
on_key(void *context, const struct sshkey_entry *entry)
{
    struct run *run = context;
    struct json_object *key = json_object_new_object();

    json_object_object_add(key, "fingerprint_md5", json_object_new_string(entry->key.md5));
    json_object_object_add(key, "fingerprint_sha256", json_object_new_string(entry->key.sha256));
    json_object_object_add(key, "path", json_object_new_string(run->path));
    json_object_object_add(key, "encrypted", json_object_new_boolean(entry->encrypted));
    json_object_object_add(key, "type", json_object_new_string(entry->type));
    if (entry->key.algorithm != NULL && entry->key.algorithm[0] != '\0')
        json_object_object_add(key, "algorithm", json_object_new_string(entry->key.algorithm));
    if (entry->key.bits > 0)
        json_object_object_add(key, "bits", json_object_new_int((int)entry->key.bits));
    run->output_code = mig_json_emit(run->host, "keys", key);
    run->keys += run->output_code == 0;
    return run->output_code;
}

/* All of a regular file; it may have become another one since it was searched. */
static int
read_file(const char *path, char **ret_text, size_t *ret_length)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    struct stat st;
    char *text = NULL;
    size_t length = 0;
    ssize_t n = 1;
    int code = 0;

    if (fd < 0 || fstat(fd, &st) != 0)
        code = -errno;
    else if (!S_ISREG(st.st_mode) || st.st_size > (off_t)LIST_BYTES_MAX)
        code = -EFBIG;
    else if ((text = malloc((size_t)st.st_size + 1)) == NULL)
        code = -ENOMEM;
    while (code == 0 && n > 0 && length < (size_t)st.st_size) {
        n = read(fd, text + length, (size_t)st.st_size - length);
        if (n < 0 && errno != EINTR)
            code = -errno;
        length += n > 0 ? (size_t)n : 0;
        n = n < 0 ? 1 : n;
    }
    if (fd >= 0)
        close(fd);
    if (code == 0) {
        *ret_text = text;
        *ret_length = length;
        return 0;
    }
    if (text != NULL)
        explicit_bzero(text, length);
    free(text);
    return code;
}

static void
tell(struct run *run, const char *before, const char *after)
{
    char message[4 * PATH_LENGTH + 128];

    snprintf(message, sizeof(message), "%s%s%s", before, run->path, after);
    on_error(run, message);
}

static int
read_keys(struct run *run, const char *path)
{
    const char *slash = strrchr(path, '/');
    char reason[128] = ": ";
    char *text = NULL;
    size_t length = 0;
    bool unparsable = false;
    int code = read_file(path, &text, &length);

    if (code < 0) {
        snprintf(reason, sizeof(reason), ": %s", strerror(-code));
        tell(run, "ERROR: open ", reason);
        return 0;
    }
    code = sshkey_read(slash != NULL ? slash + 1 : path, text, length, on_key, run, &unparsable);
    explicit_bzero(text, length);
    free(text);
    if (unparsable)
        tell(run, "", " contained unparsable data");
    return code;
}

static int
on_hit(void *context, const struct mig_search_hit *hit)
{
    struct run *run = context;
    char *shown;
    int code;

    if (run->last != NULL && strcmp(run->last, hit->path) == 0)
        return 0;
    free(run->last);
    run->last = strdup(hit->path);
    shown = mig_text_path(hit->path);
    if (shown == NULL || run->last == NULL) {
        free(shown);
        return -ENOMEM;
    }
    run->path = shown;
    code = read_keys(run, hit->path);
    run->path = NULL;
    free(shown);
    return code;
}

static int
on_cancelled(void *context)
{
    const struct run *run = context;

    return run->host->cancelled(run->host);
}

static void
finish(const struct run *run, const struct mig_search_statistics *statistics,
       const struct timespec *start)
{
    char text[MIG_TEXT_DURATION_SIZE];
    struct timespec now;

    if (run->errors > ERRORS_MAX)
        mig_error(run->host, "%llu errors were not returned (max errors = %u)",
                  (unsigned long long)(run->errors - ERRORS_MAX), ERRORS_MAX);
    if (run->output_code == -ENOBUFS)
        mig_error(run->host, "the search was cut short: the limit of the output was reached");
    else if (statistics->cut_short)
        mig_error(run->host, "the search was cut short: it was cancelled or out of time");
    clock_gettime(CLOCK_MONOTONIC, &now);
    mig_text_duration((uint64_t)((int64_t)(now.tv_sec - start->tv_sec) * 1000000000 +
                                 (now.tv_nsec - start->tv_nsec)),
                      text);
    mig_json_statistic(run->host, "filescount", json_object_new_int64((int64_t)statistics->files));
    mig_json_statistic(run->host, "openfailed",
                       json_object_new_int64((int64_t)statistics->open_failed));
    mig_json_statistic(run->host, "exectime", json_object_new_string(text));
    run->host->found(run->host, run->keys > 0);
}

static int
sshkey_run(const struct mig_host *host, const char *parameters, size_t length)
{
    struct run run = {.host = host};
    const struct mig_search_host search_host = {&run, on_hit, on_error, on_cancelled};
    struct mig_search_statistics statistics = {0};
    struct mig_search_set *set = NULL;
    struct timespec start;
    int code = compile(host, parameters, length, &set);

    if (code < 0)
        return code;
    clock_gettime(CLOCK_MONOTONIC, &start);
    host->emit(host, "keys", NULL, 0);
    code = mig_search_run(set, &search_host, &statistics);
    if (code < 0)
        mig_refuse(host, code, "no memory for the search");
    else
        finish(&run, &statistics, &start);
    free(run.last);
    mig_search_set_free(set);
    return code;
}

static int
sshkey_validate(const struct mig_host *host, const char *parameters, size_t length)
{
    struct mig_search_set *set = NULL;
    int code = compile(host, parameters, length, &set);

    mig_search_set_free(set);
    return code;
}

/* ---- printing ---- */

static const char *
string_of(struct json_object *object, const char *member, const char *absent)
{
    const char *text = json_object_get_string(json_object_object_get(object, member));

    return text != NULL && *text != '\0' ? text : absent;
}

static void
print_key(const struct mig_host *host, struct json_object *key)
{
    const char *type = string_of(key, "type", "unknown");
    const char *algorithm = string_of(key, "algorithm", NULL);
    const char *bits = string_of(key, "bits", NULL);
    char *path = mig_text_line(string_of(key, "path", ""));

    mig_print(
        host, "%s [%s]%s md5fp=%s sha256fp=%s%s%s%s%s", path != NULL ? path : "", type,
        strcmp(type, "private") != 0                                        ? ""
        : json_object_get_boolean(json_object_object_get(key, "encrypted")) ? " encrypted=true"
                                                                            : " encrypted=false",
        string_of(key, "fingerprint_md5", "unknown"),
        string_of(key, "fingerprint_sha256", "unknown"), algorithm != NULL ? " alg=" : "",
        algorithm != NULL ? algorithm : "", bits != NULL ? " bits=" : "", bits != NULL ? bits : "");
    free(path);
}

static int
sshkey_print(const struct mig_host *host, const char *result, size_t length, uint32_t flags)
{
    struct json_object *object = NULL, *keys = NULL, *errors = NULL;
    char *line;
    size_t i;
    int code = mig_json_parameters(host, result, length, &object);

    if (code < 0)
        return code;
    json_object_object_get_ex(json_object_object_get(object, "elements"), "keys", &keys);
    for (i = 0; json_object_is_type(keys, json_type_array) && i < json_object_array_length(keys);
         i++)
        print_key(host, json_object_array_get_idx(keys, i));
    if ((flags & MIG_PRINT_FOUND_ONLY) == 0)
        code = mig_json_get_strings(host, object, "errors", &errors);
    for (i = 0; code > 0 && i < json_object_array_length(errors); i++) {
        line = mig_text_line(mig_json_string_at(errors, i));
        mig_print(host, "%s", line != NULL ? line : "");
        free(line);
    }
    json_object_put(object);
    return code < 0 ? code : 0;
}

MIG_PLUGIN_NOTE("sshkey", "1.0.0");
const struct mig_plugin mig_plugin_symbol = {
    MIG_PLUGIN_HEAD,
    MIG_NEED_READ_FILES,
    "sshkey",
    "1.0.0",
    "find SSH keys and tell their fingerprints",
    MIG_TABLE(options),
    MIG_TABLE(fields),
    NULL,
    "mig sshkey -t all\n"
    "mig sshkey -t all -path /home -path /srv -maxdepth 10",
    sshkey_run,
    sshkey_validate,
    NULL,
    sshkey_print};
