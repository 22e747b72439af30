/* SPDX-License-Identifier: MPL-2.0 */
/* Every refusal of the agent, on signatures of the real gpg: its text, and that the answer carries
 * it. */
#include "config.h"

#include "../base/unit.h"

#include <json-c/json.h>
#include <stdio.h>

#include "../trust/gpg_home.h"
#include "agent/verdict.h"
#include "agent/verify.h"
#include "base/buf.h"
#include "base/json.h"
#include "document/command.h"
#include "document/target.h"
#include "trust/acl.h"
#include "trust/pgp.h"

#define QUEUELOC "linux.here"
#define NOW 1800000000
#define ARGS(...) ((const char *const[]){__VA_ARGS__, NULL})

enum who { ALICE, BOB, CAROL, STRANGER, PEOPLE };
static const char *const mails[PEOPLE] = {"alice@test", "bob@test", "carol@test", "stranger@test"};

static struct gpg_home home;
static char fprs[PEOPLE][MIG_FPR_LEN + 1];
static struct mig_pgp *signer, *verifier;
static struct mig_acl *acl;

/* ---- what the tests start from ---- */

static void
find_people(const struct mig_buf *all)
{
    struct mig_pgp_key *keys = NULL;
    size_t count = 0;

    assert_int_equal(mig_pgp_inspect(all->data, all->len, &keys, &count, NULL), 0);
    for (size_t i = 0; i < count; i++)
        for (int who = 0; who < PEOPLE; who++)
            if (strcmp(keys[i].uid, mails[who]) == 0)
                memcpy(fprs[who], keys[i].fpr, sizeof(fprs[who]));
    free(keys);
}

static void
make_acl(void)
{
    struct mig_buf text = MIG_BUF_INIT;
    struct mig_err err = {0};

    mig_buf_addf(&text,
                 "{\"cancel\":{\"minimumweight\":1,\"investigators\":{"
                 "\"a\":{\"fingerprint\":\"%s\",\"weight\":1}}},"
                 "\"example\":{\"minimumweight\":1,\"investigators\":{"
                 "\"a\":{\"fingerprint\":\"%s\",\"weight\":1},"
                 "\"b\":{\"fingerprint\":\"%s\",\"weight\":1}}},"
                 "\"file\":{\"minimumweight\":2,\"investigators\":{"
                 "\"a\":{\"fingerprint\":\"%s\",\"weight\":1},"
                 "\"b\":{\"fingerprint\":\"%s\",\"weight\":1}}}}",
                 fprs[ALICE], fprs[ALICE], fprs[BOB], fprs[ALICE], fprs[BOB]);
    assert_done(mig_acl_parse(text.data, text.len, &acl, &err), &err);
    mig_buf_fini(&text);
}

static int
setup(void **state)
{
    struct mig_buf all = MIG_BUF_INIT, keyring = MIG_BUF_INIT;

    (void)state;
    if (gpg_home_make(&home) != 0)
        return -1;
    for (int who = 0; who < PEOPLE; who++)
        if (gpg_run(&home, ARGS("--quick-gen-key", mails[who], "ed25519", "sign", "never")) != 0)
            return -1;
    if (mig_pgp_open(home.path, &signer, NULL) != 0)
        return -1;
    assert_int_equal(mig_pgp_export(signer, NULL, 0, &all, NULL), 0);
    find_people(&all);
    for (int who = 0; who < STRANGER; who++)
        assert_int_equal(mig_pgp_export(signer, fprs[who], 0, &keyring, NULL), 0);
    assert_int_equal(mig_pgp_open_keyring("/tmp", keyring.data, keyring.len, &verifier, NULL), 0);
    make_acl();
    mig_buf_fini(&all);
    mig_buf_fini(&keyring);
    return 0;
}

static int
teardown(void **state)
{
    (void)state;
    mig_pgp_close(signer);
    mig_pgp_close(verifier);
    mig_acl_free(acl);
    gpg_home_remove(&home);
    return 0;
}

/* ---- a command on the wire ---- */

/* What is left out is as it should be. */
struct wire {
    const char *modules[3]; /* example */
    const char *parameters;
    const char *signers;        /* first letters of people; "a" */
    int64_t from, until;        /* relative to NOW; -60 and 600 */
    const char *queueloc;       /* this agent's */
    const char *replace, *with; /* done to the text after signing */
};

