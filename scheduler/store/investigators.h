/* SPDX-License-Identifier: MPL-2.0 */
/* Investigators and their permissions (facts 2.9), as mig-admin handles them. */
#ifndef MIG_STORE_INVESTIGATORS_H
#define MIG_STORE_INVESTIGATORS_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "trust/pgp.h"

struct mig_buf;
struct mig_db;

#define MIG_PERM_DEFAULT 63u
#define MIG_PERM_LOADER 1984u    /* bits 6-10 */
#define MIG_PERM_MANIFEST 63488u /* bits 11-15 */
#define MIG_PERM_ADMIN 458752u   /* bits 16-18 */
#define MIG_PERM_ALL 524287u

/* "all", or a comma list of groups (default, loader, manifest, admin) and of single permissions by
 * their JSON keys ("action_create") -> mask. MIG_E_INVALID names what is unknown and lists what
 * there is. */
int mig_permissions_parse(const char *text, uint32_t *ret, struct mig_err *err);
/* Appends the descriptive text of facts 2.9: "Default,PermAdmin", "PermLoader(partial)". */
void mig_permissions_text(uint32_t mask, struct mig_buf *out);

/* Checks that a text is one armored public key that is usable and can sign, and nothing else;
 * gives its fingerprint. MIG_E_INVALID. */
int mig_investigators_key(const char *text, size_t len, char fpr[MIG_FPR_LEN + 1],
                          struct mig_err *err);

/* `publickey` is the armored text; without one (len 0) fpr is NULL. MIG_E_INVALID when the
 * fingerprint is there already. */
int mig_investigators_add(struct mig_db *db, const char *name, const char *fpr,
                          const void *publickey, size_t len, uint32_t permissions, int64_t *ret_id,
                          struct mig_err *err);
/* `which` is an id, a fingerprint or a name that only one has. `status` is active or disabled. */
int mig_investigators_set_status(struct mig_db *db, const char *which, const char *status,
                                 struct mig_err *err);

struct mig_investigator {
    int64_t id;
    const char *name;
    const char *fpr;
    const char *status;
    uint32_t permissions;
};
int mig_investigators_list(struct mig_db *db,
                           void (*each)(const struct mig_investigator *who, void *context),
                           void *context, struct mig_err *err);

/* Numbers of things by state, for `mig-admin status`: each is called with "agents online", 12. */
int mig_investigators_platform_status(struct mig_db *db,
                                      void (*each)(const char *what, const char *value,
                                                   void *context),
                                      void *context, struct mig_err *err);

#endif
