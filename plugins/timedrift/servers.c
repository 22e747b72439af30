/* SPDX-License-Identifier: MPL-2.0 */
/* The servers that this host is configured with: chrony.conf(5), ntp.conf(5), timesyncd.conf(5). */
#include "timedrift.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include <mig/json.h>

#define NTP_PORT 123
#define CHRONY_PORT 323
#define FILE_MAX (256u << 10)
#define INCLUDE_DEPTH 8
#define FILES_MAX 256u
#define PATH_SIZE 4096
#define WORDS_MAX 64u

struct reader {
    const struct mig_host *host;
    const char *root;
    struct timedrift_servers *servers;
    unsigned files; /* that were read; a loop of includes ends */
};

/* Takes one line's words. */
typedef void line_fn(struct reader *reader, char *words[], size_t count, int depth);

/* ---- lists ---- */

static bool
parse_port(const char *text, uint16_t *ret_port)
{
    char *end;
    unsigned long port = strtoul(text, &end, 10);

    if (!isdigit((unsigned char)*text) || *end != '\0' || port == 0 || port > UINT16_MAX)
        return false;
    *ret_port = (uint16_t)port;
    return true;
}

bool
timedrift_server_parse(const char *text, struct timedrift_server *ret_server)
{
    struct timedrift_server server = {.port = NTP_PORT};
    const char *colon = strrchr(text, ':');
    size_t length = strlen(text);

    if (*text == '[') {
        const char *close = strchr(text, ']');
        if (close == NULL || (close[1] != '\0' && close[1] != ':'))
            return false;
        if (close[1] == ':' && !parse_port(close + 2, &server.port))
            return false;
        text++;
        length = (size_t)(close - text);
    } else if (colon != NULL && strchr(text, ':') == colon) {
        if (!parse_port(colon + 1, &server.port))
            return false;
        length = (size_t)(colon - text);
    }
    if (length == 0 || length > MIG_RESOLVE_NAME_MAX)
        return false;
    for (size_t i = 0; i < length; i++)
        if (!isgraph((unsigned char)text[i]))
            return false;
    memcpy(server.name, text, length);
    *ret_server = server;
    return true;
}

void
timedrift_servers_add(struct timedrift_servers *servers, const char *name, uint16_t port)
{
    struct timedrift_server *server = &servers->list[servers->count];

    if (servers->count == TIMEDRIFT_SERVERS_MAX || *name == '\0' ||
        strlen(name) > MIG_RESOLVE_NAME_MAX || strncmp(name, "127.127.", 8) == 0)
        return;
    for (size_t i = 0; i < servers->count; i++)
        if (servers->list[i].port == port && strcasecmp(servers->list[i].name, name) == 0)
            return;
    memcpy(server->name, name, strlen(name) + 1);
    server->port = port;
    servers->count++;
}

/* ---- files ---- */

static int
read_file(const char *path, char **ret_text)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    char *text = NULL;
    size_t length = 0;
    struct stat st;
    ssize_t n = 1;
    int code = 0;

    if (fd < 0)
        return -errno;
    if (fstat(fd, &st) != 0)
        code = -errno;
    else if (!S_ISREG(st.st_mode))
        code = -ENOENT;
    else if ((text = malloc(FILE_MAX + 1)) == NULL)
        code = -ENOMEM;
    while (code == 0 && n > 0 && length < FILE_MAX) {
        n = read(fd, text + length, FILE_MAX - length);
        if (n < 0 && errno != EINTR)
            code = -errno;
        length += n > 0 ? (size_t)n : 0;
        n = n < 0 ? 1 : n;
    }
    close(fd);
    if (code == 0) {
        text[length] = '\0';
        *ret_text = text;
        return 0;
    }
    free(text);
    return code;
}

static void
read_lines(struct reader *reader, const char *path, const char *comments, line_fn *take, int depth)
{
    char *text = NULL, *save = NULL;
    int code = reader->files++ < FILES_MAX ? read_file(path, &text) : -ELOOP;

    if (code < 0 && code != -ENOENT)
        mig_error(reader->host, "%s: %s", path, strerror(-code));
    for (char *line = code == 0 ? strtok_r(text, "\n", &save) : NULL; line != NULL;
         line = strtok_r(NULL, "\n", &save)) {
        char *words[WORDS_MAX], *within = NULL;
        size_t count = 0;
        line += strspn(line, " \t\r");
        if (*line == '\0' || strchr(comments, *line) != NULL)
            continue;
        for (char *word = strtok_r(line, " \t\r", &within); word != NULL && count < WORDS_MAX;
             word = strtok_r(NULL, " \t\r", &within))
            words[count++] = word;
        if (count > 0)
            take(reader, words, count, depth);
    }
    free(text);
}

