/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Versions of packages in the order of the system that installed them. Link with libmig-sdk.
 *
 *   dpkg  [epoch:]upstream[-revision], Debian policy 5.6.12: '~' sorts before the end, letters
 * before other characters, an absent epoch and revision count as 0 rpm   [epoch:]version[-release],
 * rpm-version(7): runs of digits and letters, '~' before and '^' behind the end, an absent epoch
 * counts as 0 apk   number{.number}[letter]{_suffix[number]}[~hash][-rN], as apk-tools 3 has it
 *
 * Texts that are no versions have a place too, so that every comparison has an answer.
 */
#ifndef MIG_VERSION_H
#define MIG_VERSION_H

#include <stdbool.h>
#include <stddef.h>

enum mig_version_system { MIG_VERSION_DPKG = 1, MIG_VERSION_RPM = 2, MIG_VERSION_APK = 3 };

/* Less than, equal to or greater than 0, as a is older than, as old as or newer than b. */
int mig_version_compare(enum mig_version_system system, const char *a, const char *b);

/*
 * A range: conditions that must all hold, between blanks or commas, each '<', '<=', '=', '>=', '>'
 * or
 * '!=' and a version: ">=1.2, <1.2.3-4". With rpm a condition without a release holds for every
 * release of the version, as in its dependencies; the other systems have no such rule.
 */
struct mig_version_range;

#define MIG_VERSION_CONDITIONS_MAX 32u

/* Whether the text begins as a range does, which no version and no regular expression for one can.
 */
bool mig_version_is_range(const char *text);
/* 0, or -EINVAL or -ENOMEM and a message that names the condition and what is expected. */
int mig_version_range_new(const char *text, struct mig_version_range **ret_range, char *ret_message,
                          size_t message_size);
void mig_version_range_free(struct mig_version_range *range);
bool mig_version_range_holds(const struct mig_version_range *range, enum mig_version_system system,
                             const char *version);

#endif
