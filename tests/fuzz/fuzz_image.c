/* SPDX-License-Identifier: MPL-2.0 */
/* Scrubbing a plugin file keeps its digest and its note, and a second time changes nothing; what is
 * refused has a reason. */
#include "config.h"

#include "fuzz.h"

#include <stdlib.h>
#include <string.h>

#include <mig/plugin.h>

#include "plugin/peek.h"
#include "trust/image.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    unsigned char digest[2][MIG_IMAGE_DIGEST];
    struct mig_plugin_note notes[2];
    struct mig_peek peek;
    struct mig_err err = {0};
    char **programs = NULL;
    unsigned char *again, *copy = malloc(size + 1);
    int rc;

    MUST(copy != NULL);
    if (size > 0)
        memcpy(copy, data, size);
    rc = mig_image_digest(copy, size, digest[0], &err);
    if (rc != 0) {
        MUST(err.code == rc && err.text[0] != '\0');
        MUST(mig_image_note(copy, size, &notes[0], NULL) != 0);
        goto out;
    }
    rc = mig_image_note(copy, size, &notes[0], &err);
    MUST(rc != 0 || mig_image_name_valid(notes[0].name));
    MUST(rc == 0 || err.text[0] != '\0');
    err.text[0] = '\0';
    MUST(mig_image_scrub(copy, size, NULL) == 0);
    MUST(mig_image_digest(copy, size, digest[1], NULL) == 0);
    MUST(memcmp(digest[0], digest[1], MIG_IMAGE_DIGEST) == 0);
    MUST(mig_image_note(copy, size, &notes[1], NULL) == rc);
    MUST(rc != 0 || memcmp(&notes[0], &notes[1], sizeof(notes[0])) == 0);
    err.text[0] = '\0';
    MUST(mig_peek_descriptor(copy, size, &peek, &err) == 0 || err.text[0] != '\0');
    err.text[0] = '\0';
    MUST(mig_peek_exports(copy, size, &err) == 0 || err.text[0] != '\0');
    err.text[0] = '\0';
    MUST(mig_peek_programs(copy, size, &programs, &err) == 0 || err.text[0] != '\0');
    free(programs);
    again = malloc(size + 1);
    MUST(again != NULL);
    memcpy(again, copy, size);
    MUST(mig_image_scrub(again, size, NULL) == 0 && memcmp(again, copy, size) == 0);
    free(again);
out:
    free(copy);
    return 0;
}