static enum who
person(char letter)
{
    enum who who = ALICE;

    while (mails[who][0] != letter)
        who++;
    return who;
}

static void
sign_action(struct mig_action *action, const struct wire *wire)
{
    struct mig_buf text = MIG_BUF_INIT;

    assert_int_equal(mig_action_signed_text(action, &text), 0);
    for (const char *letter = wire->signers ? wire->signers : "a"; *letter; letter++) {
        struct mig_buf line = MIG_BUF_INIT;
        struct mig_err err = {0};

        assert_done(mig_pgp_sign(signer, fprs[person(*letter)], text.data, text.len, &line, &err),
                    &err);
        assert_int_equal(mig_action_add_signature(action, line.data), 0);
        mig_buf_fini(&line);
    }
    mig_buf_fini(&text);
}

static size_t
operations(const struct wire *wire)
{
    size_t count = 0;

    while (count < 3 && wire->modules[count])
        count++;
    return count ? count : 1;
}

static struct mig_buf
make_wire(const struct wire *wire)
{
    struct mig_time from = {NOW + (wire->from ? wire->from : -60), 0};
    struct mig_time until = {NOW + (wire->until ? wire->until : 600), 0};
    struct mig_action *action = mig_action_new("who am I", "name='here'", from, until);
    struct mig_buf json = MIG_BUF_INIT, out = MIG_BUF_INIT;
    char *at;

    assert_non_null(action);
    for (size_t i = 0; i < operations(wire); i++) {
        const char *module = wire->modules[i] ? wire->modules[i] : "example";

        const char *parameters = wire->parameters ? wire->parameters : "{\"b\":1,\"a\":\"<x>\"}";

        assert_int_equal(
            mig_action_add_operation(action, module, parameters, strlen(parameters), NULL), 0);
    }
    sign_action(action, wire);
    mig_buf_adds(&json, "{\"id\":77,\"action\":");
    assert_int_equal(mig_action_json(action, &json), 0);
    mig_buf_addf(&json,
                 ",\"agent\":{\"id\":5,\"name\":\"here\",\"queueloc\":\"%s\"},\"status\":\"sent\","
                 "\"results\":null,\"starttime\":\"2026-01-01T00:00:00Z\","
                 "\"finishtime\":\"2026-01-01T00:00:00Z\"}",
                 wire->queueloc ? wire->queueloc : QUEUELOC);
    mig_action_free(action);
    if (!wire->replace)
        return json;
    at = strstr(json.data, wire->replace);
    assert_non_null(at);
    mig_buf_add(&out, json.data, (size_t)(at - json.data));
    mig_buf_adds(&out, wire->with);
    mig_buf_adds(&out, at + strlen(wire->replace));
    mig_buf_fini(&json);
    return out;
}

static struct mig_verdict
verify(const struct wire *wire)
{
    struct mig_verify check = {.pgp = verifier, .acl = acl, .queueloc = QUEUELOC, .now = {NOW, 0}};
    struct mig_buf raw = make_wire(wire);
    struct mig_verdict verdict = {0};

    assert_int_equal(mig_verify_command(&check, raw.data, raw.len, &verdict), 0);
    mig_buf_fini(&raw);
    return verdict;
}

/* ---- the tests ---- */

static void
test_accepted(void **state)
{
    struct wire wire = {.modules = {"example", "file"}, .signers = "ab"};
    struct mig_verdict v = verify(&wire);
    char signers[2 * MIG_FPR_LEN + 2];

    (void)state;
    assert_int_equal(v.kind, MIG_VERDICT_ACCEPTED);
    assert_int_equal(v.command_id, 77);
    assert_int_equal(v.expires, NOW + 600);
    assert_int_equal(v.count, 2);
    assert_string_equal(v.operations[0].module, "example");
    assert_string_equal(v.operations[1].module, "file");
    /* The text as it was signed: sorted, escaped. */
    assert_string_equal(v.operations[1].parameters, "{\"a\":\"\\u003cx\\u003e\",\"b\":1}");
    snprintf(signers, sizeof(signers), "%s %s", fprs[ALICE], fprs[BOB]);
    assert_string_equal(v.signers, signers);
    mig_verdict_fini(&v);
}

