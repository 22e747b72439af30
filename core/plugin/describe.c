/* SPDX-License-Identifier: MPL-2.0 */
#include "config.h"

#include "plugin/options.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include <mig/plugin.h>

#include "base/buf.h"
#include "base/json.h"
#include "plugin/table.h"

/* ---- help ---- */

static const char *
value_name(const struct mig_option *option)
{
    if (option->type == MIG_OPTION_BOOL || option->type == MIG_OPTION_CONST)
        return "";
    if (option->value != NULL)
        return option->value;
    return option->type == MIG_OPTION_NUMBER ? "number"
           : option->type == MIG_OPTION_HEX  ? "hex"
           : option->type == MIG_OPTION_FILE ? "file"
                                             : "text";
}

static size_t
flag_text(const struct mig_option *option, char *text, size_t size)
{
    const char *value = value_name(option);
    int n = snprintf(text, size, "-%s%s%s", option->name, value[0] != '\0' ? " " : "", value);
    return n < 0 ? 0 : (size_t)n;
}

static void
help_option(const struct mig_option *option, size_t width, struct mig_buf *out)
{
    char flag[128];
    flag_text(option, flag, sizeof(flag));
    mig_buf_addf(out, "  %-*s  %s", (int)width, flag, option->help != NULL ? option->help : "");
    if (option->flags & MIG_OPTION_REQUIRED)
        mig_buf_adds(out, " (required)");
    if (option->flags & MIG_OPTION_REPEATABLE)
        mig_buf_adds(out, " (may be given several times)");
    if (option->preset != NULL && option->type != MIG_OPTION_CONST)
        mig_buf_addf(out, " (default %s)", option->preset);
    mig_buf_addc(out, '\n');
}

static void
help_options(const struct mig_plugin *plugin, struct mig_buf *out)
{
    struct mig_option option;
    size_t width = 0;
    char flag[128];

    for (size_t i = 0; i < plugin->options_count; i++) {
        mig_table_option(plugin, i, &option);
        size_t len = flag_text(&option, flag, sizeof(flag));
        if (len > width && len <= 24)
            width = len;
    }
    mig_buf_adds(out, "\nOptions:\n");
    for (size_t i = 0; i < plugin->options_count; i++) {
        mig_table_option(plugin, i, &option);
        help_option(&option, width, out);
    }
}

int
mig_options_help(const struct mig_plugin *plugin, struct mig_buf *out)
{
    mig_buf_addf(out, "%s %s - %s\n\nUsage: mig %s [options]\n", plugin->name, plugin->version,
                 plugin->summary, plugin->name);
    if (plugin->options_count > 0)
        help_options(plugin, out);
    if (plugin->examples != NULL && plugin->examples[0] != '\0') {
        mig_buf_adds(out, "\nExamples:\n");
        for (const char *line = plugin->examples; *line != '\0';) {
            size_t len = strcspn(line, "\n");
            mig_buf_addf(out, "  %.*s\n", (int)len, line);
            line += len + (line[len] == '\n');
        }
    }
    return out->failed ? -ENOMEM : 0;
}

/* ---- JSON ---- */

static void
member(struct mig_buf *out, const char *name, const char *text)
{
    mig_buf_addf(out, ",\"%s\":", name);
    if (text == NULL)
        mig_buf_adds(out, "null");
    else
        mig_json_add_string(out, text, strlen(text));
}

static void
flag(struct mig_buf *out, const char *name, bool value)
{
    mig_buf_addf(out, ",\"%s\":%s", name, value ? "true" : "false");
}

static const char *
option_type(uint32_t type)
{
    static const char *const names[] = {"", "string", "number", "bool", "hex", "const", "file"};
    return type < MIG_COUNT(names) ? names[type] : "";
}

static const char *
field_type(uint32_t type)
{
    static const char *const names[] = {"", "string", "number", "bool", "echo"};
    return type < MIG_COUNT(names) ? names[type] : "";
}

