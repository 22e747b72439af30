/* SPDX-License-Identifier: MPL-2.0 */
/*
 * The state of a persistent plugin as one text that is replaced at once: of two files of
 * MIG_DESCRIPTOR_STATE the older is overwritten, so that a crash leaves the text before. Link with
 * libmig-sdk.
 */
#ifndef MIG_STATE_H
#define MIG_STATE_H

#include <stddef.h>
#include <stdint.h>

#include <mig/plugin.h>

/* `pair` 0: files 0 and 1; 1: files 2 and 3. On disk when it gives 0. */
int mig_state_save(const struct mig_host *host, uint32_t pair, const void *data, size_t length);
/* The text that was saved last, to be freed, with a NUL behind it. -ENOENT: there is none. */
int mig_state_load(const struct mig_host *host, uint32_t pair, char **ret_data, size_t *ret_length);

#endif
