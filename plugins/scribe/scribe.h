/* SPDX-License-Identifier: MPL-2.0 */
#ifndef MIG_PLUGIN_SCRIBE_H
#define MIG_PLUGIN_SCRIBE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <mig/plugin.h>
#include <mig/version.h>

struct json_object;

#define SCRIBE_DOCUMENT_MAX (1u << 20) /* bytes of its text */
#define SCRIBE_ITEMS_MAX 4096u         /* variables, objects and tests, each */
#define SCRIBE_ID_MAX 512u             /* bytes of an id */
#define SCRIBE_CHAIN_DEPTH 4u
#define SCRIBE_CANDIDATES_MAX 65536u /* of one object */
#define SCRIBE_CHAIN_ROOT "${chain_root}"

/* ---- documents (document.c) ---- */

enum scribe_kind {
    SCRIBE_PACKAGE,
    SCRIBE_FILECONTENT,
    SCRIBE_FILENAME,
    SCRIBE_HASLINE,
    SCRIBE_RAW,
    SCRIBE_AFFECTED
};

enum scribe_check { SCRIBE_ANY, SCRIBE_EVR, SCRIBE_REGEXP, SCRIBE_EXACT };

/* What an object found; each value is what tests look at, and never leaves. */
struct scribe_candidate {
    char *identifier;
    char *value;
    enum mig_version_system system; /* of a package; 0: none */
    size_t order;                   /* in which it was found */
};

struct scribe_candidates {
    struct scribe_candidate *list;
    size_t count;
    size_t room;
};

struct scribe_object {
    const char *id;
    enum scribe_kind kind;
    struct json_object *body; /* what is under the kind's name, borrowed */
    bool chained;             /* it is found only from files of others */
    bool prepared;
    char *error; /* NULL: none */
    struct scribe_candidates found;
};

struct scribe_test {
    const char *id;
    const char *name;
    const char *description;
    struct json_object *tags; /* or NULL */
    struct scribe_object *object;
    enum scribe_check check;
    const char *operation; /* evr */
    const char *value;
    struct json_object *depends; /* ids, or NULL */
    bool evaluated;
    bool has_true;
    bool master;
    char *error;   /* NULL: none */
    bool *results; /* by candidate of the object */
};

struct scribe_document {
    struct json_object *json; /* owns all that is borrowed */
    struct scribe_object *objects;
    size_t objects_count;
    struct scribe_test *tests;
    size_t tests_count;
};

/* Takes and checks a document; the reference to `json` is the document's in any case. 0, or a
 * negative errno value after refuse(), which names what is wrong. */
int scribe_document_new(const struct mig_host *host, struct json_object *json,
                        struct scribe_document **ret_document);
void scribe_document_free(struct scribe_document *document);
struct scribe_object *scribe_document_object(const struct scribe_document *document,
                                             const char *id);
struct scribe_test *scribe_document_test(const struct scribe_document *document, const char *id);
/* The member, or "" when there is none. */
const char *scribe_text(struct json_object *object, const char *member);
/* A copy with the document's variables and, unless it is NULL, the chain's root in their places;
 * NULL: no memory. */
char *scribe_expand(const struct scribe_document *document, const char *text,
                    const char *chain_root);

/* JSON of a text that is JSON or YAML. 0, or a negative errno value after refuse(). */
int scribe_read_text(const struct mig_host *host, const char *text, size_t length,
                     struct json_object **ret_json);

/* ---- finding (objects.c, files.c, packages.c) ---- */

int scribe_candidates_add(struct scribe_candidates *candidates, const char *identifier,
                          const char *value, enum mig_version_system system);
void scribe_candidates_fini(struct scribe_candidates *candidates);

struct scribe_packages; /* those of this system, read once */

struct scribe_run {
    const struct mig_host *host;
    struct scribe_document *document;
    struct scribe_packages *packages;
};

void scribe_packages_free(struct scribe_packages *packages);
/* Finds what an object names, once. An object's error is its own. -ECANCELED, -ENOMEM. */
int scribe_object_prepare(struct scribe_run *run, struct scribe_object *object);
/* These append to `found`. 0, -ECANCELED, -ENOMEM, or another negative errno value after they have
 * set object->error. */
int scribe_find_packages(struct scribe_run *run, struct scribe_object *object,
                         struct scribe_candidates *found);
int scribe_find_affected(struct scribe_run *run, struct scribe_object *object,
                         struct scribe_candidates *found);
int scribe_find_files(struct scribe_run *run, struct scribe_object *object, const char *chain_root,
                      unsigned depth, struct scribe_candidates *found);
/* Sets object->error, unless there is one; gives `code`. */
int scribe_object_fail(struct scribe_object *object, int code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* An OSV package entry: whether it says of this version that it is affected. */
bool scribe_affects(struct json_object *affected, enum mig_version_system system,
                    const char *version);
/* Refuses an OSV package entry that is wrong. */
int scribe_check_affected(const struct mig_host *host, const char *id,
                          struct json_object *affected);

/* ---- tests (evaluate.c) ---- */

/* Evaluates a test and those that it depends on. -ECANCELED, -ENOMEM; a test's error is its own. */
int scribe_test_run(struct scribe_run *run, struct scribe_test *test);

int scribe_print(const struct mig_host *host, const char *result, size_t length, uint32_t flags);

#endif
