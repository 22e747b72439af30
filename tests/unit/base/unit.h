/* SPDX-License-Identifier: MPL-2.0 */
/* cmocka, and what the tests of this folder share. */
#ifndef MIG_TESTS_UNIT_H
#define MIG_TESTS_UNIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/error.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* Fails with both texts when `text` does not hold `part`. */
static inline void
assert_holds(const char *text, const char *part)
{
    if (strstr(text, part) == NULL)
        fail_msg("expected \"%s\" in \"%s\"", part, text);
}

/* A call must have been refused with this code and this text. */
static inline void
assert_refused(int rc, const struct mig_err *err, int code, const char *part)
{
    if (rc != code)
        fail_msg("expected code %d, found %d (%s)", code, rc, err->text);
    assert_int_equal(err->code, code);
    assert_holds(err->text, part);
}

static inline void
assert_done(int rc, const struct mig_err *err)
{
    if (rc != 0)
        fail_msg("expected success, found %d: %s", rc, err->text);
}

#endif
