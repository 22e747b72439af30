/* SPDX-License-Identifier: MPL-2.0 */
/* A command that is read, written and read again stays the same. */
#include "config.h"

#include "fuzz.h"

#include "document/command.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct mig_buf first = MIG_BUF_INIT;
    struct mig_buf second = MIG_BUF_INIT;
    struct mig_command *command = NULL;
    struct mig_command *again = NULL;
    struct mig_err err = {0};
    int rc = mig_command_parse((const char *)data, size, &command, &err);

    (void)mig_result_check((const char *)data, size, &err);
    if (rc != 0) {
        MUST(err.text[0] != '\0' && command == NULL);
        return 0;
    }
    MUST(mig_command_json(command, &first) == 0);
    MUST(mig_command_parse(first.data, first.len, &again, &err) == 0);
    MUST(mig_command_json(again, &second) == 0);
    MUST(same_bytes(&first, &second));
    mig_command_free(command);
    mig_command_free(again);
    mig_buf_fini(&first);
    mig_buf_fini(&second);
    return 0;
}
