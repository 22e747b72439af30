/* SPDX-License-Identifier: MPL-2.0 */
/* What the two halves of the mock host share. */
#ifndef MIG_MOCK_INTERNAL_H
#define MIG_MOCK_INTERNAL_H

#include <stdint.h>

#include <mig/mock_host.h>

#define MOCK_DESCRIPTORS 32u

/* What happens in wait(), oldest first. */
struct mock_event {
    int kind; /* enum mock_event_kind */
    char *text;
    int (*done)(struct mig_mock *mock, void *context); /* MOCK_UNTIL */
    void *context;
    int64_t end_ms; /* 0: it was not waited for */
    struct mock_event *next;
};

struct mig_mock {
    struct mig_host host;
    const struct mig_plugin *plugin; /* that is called */
    struct json_object *elements;
    struct json_object *statistics;
    struct json_object *errors;
    char *refusal;
    char *output;
    char *undeclared;
    int found;
    int private_mode;
    long cancel_at;
    long cancel_asked;
    long fill_at;
    long emitted;

    /* persistent plugins; see mock_persist.c */
    const struct mig_plugin *instance; /* that ask() reaches */
    struct mock_event *events, **events_end;
    struct json_object *alerts, *answers, *deliveries;
    int stopped;
    int serving; /* inside answer() or deliver() */
    int alert_code;
    int descriptors[MOCK_DESCRIPTORS]; /* 0: none yet; else the descriptor + 1 */
};

/* Replaces a text by a copy. */
void mock_keep(char **text, const char *value);
/* 0, -EINVAL or -ENOMEM; *ret_value is NULL for null. */
int mock_parse(const char *json, size_t length, struct json_object **ret_value);
/* A descriptor's member that the plugin of any minor has; NULL in an older one. */
int mock_has(const struct mig_plugin *plugin, size_t offset);

void mock_persist_start(struct mig_mock *mock);
/* Forgets what the last call left, but not the state files: a restart keeps them. */
void mock_persist_forget(struct mig_mock *mock);
void mock_persist_stop(struct mig_mock *mock);

#endif
