/* SPDX-License-Identifier: MPL-2.0 */
#include "config.h"

#include "mock_internal.h"

#include <dlfcn.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <json-c/json.h>

#define JSON_FLAGS (JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE)

static struct mig_mock *
mock_of(const struct mig_host *host)
{
    return host->context;
}

void
mock_keep(char **text, const char *value)
{
    free(*text);
    *text = strdup(value);
}

int
mock_parse(const char *json, size_t length, struct json_object **ret_value)
{
    struct json_tokener *tokener = json_tokener_new();
    struct json_object *value = NULL;
    int code = -ENOMEM;

    if (tokener == NULL)
        return code;
    json_tokener_set_flags(tokener, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
    value = json_tokener_parse_ex(tokener, json, (int)length);
    /* A number at the end of the text is complete only when the text is said to end. */
    if (json_tokener_get_error(tokener) == json_tokener_continue)
        value = json_tokener_parse_ex(tokener, "", -1);
    code = json_tokener_get_error(tokener) == json_tokener_success ? 0 : -EINVAL;
    json_tokener_free(tokener);
    if (code == 0)
        *ret_value = value;
    return code;
}

static int
mock_emit(const struct mig_host *host, const char *key, const char *json, size_t length)
{
    struct mig_mock *mock = mock_of(host);
    struct json_object *array = NULL;
    struct json_object *value = NULL;
    int code;

    if (mock->fill_at >= 0 && json != NULL && ++mock->emitted > mock->fill_at)
        return -ENOBUFS;
    if (!json_object_object_get_ex(mock->elements, key, &array)) {
        array = json_object_new_array();
        json_object_object_add(mock->elements, key, array);
    }
    if (json == NULL)
        return 0;
    code = mock_parse(json, length, &value);
    if (code == 0)
        json_object_array_add(array, value);
    return code;
}

static int
mock_set(const struct mig_host *host, const char *key, const char *json, size_t length)
{
    struct mig_mock *mock = mock_of(host);
    struct json_object *value = NULL;
    int code = mock_parse(json, length, &value);

    if (code < 0)
        return code;
    if (key != NULL) {
        json_object_object_add(mock->elements, key, value);
        return 0;
    }
    json_object_put(mock->elements);
    mock->elements = value;
    return 0;
}

static int
mock_statistic(const struct mig_host *host, const char *key, const char *json, size_t length)
{
    struct json_object *value = NULL;
    int code = mock_parse(json, length, &value);

    if (code == 0)
        json_object_object_add(mock_of(host)->statistics, key, value);
    return code;
}

static void
mock_found(const struct mig_host *host, int found)
{
    mock_of(host)->found = found;
}

static int
mock_error(const struct mig_host *host, const char *message)
{
    json_object_array_add(mock_of(host)->errors, json_object_new_string(message));
    return 0;
}

static void
mock_log(const struct mig_host *host, uint32_t level, const char *message)
{
    (void)host;
    if (level <= MIG_LOG_WARNING)
        fprintf(stderr, "# plugin: %s\n", message);
}

static int
mock_cancelled(const struct mig_host *host)
{
    struct mig_mock *mock = mock_of(host);

    if (mock->stopped)
        return 1;
    return mock->cancel_at >= 0 && ++mock->cancel_asked >= mock->cancel_at;
}

static int64_t
mock_remaining(const struct mig_host *host)
{
    (void)host;
    return 60000;
}

static void
mock_refuse(const struct mig_host *host, const char *message)
{
    mock_keep(&mock_of(host)->refusal, message);
}

static int
mock_output(const struct mig_host *host, const char *text, size_t length)
{
    struct mig_mock *mock = mock_of(host);
    size_t before = strlen(mock->output);
    char *grown = realloc(mock->output, before + length + 2);

    if (grown == NULL)
        return -ENOMEM;
    memcpy(grown + before, text, length);
    memcpy(grown + before + length, "\n", 2);
    mock->output = grown;
    return 0;
}

static int
mock_private_mode(const struct mig_host *host)
{
    return mock_of(host)->private_mode;
}

static void
forget(struct mig_mock *mock)
{
    json_object_put(mock->elements);
    json_object_put(mock->statistics);
    json_object_put(mock->errors);
    mock->elements = json_object_new_object();
    mock->statistics = json_object_new_object();
    mock->errors = json_object_new_array();
    mock_keep(&mock->refusal, "");
    mock_keep(&mock->output, "");
    mock->found = 0;
    mock->cancel_asked = 0;
    mock->emitted = 0;
    mock_persist_forget(mock);
}

struct mig_mock *
mig_mock_new(void)
{
    static const struct mig_host services = {
        .struct_size = sizeof(struct mig_host),
        .abi_major = MIG_ABI_MAJOR,
        .abi_minor = MIG_ABI_MINOR,
        .emit = mock_emit,
        .set = mock_set,
        .statistic = mock_statistic,
        .found = mock_found,
        .error = mock_error,
        .log = mock_log,
        .cancelled = mock_cancelled,
        .remaining = mock_remaining,
        .refuse = mock_refuse,
        .output = mock_output,
        .private_mode = mock_private_mode,
    };
    struct mig_mock *mock = calloc(1, sizeof(*mock));

    if (mock == NULL)
        return NULL;
    mock->host = services;
    mock->host.context = mock;
    mock_persist_start(mock);
    mock->cancel_at = -1;
    mock->fill_at = -1;
    forget(mock);
    return mock;
}

void
mig_mock_free(struct mig_mock *mock)
{
    if (mock == NULL)
        return;
    json_object_put(mock->elements);
    json_object_put(mock->statistics);
    json_object_put(mock->errors);
    mock_persist_stop(mock);
    free(mock->refusal);
    free(mock->output);
    free(mock->undeclared);
    free(mock);
}

const struct mig_host *
mig_mock_host(struct mig_mock *mock)
{
    return &mock->host;
}

static const struct mig_plugin *
linked_in(const char *path)
{
    const char *slash = strrchr(path, '/'), *base = slash != NULL ? slash + 1 : path;
    char symbol[64];

    snprintf(symbol, sizeof(symbol), "%.*s_LTX_mig_plugin", (int)strcspn(base, "."), base);
    return dlsym(RTLD_DEFAULT, symbol);
}

const struct mig_plugin *
mig_mock_load(const char *path)
{
    void *handle = access(path, F_OK) == 0 ? dlopen(path, RTLD_NOW | RTLD_LOCAL) : NULL;
    const struct mig_plugin *plugin = handle != NULL ? dlsym(handle, "mig_plugin") : NULL;

    if (plugin == NULL && handle == NULL)
        plugin = linked_in(path);
    if (plugin == NULL)
        fprintf(stderr, "# %s: %s\n", path, access(path, F_OK) == 0 ? dlerror() : "no such file");
    else if (plugin->magic == MIG_PLUGIN_MAGIC && plugin->abi_major == MIG_ABI_MAJOR)
        return plugin;
    else
        fprintf(stderr, "# %s: not a plugin of ABI %d\n", path, MIG_ABI_MAJOR);
    return NULL;
}

/* A member that the descriptor of an older minor does not have is not read. */
int
mock_has(const struct mig_plugin *plugin, size_t offset)
{
    void (*function)(void);

    if (plugin->struct_size < offset + sizeof(function))
        return 0;
    memcpy(&function, (const char *)plugin + offset, sizeof(function));
    return function != NULL;
}

/* Before each call. -ENOSYS when the plugin has no such function. */
static int
begin(struct mig_mock *mock, const struct mig_plugin *plugin, size_t offset)
{
    forget(mock);
    mock->plugin = plugin;
    return mock_has(plugin, offset) ? 0 : -ENOSYS;
}
#define BEGIN(mock, plugin, member) begin(mock, plugin, offsetof(struct mig_plugin, member))

int
mig_mock_run(struct mig_mock *mock, const struct mig_plugin *plugin, const char *parameters)
{
    int code = BEGIN(mock, plugin, run);

    return code < 0 ? code : plugin->run(&mock->host, parameters, strlen(parameters));
}

int
mig_mock_validate(struct mig_mock *mock, const struct mig_plugin *plugin, const char *parameters)
{
    int code = BEGIN(mock, plugin, validate);

    return code < 0 ? code : plugin->validate(&mock->host, parameters, strlen(parameters));
}

int
mig_mock_parse(struct mig_mock *mock, const struct mig_plugin *plugin, const char *parameters)
{
    int code = BEGIN(mock, plugin, parse);

    return code < 0 ? code : plugin->parse(&mock->host, parameters, strlen(parameters));
}

int
mig_mock_print(struct mig_mock *mock, const struct mig_plugin *plugin, const char *result,
               uint32_t flags)
{
    int code = BEGIN(mock, plugin, print);

    return code < 0 ? code : plugin->print(&mock->host, result, strlen(result), flags);
}

int
mig_mock_persist(struct mig_mock *mock, const struct mig_plugin *plugin, const char *configuration)
{
    int code = BEGIN(mock, plugin, persist);

    return code < 0 ? code : plugin->persist(&mock->host, configuration, strlen(configuration));
}

int
mig_mock_configure(struct mig_mock *mock, const struct mig_plugin *plugin,
                   const char *configuration)
{
    int code = BEGIN(mock, plugin, configure);

    return code < 0 ? code : plugin->configure(&mock->host, configuration, strlen(configuration));
}

struct json_object *
mig_mock_elements_object(struct mig_mock *mock)
{
    return mock->elements;
}

const char *
mig_mock_elements(struct mig_mock *mock)
{
    return json_object_to_json_string_ext(mock->elements, JSON_FLAGS);
}

const char *
mig_mock_statistics(struct mig_mock *mock)
{
    return json_object_to_json_string_ext(mock->statistics, JSON_FLAGS);
}

const char *
mig_mock_errors(struct mig_mock *mock)
{
    return json_object_to_json_string_ext(mock->errors, JSON_FLAGS);
}

const char *
mig_mock_refusal(struct mig_mock *mock)
{
    return mock->refusal;
}

const char *
mig_mock_output(struct mig_mock *mock)
{
    return mock->output;
}

int
mig_mock_found(struct mig_mock *mock)
{
    return mock->found;
}

void
mig_mock_private(struct mig_mock *mock, int yes)
{
    mock->private_mode = yes;
}

void
mig_mock_cancel_at(struct mig_mock *mock, long n)
{
    mock->cancel_at = n;
}

void
mig_mock_fill_at(struct mig_mock *mock, long n)
{
    mock->fill_at = n;
}

/* ---- the field table ---- */

/* One step of a declared path against one of a value's: "name", "*" or "[]". */
static const char *
step(const char *path, const char *member)
{
    size_t length;

    if (member == NULL)
        return strncmp(path, "[]", 2) == 0 ? path + 2 : NULL;
    path += *path == '.';
    length = strcspn(path, ".[");
    if ((length == 1 && *path == '*') ||
        (length == strlen(member) && memcmp(path, member, length) == 0))
        return path + length;
    return NULL;
}

static bool
has_type(const struct mig_field *field, struct json_object *value)
{
    if (value == NULL)
        return (field->flags & MIG_FIELD_NULLABLE) != 0;
    switch (field->type) {
    case MIG_FIELD_STRING:
        return json_object_is_type(value, json_type_string);
    case MIG_FIELD_NUMBER:
        return json_object_is_type(value, json_type_int) ||
               json_object_is_type(value, json_type_double);
    case MIG_FIELD_BOOL:
        return json_object_is_type(value, json_type_boolean);
    default:
        return false;
    }
}

/* What is left of the paths of all fields after the steps so far; NULL where they do not fit. */
#define FIELDS_MAX 128u
struct rest {
    const struct mig_plugin *plugin;
    const char *paths[FIELDS_MAX];
};

static const struct mig_field *
field_at(const struct mig_plugin *plugin, size_t i)
{
    return (const struct mig_field *)(const void *)((const char *)plugin->fields +
                                                    i * plugin->field_size);
}

static const char *find_undeclared(const struct rest *rest, struct json_object *value,
                                   const char *name);

static const char *
find_in_member(const struct rest *rest, struct json_object *value, const char *member,
               const char *name)
{
    struct rest next = {.plugin = rest->plugin};
    size_t i;

    for (i = 0; i < rest->plugin->fields_count && i < FIELDS_MAX; i++)
        next.paths[i] = rest->paths[i] != NULL ? step(rest->paths[i], member) : NULL;
    return find_undeclared(&next, value, name);
}

static const char *
find_undeclared(const struct rest *rest, struct json_object *value, const char *name)
{
    const struct mig_field *field;
    const char *bad = NULL;
    size_t i;

    for (i = 0; i < rest->plugin->fields_count && i < FIELDS_MAX; i++) {
        field = field_at(rest->plugin, i);
        if (rest->paths[i] != NULL && *rest->paths[i] == '\0' &&
            (field->type == MIG_FIELD_ECHO || has_type(field, value)))
            return NULL;
        /* A nullable element lets the array be null too, as in the host. */
        if (rest->paths[i] != NULL && value == NULL && strcmp(rest->paths[i], "[]") == 0 &&
            field->flags & MIG_FIELD_NULLABLE)
            return NULL;
    }
    if (json_object_is_type(value, json_type_array)) {
        for (i = 0; bad == NULL && i < json_object_array_length(value); i++)
            bad = find_in_member(rest, json_object_array_get_idx(value, i), NULL, name);
        return bad;
    }
    if (!json_object_is_type(value, json_type_object))
        return name;
    json_object_object_foreach(value, key, member)
    {
        if (bad == NULL)
            bad = find_in_member(rest, member, key, key);
    }
    return bad;
}

const char *
mig_mock_undeclared(struct mig_mock *mock, const struct mig_plugin *plugin)
{
    const char *bad = NULL;
    uint32_t part;
    size_t i;

    for (part = 0; part <= MIG_FIELD_STATISTICS && bad == NULL; part++) {
        struct rest rest = {.plugin = plugin};
        for (i = 0; i < plugin->fields_count && i < FIELDS_MAX; i++)
            if ((field_at(plugin, i)->flags & MIG_FIELD_STATISTICS) == part)
                rest.paths[i] = field_at(plugin, i)->path;
        bad = find_undeclared(&rest, part ? mock->statistics : mock->elements, "elements");
    }
    if (bad == NULL)
        return NULL;
    mock_keep(&mock->undeclared, bad);
    return mock->undeclared;
}
