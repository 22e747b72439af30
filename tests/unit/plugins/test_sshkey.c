/* SPDX-License-Identifier: MPL-2.0 */
/* The sshkey plugin as it is built, by a host that is none: one key, in a folder of its own. */
#include "config.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include <mig/mock_host.h>

#include "module.h"

/* Made by ssh-keygen, which gave the fingerprints below. */
#define KEY                                                                                        \
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIPaGZShbg9Pjk5slsLbAhsqD6AlAZdaMeQdelSVpjCdQ me@host"
#define SHA256 "SHA256:VnHIVaG3dTGFb4IrqLhYb6fWk/8rwj5vpdZmI5vDATk"
#define MD5 "d0:65:0e:4f:67:06:5d:1f:a6:11:16:fd:5d:50:57:a5"

static const struct mig_plugin *plugin;
static struct mig_mock *mock;
static char folder[] = "/tmp/mig-sshkey-XXXXXX", file[64];

static void
test_found(void **state)
{
    char parameters[256], expected[1024];

    (void)state;
    snprintf(parameters, sizeof(parameters), "{\"paths\":[\"%s\"],\"maxdepth\":0}", folder);
    snprintf(expected, sizeof(expected),
             "\"fingerprint_md5\":\"" MD5 "\",\"fingerprint_sha256\":\"" SHA256
             "\",\"path\":\"%s\"",
             file);
    assert_int_equal(mig_mock_run(mock, plugin, parameters), 0);
    assert_int_equal(mig_mock_found(mock), 1);
    assert_non_null(strstr(mig_mock_elements(mock), expected));
    assert_non_null(strstr(mig_mock_elements(mock), "\"type\":\"public\""));
    assert_non_null(strstr(mig_mock_elements(mock), "\"algorithm\":\"ED25519\""));
    assert_null(strstr(mig_mock_elements(mock), "AAAA"));
    assert_null(strstr(mig_mock_elements(mock), "me@host"));
    assert_null(mig_mock_undeclared(mock, plugin));
}

static void
test_nothing(void **state)
{
    (void)state;
    assert_int_equal(mig_mock_run(mock, plugin, "{\"paths\":[\"/proc/self/attr\"]}"), 0);
    assert_int_equal(mig_mock_found(mock), 0);
}

static void
test_full(void **state)
{
    char parameters[256];

    (void)state;
    snprintf(parameters, sizeof(parameters), "{\"paths\":[\"%s\"]}", folder);
    mig_mock_fill_at(mock, 0);
    mig_mock_run(mock, plugin, parameters);
    mig_mock_fill_at(mock, -1);
    assert_null(strstr(mig_mock_elements(mock), SHA256));
}

static void
test_refusals(void **state)
{
    static const struct {
        const char *parameters, *message;
    } cases[] = {
        {"[]", "parameters must be a JSON object, not array"},
        {"{\"path\":[]}", "unknown parameter 'path', expected paths and maxdepth"},
        {"{\"paths\":\"/\"}", "parameter 'paths' must be an array of strings, not string"},
        {"{\"maxdepth\":1001}", "maxdepth should be specified from 0-1000"},
        {"{\"maxdepth\":\"1\"}", "parameter 'maxdepth' must be a number, not string"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_int_equal(mig_mock_validate(mock, plugin, cases[i].parameters), -EINVAL);
        assert_string_equal(mig_mock_refusal(mock), cases[i].message);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_found),
        cmocka_unit_test(test_nothing),
        cmocka_unit_test(test_full),
        cmocka_unit_test(test_refusals),
    };
    FILE *out;
    int code;

    plugin = module_load("sshkey");
    if (plugin == NULL)
        return 0;
    mock = mig_mock_new();
    if (mock == NULL)
        return 99;
    if (mkdtemp(folder) == NULL)
        return 99;
    snprintf(file, sizeof(file), "%s/id.pub", folder);
    out = fopen(file, "w");
    if (out == NULL || fputs(KEY "\n", out) < 0 || fclose(out) != 0)
        return 99;
    code = cmocka_run_group_tests_name("sshkey", tests, NULL, NULL);
    unlink(file);
    rmdir(folder);
    mig_mock_free(mock);
    return code;
}
