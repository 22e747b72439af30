/* SPDX-License-Identifier: MPL-2.0 */
#include "config.h"

#include "api/links.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "api/api.h"

const char *
mig_link(const struct mig_api *api, const char *thing, int64_t id, char href[MIG_LINK_MAX])
{
    snprintf(href, MIG_LINK_MAX, "%s/%s?%sid=%" PRId64, api->base_url, thing, thing, id);
    return href;
}

void
mig_link_escape(struct mig_buf *out, const char *value)
{
    for (; *value != '\0'; value++) {
        unsigned char c = (unsigned char)*value;

        /* the unreserved characters of RFC 3986 */
        if (c < 128 && (isalnum(c) || strchr("-._~", c) != NULL))
            mig_buf_addc(out, *value);
        else
            mig_buf_addf(out, "%%%02X", c);
    }
}
