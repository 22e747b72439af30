/* SPDX-License-Identifier: MPL-2.0 */
#include "config.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <mig/version.h>

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

struct pair {
    const char *a;
    int order;
    const char *b;
};

static void
check(enum mig_version_system system, const struct pair *pairs, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        int there = mig_version_compare(system, pairs[i].a, pairs[i].b);
        int back = mig_version_compare(system, pairs[i].b, pairs[i].a);

        if ((there > 0) - (there < 0) != pairs[i].order ||
            (back > 0) - (back < 0) != -pairs[i].order)
            fail_msg("%s and %s: %d and %d, not %d", pairs[i].a, pairs[i].b, there, back,
                     pairs[i].order);
    }
}

static void
test_dpkg(void **state)
{
    static const struct pair pairs[] = {
        {"1.0", 0, "1.0"},
        {"1.0", 0, "0:1.0"},
        {"1.0", 0, "1.0-0"},
        {"1.0~rc1", -1, "1.0"},
        {"1.0", -1, "1.0-1"},
        {"1.9", -1, "1.10"},
        {"1.0a", -1, "1.0+"},
        {"1:0.1", 1, "9.9"},
        {"1.0-1~deb12u1", -1, "1.0-1"},
        {"2.36-9+deb12u4", -1, "2.36-9+deb12u10"},
        {"1.0.0-1-2", 1, "1.0.0-1"},
        {"", -1, "1"},
        {"", 0, ""},
        {"~", -1, ""},
        {"184467440737095516160", 1, "184467440737095516159"},
    };

    (void)state;
    check(MIG_VERSION_DPKG, pairs, COUNT(pairs));
}

static void
test_rpm(void **state)
{
    static const struct pair pairs[] = {
        {"1.0-1", 0, "1.0-1"},
        {"1.0", -1, "1.0-1"},
        {"1.0010", 1, "1.9"},
        {"1.05", 0, "1.5"},
        {"2.50", 1, "2.5"},
        {"fc4", 0, "fc.4"},
        {"FC5", -1, "fc4"},
        {"2a", -1, "2.0"},
        {"1.0~rc1", -1, "1.0"},
        {"1.0^git1", 1, "1.0"},
        {"1.0^git1", -1, "1.0.1"},
        {"1.0~rc1^git1", 1, "1.0~rc1"},
        {"1.0^git1~pre", -1, "1.0^git1"},
        {"1:1.0-1", 1, "2.0-1"},
        {"3.0.7-24.el9", -1, "3.0.7-25.el9_3"},
        {"xyz10", -1, "1"},
        {"", -1, "1"},
        {"", 0, ""},
    };

    (void)state;
    check(MIG_VERSION_RPM, pairs, COUNT(pairs));
}

/* Pairs of apk-tools' own table of tests, and some on its hashes and what is no version. */
static void
test_apk(void **state)
{
    static const struct pair pairs[] = {
        {"2.34", 1, "0.1.0_alpha"},
        {"0.1.0_alpha", 0, "0.1.0_alpha"},
        {"1.0", -1, "1.0bc"},
        {"0.1.0_alpha2", 1, "0.1.0_alpha"},
        {"1.1", 1, "1.1_alpha1"},
        {"1.2", -1, "1.3_alpha"},
        {"2.3.0b-r1", -1, "2.3.0b-r2"},
        {"1.06-r6", -1, "006"},
        {"3.1_p16", -1, "3.1_p17"},
        {"1.2.2-r1", 1, "1.2.2"},
        {"021109-r3", -1, "20060512"},
        {"013", -1, "014-r1"},
        {"1.02", -1, "1.03-r1"},
        {"1.07", -1, "1.07.5"},
        {"1.07.5", -1, "1.19"},
        {"2.5.1-r8", -1, "2.5.1a-r1"},
        {"1.3-r0", -1, "1.3.1-r0"},
        {"1.3_pre1-r1", -1, "1.3.2"},
        {"1.0_p10-r0", 1, "1.0_p9-r0"},
        {"0.1.0_alpha_pre2", -1, "0.1.0_alpha"},
        {"1.0_rc1", -1, "1.0"},
        {"1.0_p1", 1, "1.0"},
        {"1.0_git20240101", 1, "1.0"},
        {"1.0_beta", 1, "1.0_alpha9"},
        {"7.0.17", -1, "7.0.174"},
        {"104-r11", 1, "104-r9"},
        {"1.0.0_pre20191002222144-r0", -1, "1.0.0_pre20210530193627-r0"},
        {"1.0~abc", -1, "1.0~abd"},
        {"1.0~abc", 1, "1.0"},
        {"1.0~abc-r1", -1, "1.0~abc-r2"},
        {"1.0-r", -1, "1.0"},
        {"abc", -1, "1"},
        {"", 0, ""},
    };

    (void)state;
    check(MIG_VERSION_APK, pairs, COUNT(pairs));
}

