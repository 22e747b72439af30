/* SPDX-License-Identifier: MPL-2.0 */
/* Names of what matched, never the bytes that did. */
#include "config.h"

#include "yara_module.h"

#include <stdlib.h>

#include <json-c/json.h>
#include <mig/text.h>
#include <yara.h>

void
yara_result_add_rule(struct json_object *names, struct json_object *tagged, const void *matched)
{
    const YR_RULE *rule = matched;
    struct json_object *tags = json_object_new_array();
    struct json_object *object;
    const char *tag;

    json_object_array_add(names, json_object_new_string(rule->identifier));
    yr_rule_tags_foreach(rule, tag) json_object_array_add(tags, json_object_new_string(tag));
    if (json_object_array_length(tags) == 0) {
        json_object_put(tags);
        return;
    }
    object = json_object_new_object();
    json_object_object_add(object, "Rule", json_object_new_string(rule->identifier));
    json_object_object_add(object, "Tags", tags);
    json_object_array_add(tagged, object);
}

struct json_object *
yara_element(const struct yara_object *object, struct json_object *names,
             struct json_object *tagged)
{
    struct json_object *element = json_object_new_object();
    char *path = mig_text_path(object->path);

    json_object_object_add(element, "Object", json_object_new_string(path != NULL ? path : ""));
    json_object_object_add(element, "MatchedRules", names);
    if (object->pid > 0)
        json_object_object_add(element, "Pid", json_object_new_int(object->pid));
    if (json_object_array_length(tagged) > 0)
        json_object_object_add(element, "Tagged", tagged);
    else
        json_object_put(tagged);
    free(path);
    return element;
}
