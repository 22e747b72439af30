/* SPDX-License-Identifier: MPL-2.0 */
/* Documents as people write them, on the investigator's side: JSON or YAML. */
#include "scribe.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>
#include <mig/json.h>

static int
read_json(const struct mig_host *host, const char *text, size_t length,
          struct json_object **ret_json)
{
    struct json_tokener *tokener = json_tokener_new();
    struct json_object *json = NULL;
    size_t end = 0;
    int code = 0;

    if (tokener == NULL)
        return -ENOMEM;
    json_tokener_set_flags(tokener, JSON_TOKENER_STRICT | JSON_TOKENER_ALLOW_TRAILING_CHARS);
    json = json_tokener_parse_ex(tokener, text, (int)length);
    end = json_tokener_get_parse_end(tokener);
    if (json == NULL || end + strspn(text + end, " \t\r\n") < length)
        code = mig_refuse(host, -EINVAL, "the document is not JSON at byte %zu: %s", end,
                          json == NULL ? json_tokener_error_desc(json_tokener_get_error(tokener))
                                       : "more behind it");
    json_tokener_free(tokener);
    if (code < 0)
        json_object_put(json);
    else
        *ret_json = json;
    return code;
}

#ifdef SCRIBE_YAML
#include <yaml.h>

#define DEPTH_MAX 32u

struct reader {
    const struct mig_host *host;
    yaml_parser_t parser;
    unsigned depth;
};

static int read_node(struct reader *reader, yaml_event_t *event, struct json_object **ret_json);

static int
next_event(struct reader *reader, yaml_event_t *event)
{
    if (yaml_parser_parse(&reader->parser, event))
        return 0;
    return mig_refuse(reader->host, -EINVAL, "the document is not YAML at line %zu: %s",
                      reader->parser.problem_mark.line + 1,
                      reader->parser.problem != NULL ? reader->parser.problem : "out of memory");
}

/* Everything is a text, as a version 1.10 is, but true and false that are not quoted. */
static int
read_scalar(const struct reader *reader, const yaml_event_t *event, struct json_object **ret_json)
{
    const char *text = (const char *)event->data.scalar.value;
    size_t length = event->data.scalar.length;
    bool plain = event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;

    if (memchr(text, '\0', length) != NULL)
        return mig_refuse(reader->host, -EINVAL, "the document has a text with a NUL at line %zu",
                          event->start_mark.line + 1);
    if (plain && (strcmp(text, "true") == 0 || strcmp(text, "false") == 0))
        *ret_json = json_object_new_boolean(text[0] == 't');
    else if (plain && (length == 0 || strcmp(text, "~") == 0 || strcmp(text, "null") == 0))
        *ret_json = NULL;
    else
        *ret_json = json_object_new_string_len(text, (int)length);
    return 0;
}

static int
read_sequence(struct reader *reader, struct json_object *array)
{
    for (;;) {
        struct json_object *value = NULL;
        yaml_event_t event;
        int code = next_event(reader, &event);
        if (code < 0)
            return code;
        if (event.type == YAML_SEQUENCE_END_EVENT) {
            yaml_event_delete(&event);
            return 0;
        }
        code = read_node(reader, &event, &value);
        if (code < 0)
            return code;
        json_object_array_add(array, value);
    }
}

/* Uses the event up. */
static int
read_key(struct reader *reader, yaml_event_t *event, const struct json_object *object, char **ret)
{
    const char *text = (const char *)event->data.scalar.value;
    int code = 0;

    if (event->type != YAML_SCALAR_EVENT)
        code = mig_refuse(reader->host, -EINVAL,
                          "the document has a key that is no text at line "
                          "%zu",
                          event->start_mark.line + 1);
    else if (json_object_object_get_ex(object, text, NULL))
        code = mig_refuse(reader->host, -EINVAL, "the document has '%.100s' twice at line %zu",
                          text, event->start_mark.line + 1);
    else if ((*ret = strdup(text)) == NULL)
        code = -ENOMEM;
    yaml_event_delete(event);
    return code;
}

