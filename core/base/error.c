/* SPDX-License-Identifier: MPL-2.0 */
#include "config.h"

#include "base/error.h"

#include <stdio.h>
#include <string.h>

/* Messages quote remote text: control bytes become '?', so that one message stays one line, and a
 * UTF-8 sequence that the end of the field cut in two goes. */
static void
tidy(char *text)
{
    size_t len = strlen(text);
    size_t i = len;

    while (i > 0 && ((unsigned char)text[i - 1] & 0xc0) == 0x80)
        i--;
    if (i > 0 && (unsigned char)text[i - 1] >= 0xc0) {
        unsigned char lead = (unsigned char)text[i - 1];
        size_t need = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
        if (len - (i - 1) < need)
            text[i - 1] = '\0';
    }
    for (char *p = text; *p != '\0'; p++) {
        if ((unsigned char)*p < 0x20 || *p == 0x7f)
            *p = '?';
    }
}

int
mig_err_set(struct mig_err *err, int code, const char *format, ...)
{
    va_list args;

    if (err == NULL)
        return code;
    err->code = code;
    va_start(args, format);
    vsnprintf(err->text, sizeof err->text, format, args);
    va_end(args);
    tidy(err->text);
    return code;
}

int
mig_err_errno(struct mig_err *err, int errnum, const char *format, ...)
{
    char reason[128];
    size_t used;
    va_list args;

    if (err == NULL)
        return -errnum;
    err->code = -errnum;
    va_start(args, format);
    vsnprintf(err->text, sizeof err->text, format, args);
    va_end(args);
    used = strlen(err->text);
    snprintf(err->text + used, sizeof err->text - used, ": %s",
             strerror_r(errnum, reason, sizeof reason));
    tidy(err->text);
    return -errnum;
}

int
mig_err_prefix(struct mig_err *err, const char *format, ...)
{
    char old[sizeof err->text];
    size_t used;
    va_list args;

    if (err == NULL)
        return 0;
    memcpy(old, err->text, sizeof old);
    old[sizeof old - 1] = '\0';
    va_start(args, format);
    vsnprintf(err->text, sizeof err->text, format, args);
    va_end(args);
    used = strlen(err->text);
    snprintf(err->text + used, sizeof err->text - used, ": %s", old);
    tidy(err->text);
    return err->code;
}

const char *
mig_strerror(int code)
{
    static const struct {
        int code;
        const char *text;
    } names[] = {
        {0, "success"},
        {MIG_E_SYNTAX, "syntax error"},
        {MIG_E_INVALID, "invalid document"},
        {MIG_E_LIMIT, "limit exceeded"},
        {MIG_E_SIGNATURE, "signature refused"},
        {MIG_E_DENIED, "permission denied by policy"},
        {MIG_E_WINDOW, "outside the validity window"},
        {MIG_E_REPLAY, "seen before"},
        {MIG_E_PLUGIN, "plugin refused"},
        {MIG_E_PROTOCOL, "protocol error"},
        {MIG_E_TIMEOUT, "timed out"},
        {MIG_E_CRYPTO, "OpenPGP engine failed"},
        {MIG_E_DATABASE, "database error"},
        {MIG_E_CONFIG, "configuration error"},
        {MIG_E_NOT_FOUND, "not found"},
    };
    const char *text;

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (names[i].code == code)
            return names[i].text;
    }
    if (code > 0 || code <= -1000)
        return "unknown error";
    text = strerrordesc_np(-code);
    return text != NULL ? text : "unknown error";
}
