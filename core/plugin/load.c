/* SPDX-License-Identifier: MPL-2.0 */
#include "config.h"

#include "plugin/load.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <ltdl.h>

#include "base/buf.h"
#include "base/file.h"
#include "base/hex.h"
#include "plugin/peek.h"
#include "plugin/table.h"
#include "trust/image.h"
#include "trust/whitelist.h"

/* ---- the file ---- */

static int
check_file(const char *path, const struct stat *st, struct mig_err *err)
{
    if (!S_ISREG(st->st_mode))
        return mig_err_set(err, MIG_E_PLUGIN, "%s is not a regular file", path);
    if (st->st_uid != 0 && st->st_uid != geteuid())
        return mig_err_set(err, MIG_E_PLUGIN,
                           "%s belongs to user %lu, root or user %lu is expected", path,
                           (unsigned long)st->st_uid, (unsigned long)geteuid());
    if (st->st_mode & (S_IWGRP | S_IWOTH))
        return mig_err_set(err, MIG_E_PLUGIN,
                           "%s has mode %04o: others than its owner may write it (chmod go-w)",
                           path, (unsigned)st->st_mode & 07777);
    if (st->st_size > (off_t)MIG_IMAGE_MAX)
        return mig_err_set(err, MIG_E_PLUGIN, "%s has %lld bytes, at most %u are taken", path,
                           (long long)st->st_size, MIG_IMAGE_MAX);
    return 0;
}

/* O_NONBLOCK: a FIFO must not hold the worker up; it is refused by check_file(). */
static int
open_file(const char *path, int *ret_fd, struct mig_err *err)
{
    struct stat st;
    int fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
    if (fd < 0 && errno == ELOOP)
        return mig_err_set(err, MIG_E_PLUGIN, "%s is a symbolic link, a regular file is expected",
                           path);
    if (fd < 0 && (errno == ENOENT || errno == ENOTDIR))
        return mig_err_set(err, MIG_E_PLUGIN, "%s does not exist", path);
    if (fd < 0)
        return mig_err_set(err, MIG_E_PLUGIN, "%s: %s", path, strerror(errno));
    int rc =
        fstat(fd, &st) == 0 ? check_file(path, &st, err) : mig_err_errno(err, errno, "%s", path);
    if (rc != 0) {
        close(fd);
        return rc;
    }
    *ret_fd = fd;
    return 0;
}

/* The bytes that are checked are the bytes that are loaded: both come from this copy. The linker
 * maps whole pages, so what lies beside a segment, which no digest covers, is set to zero first. */
static int
seal_file(const char *path, int *ret_fd, struct mig_err *err)
{
    struct mig_buf bytes = MIG_BUF_INIT;
    int file = -1;
    int rc = open_file(path, &file, err);
    if (rc != 0)
        return rc;
    rc = mig_fd_read_all(file, MIG_IMAGE_MAX, &bytes);
    if (rc != 0) {
        mig_err_set(err, MIG_E_PLUGIN, "%s can not be read: %s", path, mig_strerror(rc));
        goto out;
    }
    rc = bytes.len > 0 ? mig_image_scrub(bytes.data, bytes.len, err)
                       : mig_err_set(err, MIG_E_PLUGIN, "%s is empty", path);
    if (rc != 0)
        goto out;
    rc = mig_memfd_sealed("mig-plugin", bytes.data, bytes.len);
    if (rc < 0) {
        mig_err_errno(err, -rc, "no sealed memory for %s", path);
        goto out;
    }
    *ret_fd = rc;
    rc = 0;
out:
    mig_buf_fini(&bytes);
    close(file);
    return rc;
}

/* ---- the image ---- */

static int
check_abi(unsigned magic, unsigned major, unsigned minor, const char *where, struct mig_err *err)
{
    if (magic != MIG_PLUGIN_MAGIC)
        return mig_err_set(err, MIG_E_PLUGIN, "%s has the magic 0x%08x, 0x%08x is expected", where,
                           magic, MIG_PLUGIN_MAGIC);
    if (major != MIG_ABI_MAJOR || minor > MIG_ABI_MINOR)
        return mig_err_set(err, MIG_E_PLUGIN, "%s says ABI %u.%u, this program takes %u.0 to %u.%u",
                           where, major, minor, MIG_ABI_MAJOR, MIG_ABI_MAJOR, MIG_ABI_MINOR);
    return 0;
}

