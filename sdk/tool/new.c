/* SPDX-License-Identifier: MPL-2.0 */
/* mig-plugin new: the template, with the plugin's name in the place of @NAME@. */
#include "config.h"

#include "tool.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/file.h"
#include "trust/image.h"

#define TEMPLATE_MAX (1u << 20)

/* Names in the template's folder, and in the new one ('@' is the plugin's name). */
static const char *const files[][2] = {
    {"plugin.c", "@.c"},     {"test.c", "test_@.c"},      {"Makefile", "Makefile"},
    {"module.7", "mig-@.7"}, {"gitignore", ".gitignore"},
};

/* Appends `text` with @NAME@ and @UPPER@ replaced. */
static int
fill_in(const char *text, const char *name, struct mig_buf *out)
{
    const char *at;

    for (; (at = strchr(text, '@')) != NULL; text = at) {
        mig_buf_add(out, text, (size_t)(at - text));
        if (strncmp(at, "@NAME@", 6) == 0) {
            mig_buf_adds(out, name);
            at += 6;
        } else if (strncmp(at, "@UPPER@", 7) == 0) {
            for (const char *c = name; *c != '\0'; c++)
                mig_buf_addc(out, (char)toupper((unsigned char)*c));
            at += 7;
        } else {
            mig_buf_addc(out, *at++);
        }
    }
    return mig_buf_adds(out, text);
}

static int
write_file(int folder, const char *pattern, const char *name, const struct mig_buf *text,
           struct mig_err *err)
{
    char path[128];
    size_t before = strcspn(pattern, "@");
    int fd, rc;

    snprintf(path, sizeof(path), "%.*s%s%s", (int)before, pattern,
             pattern[before] == '@' ? name : "",
             pattern[before] == '@' ? pattern + before + 1 : "");
    fd = openat(folder, path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
    if (fd < 0)
        return mig_err_errno(err, errno, "%s/%s", name, path);
    rc = mig_fd_write_all(fd, text->data, text->len);
    if (close(fd) < 0 && rc == 0)
        rc = -errno;
    if (rc < 0)
        return mig_err_errno(err, -rc, "%s/%s", name, path);
    printf("%s/%s\n", name, path);
    return 0;
}

static int
copy_file(const char *template, int folder, const char *const names[2], const char *name,
          struct mig_err *err)
{
    struct mig_buf from = MIG_BUF_INIT, to = MIG_BUF_INIT;
    char path[4096];
    int rc;

    snprintf(path, sizeof(path), "%s/%s", template, names[0]);
    rc = mig_file_read(path, TEMPLATE_MAX, &from, err);
    if (rc == 0 && fill_in(from.data != NULL ? from.data : "", name, &to) < 0)
        rc = mig_err_errno(err, ENOMEM, "%s", path);
    if (rc == 0)
        rc = write_file(folder, names[1], name, &to, err);
    mig_buf_fini(&from);
    mig_buf_fini(&to);
    return rc;
}

static int
make(const char *template, const char *name, struct mig_err *err)
{
    int folder, rc = 0;

    if (!mig_image_name_valid(name))
        return mig_err_set(err, MIG_E_INVALID,
                           "'%.64s' is no name for a plugin: a lower-case letter and up to 30 "
                           "lower-case letters, digits or '_'",
                           name);
    if (access(template, R_OK | X_OK) < 0)
        return mig_err_errno(err, errno, "%s (give the template's folder with --template)",
                             template);
    if (mkdir(name, 0755) < 0)
        return mig_err_errno(err, errno, "folder %s", name);
    folder = open(name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (folder < 0)
        return mig_err_errno(err, errno, "folder %s", name);
    for (size_t i = 0; rc == 0 && i < sizeof(files) / sizeof(files[0]); i++)
        rc = copy_file(template, folder, files[i], name, err);
    close(folder);
    if (rc == 0)
        printf("Now: cd %s && make check && make run ARGS=help\n", name);
    return rc;
}

int
mig_tool_new(int argc, char **argv)
{
    const char *template = MIG_TEMPLATE_DIR;
    struct mig_err err = {0};

    if (argc == 3 && strcmp(argv[0], "--template") == 0) {
        template = argv[1];
        argc -= 2;
        argv += 2;
    }
    if (argc != 1 || argv[0][0] == '-')
        return mig_tool_usage();
    return make(template, argv[0], &err) < 0 ? mig_tool_fail(&err) : 0;
}
