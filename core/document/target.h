/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Is this agent meant? A target expression, which the scheduler gives to PostgreSQL, evaluated
 * against the agent's own record, as far as it is in this subset of SQL:
 *
 *   AND, OR, NOT, parentheses, TRUE, FALSE, NULL, IS [NOT] NULL|TRUE|FALSE
 *   =  <>  !=  on texts, numbers and truths; <  <=  >  >=  and BETWEEN on numbers
 *   [NOT] LIKE, [NOT] ILIKE, [NOT] IN (values), ~  ~*  !~  !~*
 *   'text', numbers, and the columns name, queueloc, mode, version
 *   environment and tags with ->, ->> and #>>
 *
 * NULL is PostgreSQL's. All else is undecided: other columns (status, id, times, pid, ...), members
 * of the environment that the caller does not know, functions, sub-selects, casts, an order of
 * texts (it is the database's collation), a regular expression beyond . * + ? [] () | ^ $ in ASCII,
 * what can not be read. Undecided parts decide nothing: false AND undecided is false, true OR
 * undecided is true.
 */
#ifndef MIG_DOCUMENT_TARGET_H
#define MIG_DOCUMENT_TARGET_H

struct json_object;

struct mig_target_record {
    const char *name, *queueloc, *mode, *version; /* NULL: not known */
    const char *status;              /* NULL, unless the caller takes itself for online */
    struct json_object *environment; /* members that are known; another one is undecided. Or NULL */
    struct json_object *tags;        /* all tags; another one is NULL in SQL. Or NULL */
};

enum mig_target_truth {
    MIG_TARGET_FALSE, /* or NULL, which selects nothing either */
    MIG_TARGET_TRUE,
    MIG_TARGET_UNDECIDED
};

enum mig_target_truth mig_target_evaluate(const char *target,
                                          const struct mig_target_record *record);

#endif
