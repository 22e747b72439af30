/* SPDX-License-Identifier: MPL-2.0 */
/* The parameters of one search: taken, or refused with a message. */
#include "config.h"

#include "fuzz.h"

#include <json-c/json.h>

#include <mig/search.h>

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct json_tokener *tokener = json_tokener_new();
    struct mig_search_set *set = mig_search_set_new();
    struct json_object *object;
    char message[512] = "";
    int code;

    MUST(tokener != NULL && set != NULL && size < INT32_MAX);
    object = json_tokener_parse_ex(tokener, (const char *)data, (int)size);
    if (object != NULL) {
        code = mig_search_add_json(set, "s1", object, message, sizeof(message));
        MUST(mig_search_count(set) == (code == 0 ? 1 : 0));
        MUST((code == 0) == (message[0] == '\0'));
    }
    json_object_put(object);
    mig_search_set_free(set);
    json_tokener_free(tokener);
    return 0;
}