/* What it cancels goes through the records between the agent's processes. */
static void
test_cancel(void **state)
{
    struct wire wire = {.modules = {"cancel"},
                        .parameters = "{\"actionid\":9007199254740991,\"sha256\":"
                                      "\"000102030405060708090a0b0c0d0e0f"
                                      "101112131415161718191a1b1c1d1eff\"}"};
    struct mig_verdict v = verify(&wire), again = {0};
    struct mig_buf record = MIG_BUF_INIT, json = MIG_BUF_INIT;

    (void)state;
    assert_int_equal(v.kind, MIG_VERDICT_ACCEPTED);
    assert_int_equal(mig_verdict_pack(&v, &record), 0);
    assert_int_equal(mig_verdict_unpack(record.data, record.len, &again), 0);
    assert_int_equal(again.operations[0].cancel.action_id, 9007199254740991);
    assert_int_equal(again.operations[0].cancel.digest[1], 1);
    assert_int_equal(again.operations[0].cancel.digest[31], 255);
    assert_int_equal(mig_cancel_json(&again.operations[0].cancel, &json), 0);
    assert_string_equal(json.data, wire.parameters);
    mig_verdict_fini(&again);
    assert_true(mig_verdict_unpack(record.data, record.len - 1, &again) < 0);
    mig_verdict_fini(&v);
    mig_buf_fini(&record);
    mig_buf_fini(&json);
}

static const struct refusal {
    const char *what;
    struct wire wire;
    const char *reason;
} refusals[] = {
    {"unsigned", {.signers = ""}, "action validation failed: action pgpsignatures is empty"},
    {"unknown key",
     {.signers = "s"},
     "action ACL verification failed: failed to retrieve fingerprint from signatures: signature "
     "made by unknown entity "},
    {"one of two keys unknown", {.signers = "as"}, "signature made by unknown entity "},
    {"tampered name",
     {.replace = "who am I", .with = "who are you"},
     "action ACL verification failed: failed to retrieve fingerprint from signatures: "},
    {"tampered target",
     {.replace = "name='here'", .with = "true"},
     "failed to retrieve fingerprint from signatures: "},
    {"tampered window",
     {.replace = "\"expireafter\":\"2027-01-15T08:1", .with = "\"expireafter\":\"2027-01-15T08:2"},
     "failed to retrieve fingerprint from signatures: "},
    {"tampered module",
     {.replace = "\"module\":\"example\"", .with = "\"module\":\"other\""},
     "failed to retrieve fingerprint from signatures: "},
    {"tampered parameters",
     {.replace = "\"b\":1", .with = "\"b\":2"},
     "failed to retrieve fingerprint from signatures: "},
    {"one signer twice",
     {.modules = {"file"}, .signers = "aa"},
     "action ACL verification failed: permission violation: key "},
    {"weight too low",
     {.modules = {"file"}},
     "action ACL verification failed: permission denied for operation file, insufficient "
     "signatures weight (need 2, got 1)"},
    {"a key without rights",
     {.signers = "c"},
     "permission denied for operation example, insufficient signatures weight (need 1, got 0)"},
    {"one operation of two denied",
     {.modules = {"example", "file"}},
     "permission denied for operation file, insufficient signatures weight (need 2, got 1)"},
    {"no ACL entry",
     {.modules = {"netstat"}},
     "action ACL verification failed: no ACL entry found for netstat, and no default present"},
    {"expired", {.until = -1}, "action validation failed: action expireafter is in the past"},
    {"not yet valid",
     {.from = 60},
     "action validation failed: Action ValidFrom date is in the future"},
    {"a cancellation without rights",
     {.modules = {"cancel"}, .parameters = "{\"actionid\":9}", .signers = "b"},
     "permission denied for operation cancel, insufficient signatures weight (need 1, got 0)"},
    {"cancels itself",
     {.modules = {"cancel"},
      .parameters = "{\"actionid\":3}",
      .replace = "\"action\":{\"id\":0",
      .with = "\"action\":{\"id\":3"},
     "operation 0: cancel: an action can not cancel itself (3)"},
    {"cancels nothing",
     {.modules = {"cancel"}, .parameters = "{}"},
     "action validation failed: operation 0: cancel: "},
    {"cancels by a wrong digest",
     {.modules = {"cancel"}, .parameters = "{\"actionid\":3,\"sha256\":\"00\"}"},
     "operation 0: cancel: sha256 is '00', expected 64 hexadecimal digits"},
    {"cancels action 0",
     {.modules = {"cancel"}, .parameters = "{\"actionid\":0}"},
     "operation 0: cancel: actionid is 0, expected the id of an action"},
    {"cancels with an unknown parameter",
     {.modules = {"cancel"}, .parameters = "{\"actionid\":1,\"force\":true}"},
     "operation 0: cancel: unknown parameter 'force', expected actionid and sha256"},
    {"another agent's",
     {.queueloc = "linux.there"},
     "action validation failed: the command is for the agent at queue location 'linux.there', not "
     "for this one"},
};

