/* SPDX-License-Identifier: MPL-2.0 */
/* Database rows -> the JSON documents of the protocol. `column` is where the block starts. */
#ifndef MIG_API_RENDER_H
#define MIG_API_RENDER_H

struct mig_buf;
typedef struct pg_result PGresult;

void mig_render_action(struct mig_buf *out, const PGresult *res, int row, int column);
/* With investigators and counters (enum mig_action_more_column). */
void mig_render_whole_action(struct mig_buf *out, const PGresult *res, int row);
void mig_render_agent(struct mig_buf *out, const PGresult *res, int row, int column);
void mig_render_command(struct mig_buf *out, const PGresult *res, int row);
void mig_render_investigator(struct mig_buf *out, const PGresult *res, int row);
/* With the public key, the column after the block, and an API key that was just made, NULL: none.
 */
void mig_render_whole_investigator(struct mig_buf *out, const PGresult *res, int row,
                                   const char *apikey);
/* The bit of a permission by its JSON key, -1 for none. */
int mig_render_permission(const char *name);

#endif