/* Those of the pattern, which is below the root. */
static void
read_pattern(struct reader *reader, const char *pattern, const char *comments, line_fn *take,
             int depth)
{
    char path[PATH_SIZE];
    glob_t found = {.gl_pathc = 0};

    if (depth > INCLUDE_DEPTH || *pattern != '/' ||
        snprintf(path, sizeof(path), "%s%s", reader->root, pattern) >= (int)sizeof(path))
        return;
    if (glob(path, 0, NULL, &found) == 0)
        for (size_t i = 0; i < found.gl_pathc; i++)
            read_lines(reader, found.gl_pathv[i], comments, take, depth);
    globfree(&found);
}

static int
by_name(const void *a, const void *b)
{
    return strcmp(strrchr(*(char *const *)a, '/'), strrchr(*(char *const *)b, '/'));
}

/* Files of several folders in the order of their names; a name counts in the first folder that has
 * it. */
static void
read_folders(struct reader *reader, const char *const folders[], size_t count, const char *ending,
             const char *comments, line_fn *take, int depth)
{
    glob_t found = {.gl_pathc = 0};
    char **paths = NULL;
    size_t kept = 0;

    for (size_t i = 0; i < count && depth <= INCLUDE_DEPTH; i++) {
        char path[PATH_SIZE];
        if (*folders[i] == '/' && snprintf(path, sizeof(path), "%s%s/*%s", reader->root, folders[i],
                                           ending) < (int)sizeof(path))
            (void)glob(path, i > 0 && found.gl_pathv != NULL ? GLOB_APPEND : 0, NULL, &found);
    }
    if (found.gl_pathc > 0)
        paths = calloc(found.gl_pathc, sizeof(*paths));
    for (size_t i = 0; paths != NULL && i < found.gl_pathc; i++) {
        size_t k = 0;
        while (k < kept && by_name(&paths[k], &found.gl_pathv[i]) != 0)
            k++;
        if (k == kept)
            paths[kept++] = found.gl_pathv[i];
    }
    if (kept > 1)
        qsort(paths, kept, sizeof(*paths), by_name);
    for (size_t i = 0; i < kept; i++)
        read_lines(reader, paths[i], comments, take, depth);
    free(paths);
    globfree(&found);
}

/* ---- chrony ---- */

#define CHRONY_COMMENTS "!;#%"

static bool
names_server(const char *word)
{
    return strcasecmp(word, "server") == 0 || strcasecmp(word, "pool") == 0 ||
           strcasecmp(word, "peer") == 0;
}

static void
chrony_source(struct reader *reader, char *words[], size_t count, int depth)
{
    uint16_t port = NTP_PORT;

    (void)depth;
    if (count < 2 || !names_server(words[0]))
        return;
    for (size_t i = 2; i + 1 < count; i++)
        if (strcasecmp(words[i], "port") == 0)
            (void)parse_port(words[i + 1], &port);
    timedrift_servers_add(reader->servers, words[1], port);
}

static void
chrony_line(struct reader *reader, char *words[], size_t count, int depth)
{
    const char *const *folders = (const char *const *)words + 1;

    reader->servers->chrony = true;
    if (count < 2)
        return;
    if (strcasecmp(words[0], "include") == 0)
        read_pattern(reader, words[1], CHRONY_COMMENTS, chrony_line, depth + 1);
    else if (strcasecmp(words[0], "confdir") == 0)
        read_folders(reader, folders, count - 1, ".conf", CHRONY_COMMENTS, chrony_line, depth + 1);
    else if (strcasecmp(words[0], "sourcedir") == 0)
        read_folders(reader, folders, count - 1, ".sources", CHRONY_COMMENTS, chrony_source,
                     depth + 1);
    else if (strcasecmp(words[0], "cmdport") == 0 && strcmp(words[1], "0") == 0)
        reader->servers->chrony_port = 0;
    else if (strcasecmp(words[0], "cmdport") == 0)
        (void)parse_port(words[1], &reader->servers->chrony_port);
    else
        chrony_source(reader, words, count, depth);
}

