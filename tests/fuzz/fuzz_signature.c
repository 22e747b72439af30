/* SPDX-License-Identifier: MPL-2.0 */
/* One-line armor: what is unfolded folds back to the same line, and decodes to one packet or none.
 */
#include "config.h"

#include "fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "trust/openpgp.h"
#include "trust/pgp.h"

static void
check_line(const char *line, size_t len)
{
    struct mig_buf armored = MIG_BUF_INIT, again = MIG_BUF_INIT, packet = MIG_BUF_INIT;
    struct mig_openpgp_signature form;

    if (mig_pgp_unfold(line, &armored, NULL) == 0) {
        MUST(mig_pgp_fold(armored.data, armored.len, &again, NULL) == 0);
        MUST(again.len == len && memcmp(again.data, line, len) == 0);
        MUST(mig_openpgp_decode(line, len, &packet, NULL) == 0);
        (void)mig_openpgp_signature(packet.data, packet.len, &form, NULL);
    }
    mig_buf_fini(&armored);
    mig_buf_fini(&again);
    mig_buf_fini(&packet);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct mig_openpgp_signature form;
    struct mig_buf line = MIG_BUF_INIT;
    char *text = malloc(size + 1);

    MUST(text != NULL);
    if (size > 0)
        memcpy(text, data, size);
    text[size] = '\0';
    check_line(text, strlen(text));
    (void)mig_pgp_fold(text, size, &line, NULL);
    /* The same bytes as packets. */
    (void)mig_openpgp_signature(text, size, &form, NULL);
    (void)mig_openpgp_keyring(text, size, NULL);
    mig_buf_reset(&line);
    if (size > 0 && size < 8192 && mig_openpgp_encode(text, size, &line) == 0)
        check_line(line.data, line.len);
    mig_buf_fini(&line);
    free(text);
    return 0;
}
