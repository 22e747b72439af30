/* SPDX-License-Identifier: MPL-2.0 */
/* Addresses of resources: "http://host/api/v1/action?actionid=1". */
#ifndef MIG_API_LINKS_H
#define MIG_API_LINKS_H

#include <stdint.h>

#define MIG_LINK_MAX 1024

struct mig_api;
struct mig_buf;

/* Writes the address of one `thing` ("action", "agent" …) to `href` and returns it. */
const char *mig_link(const struct mig_api *api, const char *thing, int64_t id,
                     char href[MIG_LINK_MAX]);
/* Appends a value as it must stand in a query string. */
void mig_link_escape(struct mig_buf *out, const char *value);

#endif
