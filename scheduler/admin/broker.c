/* SPDX-License-Identifier: MPL-2.0 */
#include "config.h"
#include "admin/broker.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <openssl/evp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/base64.h"
#include "base/buf.h"
#include "base/file.h"
#include "base/id.h"
#include "base/json.h"

#define PASSWORD_LEN 32
#define PASSWORDS_MAX (16u << 20)
#define QUEUELOC_MAX 200 /* of the 255 bytes that a queue's name may have */

struct broker {
    const char *passwords; /* the file */
    const char *output;    /* NULL: standard output */
    const char *vhost;
    const char *queues;
    struct mig_buf known; /* lines user:password, as they were and as they are to be */
    bool made;            /* there are new ones among them */
    struct mig_buf json;
};

struct account {
    const char *name;
    const char *configure, *write, *read; /* regular expressions */
};

/* ---- passwords -------------------------------------------------------------------------------
 */

static int
load_passwords(struct broker *b, struct mig_err *err)
{
    if (access(b->passwords, F_OK) < 0 && errno == ENOENT)
        return 0;
    return mig_file_read(b->passwords, PASSWORDS_MAX, &b->known, err);
}

/* The password behind "name:", or NULL. *ret_len is its length. */
static const char *
find_password(const struct broker *b, const char *name, size_t *ret_len)
{
    size_t len = strlen(name);

    for (const char *line = b->known.data; line && *line; line += strspn(line, "\r\n")) {
        size_t all = strcspn(line, "\r\n");
        if (all > len + 1 && strncmp(line, name, len) == 0 && line[len] == ':') {
            *ret_len = all - len - 1;
            return line + len + 1;
        }
        line += all;
    }
    return NULL;
}

static int
make_password(struct broker *b, const char *name, struct mig_err *err)
{
    char text[PASSWORD_LEN + 1];
    int r = mig_random_text(text, PASSWORD_LEN);

    if (r < 0)
        return mig_err_errno(err, -r, "a password for %s", name);
    if (b->known.len && b->known.data[b->known.len - 1] != '\n')
        mig_buf_addc(&b->known, '\n');
    mig_buf_addf(&b->known, "%s:%s\n", name, text);
    explicit_bzero(text, sizeof(text));
    b->made = true;
    return b->known.failed ? mig_err_errno(err, ENOMEM, "passwords") : 0;
}

/* For the owner only, and never half a file. */
static int
replace_file(const char *path, const struct mig_buf *text, struct mig_err *err)
{
    const char *slash = strrchr(path, '/');
    char *folder = slash ? strndup(path, (size_t)(slash - path) + 1) : strdup(".");
    int fd = folder ? open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
    int r = fd < 0 ? -errno
                   : mig_file_replace(fd, slash ? slash + 1 : path, text->data, text->len, 0600);

    if (fd >= 0)
        close(fd);
    free(folder);
    return r < 0 ? mig_err_errno(err, -r, "%s", path) : 0;
}

/* As RabbitMQ keeps it (Password hashing, RabbitMQ's manual): base64 of a salt of four bytes and
 * the SHA-256 of that and the password. */
static int
add_hash(struct broker *b, const char *password, size_t len, struct mig_err *err)
{
    unsigned char bytes[4 + EVP_MAX_MD_SIZE];
    struct mig_buf text = MIG_BUF_INIT;
    unsigned size = 0;
    int r = mig_random(bytes, 4);

    mig_buf_add(&text, bytes, 4);
    mig_buf_add(&text, password, len);
    if (r == 0 &&
        (text.failed || EVP_Digest(text.data, text.len, bytes + 4, &size, EVP_sha256(), NULL) != 1))
        r = -ENOMEM;
    if (r == 0)
        r = mig_base64_encode(bytes, 4 + size, &b->json);
    if (text.data)
        explicit_bzero(text.data, text.cap);
    mig_buf_fini(&text);
    return r < 0 ? mig_err_errno(err, -r, "the digest of a password") : 0;
}

/* ---- definitions -----------------------------------------------------------------------------
 */

/* "key":"value" with what comes before it. */
static void
add_pair(struct mig_buf *json, const char *before, const char *key, const char *value)
{
    mig_buf_addf(json, "%s\"%s\":", before, key);
    mig_json_add_string(json, value, strlen(value));
}

static int
add_users(struct broker *b, const struct account *accounts, size_t count, struct mig_err *err)
{
    mig_buf_adds(&b->json, "\"users\":[");
    for (size_t i = 0; i < count; i++) {
        const char *name = accounts[i].name, *password;
        size_t len = 0;
        int r = find_password(b, name, &len) ? 0 : make_password(b, name, err);
        if (r < 0)
            return r;
        add_pair(&b->json, i ? ",\n {" : "\n {", "name", name);
        mig_buf_adds(&b->json, ",\"hashing_algorithm\":\"rabbit_password_hashing_sha256\","
                               "\"tags\":\"\",\"password_hash\":\"");
        password = find_password(b, name, &len);
        r = add_hash(b, password, len, err);
        if (r < 0)
            return r;
        mig_buf_adds(&b->json, "\"}");
    }
    mig_buf_adds(&b->json, "],\n\"permissions\":[");
    for (size_t i = 0; i < count; i++) {
        add_pair(&b->json, i ? ",\n {" : "\n {", "user", accounts[i].name);
        add_pair(&b->json, ",", "vhost", b->vhost);
        add_pair(&b->json, ",", "configure", accounts[i].configure);
        add_pair(&b->json, ",", "write", accounts[i].write);
        add_pair(&b->json, ",", "read", accounts[i].read);
        mig_buf_addc(&b->json, '}');
    }
    mig_buf_addc(&b->json, ']');
    return 0;
}