static void
test_ranges(void **state)
{
    static const struct {
        enum mig_version_system system;
        const char *range;
        const char *version;
        int holds;
    } cases[] = {
        {MIG_VERSION_DPKG, "<1.2.3-4", "1.2.3-3", 1},
        {MIG_VERSION_DPKG, "<1.2.3-4", "1.2.3-4", 0},
        {MIG_VERSION_DPKG, "<= 1.2.3-4", "1.2.3-4", 1},
        {MIG_VERSION_DPKG, "<<1.2.3-4", "1.2.3-4~bpo1", 1},
        {MIG_VERSION_DPKG, ">=1.2, <1.3", "1.2.9-1", 1},
        {MIG_VERSION_DPKG, ">=1.2 <1.3", "1.3", 0},
        {MIG_VERSION_DPKG, ">=1.2<1.3", "1.1", 0},
        {MIG_VERSION_DPKG, "=1.2", "1.2-1", 0},
        {MIG_VERSION_DPKG, "!=1.2", "1.2-1", 1},
        {MIG_VERSION_DPKG, ">1:0", "9", 0},
        {MIG_VERSION_RPM, "=1.2", "1.2-1.el9", 1},
        {MIG_VERSION_RPM, "<1.2", "1.2-1.el9", 0},
        {MIG_VERSION_RPM, "<1.2-2", "1.2-1.el9", 1},
        {MIG_VERSION_RPM, "<1.2-2", "1:1.2-1.el9", 0},
        {MIG_VERSION_RPM, "==1:1.2", "1:1.2-1.el9", 1},
        {MIG_VERSION_APK, "<1.2.3-r4", "1.2.3_rc1-r9", 1},
        {MIG_VERSION_APK, ">>1.2.3", "1.2.3-r0", 1},
    };
    struct mig_version_range *range = NULL;
    char message[512];

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        assert_true(mig_version_is_range(cases[i].range));
        assert_int_equal(mig_version_range_new(cases[i].range, &range, message, sizeof(message)),
                         0);
        if (mig_version_range_holds(range, cases[i].system, cases[i].version) != cases[i].holds)
            fail_msg("'%s' with %s: not %d", cases[i].range, cases[i].version, cases[i].holds);
        mig_version_range_free(range);
    }
    assert_false(mig_version_is_range("^1\\.2"));
    assert_false(mig_version_is_range("!^1\\.2"));
    assert_false(mig_version_is_range(""));
}

static void
test_bad_ranges(void **state)
{
    static const char *const bad[] = {"",     "<",   "< ", "1.2",  "<>1", "<1 2",
                                      "<1,=", "=<1", "!1", "!!=1", "<1<", ">=1,,<"};
    char many[4 * (MIG_VERSION_CONDITIONS_MAX + 1) + 1] = "";
    struct mig_version_range *range = NULL;
    char message[512];
    char wanted[512];

    (void)state;
    for (size_t i = 0; i < COUNT(bad); i++) {
        assert_int_equal(mig_version_range_new(bad[i], &range, message, sizeof(message)), -EINVAL);
        snprintf(
            wanted, sizeof(wanted),
            "the version range '%s' must be up to 32 of <, <=, =, >=, > or != and a version, as "
            "in '>=1.2,<1.2.3-4'",
            bad[i]);
        assert_string_equal(message, wanted);
    }
    for (size_t i = 0; i < MIG_VERSION_CONDITIONS_MAX; i++)
        memcpy(many + 4 * i, ">1, ", 4);
    assert_int_equal(mig_version_range_new(many, &range, message, sizeof(message)), 0);
    mig_version_range_free(range);
    memcpy(many + 4 * MIG_VERSION_CONDITIONS_MAX, ">1, ", 4);
    assert_int_equal(mig_version_range_new(many, &range, message, sizeof(message)), -EINVAL);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_dpkg),       cmocka_unit_test(test_rpm),
        cmocka_unit_test(test_apk),        cmocka_unit_test(test_ranges),
        cmocka_unit_test(test_bad_ranges),
    };

    return cmocka_run_group_tests_name("versions of packages", tests, NULL, NULL);
}
