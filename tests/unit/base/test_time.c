/* SPDX-License-Identifier: MPL-2.0 */
#include "config.h"

#include "unit.h"

#include "base/time.h"

static void
times_are_parsed(void **state)
{
    static const struct {
        const char *text;
        int64_t sec;
        int32_t nsec;
        const char *printed;
    } table[] = {
        {"1970-01-01T00:00:00Z", 0, 0, "1970-01-01T00:00:00Z"},
        {"1969-12-31T23:59:59Z", -1, 0, "1969-12-31T23:59:59Z"},
        {"2026-11-24T10:30:00.987654321+02:30", 1795507200, 987654321,
         "2026-11-24T08:00:00.987654321Z"},
        {"2026-11-24T03:10:59.5-05:00", 1795507859, 500000000, "2026-11-24T08:10:59.5Z"},
        {"2028-02-29T23:59:59Z", 1835481599, 0, "2028-02-29T23:59:59Z"},
        {"2000-02-29T00:00:00Z", 951782400, 0, "2000-02-29T00:00:00Z"},
        {"0001-01-01T00:00:00Z", -62135596800, 0, "0001-01-01T00:00:00Z"},
        {"0000-01-01T00:00:00Z", -62167219200, 0, "0000-01-01T00:00:00Z"},
        {"9999-12-31T23:59:59.999999999Z", 253402300799, 999999999,
         "9999-12-31T23:59:59.999999999Z"},
        {"0011-01-11T11:11:11.000000011Z", -61819159729, 11, "0011-01-11T11:11:11.000000011Z"},
        {"2026-01-01T00:00:00.1234567899Z", 1767225600, 123456789,
         "2026-01-01T00:00:00.123456789Z"},
        {"2026-01-01T00:00:00.000Z", 1767225600, 0, "2026-01-01T00:00:00Z"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(table); i++) {
        struct mig_time t;
        char text[MIG_TIME_TEXT];
        assert_int_equal(mig_time_parse(table[i].text, strlen(table[i].text), &t), 0);
        assert_int_equal(t.sec, table[i].sec);
        assert_int_equal(t.nsec, table[i].nsec);
        mig_time_format(t, text);
        assert_string_equal(text, table[i].printed);
    }
}

static void
wrong_times_are_refused(void **state)
{
    static const char *const table[] = {
        "",
        "2026",
        "2026-11-24",
        "2026-11-24T08:00:00",
        "2026-11-24 08:00:00Z",
        "2026-11-24t08:00:00Z",
        "2026-11-24T08:00:00z",
        "2026-11-24T08:00:00Z ",
        "2026-13-01T00:00:00Z",
        "2026-00-01T00:00:00Z",
        "2026-02-29T00:00:00Z",
        "1900-02-29T00:00:00Z",
        "2026-04-31T00:00:00Z",
        "2026-01-00T00:00:00Z",
        "2026-01-01T24:00:00Z",
        "2026-01-01T00:60:00Z",
        "2026-01-01T00:00:60Z",
        "2026-01-01T00:00:00.Z",
        "2026-01-01T00:00:00+0200",
        "2026-01-01T00:00:00+24:00",
        "2026-01-01T00:00:00+01:60",
        "2026-1-1T00:00:00Z",
        "+2026-01-01T00:00:00Z",
        "9999-12-31T23:59:59-00:01",
        "0000-01-01T00:00:00+00:01",
    };
    (void)state;
    for (size_t i = 0; i < COUNT(table); i++) {
        struct mig_time t = {.sec = 42};
        if (mig_time_parse(table[i], strlen(table[i]), &t) != MIG_E_SYNTAX)
            fail_msg("accepted \"%s\"", table[i]);
        assert_int_equal(t.sec, 42);
    }
}

static void
every_day_comes_back(void **state)
{
    (void)state;
    for (int64_t day = -719528; day < 2932896; day += 13) {
        struct mig_time t = {.sec = day * 86400 + 86399};
        struct mig_time back;
        char text[MIG_TIME_TEXT];
        mig_time_format(t, text);
        assert_int_equal(mig_time_parse(text, strlen(text), &back), 0);
        assert_int_equal(back.sec, t.sec);
    }
}

static void
times_beyond_are_clamped(void **state)
{
    char text[MIG_TIME_TEXT];

    (void)state;
    mig_time_format((struct mig_time){.sec = INT64_MAX}, text);
    assert_string_equal(text, "9999-12-31T23:59:59Z");
    mig_time_format((struct mig_time){.sec = INT64_MIN}, text);
    assert_string_equal(text, "0000-01-01T00:00:00Z");
}

static void
times_compare(void **state)
{
    const struct mig_time a = {1, 5}, b = {1, 6}, c = {2, 0};

    (void)state;
    assert_int_equal(mig_time_compare(a, a), 0);
    assert_int_equal(mig_time_compare(a, b), -1);
    assert_int_equal(mig_time_compare(b, a), 1);
    assert_int_equal(mig_time_compare(c, b), 1);
    assert_true(mig_time_compare(mig_time_now(), c) > 0);
    assert_true(mig_time_monotonic_ms() >= 0);
}

static void
durations_are_parsed(void **state)
{
    static const struct {
        const char *text;
        int64_t ms;
    } table[] = {
        {"300s", 300000}, {"5m", 300000},         {"1h30m", 5400000},
        {"250ms", 250},   {"72h", 259200000},     {"0", 0},
        {"0s", 0},        {"1.5h", 5400000},      {"-5m", -300000},
        {"+1s", 1000},    {"1h1m1s1ms", 3661001}, {"0.5s", 500},
        {".5s", 500},     {"1.s", 1000},
    };
    static const char *const wrong[] = {"",
                                        "5",
                                        "s",
                                        "5 m",
                                        "5x",
                                        "m5",
                                        "1h2",
                                        "--1s",
                                        "1..5s",
                                        ".s",
                                        "5m ",
                                        "9999999999999999999s",
                                        "999999999999999999h",
                                        "1us"};
    (void)state;
    for (size_t i = 0; i < COUNT(table); i++) {
        int64_t ms = -7;
        if (mig_duration_parse(table[i].text, &ms) != 0 || ms != table[i].ms)
            fail_msg("\"%s\": expected %lld, found %lld", table[i].text, (long long)table[i].ms,
                     (long long)ms);
    }
    for (size_t i = 0; i < COUNT(wrong); i++) {
        int64_t ms = -7;
        if (mig_duration_parse(wrong[i], &ms) != MIG_E_SYNTAX)
            fail_msg("accepted \"%s\"", wrong[i]);
        assert_int_equal(ms, -7);
    }
}

static void
durations_are_printed(void **state)
{
    static const struct {
        int64_t nsec;
        const char *text;
    } table[] = {
        {0, "0s"},
        {1, "1ns"},
        {1500, "1.5\xc2\xb5s"},
        {250000000, "250ms"},
        {1234567, "1.234567ms"},
        {1000000000, "1s"},
        {1500000000, "1.5s"},
        {90000000000, "1m30s"},
        {3600000000000, "1h0m0s"},
        {3661001000000, "1h1m1.001s"},
        {-90000000000, "-1m30s"},
        {INT64_MAX, "2562047h47m16.854775807s"},
        {INT64_MIN, "-2562047h47m16.854775808s"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(table); i++) {
        char text[MIG_TIME_TEXT];
        mig_duration_format(table[i].nsec, text);
        assert_string_equal(text, table[i].text);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(times_are_parsed),      cmocka_unit_test(wrong_times_are_refused),
        cmocka_unit_test(every_day_comes_back),  cmocka_unit_test(times_beyond_are_clamped),
        cmocka_unit_test(times_compare),         cmocka_unit_test(durations_are_parsed),
        cmocka_unit_test(durations_are_printed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