static void
add_vhost(struct broker *b)
{
    mig_buf_adds(&b->json, "{");
    add_pair(&b->json, "\"vhosts\":[{", "name", b->vhost);
    mig_buf_adds(&b->json, "}],\n");
}

static void
add_exchanges(struct broker *b)
{
    static const char *const names[] = {"toagents", "toschedulers"};

    mig_buf_adds(&b->json, ",\n\"exchanges\":[");
    for (size_t i = 0; i < 2; i++) {
        add_pair(&b->json, i ? ",\n {" : "\n {", "name", names[i]);
        add_pair(&b->json, ",", "vhost", b->vhost);
        mig_buf_adds(&b->json, ",\"type\":\"direct\",\"durable\":true,\"auto_delete\":false,"
                               "\"internal\":false,\"arguments\":{}}");
    }
    mig_buf_addc(&b->json, ']');
}

static void
add_policies(struct broker *b)
{
    mig_buf_adds(&b->json, ",\n\"policies\":[");
    if (strcmp(b->queues, "mirrored") == 0) {
        add_pair(&b->json, "\n {", "vhost", b->vhost);
        mig_buf_adds(&b->json,
                     ",\"name\":\"mig\",\"pattern\":\"^mig\\\\.\",\"apply-to\":\"queues\","
                     "\"priority\":0,\"definition\":{\"ha-mode\":\"all\","
                     "\"ha-sync-mode\":\"automatic\"}}");
    }
    mig_buf_adds(&b->json, "]");
}

/* A queue of its own, bound: an account of one agent may not bind, or it could have the commands of
 * any other copied to its own queue. */
static void
add_queues(struct broker *b, char **agents, size_t count)
{
    mig_buf_adds(&b->json, ",\n\"queues\":[");
    for (size_t i = 0; i < count; i++) {
        mig_buf_addf(&b->json, "%s\n {\"name\":\"mig.agt.%s\"", i ? "," : "", agents[i]);
        add_pair(&b->json, ",", "vhost", b->vhost);
        mig_buf_adds(&b->json, ",\"durable\":true,\"auto_delete\":false,\"arguments\":{}}");
    }
    mig_buf_adds(&b->json, "],\n\"bindings\":[");
    for (size_t i = 0; i < count; i++) {
        mig_buf_addf(
            &b->json,
            "%s\n {\"source\":\"toagents\",\"destination\":\"mig.agt.%s\","
            "\"destination_type\":\"queue\",\"routing_key\":\"mig.agt.%s\",\"arguments\":{}",
            i ? "," : "", agents[i], agents[i]);
        add_pair(&b->json, ",", "vhost", b->vhost);
        mig_buf_addc(&b->json, '}');
    }
    mig_buf_addc(&b->json, ']');
}

/* The new passwords are on disk before the broker can learn of them. */
static int
finish(struct broker *b, struct mig_err *err)
{
    mig_buf_adds(&b->json, "}\n");
    int r = b->json.failed || b->known.failed ? mig_err_errno(err, ENOMEM, "definitions") : 0;

    if (r == 0 && b->made) {
        r = replace_file(b->passwords, &b->known, err);
        if (r == 0)
            fprintf(stderr, "mig-admin: new passwords are in %s\n", b->passwords);
    }
    if (r == 0 && b->output)
        r = replace_file(b->output, &b->json, err);
    else if (r == 0)
        r = fwrite(b->json.data, 1, b->json.len, stdout) == b->json.len && fflush(stdout) == 0
                ? 0
                : mig_err_errno(err, errno, "standard output");
    return r;
}

static void
broker_fini(struct broker *b)
{
    if (b->known.data)
        explicit_bzero(b->known.data, b->known.cap);
    mig_buf_fini(&b->known);
    mig_buf_fini(&b->json);
}

/* ---- commands --------------------------------------------------------------------------------
 */