static void
describe_option(const struct mig_option *option, struct mig_buf *out)
{
    mig_buf_adds(out, "{\"name\":");
    mig_json_add_string(out, option->name, strlen(option->name));
    member(out, "path", option->path);
    member(out, "type", option_type(option->type));
    member(out, "help", option->help);
    member(out, "value", value_name(option));
    mig_buf_addf(out, ",\"preset\":%s", option->preset != NULL ? option->preset : "null");
    flag(out, "repeatable", option->flags & MIG_OPTION_REPEATABLE);
    flag(out, "required", option->flags & MIG_OPTION_REQUIRED);
    flag(out, "always", option->flags & MIG_OPTION_ALWAYS);
    mig_buf_addf(out, ",\"max\":%llu}", (unsigned long long)option->max);
}

static void
describe_field(const struct mig_field *field, struct mig_buf *out)
{
    mig_buf_adds(out, "{\"path\":");
    mig_json_add_string(out, field->path, strlen(field->path));
    member(out, "type", field_type(field->type));
    member(out, "help", field->help);
    flag(out, "statistics", field->flags & MIG_FIELD_STATISTICS);
    flag(out, "private", field->flags & MIG_FIELD_PRIVATE);
    flag(out, "nullable", field->flags & MIG_FIELD_NULLABLE);
    mig_buf_addf(out, ",\"max\":%llu}", (unsigned long long)field->max);
}

static void
describe_needs(uint32_t needs, struct mig_buf *out)
{
    static const char *const names[] = {
        "read files", "process memory", "network", "raw socket", "netlink", "execute", "kill",
        "namespaces", "state",          "watch",   "audit",      "syslog",  "clock",   "remove"};
    bool some = false;
    for (size_t i = 0; i < MIG_COUNT(names); i++) {
        if ((needs & (1u << i)) == 0)
            continue;
        mig_buf_addf(out, "%s\"%s\"", some ? "," : "", names[i]);
        some = true;
    }
}

static void
describe_tables(const struct mig_plugin *plugin, struct mig_buf *out)
{
    mig_buf_adds(out, ",\"options\":[");
    for (size_t i = 0; i < plugin->options_count; i++) {
        struct mig_option option;
        mig_table_option(plugin, i, &option);
        if (i > 0)
            mig_buf_addc(out, ',');
        describe_option(&option, out);
    }
    mig_buf_adds(out, "],\"fields\":[");
    for (size_t i = 0; i < plugin->fields_count; i++) {
        struct mig_field field;
        mig_table_field(plugin, i, &field);
        if (i > 0)
            mig_buf_addc(out, ',');
        describe_field(&field, out);
    }
    mig_buf_adds(out, "],\"programs\":[");
    for (size_t i = 0; plugin->programs != NULL && plugin->programs[i] != NULL; i++) {
        if (i > 0)
            mig_buf_addc(out, ',');
        mig_json_add_string(out, plugin->programs[i], strlen(plugin->programs[i]));
    }
    mig_buf_addc(out, ']');
}

int
mig_options_describe(const struct mig_plugin *plugin, const char *digest, struct mig_buf *out)
{
    mig_buf_adds(out, "{\"name\":");
    mig_json_add_string(out, plugin->name, strlen(plugin->name));
    member(out, "version", plugin->version);
    member(out, "summary", plugin->summary);
    mig_buf_addf(out, ",\"abi\":\"%u.%u\"", plugin->abi_major, plugin->abi_minor);
    member(out, "digest", digest);
    mig_buf_adds(out, ",\"needs\":[");
    describe_needs(plugin->needs, out);
    mig_buf_addc(out, ']');
    describe_tables(plugin, out);
    member(out, "examples", plugin->examples);
    flag(out, "validate", plugin->validate != NULL);
    flag(out, "parse", plugin->parse != NULL);
    flag(out, "print", plugin->print != NULL);
    flag(out, "persistent", plugin->persist != NULL);
    flag(out, "deliver", plugin->deliver != NULL);
    mig_buf_addc(out, '}');
    return out->failed ? -ENOMEM : 0;
}