static void
check_answer(const struct mig_verdict *v, size_t count)
{
    struct mig_command *command = NULL;
    struct mig_err err = {0};

    assert_done(mig_command_parse(v->answer, v->answer_len, &command, &err), &err);
    assert_int_equal(command->id, 77);
    assert_string_equal(command->status, "failed");
    assert_int_equal(json_object_array_length(command->results), count);
    for (size_t i = 0; i < count; i++) {
        struct json_object *result = json_object_array_get_idx(command->results, i);
        struct json_object *errors = json_object_object_get(result, "errors");

        assert_int_equal(json_object_array_length(errors), 1);
        assert_string_equal(json_object_get_string(json_object_array_get_idx(errors, 0)),
                            v->reason);
    }
    mig_command_free(command);
}

static void
test_refused(void **state)
{
    const struct refusal *refusal = *state;
    struct mig_verdict v = verify(&refusal->wire);
    assert_int_equal(v.kind, MIG_VERDICT_REFUSED);
    assert_holds(v.reason, refusal->reason);
    assert_int_equal(v.count, 0);
    check_answer(&v, operations(&refusal->wire));
    mig_verdict_fini(&v);
}

/* The target was signed with the rest; the platform has no say in what it means. */
static void
test_target(void **state)
{
    static const struct {
        const char *name; /* of this agent; the target is name='here' */
        int strict;
        const char *refusal; /* NULL: accepted */
    } cases[] = {
        {"here", 0, NULL},
        {"here", 1, NULL},
        {"there", 0, "action validation failed: the target does not mean this agent: name='here'"},
        {NULL, 0, NULL},
        {NULL, 1,
         "action validation failed: this agent can not decide whether it is meant, and its site "
         "is strict (agent.checktarget): name='here'"},
    };
    const struct wire wire = {0};

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct mig_target_record record = {.name = cases[i].name};
        struct mig_verify check = {.pgp = verifier,
                                   .acl = acl,
                                   .queueloc = QUEUELOC,
                                   .now = {NOW, 0},
                                   .record = &record,
                                   .strict = cases[i].strict};
        struct mig_buf raw = make_wire(&wire);
        struct mig_verdict v = {0};

        assert_int_equal(mig_verify_command(&check, raw.data, raw.len, &v), 0);
        if (cases[i].refusal)
            assert_string_equal(v.reason, cases[i].refusal);
        assert_int_equal(v.kind, cases[i].refusal ? MIG_VERDICT_REFUSED : MIG_VERDICT_ACCEPTED);
        assert_string_equal(v.name, "who am I");
        mig_verdict_fini(&v);
        mig_buf_fini(&raw);
    }
}

static void
test_unreadable(void **state)
{
    static const char *const texts[] = {"", "{", "[]", "null", "{\"id\":1}", "\xff"};
    struct mig_verify check = {.pgp = verifier, .acl = acl, .queueloc = QUEUELOC, .now = {NOW, 0}};

    (void)state;
    for (size_t i = 0; i < COUNT(texts); i++) {
        struct mig_verdict v = {0};

        assert_int_equal(mig_verify_command(&check, texts[i], strlen(texts[i]), &v), 0);
        assert_int_equal(v.kind, MIG_VERDICT_UNREADABLE);
        assert_true(v.reason[0] != '\0');
        mig_verdict_fini(&v);
    }
}

int
main(void)
{
    struct CMUnitTest tests[COUNT(refusals) + 4] = {
        cmocka_unit_test(test_accepted),
        cmocka_unit_test(test_cancel),
        cmocka_unit_test(test_target),
        cmocka_unit_test(test_unreadable),
    };

    for (size_t i = 0; i < COUNT(refusals); i++)
        tests[4 + i] = (struct CMUnitTest){refusals[i].what, test_refused, NULL, NULL,
                                           (void *)(uintptr_t)&refusals[i]};
    return cmocka_run_group_tests_name("agent verify", tests, setup, teardown);
}
