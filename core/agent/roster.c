/* SPDX-License-Identifier: MPL-2.0 */
#include "config.h"

#include "agent/roster.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "agent/pack.h"
#include "base/buf.h"
#include "base/file.h"
#include "base/json.h"
#include "base/log.h"
#include "plugin/load.h"
#include "plugin/worker.h"
#include "trust/whitelist.h"

#define CRASHES_MAX 3
#define SCAN_MAX (1u << 20)
#define REASON_MAX 300

struct seen {
    char *name, *version, *abi, *digest;
    char *reason; /* "": it loads */
};

struct crashes {
    struct crashes *next;
    char *module;
    char *reason;         /* of the last one */
    unsigned in_a_row[2]; /* by enum mig_roster_worker */
};

struct mig_roster {
    const char *plugin_dir;
    uint64_t stamp; /* of the folder as it was looked at */
    struct seen *seen;
    size_t count;
    struct crashes *crashes;
    char text[512];
};

/* ---- looking ---- */

static uint64_t
mix(uint64_t hash, const void *bytes, size_t len)
{
    const unsigned char *at = bytes;

    while (len-- > 0)
        hash = (hash ^ *at++) * 1099511628211ull;
    return hash;
}

/* Whatever order readdir() has. */
static uint64_t
folder_stamp(const char *path)
{
    uint64_t sum = 1;
    DIR *dir = opendir(path);
    const struct dirent *entry;

    while (dir && (entry = readdir(dir))) {
        struct stat st;
        uint64_t one = mix(14695981039346656037ull, entry->d_name, strlen(entry->d_name));

        if (fstatat(dirfd(dir), entry->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0 ||
            (strcmp(entry->d_name, "..") == 0))
            continue;
        one = mix(one, &st.st_ino, sizeof(st.st_ino));
        one = mix(one, &st.st_mode, sizeof(st.st_mode));
        one = mix(one, &st.st_uid, sizeof(st.st_uid));
        one = mix(one, &st.st_size, sizeof(st.st_size));
        one = mix(one, &st.st_mtim, sizeof(st.st_mtim));
        sum += mix(one, &st.st_ctim, sizeof(st.st_ctim));
    }
    if (dir)
        closedir(dir);
    return sum;
}

static void
look_at(const char *dir, const char *name, struct mig_buf *out)
{
    struct mig_load load;
    struct mig_err err = {0};
    char abi[16];
    int rc = mig_load_check(dir, name, &mig_whitelist, &load, &err);

    mig_pack_text(out, name);
    if (rc < 0) {
        for (int i = 0; i < 3; i++)
            mig_pack_text(out, "");
        mig_pack_text(out, err.text);
        return;
    }
    snprintf(abi, sizeof(abi), "%u.%u", load.note.abi_major, load.note.abi_minor);
    mig_pack_text(out, load.note.version);
    mig_pack_text(out, abi);
    mig_pack_text(out, load.digest);
    mig_pack_text(out, "");
    mig_load_fini(&load);
}

static void
look(const char *dir, struct mig_buf *out)
{
    char **names = NULL;
    struct mig_err err = {0};

    if (mig_plugin_files(dir, &names, &err) < 0)
        mig_log(MIG_SEV_WARNING, "%s", err.text);
    for (size_t i = 0; names && names[i]; i++)
        look_at(dir, names[i], out);
    mig_plugin_list_free(names);
}

/* In a child: reading and digesting the files takes memory that this process would keep. */
static int
look_apart(const char *dir, struct mig_buf *out)
{
    int pipe_fd[2], status, rc;
    pid_t child;

    if (pipe2(pipe_fd, O_CLOEXEC) < 0)
        return -errno;
    child = fork();
    if (child == 0) {
        struct mig_buf found = MIG_BUF_INIT;

        look(dir, &found);
        _exit(found.failed || mig_fd_write_all(pipe_fd[1], found.data, found.len) < 0);
    }
    close(pipe_fd[1]);
    rc = child < 0 ? -errno : mig_fd_read_all(pipe_fd[0], SCAN_MAX, out);
    close(pipe_fd[0]);
    if (child > 0 && rc < 0)
        kill(child, SIGKILL);
    while (child > 0 && waitpid(child, &status, 0) < 0 && errno == EINTR)
        ;
    return rc;
}

static void
seen_free(struct mig_roster *r)
{
    for (size_t i = 0; i < r->count; i++)
        for (char **text = (char *[]){r->seen[i].name, r->seen[i].version, r->seen[i].abi,
                                      r->seen[i].digest, r->seen[i].reason, NULL};
             *text; text++)
            free(*text);
    free(r->seen);
    r->seen = NULL;
    r->count = 0;
}

static void
take(struct mig_roster *r, const struct mig_buf *found)
{
    struct mig_unpack in;

    seen_free(r);
    mig_unpack_init(&in, found->data, found->len);
    while (in.left > 0 && !in.bad) {
        struct seen *more = reallocarray(r->seen, r->count + 1, sizeof(*more));
        struct seen *one;

        if (!more)
            return;
        r->seen = more;
        one = &more[r->count];
        one->name = mig_unpack_dup(&in, NULL);
        one->version = mig_unpack_dup(&in, NULL);
        one->abi = mig_unpack_dup(&in, NULL);
        one->digest = mig_unpack_dup(&in, NULL);
        one->reason = mig_unpack_dup(&in, NULL);
        if (in.bad) {
            for (char **text = (char *[]){one->name, one->version, one->abi, one->digest, NULL};
                 *text; text++)
                free(*text);
            return;
        }
        r->count++;
    }
}

void
mig_roster_refresh(struct mig_roster *r)
{
    uint64_t stamp = folder_stamp(r->plugin_dir);
    struct mig_buf found = MIG_BUF_INIT;

    if (stamp == r->stamp)
        return;
    if (look_apart(r->plugin_dir, &found) == 0) {
        r->stamp = stamp;
        take(r, &found);
    }
    mig_buf_fini(&found);
}

struct mig_roster *
mig_roster_new(const char *plugin_dir)
{
    struct mig_roster *r = calloc(1, sizeof(*r));

    if (!r)
        return NULL;
    r->plugin_dir = plugin_dir;
    mig_roster_refresh(r);
    return r;
}

void
mig_roster_free(struct mig_roster *r)
{
    if (!r)
        return;
    seen_free(r);
    while (r->crashes) {
        struct crashes *next = r->crashes->next;

        free(r->crashes->module);
        free(r->crashes->reason);
        free(r->crashes);
        r->crashes = next;
    }
    free(r);
}

/* ---- quarantine ---- */

static struct crashes *
find(const struct mig_roster *r, const char *module)
{
    struct crashes *c = r->crashes;

    while (c && strcmp(c->module, module) != 0)
        c = c->next;
    return c;
}

static int
too_many(const struct crashes *c)
{
    return c->in_a_row[MIG_ROSTER_OPERATION] >= CRASHES_MAX ||
           c->in_a_row[MIG_ROSTER_INSTANCE] >= CRASHES_MAX;
}

const char *
mig_roster_quarantine(struct mig_roster *r, const char *module)
{
    const struct crashes *c = find(r, module);

    if (!c || !too_many(c))
        return NULL;
    snprintf(
        r->text, sizeof(r->text),
        "plugin %.32s is in quarantine until the agent restarts: it crashed %d times in a row, "
        "last: %.300s",
        module, CRASHES_MAX, c->reason ? c->reason : "");
    return r->text;
}

int
mig_roster_outcome(struct mig_roster *r, const char *module, enum mig_roster_worker what,
                   int crashed, const char *reason)
{
    struct crashes *c = find(r, module);

    if (!crashed) {
        if (c && !too_many(c))
            c->in_a_row[what] = 0;
        return 0;
    }
    if (!c) {
        c = calloc(1, sizeof(*c));
        if (!c)
            return 0;
        c->module = strdup(module);
        if (!c->module) {
            free(c);
            return 0;
        }
        c->next = r->crashes;
        r->crashes = c;
    }
    if (too_many(c)) /* a worker that was still at it */
        return 0;
    free(c->reason);
    c->reason = strdup(reason);
    c->in_a_row[what]++;
    return too_many(c);
}

/* ---- telling ---- */

static void
add_member(struct mig_buf *out, const char *name, const char *text)
{
    size_t len = strlen(text);

    if (len > REASON_MAX)
        for (len = REASON_MAX; len > 0 && ((unsigned char)text[len] & 0xc0) == 0x80;)
            len--;
    mig_buf_addf(out, ",\"%s\":", name);
    mig_json_add_string(out, text, len);
}

static void
add_one(struct mig_roster *r, const struct seen *one, struct mig_buf *out)
{
    const char *quarantine = mig_roster_quarantine(r, one->name);

    mig_buf_adds(out, "{\"name\":");
    mig_json_add_string(out, one->name, strlen(one->name));
    add_member(out, "version", one->version);
    add_member(out, "abi", one->abi);
    add_member(out, "digest", one->digest);
    add_member(out, "state", one->reason[0] ? "refused" : quarantine ? "quarantined" : "ok");
    if (one->reason[0] || quarantine)
        add_member(out, "reason", one->reason[0] ? one->reason : quarantine);
    mig_buf_addc(out, '}');
}

int
mig_roster_json(struct mig_roster *r, size_t max, struct mig_buf *out)
{
    size_t start = out->len;

    mig_buf_addc(out, '[');
    for (size_t i = 0; i < r->count; i++) {
        struct mig_buf one = MIG_BUF_INIT;
        int fits;

        add_one(r, &r->seen[i], &one);
        fits = out->len - start + one.len + 64 <= max;
        if (i > 0)
            mig_buf_addc(out, ',');
        if (fits)
            mig_buf_add(out, one.data, one.len);
        else
            mig_buf_addf(out, "{\"name\":\"…\",\"more\":%zu}", r->count - i);
        mig_buf_fini(&one);
        if (!fits)
            break;
    }
    return mig_buf_addc(out, ']');
}
