/* SPDX-License-Identifier: MPL-2.0 */
#include "config.h"
#include "trust/acl.h"

#include <errno.h>
#include <json-c/json.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/json.h"
#include "trust/image.h"

#define ACL_MAX_BYTES (1u << 20)
#define FPR_LEN 40
#define WEIGHT_MAX 1000000 /* so that no sum can overflow */

struct investigator {
    char *label;
    char fpr[FPR_LEN + 1]; /* upper case */
    int64_t weight;
};

struct entry {
    char *module;
    int64_t minimum;
    struct investigator *people;
    size_t count;
};

struct mig_acl {
    struct entry *entries;
    size_t count;
};

void
mig_acl_free(struct mig_acl *acl)
{
    if (acl == NULL)
        return;
    for (size_t i = 0; i < acl->count; i++) {
        for (size_t p = 0; p < acl->entries[i].count; p++)
            free(acl->entries[i].people[p].label);
        free(acl->entries[i].people);
        free(acl->entries[i].module);
    }
    free(acl->entries);
    free(acl);
}

/* A member that is not known would be without effect: most likely a spelling mistake in a rule. */
static int
only_members(struct json_object *obj, const char *first, const char *second, struct mig_err *err)
{
    json_object_object_foreach(obj, key, value)
    {
        (void)value;
        if (strcmp(key, first) != 0 && strcmp(key, second) != 0)
            return mig_err_set(err, MIG_E_INVALID, "unknown member '%.64s', expected %s and %s",
                               key, first, second);
    }
    return 0;
}

static int
parse_fingerprint(const char *text, char fpr[FPR_LEN + 1], struct mig_err *err)
{
    if (strlen(text) != FPR_LEN || strspn(text, "0123456789abcdefABCDEF") != FPR_LEN)
        return mig_err_set(err, MIG_E_INVALID,
                           "fingerprint '%.80s', expected the 40 hexadecimal digits that gpg "
                           "--fingerprint prints, without spaces",
                           text);
    for (size_t i = 0; i <= FPR_LEN; i++)
        fpr[i] = text[i] >= 'a' && text[i] <= 'f' ? (char)(text[i] - 'a' + 'A') : text[i];
    return 0;
}

static int
parse_investigator(const char *label, struct json_object *obj, struct investigator *ret,
                   struct mig_err *err)
{
    const char *fingerprint = NULL;
    int rc;

    if (label[0] == '\0')
        return mig_err_set(err, MIG_E_INVALID, "an investigator has an empty name");
    if (!json_object_is_type(obj, json_type_object))
        return mig_err_set(err, MIG_E_INVALID, "expected an object with fingerprint and weight");
    rc = only_members(obj, "fingerprint", "weight", err);
    if (rc == 0)
        rc = mig_json_get_string(obj, "fingerprint", 1, &fingerprint, err);
    if (rc == 0)
        rc = parse_fingerprint(fingerprint, ret->fpr, err);
    if (rc == 0)
        rc = mig_json_get_int64(obj, "weight", 1, &ret->weight, err);
    if (rc == 0 && (ret->weight < 1 || ret->weight > WEIGHT_MAX))
        rc = mig_err_set(err, MIG_E_INVALID, "weight %lld, expected 1 to %d",
                         (long long)ret->weight, WEIGHT_MAX);
    if (rc == 0 && (ret->label = strdup(label)) == NULL)
        rc = mig_err_errno(err, ENOMEM, "ACL");
    return rc;
}

static int
parse_people(struct json_object *obj, struct entry *entry, struct mig_err *err)
{
    entry->people = calloc((size_t)json_object_object_length(obj) + 1, sizeof(*entry->people));
    if (entry->people == NULL)
        return mig_err_errno(err, ENOMEM, "ACL");
    json_object_object_foreach(obj, label, person)
    {
        int rc = parse_investigator(label, person, &entry->people[entry->count], err);

        if (rc < 0) {
            mig_err_prefix(err, "investigator '%.64s'", label);
            return rc;
        }
        entry->count++;
    }
    return 0;
}

static int
parse_entry(const char *module, struct json_object *obj, struct entry *entry, struct mig_err *err)
{
    struct json_object *people = NULL;
    int rc;

    if (!mig_image_name_valid(module))
        return mig_err_set(err, MIG_E_INVALID,
                           "no module can have this name: expected a-z, 0-9, _ and a letter first");
    if (!json_object_is_type(obj, json_type_object))
        return mig_err_set(err, MIG_E_INVALID,
                           "expected an object with minimumweight and investigators");
    rc = only_members(obj, "minimumweight", "investigators", err);
    if (rc == 0)
        rc = mig_json_get_int64(obj, "minimumweight", 1, &entry->minimum, err);
    if (rc < 0)
        return rc;
    if (entry->minimum < 1 || entry->minimum > WEIGHT_MAX)
        return mig_err_set(
            err, MIG_E_INVALID,
            "invalid ACL %s, weight must be > 0: minimumweight %lld, expected 1 to %d", module,
            (long long)entry->minimum, WEIGHT_MAX);
    if (!json_object_object_get_ex(obj, "investigators", &people) ||
        !json_object_is_type(people, json_type_object))
        return mig_err_set(err, MIG_E_INVALID,
                           "investigators is missing or no object: expected {\"NAME\": "
                           "{\"fingerprint\": …, \"weight\": …}}");
    entry->module = strdup(module);
    if (entry->module == NULL)
        return mig_err_errno(err, ENOMEM, "ACL");
    return parse_people(people, entry, err);
}

