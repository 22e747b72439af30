/* SPDX-License-Identifier: MPL-2.0 */
/* Writing and reading an action again changes neither its signed text nor its JSON. */
#include "config.h"

#include "fuzz.h"

#include "document/action.h"

static void
check_parameters(const struct mig_action *action)
{
    for (size_t i = 0; i < action->operations_count; i++) {
        struct mig_buf plain = MIG_BUF_INIT;
        (void)mig_operation_plain(&action->operations[i], &plain, NULL);
        mig_buf_fini(&plain);
    }
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct mig_buf json[2] = {MIG_BUF_INIT, MIG_BUF_INIT};
    struct mig_buf text[2] = {MIG_BUF_INIT, MIG_BUF_INIT};
    struct mig_action *action = NULL;
    struct mig_action *again = NULL;
    struct mig_err err = {0};
    int rc = mig_action_parse((const char *)data, size, &action, &err);

    if (rc != 0) {
        MUST(err.code == rc && err.text[0] != '\0' && action == NULL);
        return 0;
    }
    MUST(mig_action_json(action, &json[0]) == 0);
    MUST(mig_action_signed_text(action, &text[0]) == 0);
    MUST(mig_action_parse(json[0].data, json[0].len, &again, &err) == 0);
    MUST(mig_action_json(again, &json[1]) == 0);
    MUST(mig_action_signed_text(again, &text[1]) == 0);
    MUST(same_bytes(&json[0], &json[1]));
    MUST(same_bytes(&text[0], &text[1]));
    (void)mig_action_check(action, action->validfrom, MIG_ACTION_CHECK_STARTED, &err);
    check_parameters(action);
    mig_action_free(action);
    mig_action_free(again);
    for (int i = 0; i < 2; i++) {
        mig_buf_fini(&json[i]);
        mig_buf_fini(&text[i]);
    }
    return 0;
}
