/* SPDX-License-Identifier: MPL-2.0 */
/* The API as an investigator sees it: Collection+JSON behind X-PGPAUTHORIZATION tokens or an API
 * key. */
#ifndef MIG_CLI_CLIENT_H
#define MIG_CLI_CLIENT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

struct json_object;
struct mig_buf;
struct mig_client;
struct mig_migrc;
struct mig_pgp;

/* `migrc` and `pgp` must outlive it; pgp may be NULL with an API key. `verbose` shows each request
 * and the status of its answer on stderr, never a token. */
int mig_client_open(const struct mig_migrc *migrc, struct mig_pgp *pgp, bool verbose,
                    struct mig_client **ret, struct mig_err *err);
void mig_client_close(struct mig_client *client);

/* Signs the token of the next request now, while there is nothing else to do: gpg takes some 30 ms
 * for it. An error is not one yet: the request says it. */
void mig_client_prepare(struct mig_client *client);

/* GET api.url + path, which may hold a query. *ret is the array of items, to be put.
 * MIG_E_NOT_FOUND for a 404, MIG_E_DENIED for a 401 that a new token did not cure, with the API's
 * message. */
int mig_client_get(struct mig_client *client, const char *path, struct json_object **ret,
                   struct mig_err *err);
/* The same of an answer that may be large, of which no tree is built: calls each() with the JSON
 * text of the value of every data `name`, and tells how many they were. MIG_E_LIMIT, before any,
 * when it is over 64 MiB. */
int mig_client_each(struct mig_client *client, const char *path, const char *name,
                    void (*each)(void *context, const char *text, size_t len), void *context,
                    size_t *ret_count, struct mig_err *err);
/* POST of one form field. */
int mig_client_post(struct mig_client *client, const char *path, const char *field,
                    const void *value, size_t len, struct json_object **ret, struct mig_err *err);
/* The value of the data `name` of one item; NULL when it has none. name NULL: of its first data. */
struct json_object *mig_client_data(struct json_object *item, const char *name);
/* How many of the items have the data `name`. */
size_t mig_client_count(struct json_object *items, const char *name);
/* The items of an answer's text, and the API's message when it holds one. */
int mig_client_items(const char *text, size_t len, struct json_object **ret_items,
                     struct mig_buf *ret_message, struct mig_err *err);

#endif