static int
parse_entries(struct json_object *obj, struct mig_acl *acl, struct mig_err *err)
{
    acl->entries = calloc((size_t)json_object_object_length(obj) + 1, sizeof(*acl->entries));
    if (acl->entries == NULL)
        return mig_err_errno(err, ENOMEM, "ACL");
    json_object_object_foreach(obj, module, rule)
    {
        /* Counted first, so that a half-read entry is freed too. */
        int rc = parse_entry(module, rule, &acl->entries[acl->count++], err);

        if (rc < 0) {
            mig_err_prefix(err, "ACL of '%.64s'", module);
            return rc;
        }
    }
    return 0;
}

int
mig_acl_parse(const char *json, size_t len, struct mig_acl **ret, struct mig_err *err)
{
    const struct mig_json_limits limits = {.max_bytes = ACL_MAX_BYTES, .max_depth = 8};
    struct json_object *obj = NULL;
    struct mig_acl *acl = NULL;
    int rc;

    rc = mig_json_parse(json, len, &limits, &obj, err);
    if (rc < 0) {
        mig_err_prefix(err, "ACL");
        return rc;
    }
    acl = calloc(1, sizeof(*acl));
    if (acl == NULL)
        rc = mig_err_errno(err, ENOMEM, "ACL");
    else if (!json_object_is_type(obj, json_type_object))
        rc = mig_err_set(err, MIG_E_INVALID,
                         "ACL is no object, expected {\"MODULE\": {\"minimumweight\": …, "
                         "\"investigators\": …}}");
    else
        rc = parse_entries(obj, acl, err);
    if (rc == 0) {
        *ret = acl;
        acl = NULL;
    }
    mig_acl_free(acl);
    json_object_put(obj);
    return rc;
}

static const struct entry *
find_entry(const struct mig_acl *acl, const char *module)
{
    for (size_t i = 0; i < acl->count; i++) {
        if (strcmp(acl->entries[i].module, module) == 0)
            return &acl->entries[i];
    }
    return NULL;
}

/* The greatest weight that the entry gives to this fingerprint; 0 when it does not name it. */
static int64_t
weight_of(const struct entry *entry, const char *fpr)
{
    int64_t weight = 0;

    for (size_t i = 0; i < entry->count; i++) {
        if (strcasecmp(entry->people[i].fpr, fpr) == 0 && entry->people[i].weight > weight)
            weight = entry->people[i].weight;
    }
    return weight;
}

int
mig_acl_check(const struct mig_acl *acl, const char *module, const char *const fprs[], size_t count,
              struct mig_err *err)
{
    const struct entry *entry;
    int64_t weight = 0;

    for (size_t i = 0; i < count; i++) {
        for (size_t j = 0; j < i; j++) {
            if (strcasecmp(fprs[i], fprs[j]) == 0)
                return mig_err_set(err, MIG_E_DENIED,
                                   "permission violation: key %s used to sign multiple times",
                                   fprs[i]);
        }
    }
    entry = find_entry(acl, module);
    if (entry == NULL)
        entry = find_entry(acl, "default");
    if (entry == NULL)
        return mig_err_set(err, MIG_E_DENIED, "no ACL entry found for %s, and no default present",
                           module);
    for (size_t i = 0; i < count; i++)
        weight += weight_of(entry, fprs[i]);
    if (weight < entry->minimum)
        return mig_err_set(err, MIG_E_DENIED,
                           "permission denied for operation %s, insufficient signatures weight "
                           "(need %lld, got %lld)",
                           module, (long long)entry->minimum, (long long)weight);
    return 0;
}

/* What all the entry's investigators together can reach, each key counted once. */
static int64_t
reachable(const struct entry *entry)
{
    int64_t sum = 0;

    for (size_t i = 0; i < entry->count; i++) {
        size_t first = 0;

        while (strcmp(entry->people[first].fpr, entry->people[i].fpr) != 0)
            first++;
        if (first == i)
            sum += weight_of(entry, entry->people[i].fpr);
    }
    return sum;
}

int
mig_acl_walk(const struct mig_acl *acl,
             int (*each)(void *context, const char *module, const char *label, const char *fpr),
             void *context)
{
    for (size_t i = 0; i < acl->count; i++) {
        const struct entry *entry = &acl->entries[i];
        int rc;

        for (size_t p = 0; p < entry->count; p++) {
            rc = each(context, entry->module, entry->people[p].label, entry->people[p].fpr);
            if (rc != 0)
                return rc;
        }
        rc = reachable(entry) < entry->minimum ? each(context, entry->module, NULL, NULL) : 0;
        if (rc != 0)
            return rc;
    }
    return 0;
}
