/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Inside the search engine: the content checks of all searches in one pass over a stream's lines.
 *
 * Each pattern is compiled to the texts of which a match must hold one, all of which are looked for
 * at once; only where one is found the regular expression is asked, of that line. Patterns for
 * which there is no such text are matched one by one, and so are those that all lines must match.
 */
#ifndef MIG_SEARCH_CONTENTS_H
#define MIG_SEARCH_CONTENTS_H

#include "search_evaluation.h"

/* The checks of a set. Read-only once it is made. */
struct contents;
/* 0 or -ENOMEM. */
int mig_contents_new(const struct mig_search_set *set, struct contents **ret_contents);
void mig_contents_free(struct contents *contents);

/* A stream, one after the other, of one thread. */
struct contents_run;
struct contents_run *mig_contents_run_new(const struct contents *contents,
                                          struct mig_regex_scratch *scratch);
void mig_contents_run_free(struct contents_run *run);

/* Starts a stream for the searches that are alive and marked in `here`, which stays until the
 * stream's end. All their content checks must be open. */
void mig_contents_start(struct contents_run *run, struct evaluation *evaluation, const bool *here);
/* 0 or -ENOMEM. */
int mig_contents_feed(struct contents_run *run, const char *data, size_t length);
/* The end: decides what no line did. */
void mig_contents_finish(struct contents_run *run);
/* Leaves what is open undecided. */
void mig_contents_abandon(struct contents_run *run);
/* No bytes are needed any more. */
bool mig_contents_idle(const struct contents_run *run);
/* Why a check could not be decided and stays open, and its value; NULL: none. */
const char *mig_contents_trouble(const struct contents_run *run, const char **ret_value);

#endif
