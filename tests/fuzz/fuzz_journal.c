/* SPDX-License-Identifier: MPL-2.0 */
/* Any bytes may lie where the journal was: it opens, or says what is wrong with it, and once open
 * it keeps its promise that nothing is taken twice. */
#include "config.h"

#include "fuzz.h"
#include "fuzz_folder.h"

#include "trust/journal.h"

#define NOW 1000

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const unsigned char digest[MIG_JOURNAL_DIGEST] = {0xf0, 0x22};
    struct mig_journal *journal = NULL;
    struct mig_err err = {0};
    int dir = fuzz_folder("journal", data, size);
    int rc = mig_journal_open(dir, "journal", NOW, &journal, &err), again;

    if (rc < 0) {
        MUST(journal == NULL && strncmp(err.text, "journal ", 8) == 0);
        return 0;
    }
    rc = mig_journal_take(journal, digest, 7, NOW + 100, &err);
    again = mig_journal_take(journal, digest, 7, NOW + 100, &err);
    MUST(again == -EEXIST || again == rc);
    mig_journal_close(journal);
    if (rc == 0) {
        MUST(mig_journal_open(dir, "journal", NOW, &journal, &err) == 0);
        MUST(mig_journal_check(journal, digest, 8, &err) == MIG_E_REPLAY);
        mig_journal_close(journal);
    }
    return 0;
}