static int
read_mapping(struct reader *reader, struct json_object *object)
{
    for (;;) {
        struct json_object *value = NULL;
        yaml_event_t event;
        char *key = NULL;
        int code = next_event(reader, &event);
        if (code < 0)
            return code;
        if (event.type == YAML_MAPPING_END_EVENT) {
            yaml_event_delete(&event);
            return 0;
        }
        code = read_key(reader, &event, object, &key);
        if (code == 0)
            code = next_event(reader, &event);
        if (code == 0)
            code = read_node(reader, &event, &value);
        if (code == 0)
            json_object_object_add(object, key, value);
        free(key);
        if (code < 0)
            return code;
    }
}

/* Uses the event up. An alias could make a short document a long one. */
static int
read_node(struct reader *reader, yaml_event_t *event, struct json_object **ret_json)
{
    struct json_object *json = NULL;
    size_t line = event->start_mark.line + 1;
    yaml_event_type_t type = event->type;
    int code = 0;

    if (type == YAML_SCALAR_EVENT)
        code = read_scalar(reader, event, &json);
    yaml_event_delete(event);
    if (type == YAML_SCALAR_EVENT) {
        *ret_json = json;
        return code;
    }
    if (type != YAML_MAPPING_START_EVENT && type != YAML_SEQUENCE_START_EVENT)
        return mig_refuse(reader->host, -EINVAL,
                          "the document has an alias at line %zu, which is "
                          "not taken",
                          line);
    if (++reader->depth > DEPTH_MAX)
        return mig_refuse(reader->host, -EINVAL, "the document is deeper than %u at line %zu",
                          DEPTH_MAX, line);
    if (type == YAML_MAPPING_START_EVENT) {
        json = json_object_new_object();
        code = read_mapping(reader, json);
    } else {
        json = json_object_new_array();
        code = read_sequence(reader, json);
    }
    reader->depth--;
    if (code < 0)
        json_object_put(json);
    else
        *ret_json = json;
    return code;
}

/* The first event of one of these types. */
static int
skip_to(struct reader *reader, yaml_event_type_t a, yaml_event_type_t b, yaml_event_t *event)
{
    int code = next_event(reader, event);

    while (code == 0 && event->type != a && event->type != b &&
           (event->type == YAML_STREAM_START_EVENT || event->type == YAML_DOCUMENT_START_EVENT)) {
        yaml_event_delete(event);
        code = next_event(reader, event);
    }
    return code;
}

static int
read_yaml(const struct mig_host *host, const char *text, size_t length,
          struct json_object **ret_json)
{
    struct reader reader = {.host = host};
    struct json_object *json = NULL;
    yaml_event_t event;
    int code;

    if (!yaml_parser_initialize(&reader.parser))
        return -ENOMEM;
    yaml_parser_set_input_string(&reader.parser, (const unsigned char *)text, length);
    code = skip_to(&reader, YAML_MAPPING_START_EVENT, YAML_STREAM_END_EVENT, &event);
    if (code == 0 && event.type == YAML_MAPPING_START_EVENT) {
        code = read_node(&reader, &event, &json);
    } else if (code == 0) {
        yaml_event_delete(&event);
        code =
            mig_refuse(host, -EINVAL, "the document is neither a JSON object nor a YAML mapping");
    }
    yaml_parser_delete(&reader.parser);
    if (code == 0)
        *ret_json = json;
    return code;
}
#else
static int
read_yaml(const struct mig_host *host, const char *text, size_t length,
          struct json_object **ret_json)
{
    (void)text;
    (void)length;
    (void)ret_json;
    return mig_refuse(host, -EINVAL,
                      "the document is not a JSON object, and this scribe was built without "
                      "libyaml, which reads YAML");
}
#endif

int
scribe_read_text(const struct mig_host *host, const char *text, size_t length,
                 struct json_object **ret_json)
{
    size_t blank = strspn(text, " \t\r\n");

    if (text[blank] == '{')
        return read_json(host, text, length, ret_json);
    return read_yaml(host, text, length, ret_json);
}