/* Leaves optind at the first argument that is no option. */
static int
parse_options(struct broker *b, int argc, char **argv, struct mig_err *err)
{
    static const struct option options[] = {{"password-file", required_argument, NULL, 'p'},
                                            {"output", required_argument, NULL, 'o'},
                                            {"vhost", required_argument, NULL, 'v'},
                                            {"queues", required_argument, NULL, 'q'},
                                            {NULL, 0, NULL, 0}};
    int opt;

    *b = (struct broker){
        .vhost = "mig", .queues = "classic", .known = MIG_BUF_INIT, .json = MIG_BUF_INIT};
    optind = 1;
    while ((opt = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (opt == 'p')
            b->passwords = optarg;
        else if (opt == 'o')
            b->output = optarg;
        else if (opt == 'v')
            b->vhost = optarg;
        else if (opt == 'q')
            b->queues = optarg;
        else
            return MIG_E_SYNTAX;
    }
    if (!b->passwords)
        return mig_err_set(err, MIG_E_SYNTAX, "%s needs --password-file", argv[0]);
    if (!*b->vhost)
        return mig_err_set(err, MIG_E_SYNTAX, "%s: --vhost is empty", argv[0]);
    if (strcmp(b->queues, "classic") != 0 && strcmp(b->queues, "mirrored") != 0)
        return mig_err_set(err, MIG_E_SYNTAX,
                           "%s: --queues '%s': expected classic or mirrored; quorum queues are "
                           "declared by mig-scheduler: [mq] queuetype = quorum",
                           argv[0], b->queues);
    return 0;
}

int
mig_admin_rabbitmq(int argc, char **argv, struct mig_err *err)
{
    /* An agent's account is every agent's here: it can not read results, but any agent's queue. */
    static const struct account accounts[] = {
        {"scheduler", "^(toagents|toschedulers|mig\\.agt\\..*)$",
         "^(toagents|amq\\.default|mig\\.agt\\..*)$",
         "^(toagents|toschedulers|mig\\.agt\\.(heartbeats|results))$"},
        {"agent", "^mig\\.agt\\.(?!(heartbeats|results)$).*$",
         "^(toschedulers|mig\\.agt\\.(?!(heartbeats|results)$).*)$",
         "^(toagents|mig\\.agt\\.(?!(heartbeats|results)$).*)$"},
    };
    struct broker b;
    int r = parse_options(&b, argc, argv, err);

    if (r == 0 && optind < argc)
        r = mig_err_set(err, MIG_E_SYNTAX, "rabbitmq: '%s' is too much", argv[optind]);
    if (r == 0)
        r = load_passwords(&b, err);
    if (r == 0) {
        add_vhost(&b);
        r = add_users(&b, accounts, 2, err);
    }
    if (r == 0) {
        add_exchanges(&b);
        add_policies(&b);
        r = finish(&b, err);
    }
    broker_fini(&b);
    return r;
}

static int
check_queueloc(const char *text, struct mig_err *err)
{
    size_t len = strlen(text);

    if (len == 0 || len > QUEUELOC_MAX ||
        strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-") != len ||
        strcmp(text, "results") == 0 || strcmp(text, "heartbeats") == 0)
        return mig_err_set(err, MIG_E_SYNTAX,
                           "agent-credentials: '%.300s' is no queue location: expected one such as "
                           "linux.<id>: see `mig-admin agent list`",
                           text);
    return 0;
}

/* ^mig\.agt\.<queueloc>$ */
static char *
own_queue(const char *queueloc)
{
    struct mig_buf text = MIG_BUF_INIT;

    mig_buf_adds(&text, "^mig\\.agt\\.");
    for (; *queueloc; queueloc++) {
        if (*queueloc == '.')
            mig_buf_addc(&text, '\\');
        mig_buf_addc(&text, *queueloc);
    }
    mig_buf_addc(&text, '$');
    return mig_buf_take(&text, NULL);
}

/* Its name is the queue location; it may declare, consume and delete its queue and publish results,
 * and that is all. */
static int
agent_accounts(struct broker *b, char **agents, size_t count, struct mig_err *err)
{
    struct account *accounts = calloc(count, sizeof(*accounts));
    int r = accounts ? 0 : mig_err_errno(err, ENOMEM, "accounts");

    for (size_t i = 0; r == 0 && i < count; i++) {
        char *queue = own_queue(agents[i]);
        accounts[i] = (struct account){agents[i], queue, "^toschedulers$", queue};
        if (!queue)
            r = mig_err_errno(err, ENOMEM, "accounts");
    }
    if (r == 0) {
        add_vhost(b);
        r = add_users(b, accounts, count, err);
    }
    for (size_t i = 0; accounts && i < count; i++)
        free((char *)(uintptr_t)accounts[i].configure);
    free(accounts);
    return r;
}

int
mig_admin_agent_credentials(int argc, char **argv, struct mig_err *err)
{
    struct broker b;
    int r = parse_options(&b, argc, argv, err);
    char **agents = argv + optind;
    size_t count = argc > optind ? (size_t)(argc - optind) : 0;

    if (r == 0 && count == 0)
        r = mig_err_set(err, MIG_E_SYNTAX, "agent-credentials needs queue locations");
    for (size_t i = 0; r == 0 && i < count; i++)
        r = check_queueloc(agents[i], err);
    if (r == 0)
        r = load_passwords(&b, err);
    if (r == 0)
        r = agent_accounts(&b, agents, count, err);
    if (r == 0) {
        add_exchanges(&b);
        add_queues(&b, agents, count);
        r = finish(&b, err);
    }
    broker_fini(&b);
    return r;
}
