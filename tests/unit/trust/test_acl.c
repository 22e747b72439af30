/* SPDX-License-Identifier: MPL-2.0 */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "trust/acl.h"

#define ANN "8C8B5FF748E5D4DA2C2A000015EAE1B2EA4BD22A"
#define BOB "BFAD6B9A3C852854CBF7DC75979E2E6BE3027208"
#define EVE "0123456789ABCDEF0123456789ABCDEF01234567"
#define PERSON(fpr, weight) "{\"fingerprint\":\"" fpr "\",\"weight\":" weight "}"
#define RULE(minimum, people) "{\"minimumweight\":" minimum ",\"investigators\":{" people "}}"

static const char sample[] = "{\"default\":" RULE(
    "2",
    "\"ann\":" PERSON(ANN, "2") ",\"bob\":" PERSON(
        BOB, "1")) ","
                   "\"memory\":" RULE(
                       "3",
                       "\"ann\":" PERSON(ANN, "2") ",\"bob\":" PERSON(
                           BOB, "1")) ","
                                      "\"netstat\":" RULE(
                                          "3",
                                          "\"ann\":" PERSON(ANN, "1") ",\"ann laptop\":" PERSON(
                                              "8c8b5ff748e5d4da2c2a000015eae1b2ea4bd22a", "2")) "}";

static struct mig_acl *
parse(const char *text)
{
    struct mig_acl *acl = NULL;
    struct mig_err err = {0};

    if (mig_acl_parse(text, strlen(text), &acl, &err) != 0)
        fail_msg("%s", err.text);
    return acl;
}

static void
weights_decide(void **state)
{
    static const struct {
        const char *module, *one, *two, *message; /* message NULL: permitted */
    } cases[] = {
        {"file", ANN, NULL, NULL},
        {"file", "8c8b5ff748e5d4da2c2a000015eae1b2ea4bd22a", NULL, NULL},
        {"file", BOB, NULL,
         "permission denied for operation file, insufficient signatures weight (need 2, got 1)"},
        {"file", ANN, EVE, NULL},
        {"file", BOB, EVE,
         "permission denied for operation file, insufficient signatures weight (need 2, got 1)"},
        {"file", NULL, NULL,
         "permission denied for operation file, insufficient signatures weight (need 2, got 0)"},
        {"memory", ANN, BOB, NULL},
        {"memory", ANN, NULL,
         "permission denied for operation memory, insufficient signatures weight (need 3, got 2)"},
        {"memory", ANN, ANN, "permission violation: key " ANN " used to sign multiple times"},
        {"memory", ANN, "8c8b5ff748e5d4da2c2a000015eae1b2ea4bd22a",
         "permission violation: key 8c8b5ff748e5d4da2c2a000015eae1b2ea4bd22a used to sign multiple "
         "times"},
        /* One key under two labels counts once, with the greater weight. */
        {"netstat", ANN, NULL,
         "permission denied for operation netstat, insufficient signatures weight (need 3, got 2)"},
        /* A module's own entry replaces the default, it does not add to it. */
        {"netstat", BOB, NULL,
         "permission denied for operation netstat, insufficient signatures weight (need 3, got 0)"},
        {"Memory", ANN, NULL, NULL},
    };
    struct mig_acl *acl = parse(sample);

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const char *fprs[] = {cases[i].one, cases[i].two};
        size_t count = cases[i].one == NULL ? 0 : cases[i].two == NULL ? 1 : 2;
        struct mig_err err = {0};
        int rc = mig_acl_check(acl, cases[i].module, fprs, count, &err);

        assert_int_equal(rc, cases[i].message == NULL ? 0 : MIG_E_DENIED);
        if (cases[i].message != NULL)
            assert_string_equal(err.text, cases[i].message == NULL ? "" : cases[i].message);
    }
    mig_acl_free(acl);
}

static void
no_entry_denies(void **state)
{
    static const char *const signer[] = {ANN};
    struct mig_acl *acl = parse("{\"file\":" RULE("1", "\"ann\":" PERSON(ANN, "1")) "}");
    struct mig_err err = {0};

    (void)state;
    assert_int_equal(mig_acl_check(acl, "file", signer, 1, &err), 0);
    assert_int_equal(mig_acl_check(acl, "netstat", signer, 1, &err), MIG_E_DENIED);
    assert_string_equal(err.text, "no ACL entry found for netstat, and no default present");
    mig_acl_free(acl);
    acl = parse("{}");
    assert_int_equal(mig_acl_check(acl, "file", signer, 1, &err), MIG_E_DENIED);
    mig_acl_free(acl);
}

