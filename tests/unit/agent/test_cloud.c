/* SPDX-License-Identifier: MPL-2.0 */
/* The metadata services of clouds, spoken by metadata.py, which metadata.sh starts. */
#include "config.h"

#include "../base/unit.h"

#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>

#include "agent/cloud.h"
#include "base/time.h"

static char address[128];

static void
assert_cloud(const char *path, const char *expected)
{
    struct json_object *found;

    snprintf(address, sizeof(address), "%s/%s", getenv("MIG_TEST_METADATA"), path);
    found = mig_cloud_discover(address);
    if (expected) {
        assert_non_null(found);
        assert_string_equal(json_object_to_json_string_ext(found, JSON_C_TO_STRING_PLAIN),
                            expected);
    } else {
        assert_null(found);
    }
    json_object_put(found);
}

static void
test_aws(void **state)
{
    (void)state;
    assert_cloud("aws", "{\"aws\":{\"instanceid\":\"i-0abc\",\"localipv4\":\"10.1.2.3\",\"amiid\":"
                        "\"ami-7\",\"instancetype\":\"t3.micro\"}}");
    /* Without the token, or with lines that would be more than a value, there is nothing. */
    assert_cloud("aws-forged", NULL);
}

static void
test_gce(void **state)
{
    (void)state;
    assert_cloud("gce", "{\"gce\":{\"instanceid\":\"9007199254740993\",\"name\":\"vm-1\",\"zone\":"
                        "\"europe-west1-b\",\"machinetype\":\"e2-small\"}}");
}

static void
test_azure(void **state)
{
    (void)state;
    assert_cloud("azure", "{\"azure\":{\"vmid\":\"02aab8a4\",\"name\":\"vm-2\",\"location\":"
                          "\"westeurope\",\"vmsize\":\"Standard_B1s\"}}");
}

static void
test_nobody(void **state)
{
    int64_t start = mig_time_monotonic_ms();

    (void)state;
    assert_cloud("none", NULL);
    assert_null(mig_cloud_discover("http://127.0.0.1:1"));
    /* One that takes the connection and says nothing: the others are not tried. */
    assert_cloud("silent", NULL);
    assert_true(mig_time_monotonic_ms() - start < 2900);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_aws),
        cmocka_unit_test(test_gce),
        cmocka_unit_test(test_azure),
        cmocka_unit_test(test_nobody),
    };

    if (!getenv("MIG_TEST_METADATA")) {
        puts("1..0 # SKIP run by metadata.sh");
        return 0;
    }
    return cmocka_run_group_tests_name("cloud", tests, NULL, NULL);
}
