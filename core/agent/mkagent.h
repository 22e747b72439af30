/* SPDX-License-Identifier: MPL-2.0 */
/*
 * mig-mkagent: a site folder -> an agent.
 *
 *   agent.conf  acl.json  keys/NAME.asc  [tls/{ca,cert,key}.pem]  [plugins.allow]
 *
 * Everything is checked before anything is made: an agent that would obey nobody, or somebody that
 * the site does not name, is not linked.
 */
#ifndef MIG_AGENT_MKAGENT_H
#define MIG_AGENT_MKAGENT_H

#include <stdio.h>

#include "agent/site.h"
#include "base/buf.h"
#include "base/error.h"
#include "trust/pgp.h"
#include "trust/whitelist.h"

struct mig_acl;
struct mig_conf;

struct mig_mksite {
    struct mig_site site; /* its texts belong to conf, lists and the buffers here */
    struct mig_conf *conf;
    struct mig_acl *acl;
    const char **relays;
    char **tags;
    char **persist;
    char **proxies;
    struct mig_pgp_key *keys;
    size_t keys_count;
    struct mig_whitelist_entry *plugins; /* names and versions are ours */
    size_t plugins_count;
    struct mig_buf acl_text, keyring, ca, cert, key, api;
};

/* Reads and checks the folder. Errors name the file, what was expected and what was found. */
int mig_mksite_load(const char *dir, struct mig_mksite *ret, struct mig_err *err);
void mig_mksite_fini(struct mig_mksite *site);
/* agent.conf -> site: agent/mksite_conf.c */
int mig_mksite_conf(const char *dir, struct mig_mksite *site, struct mig_err *err);
/* [persist] and persist/NAME.json -> site: agent/mksite_persist.c */
int mig_mksite_persist(const char *dir, struct mig_mksite *site, struct mig_err *err);
/* Says whom the agent will obey, for people. */
void mig_mksite_summary(const struct mig_mksite *site, FILE *out);
/* Appends C that defines mig_site, mig_whitelist and mig_builtins and includes nothing. */
int mig_mksite_source(const struct mig_mksite *site, struct mig_buf *out);

struct mig_link {
    const char *output;
    const char *cc;
    const char *lib_dir;
};
/* Compiles the source (passed on stdin: it holds secrets) and links it with the libraries of
 * lib_dir; the output appears whole, with mode 0700, or not at all. */
int mig_link_agent(const struct mig_link *link, const struct mig_buf *source, struct mig_err *err);
extern const char *const mig_link_cc;

int mig_mkagent_main(int argc, char **argv);

#endif
