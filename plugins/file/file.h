/* SPDX-License-Identifier: MPL-2.0 */
#ifndef MIG_PLUGIN_FILE_H
#define MIG_PLUGIN_FILE_H

#include <stddef.h>
#include <stdint.h>

#include <mig/plugin.h>

struct json_object;
struct mig_search_hit;
struct mig_search_set;

/* Counts, since the descriptor is a constant of another file. */
#define FILE_OPTIONS_COUNT 29
#define FILE_FIELDS_COUNT 17
extern const struct mig_option file_options[FILE_OPTIONS_COUNT];
extern const struct mig_field file_fields[FILE_FIELDS_COUNT];

/* The counts that are not zero. The caller's; NULL: no memory. */
struct json_object *file_skipped(const struct mig_search_set *set);
/* The search as the results show it. Matchall: the whole of it, its limits zero. The caller's. */
struct json_object *file_echo_search(struct json_object *search);
/* Matchany: the one check and the folder of `path`; path NULL: the search's own paths. */
struct json_object *file_echo_check(const struct mig_search_set *set, size_t search, size_t check,
                                    struct json_object *asked, const char *path);
/* Matchany, for all the checks of many that matched nothing. The caller's. */
struct json_object *file_echo_rest(struct json_object *asked, uint64_t without, size_t checks);
/* An element; takes `echo`. hit NULL: nothing matched. NULL: no memory. */
struct json_object *file_element(const struct mig_search_hit *hit, struct json_object *echo);

int file_print(const struct mig_host *host, const char *result, size_t length, uint32_t flags);

#endif