static void
rules_without_effect_are_refused(void **state)
{
    static const struct {
        const char *text, *message;
    } cases[] = {
        {"{\"file\":", "ACL: "},
        {"[]", "ACL is no object"},
        {"{\"file\":1}", "ACL of 'file': expected an object with minimumweight and investigators"},
        {"{\"File\":" RULE("1", "") "}", "ACL of 'File': no module can have this name"},
        {"{\"file\":" RULE("0", "") "}", "ACL of 'file': invalid ACL file, weight must be > 0"},
        {"{\"file\":" RULE("-1", "") "}", "ACL of 'file': invalid ACL file, weight must be > 0"},
        {"{\"file\":" RULE("1000001", "") "}", "expected 1 to 1000000"},
        {"{\"file\":" RULE("1.5", "") "}", "ACL of 'file': "},
        {"{\"file\":" RULE("\"1\"", "") "}", "ACL of 'file': "},
        {"{\"file\":{\"investigators\":{}}}", "minimumweight"},
        {"{\"file\":{\"minimumweight\":1}}",
         "ACL of 'file': investigators is missing or no object"},
        {"{\"file\":{\"minimumweight\":1,\"investigators\":[]}}",
         "ACL of 'file': investigators is missing or no object"},
        {"{\"file\":{\"minimumweigth\":1,\"investigators\":{}}}",
         "ACL of 'file': unknown member 'minimumweigth', expected minimumweight and investigators"},
        {"{\"file\":" RULE("1", "\"\":" PERSON(ANN, "1")) "}", "an investigator has an empty name"},
        {"{\"file\":" RULE("1", "\"a\":1") "}",
         "ACL of 'file': investigator 'a': expected an object with fingerprint and weight"},
        {"{\"file\":" RULE("1", "\"a\":{\"fingerprint\":\"" ANN "\"}") "}", "weight"},
        {"{\"file\":" RULE("1", "\"a\":{\"weight\":1}") "}", "fingerprint"},
        {"{\"file\":" RULE("1", "\"a\":" PERSON(ANN, "0")) "}",
         "ACL of 'file': investigator 'a': weight 0, expected 1 to 1000000"},
        {"{\"file\":" RULE("1", "\"a\":" PERSON("EA4BD22A", "1")) "}",
         "investigator 'a': fingerprint 'EA4BD22A', expected the 40 hexadecimal digits"},
        {"{\"file\":" RULE("1",
                           "\"a\":" PERSON("GC8B5FF748E5D4DA2C2A000015EAE1B2EA4BD22A", "1")) "}",
         "expected the 40 hexadecimal digits"},
        {"{\"file\":" RULE("1", "\"a\":{\"fingerprint\":\"" ANN "\",\"weight\":1,\"x\":1}") "}",
         "unknown member 'x', expected fingerprint and weight"},
        {"{\"file\":" RULE("1", "") ",\"file\":" RULE("2", "") "}", "ACL: "},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct mig_acl *acl = NULL;
        struct mig_err err = {0};

        if (mig_acl_parse(cases[i].text, strlen(cases[i].text), &acl, &err) >= 0)
            fail_msg("case %zu is accepted", i);
        assert_null(acl);
        if (strstr(err.text, cases[i].message) == NULL)
            fail_msg("case %zu: '%s', expected '%s'", i, err.text, cases[i].message);
    }
}

static int
note(void *context, const char *module, const char *label, const char *fpr)
{
    return mig_buf_addf(context, "%s %s %s\n", module, label == NULL ? "-" : label,
                        fpr == NULL ? "-" : fpr);
}

static int
stop(void *context, const char *module, const char *label, const char *fpr)
{
    (void)context;
    (void)module;
    (void)label;
    (void)fpr;
    return 9;
}

static void
walk_names_keys_and_unreachable_rules(void **state)
{
    struct mig_acl *acl = parse(sample);
    struct mig_buf out = MIG_BUF_INIT;

    (void)state;
    assert_int_equal(mig_acl_walk(acl, note, &out), 0);
    assert_string_equal(out.data, "default ann " ANN "\n"
                                  "default bob " BOB "\n"
                                  "memory ann " ANN "\n"
                                  "memory bob " BOB "\n"
                                  "netstat ann " ANN "\n"
                                  "netstat ann laptop " ANN "\n"
                                  "netstat - -\n");
    assert_int_equal(mig_acl_walk(acl, stop, NULL), 9);
    mig_buf_fini(&out);
    mig_acl_free(acl);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(weights_decide),
        cmocka_unit_test(no_entry_denies),
        cmocka_unit_test(rules_without_effect_are_refused),
        cmocka_unit_test(walk_names_keys_and_unreachable_rules),
    };

    return cmocka_run_group_tests_name("acl", tests, NULL, NULL);
}