static int
check_note(const struct mig_load *load, const char *path, const struct mig_whitelist_entry *entry,
           struct mig_err *err)
{
    const struct mig_plugin_note *note = &load->note;
    int rc = check_abi(note->magic, note->abi_major, note->abi_minor, "its note", err);
    if (rc != 0)
        return rc;
    if (strcmp(note->name, load->name) != 0)
        return mig_err_set(err, MIG_E_PLUGIN, "the note in %s names it '%s', '%s' is expected",
                           path, note->name, load->name);
    if (strcmp(note->version, entry->version) != 0 || note->abi_major != entry->abi_major ||
        note->abi_minor != entry->abi_minor)
        return mig_err_set(err, MIG_E_PLUGIN,
                           "the note in %s says version %s, ABI %u.%u; the whitelist says %s, "
                           "ABI %u.%u",
                           path, note->version, note->abi_major, note->abi_minor, entry->version,
                           entry->abi_major, entry->abi_minor);
    return 0;
}

static int
not_listed(const struct mig_load *load, const char *path, const struct mig_whitelist *whitelist,
           struct mig_err *err)
{
    char expected[2 * MIG_IMAGE_DIGEST + 1];
    const struct mig_whitelist_entry *entry = NULL;
    for (size_t i = 0; i < whitelist->count && entry == NULL; i++)
        if (strcmp(whitelist->entries[i].name, load->name) == 0)
            entry = &whitelist->entries[i];
    if (entry == NULL)
        return mig_err_set(err, MIG_E_PLUGIN,
                           "digest %s of %s is not in this program's whitelist, which has no "
                           "plugin of this name",
                           load->digest, path);
    mig_hex(entry->digest, MIG_IMAGE_DIGEST, expected);
    return mig_err_set(err, MIG_E_PLUGIN,
                       "digest %s of %s is not in this program's whitelist, which expects %s "
                       "(version %s)",
                       load->digest, path, expected, entry->version);
}

static int
check_image(const char *path, const struct mig_whitelist *whitelist, const void *bytes, size_t len,
            struct mig_load *load, struct mig_err *err)
{
    unsigned char digest[MIG_IMAGE_DIGEST];
    struct mig_peek peek;
    int rc = mig_image_digest(bytes, len, digest, err);
    if (rc != 0)
        return rc;
    mig_hex(digest, sizeof(digest), load->digest);
    const struct mig_whitelist_entry *entry = mig_whitelist_find(whitelist, load->name, digest);
    if (entry == NULL)
        return not_listed(load, path, whitelist, err);
    rc = mig_image_note(bytes, len, &load->note, err);
    if (rc == 0)
        rc = check_note(load, path, entry, err);
    if (rc == 0)
        rc = mig_peek_descriptor(bytes, len, &peek, err);
    if (rc == 0)
        rc = mig_peek_exports(bytes, len, err);
    if (rc == 0)
        rc = check_abi(peek.magic, peek.abi_major, peek.abi_minor, "its descriptor", err);
    if (rc == 0)
        load->needs = peek.needs;
    if (rc == 0 && load->needs & MIG_NEED_EXECUTE)
        rc = mig_peek_programs(bytes, len, &load->programs, err);
    return rc;
}

static int
check_sealed(const char *path, const struct mig_whitelist *whitelist, struct mig_load *load,
             struct mig_err *err)
{
    struct stat st;
    if (fstat(load->fd, &st) != 0)
        return mig_err_errno(err, errno, "the copy of %s", path);
    size_t len = (size_t)st.st_size;
    void *bytes = mmap(NULL, len, PROT_READ, MAP_SHARED, load->fd, 0);
    if (bytes == MAP_FAILED)
        return mig_err_errno(err, errno, "the copy of %s can not be mapped", path);
    int rc = check_image(path, whitelist, bytes, len, load, err);
    munmap(bytes, len);
    return rc;
}

