/* SPDX-License-Identifier: MPL-2.0 */
/* Inside the search engine: the hashes that a search asks for are a set. */
#ifndef MIG_SEARCH_HASHES_H
#define MIG_SEARCH_HASHES_H

#include "search_evaluation.h"

/* Enters the hash checks of a search, once they are compiled. 0 or -ENOMEM. */
int mig_hashes_init(struct search *search);
void mig_hashes_fini(struct search *search);

/* Decides the checks of one algorithm, of a search that is alive. */
void mig_hashes_decide(struct evaluation *evaluation, size_t search, enum mig_digest algorithm,
                       const uint8_t *digest);

#endif
