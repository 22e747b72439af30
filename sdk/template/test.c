/* The module @NAME@ beside a host that keeps what it gives. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <mig/mock_host.h>

static const struct mig_plugin *plugin;
static struct mig_mock *mock;

static void
test_tells_the_name(void **state)
{
    (void)state;
    assert_int_equal(mig_mock_run(mock, plugin, "{\"gethostname\":true}"), 0);
    assert_non_null(strstr(mig_mock_elements(mock), "{\"hostname\":\""));
    assert_string_equal(mig_mock_statistics(mock), "{\"stufffound\":1}");
    assert_int_equal(mig_mock_found(mock), 1);
    /* Whatever else it gives, an agent would drop. */
    assert_null(mig_mock_undeclared(mock, plugin));
}

static void
test_refuses(void **state)
{
    (void)state;
    assert_int_equal(mig_mock_run(mock, plugin, "{\"lookuphost\":1}"), -EINVAL);
    assert_string_equal(mig_mock_refusal(mock),
                        "parameter 'lookuphost' must be an array of strings, not int");
}

static void
test_prints(void **state)
{
    (void)state;
    assert_int_equal(mig_mock_print(mock, plugin, "{\"elements\":{\"hostname\":\"h\"}}", 0), 0);
    assert_string_equal(mig_mock_output(mock), "hostname is h\n");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tells_the_name),
        cmocka_unit_test(test_refuses),
        cmocka_unit_test(test_prints),
    };

    plugin = mig_mock_load("./@NAME@.so");
    mock = mig_mock_new();
    if (plugin == NULL || mock == NULL)
        return 1;
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    mig_mock_free(mock);
    return failed != 0;
}