static int
check_builtin(const struct mig_builtin *builtin, struct mig_load *load)
{
    const struct mig_plugin *plugin = builtin->descriptor;
    load->builtin = true;
    load->needs = plugin->needs;
    load->note.abi_major = plugin->abi_major;
    load->note.abi_minor = plugin->abi_minor;
    snprintf(load->note.name, sizeof(load->note.name), "%s", plugin->name);
    snprintf(load->note.version, sizeof(load->note.version), "%s", plugin->version);
    snprintf(load->digest, sizeof(load->digest), "builtin");
    return 0;
}

static int
load_check(const char *dir, const struct mig_whitelist *whitelist, struct mig_load *load,
           struct mig_err *err)
{
    char path[4096];
    for (const struct mig_builtin *b = mig_builtins; b->name != NULL; b++)
        if (strcmp(b->name, load->name) == 0)
            return check_builtin(b, load);
    if (dir == NULL)
        dir = MIG_PLUGIN_DIR;
    if (dir[0] != '/')
        return mig_err_set(err, MIG_E_PLUGIN, "the plugin folder '%s' is not an absolute path",
                           dir);
    int n = snprintf(path, sizeof(path), "%s/%s.so", dir, load->name);
    if (n < 0 || (size_t)n >= sizeof(path))
        return mig_err_set(err, MIG_E_PLUGIN, "the plugin folder's path is too long");
    int rc = seal_file(path, &load->fd, err);
    return rc != 0 ? rc : check_sealed(path, whitelist, load, err);
}

int
mig_load_check(const char *dir, const char *name, const struct mig_whitelist *whitelist,
               struct mig_load *ret, struct mig_err *err)
{
    struct mig_load load = {.fd = -1};
    int rc;

    if (!mig_image_name_valid(name)) {
        rc = mig_err_set(err, MIG_E_PLUGIN,
                         "a plugin's name is a lower-case letter and up to 30 lower-case letters, "
                         "digits or '_'");
    } else {
        snprintf(load.name, sizeof(load.name), "%s", name);
        rc = load_check(dir, whitelist, &load, err);
    }
    if (rc != 0) {
        mig_err_prefix(err, "plugin %.64s refused", name);
        mig_load_fini(&load);
        return MIG_E_PLUGIN;
    }
    *ret = load;
    return 0;
}

void
mig_load_fini(struct mig_load *load)
{
    if (load->fd >= 0)
        close(load->fd);
    load->fd = -1;
    free(load->programs);
    load->programs = NULL;
}

/* ---- libltdl ---- */

struct preload_texts {
    char module[40];
    char symbol[64];
};

/* As libtool's own tables are: a module's archive name without an address, then its symbols. */
static lt_dlsymlist *
preload_table(struct preload_texts **ret_texts)
{
    size_t count = 0;
    while (mig_builtins[count].name != NULL)
        count++;
    lt_dlsymlist *table = calloc(2 * count + 2, sizeof(*table));
    struct preload_texts *texts = calloc(count + 1, sizeof(*texts));
    if (table == NULL || texts == NULL) {
        free(table);
        free(texts);
        return NULL;
    }
    table[0].name = "@PROGRAM@";
    for (size_t i = 0; i < count; i++) {
        const char *name = mig_builtins[i].name;
        snprintf(texts[i].module, sizeof(texts[i].module), "%.32s.a", name);
        snprintf(texts[i].symbol, sizeof(texts[i].symbol), "%.32s_LTX_mig_plugin", name);
        table[2 * i + 1].name = texts[i].module;
        table[2 * i + 2].name = texts[i].symbol;
        table[2 * i + 2].address = (void *)(uintptr_t)mig_builtins[i].descriptor;
    }
    *ret_texts = texts;
    return table;
}

/* libltdl keeps the table for the life of the process, so it is never freed. lt_dlpreload_default()
 * would be the documented way, but the shared libltdl 2.4.7 does not look at what it was given. */
static int
ltdl_start(void)
{
    static lt_dlsymlist *table;
    static struct preload_texts *texts;
    if (table == NULL)
        table = preload_table(&texts);
    if (table == NULL || lt_dlinit() != 0)
        return -1;
    return lt_dlpreload(table) == 0 ? 0 : -1;
}

/* libltdl takes a path with a folder as it is: it neither searches nor appends a suffix then. Its
 * own message is "file not found" whatever happened, so the dynamic linker is asked for the reason.
 */
