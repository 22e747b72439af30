/* SPDX-License-Identifier: MPL-2.0 */
/* version-compare dpkg|rpm|apk: for each line "A B" of its input, <, = or >. */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include <mig/version.h>

int
main(int argc, char **argv)
{
    static const char *const names[] = {"", "dpkg", "rpm", "apk"};
    char a[256], b[256];
    int system = MIG_VERSION_APK;
    int code;

    while (system > 0 && (argc != 2 || strcmp(argv[1], names[system]) != 0))
        system--;
    if (system == 0)
        return 2;
    while (scanf("%255s %255s", a, b) == 2) {
        code = mig_version_compare((enum mig_version_system)system, a, b);
        puts(code < 0 ? "<" : code > 0 ? ">" : "=");
    }
    return 0;
}