/* ---- ntpd ---- */

static void
ntp_line(struct reader *reader, char *words[], size_t count, int depth)
{
    size_t at = 1;

    while (at < count && (strcmp(words[at], "-4") == 0 || strcmp(words[at], "-6") == 0))
        at++;
    if (at == count)
        return;
    if (strcasecmp(words[0], "includefile") == 0)
        read_pattern(reader, words[at], "#", ntp_line, depth + 1);
    else if (names_server(words[0]))
        timedrift_servers_add(reader->servers, words[at], NTP_PORT);
}

/* ---- timesyncd ---- */

/* Both lists are kept apart until it is known which one counts. */
static void
timesyncd_take(struct timedrift_servers *list, const char *value, char *words[], size_t count)
{
    /* An empty value takes back what was said before. */
    if (*value == '\0' && count == 0)
        list->count = 0;
    timedrift_servers_add(list, value, NTP_PORT);
    for (size_t i = 0; i < count; i++)
        timedrift_servers_add(list, words[i], NTP_PORT);
}

/* `servers` of this reader is two: NTP and FallbackNTP. "NTP = a b" has its parts in words. */
static void
timesyncd_line(struct reader *reader, char *words[], size_t count, int depth)
{
    char *equals = strchr(words[0], '=');
    size_t next = 1;
    struct timedrift_servers *list = reader->servers;
    const char *value = "";

    (void)depth;
    if (equals != NULL) {
        *equals = '\0';
        value = equals + 1;
    } else if (count > 1 && *words[1] == '=') {
        value = words[1] + 1;
        next = 2;
    } else {
        return;
    }
    if (strcmp(words[0], "FallbackNTP") == 0)
        list++;
    else if (strcmp(words[0], "NTP") != 0)
        return;
    timesyncd_take(list, value, words + next, count - next);
}

static void
read_timesyncd(struct reader *reader)
{
    static const char *const folders[] = {
        "/etc/systemd/timesyncd.conf.d", "/run/systemd/timesyncd.conf.d",
        "/usr/local/lib/systemd/timesyncd.conf.d", "/usr/lib/systemd/timesyncd.conf.d"};
    static const char *const files[] = {"/etc/systemd/timesyncd.conf",
                                        "/run/systemd/timesyncd.conf",
                                        "/usr/lib/systemd/timesyncd.conf"};
    struct timedrift_servers *lists = calloc(2, sizeof(*lists));
    struct reader own = {.host = reader->host, .root = reader->root, .servers = lists};
    char path[PATH_SIZE];

    if (lists == NULL)
        return;
    for (size_t i = 0; i < MIG_COUNT(files); i++)
        if (snprintf(path, sizeof(path), "%s%s", reader->root, files[i]) < (int)sizeof(path) &&
            access(path, F_OK) == 0) {
            read_lines(&own, path, "#;[", timesyncd_line, 0);
            break;
        }
    read_folders(&own, folders, MIG_COUNT(folders), ".conf", "#;[", timesyncd_line, 0);
    for (size_t i = 0; i < 2 && (i == 0 || lists[0].count == 0); i++)
        for (size_t k = 0; k < lists[i].count; k++)
            timedrift_servers_add(reader->servers, lists[i].list[k].name, NTP_PORT);
    free(lists);
}

void
timedrift_servers_read(const struct mig_host *host, const char *root,
                       struct timedrift_servers *servers)
{
    static const char *const chrony[] = {"/etc/chrony/chrony.conf", "/etc/chrony.conf"};
    static const char *const ntp[] = {"/etc/ntp.conf", "/etc/ntpsec/ntp.conf", "/etc/ntp.d/*.conf"};
    struct reader reader = {.host = host, .root = root, .servers = servers};

    servers->chrony_port = CHRONY_PORT;
    for (size_t i = 0; i < MIG_COUNT(chrony); i++)
        read_pattern(&reader, chrony[i], CHRONY_COMMENTS, chrony_line, 0);
    for (size_t i = 0; i < MIG_COUNT(ntp); i++)
        read_pattern(&reader, ntp[i], "#", ntp_line, 0);
    read_timesyncd(&reader);
}