static lt_dlhandle
ltdl_open(const char *path, bool builtin, struct mig_err *err)
{
    lt_dladvise advise = NULL;
    lt_dlhandle handle = NULL;

    if (lt_dladvise_init(&advise) != 0 || lt_dladvise_local(&advise) != 0 ||
        (builtin && lt_dladvise_preload(&advise) != 0)) {
        mig_err_set(err, MIG_E_PLUGIN, "libltdl: %s", lt_dlerror());
        goto out;
    }
    handle = lt_dlopenadvise(path, advise);
    if (handle == NULL) {
        const char *why = lt_dlerror();
        if (!builtin && dlopen(path, RTLD_NOW | RTLD_LOCAL) == NULL)
            why = dlerror();
        mig_err_set(err, MIG_E_PLUGIN, "it does not load: %s", why != NULL ? why : "no reason");
    }
out:
    lt_dladvise_destroy(&advise);
    return handle;
}

static bool
same_programs(const struct mig_load *load, const struct mig_plugin *plugin)
{
    char *const *before = load->programs;
    const char *const *after = plugin->programs;
    while (before != NULL && *before != NULL && after != NULL && *after != NULL) {
        if (strcmp(*before++, *after++) != 0)
            return false;
    }
    return (before == NULL || *before == NULL) && (after == NULL || *after == NULL);
}

static int
check_descriptor(const struct mig_load *load, const struct mig_plugin *foreign,
                 struct mig_plugin *ret, struct mig_err *err)
{
    int rc =
        check_abi(foreign->magic, foreign->abi_major, foreign->abi_minor, "its descriptor", err);
    if (rc != 0)
        return rc;
    if (foreign->struct_size < MIG_PLUGIN_SIZE_1_0)
        return mig_err_set(err, MIG_E_PLUGIN,
                           "its descriptor has %u bytes, at least %zu are expected",
                           foreign->struct_size, (size_t)MIG_PLUGIN_SIZE_1_0);
    mig_table_plugin(foreign, ret);
    rc = mig_table_check(ret, err);
    if (rc != 0)
        return rc;
    if (strcmp(ret->name, load->name) != 0 || strcmp(ret->version, load->note.version) != 0 ||
        ret->abi_minor != load->note.abi_minor)
        return mig_err_set(err, MIG_E_PLUGIN,
                           "its descriptor says %s %s ABI %u.%u, its note %s %s ABI %u.%u",
                           ret->name, ret->version, ret->abi_major, ret->abi_minor, load->name,
                           load->note.version, load->note.abi_major, load->note.abi_minor);
    if (!load->builtin && load->needs & MIG_NEED_EXECUTE && !same_programs(load, ret))
        return mig_err_set(err, MIG_E_PLUGIN, "it names other programs once loaded than before");
    if (ret->needs != load->needs)
        return mig_err_set(err, MIG_E_PLUGIN, "it needs 0x%x once loaded, 0x%x before", ret->needs,
                           load->needs);
    return 0;
}

int
mig_load_open(const struct mig_load *load, struct mig_plugin *ret, struct mig_err *err)
{
    char path[64];
    struct mig_plugin plugin;
    int rc = MIG_E_PLUGIN;

    if (load->builtin)
        snprintf(path, sizeof(path), "%s.a", load->name);
    else
        snprintf(path, sizeof(path), "/proc/self/fd/%d", load->fd);
    if (ltdl_start() != 0) {
        mig_err_set(err, MIG_E_PLUGIN, "libltdl: %s", lt_dlerror());
    } else {
        lt_dlhandle handle = ltdl_open(path, load->builtin, err);
        const struct mig_plugin *foreign = handle == NULL ? NULL : lt_dlsym(handle, "mig_plugin");
        if (foreign != NULL)
            rc = check_descriptor(load, foreign, &plugin, err);
        else if (handle != NULL)
            mig_err_set(err, MIG_E_PLUGIN, "it exports no object 'mig_plugin'");
    }
    if (rc != 0) {
        mig_err_prefix(err, "plugin %s refused", load->name);
        return rc;
    }
    *ret = plugin;
    return 0;
}
