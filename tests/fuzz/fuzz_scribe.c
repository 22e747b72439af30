/* SPDX-License-Identifier: MPL-2.0 */
/* A document of the scribe module, JSON or YAML: taken, or refused with a reason. */
#include "config.h"

#include "fuzz.h"

#include <json-c/json.h>

#include "scribe.h"

static int refusals;

static void
refuse(const struct mig_host *host, const char *message)
{
    (void)host;
    MUST(message != NULL && *message != '\0');
    refusals++;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct mig_host host = {.struct_size = sizeof(host), .refuse = refuse};
    struct scribe_document *document = NULL;
    struct json_object *json = NULL;
    char *text = malloc(size + 1), *expanded;
    int code;

    MUST(text != NULL);
    memcpy(text, data, size);
    text[size] = '\0';
    refusals = 0;
    code = scribe_read_text(&host, text, strlen(text), &json);
    if (code == 0)
        code = scribe_document_new(&host, json, &document);
    MUST((code == 0) == (document != NULL) && (code == 0) == (refusals == 0));
    for (size_t i = 0; document != NULL && i < document->objects_count; i++) {
        struct json_object *body = document->objects[i].body;
        expanded = scribe_expand(document, scribe_text(body, "path"), "/root");
        MUST(expanded != NULL);
        free(expanded);
        for (size_t k = 0;
             document->objects[i].kind == SCRIBE_AFFECTED && k < json_object_array_length(body);
             k++)
            (void)scribe_affects(json_object_array_get_idx(body, k), MIG_VERSION_DPKG, "1.0-1");
    }
    scribe_document_free(document);
    free(text);
    return 0;
}
