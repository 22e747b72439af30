/* SPDX-License-Identifier: MPL-2.0 */
/* The role that reads what came from the network: started when there is a command, gone soon after.
 */
#include "config.h"

#include <errno.h>
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>

#include "agent/assemble.h"
#include "agent/env.h"
#include "agent/message.h"
#include "agent/pack.h"
#include "agent/role.h"
#include "agent/site.h"
#include "agent/verdict.h"
#include "agent/verify.h"
#include "base/buf.h"
#include "base/frame.h"
#include "base/log.h"
#include "document/target.h"
#include "transport/tunnel.h"
#include "trust/acl.h"
#include "trust/pgp.h"

struct verifier {
    struct mig_pgp *pgp;
    struct mig_acl *acl;
    char *queueloc;
    char *home; /* folder for the throw-away keyring */
    char *tags; /* JSON */
    uint64_t check_target;
    char *mode;
    struct mig_target_record record;
    char name[256];
};

/* What targets are held against. Of the environment only what is the same in every process of the
 * agent: this one has a network of its own. */
static int
load_record(struct verifier *v)
{
    static const char *const elsewhere[] = {"addresses", "modules", "publicip"};
    struct mig_target_record *r = &v->record;

    if (r->name)
        return 0;
    r->environment = mig_env_json(NULL);
    r->tags = json_tokener_parse(v->tags);
    if (!r->environment || !r->tags)
        return -ENOMEM;
    for (size_t i = 0; i < sizeof(elsewhere) / sizeof(elsewhere[0]); i++)
        json_object_object_del(r->environment, elsewhere[i]);
    /* What the platform knows of it is a heartbeat old. */
    if ((mig_site.proxies && mig_site.proxies[0]) || mig_tunnel_environment())
        json_object_object_del(r->environment, "isproxied");
    mig_env_hostname(v->name, sizeof(v->name));
    r->name = v->name;
    r->queueloc = v->queueloc;
    r->mode = v->mode;
    r->version = PACKAGE_VERSION;
    r->status = v->check_target == 2 ? "online" : NULL;
    return 0;
}

/* The keyring costs a process of gpg: made when the first command comes, not for an answer. */
static int
load_trust(struct verifier *v, struct mig_err *err)
{
    int rc = 0;

    if (!v->acl)
        rc = mig_acl_parse(mig_site.acl, strlen(mig_site.acl), &v->acl, err);
    if (rc == 0 && !v->pgp)
        rc = mig_pgp_open_keyring(v->home, mig_site.keyring, mig_site.keyring_len, &v->pgp, err);
    return rc;
}

static int
serve_check(struct verifier *v, const struct mig_buf *request)
{
    struct mig_buf out = MIG_BUF_INIT;
    struct mig_verdict verdict = {0};
    struct mig_err err = {0};
    int rc = load_trust(v, &err);

    if (rc == 0 && v->check_target)
        rc = load_record(v);
    if (rc < 0) {
        mig_role_log(MIG_SEV_ERR, "the built-in keys or ACL can not be used: %s", err.text);
        return rc;
    }
    struct mig_verify verify = {.pgp = v->pgp,
                                .acl = v->acl,
                                .queueloc = v->queueloc,
                                .now = mig_time_now(),
                                .record = v->check_target ? &v->record : NULL,
                                .strict = v->check_target == 2};
    rc = mig_verify_command(&verify, request->data, request->len, &verdict);
    if (rc == 0)
        rc = mig_verdict_pack(&verdict, &out);
    if (rc == 0)
        rc = mig_frame_send(MIG_ROLE_FD, MIG_MSG_VERDICT, out.data, out.len);
    mig_verdict_fini(&verdict);
    mig_buf_fini(&out);
    return rc;
}

static int
serve_assemble(const struct mig_buf *request)
{
    struct mig_buf out = MIG_BUF_INIT;
    struct mig_err err = {0};
    int rc = mig_assemble_serve(request->data, request->len, mig_time_now(), &out, &err);

    if (rc < 0) {
        mig_role_log(MIG_SEV_ERR, "an answer can not be made: %s", err.text);
        mig_buf_reset(&out);
    }
    rc = mig_frame_send(MIG_ROLE_FD, MIG_MSG_ANSWER, out.data, out.len);
    mig_buf_fini(&out);
    return rc;
}

static int
serve(struct verifier *v)
{
    struct mig_buf body = MIG_BUF_INIT;
    uint32_t type;
    int rc;

    for (;;) {
        rc = mig_frame_recv(MIG_ROLE_FD, MIG_FRAME_MAX, &type, &body, NULL);
        if (rc == 0 && type == MIG_MSG_CHECK)
            rc = serve_check(v, &body);
        else if (rc == 0 && type == MIG_MSG_ASSEMBLE)
            rc = serve_assemble(&body);
        else if (rc == 0)
            rc = MIG_E_PROTOCOL;
        if (rc < 0)
            break;
    }
    mig_buf_fini(&body);
    return rc;
}

int
mig_verifier_main(const struct mig_role_user *user)
{
    struct verifier v = {0};
    struct mig_buf hello = MIG_BUF_INIT;
    struct mig_unpack in;
    struct mig_err err = {0};
    unsigned got = 0;
    int status = 1;

    if (mig_role_confine(user, MIG_ROLE_NEW_NETWORK | MIG_ROLE_NEW_TMP | MIG_ROLE_PROGRAMS, &got,
                         &err) < 0) {
        mig_role_log(MIG_SEV_ERR, "%s", err.text);
        goto out;
    }
    if (user->change && !(got & MIG_ROLE_NEW_NETWORK))
        mig_role_log(MIG_SEV_WARNING,
                     "no network namespace of its own: the kernel does not give one");
    if (mig_role_hello(&hello) < 0)
        goto out;
    mig_unpack_init(&in, hello.data, hello.len);
    v.queueloc = mig_unpack_dup(&in, NULL);
    v.home = mig_unpack_dup(&in, NULL);
    v.tags = mig_unpack_dup(&in, NULL);
    v.check_target = mig_unpack_number(&in);
    v.mode = mig_unpack_dup(&in, NULL);
    if (in.bad)
        goto out;
    serve(&v);
    status = 0;
out:
    mig_pgp_close(v.pgp);
    mig_acl_free(v.acl);
    free(v.queueloc);
    free(v.home);
    free(v.tags);
    free(v.mode);
    json_object_put(v.record.environment);
    json_object_put(v.record.tags);
    mig_buf_fini(&hello);
    return status;
}
