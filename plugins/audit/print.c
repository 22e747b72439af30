/* SPDX-License-Identifier: MPL-2.0 */
#include "config.h"

#include "audit.h"

#include <json-c/json.h>
#include <mig/json.h>

int
audit_print(const struct mig_host *host, const char *result, size_t length, uint32_t flags)
{
    static const char *const counts[] = {"records",  "malformed", "events",  "alerts",
                                         "filtered", "dropped",   "overruns"};
    struct json_object *object = NULL, *elements, *value = NULL;
    int code = mig_json_parameters(host, result, length, &object);

    if (code < 0)
        return code;
    elements = json_object_object_get(object, "elements");
    mig_print_member(host, elements, "ok", "ok:");
    if (!(flags & MIG_PRINT_FOUND_ONLY)) {
        for (size_t i = 0; i < MIG_COUNT(counts); i++)
            if (json_object_object_get_ex(elements, counts[i], &value))
                mig_print(host, "stat: %s %s", json_object_get_string(value), counts[i]);
        mig_print_member(host, object, "errors", "error: ");
    }
    json_object_put(object);
    return 0;
}
