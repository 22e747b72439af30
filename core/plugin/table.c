/* SPDX-License-Identifier: MPL-2.0 */
#include "config.h"

#include "plugin/table.h"

#include <stdint.h>
#include <string.h>

#include "base/json.h"
#include "trust/image.h"

#define NEEDS_KNOWN                                                                                \
    (MIG_NEED_READ_FILES | MIG_NEED_PROCESS_MEMORY | MIG_NEED_NETWORK | MIG_NEED_RAW_SOCKET |      \
     MIG_NEED_NETLINK | MIG_NEED_EXECUTE | MIG_NEED_KILL | MIG_NEED_NAMESPACES | MIG_NEED_STATE |  \
     MIG_NEED_WATCH | MIG_NEED_AUDIT | MIG_NEED_SYSLOG | MIG_NEED_CLOCK | MIG_NEED_REMOVE)
#define NEEDS_PERSIST (MIG_NEED_STATE | MIG_NEED_WATCH | MIG_NEED_AUDIT | MIG_NEED_SYSLOG)
#define ROWS_MAX 4096u

static size_t
smaller(size_t a, size_t b)
{
    return a < b ? a : b;
}

void
mig_table_plugin(const struct mig_plugin *foreign, struct mig_plugin *ret)
{
    memset(ret, 0, sizeof(*ret));
    memcpy(ret, foreign, smaller(foreign->struct_size, sizeof(*ret)));
}

void
mig_table_option(const struct mig_plugin *plugin, size_t index, struct mig_option *ret)
{
    memset(ret, 0, sizeof(*ret));
    memcpy(ret, (const char *)plugin->options + index * plugin->option_size,
           smaller(plugin->option_size, sizeof(*ret)));
}

void
mig_table_field(const struct mig_plugin *plugin, size_t index, struct mig_field *ret)
{
    memset(ret, 0, sizeof(*ret));
    memcpy(ret, (const char *)plugin->fields + index * plugin->field_size,
           smaller(plugin->field_size, sizeof(*ret)));
}

static int
check_table(const char *what, const void *rows, size_t count, size_t stride, size_t least,
            struct mig_err *err)
{
    if (count == 0)
        return 0;
    if (rows == NULL)
        return mig_err_set(err, MIG_E_PLUGIN, "its table of %s is missing", what);
    if (count > ROWS_MAX)
        return mig_err_set(err, MIG_E_PLUGIN, "its table of %s has %zu rows, at most %u are taken",
                           what, count, ROWS_MAX);
    if (stride < least || stride > 4096 || stride % sizeof(void *) != 0)
        return mig_err_set(err, MIG_E_PLUGIN,
                           "a row of its table of %s has %zu bytes, at least %zu are expected",
                           what, stride, least);
    return 0;
}

static int
check_option(const struct mig_option *option, struct mig_err *err)
{
    if (option->name == NULL || option->name[0] == '\0' || option->name[0] == '-' ||
        strchr(option->name, '=') != NULL)
        return mig_err_set(err, MIG_E_PLUGIN, "an option has no usable name");
    if (option->path == NULL || option->path[0] == '\0')
        return mig_err_set(err, MIG_E_PLUGIN, "option -%s has no path", option->name);
    if (option->type < MIG_OPTION_STRING || option->type > MIG_OPTION_FILE)
        return mig_err_set(err, MIG_E_PLUGIN, "option -%s has the unknown type %u", option->name,
                           option->type);
    if (option->preset != NULL &&
        mig_json_check(option->preset, strlen(option->preset), NULL, NULL) != 0)
        return mig_err_set(err, MIG_E_PLUGIN, "option -%s: its preset is not JSON", option->name);
    if (option->preset == NULL &&
        (option->type == MIG_OPTION_CONST || option->flags & MIG_OPTION_ALWAYS))
        return mig_err_set(err, MIG_E_PLUGIN, "option -%s needs a preset", option->name);
    return 0;
}

int
mig_table_check(const struct mig_plugin *plugin, struct mig_err *err)
{
    int rc = 0;
    if (plugin->name == NULL || !mig_image_name_valid(plugin->name))
        return mig_err_set(err, MIG_E_PLUGIN, "its descriptor has no valid name");
    if (plugin->version == NULL || strnlen(plugin->version, 32) > 31 || plugin->version[0] == '\0')
        return mig_err_set(err, MIG_E_PLUGIN, "its descriptor has no valid version");
    if (plugin->summary == NULL)
        return mig_err_set(err, MIG_E_PLUGIN, "its descriptor has no summary");
    if (plugin->run == NULL)
        return mig_err_set(err, MIG_E_PLUGIN, "its descriptor has no run function");
    if (plugin->persist == NULL && plugin->needs & NEEDS_PERSIST)
        return mig_err_set(err, MIG_E_PLUGIN,
                           "it needs 0x%x, which is for persistent plugins, and has no persist "
                           "function",
                           plugin->needs & NEEDS_PERSIST);
    if (plugin->persist == NULL &&
        (plugin->configure != NULL || plugin->answer != NULL || plugin->deliver != NULL))
        return mig_err_set(err, MIG_E_PLUGIN,
                           "it has configure, answer or deliver, and no persist function");
    if (plugin->needs & ~NEEDS_KNOWN)
        return mig_err_set(err, MIG_E_PLUGIN, "it needs what this host does not know: 0x%x",
                           plugin->needs & ~NEEDS_KNOWN);
    rc = check_table("options", plugin->options, plugin->options_count, plugin->option_size,
                     MIG_OPTION_SIZE_1_0, err);
    if (rc == 0)
        rc = check_table("fields", plugin->fields, plugin->fields_count, plugin->field_size,
                         MIG_FIELD_SIZE_1_0, err);
    for (size_t i = 0; rc == 0 && i < plugin->options_count; i++) {
        struct mig_option option;
        mig_table_option(plugin, i, &option);
        rc = check_option(&option, err);
    }
    return rc;
}
