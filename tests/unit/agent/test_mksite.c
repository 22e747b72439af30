/* SPDX-License-Identifier: MPL-2.0 */
/* A site folder with any mistake makes no agent, and the message says which. */
#include "config.h"

#include "../base/unit.h"

#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../trust/gpg_home.h"
#include "agent/mkagent.h"
#include "base/file.h"

#define ARGS(...) ((const char *const[]){__VA_ARGS__, NULL})
#define CONF "[agent]\nrelay = \"amqp://u:secret@127.0.0.1:5672/mig\"\n"

static struct gpg_home home;
static char folder[64];
static char fpr[MIG_FPR_LEN + 1];
static struct mig_buf alice = MIG_BUF_INIT, encrypt = MIG_BUF_INIT, expired = MIG_BUF_INIT;

static int
export_key(const char *mail, struct mig_buf *out)
{
    struct mig_pgp_key *keys = NULL;
    struct mig_buf all = MIG_BUF_INIT;
    struct mig_pgp *pgp = NULL;
    size_t count = 0;
    int rc = -1;

    if (mig_pgp_open(home.path, &pgp, NULL) == 0 && mig_pgp_export(pgp, NULL, 0, &all, NULL) == 0 &&
        mig_pgp_inspect(all.data, all.len, &keys, &count, NULL) == 0)
        for (size_t i = 0; i < count; i++)
            if (strcmp(keys[i].uid, mail) == 0) {
                if (out == &alice)
                    memcpy(fpr, keys[i].fpr, sizeof(fpr));
                rc = mig_pgp_export(pgp, keys[i].fpr, 1, out, NULL);
            }
    free(keys);
    mig_buf_fini(&all);
    mig_pgp_close(pgp);
    return rc;
}

static int
setup_keys(void **state)
{
    (void)state;
    if (gpg_home_make(&home) != 0 ||
        gpg_run(&home, ARGS("--quick-gen-key", "alice@test", "ed25519", "sign", "never")) != 0 ||
        gpg_run(&home, ARGS("--quick-gen-key", "encrypt@test", "ed25519", "cert", "never")) != 0 ||
        gpg_run(&home, ARGS("--faked-system-time", "20200101T000000!", "--quick-gen-key",
                            "expired@test", "ed25519", "sign", "1d")) != 0)
        return -1;
    return export_key("alice@test", &alice) || export_key("encrypt@test", &encrypt) ||
           export_key("expired@test", &expired);
}

static int
teardown_keys(void **state)
{
    (void)state;
    mig_buf_fini(&alice);
    mig_buf_fini(&encrypt);
    mig_buf_fini(&expired);
    gpg_home_remove(&home);
    return 0;
}

static void
put(const char *name, const char *text)
{
    char path[128];
    int fd;

    snprintf(path, sizeof(path), "%s/%s", folder, name);
    fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    assert_true(fd >= 0);
    assert_int_equal(mig_fd_write_all(fd, text, strlen(text)), 0);
    close(fd);
}

static void
put_acl(const char *module, int minimum, const char *key)
{
    char text[512];

    snprintf(text, sizeof(text),
             "{\"%s\":{\"minimumweight\":%d,\"investigators\":{\"Alice\":{\"fingerprint\":\"%s\","
             "\"weight\":1}}}}",
             module, minimum, key);
    put("acl.json", text);
}

/* A good site, for the tests to spoil. */
static int
setup(void **state)
{
    char path[128];

    (void)state;
    snprintf(folder, sizeof(folder), "/tmp/mig-site-test-XXXXXX");
    if (!mkdtemp(folder))
        return -1;
    snprintf(path, sizeof(path), "%s/keys", folder);
    mkdir(path, 0700);
    snprintf(path, sizeof(path), "%s/tls", folder);
    mkdir(path, 0700);
    snprintf(path, sizeof(path), "%s/persist", folder);
    mkdir(path, 0700);
    put("agent.conf", CONF);
    put("keys/alice.asc", alice.data);
    put_acl("default", 1, fpr);
    return 0;
}

static int
remove_entry(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    (void)st;
    (void)type;
    (void)ftw;
    return remove(path);
}

static int
teardown(void **state)
{
    (void)state;
    return nftw(folder, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
}

static void
assert_site_refused(const char *part)
{
    struct mig_mksite site = {0};
    struct mig_err err = {0};
    int rc = mig_mksite_load(folder, &site, &err);

    if (rc == 0) {
        mig_mksite_fini(&site);
        fail_msg("expected \"%s\", but the site was taken", part);
    }
    assert_holds(err.text, part);
}

static void
test_good(void **state)
{
    struct mig_mksite site = {0};
    struct mig_buf source = MIG_BUF_INIT;
    struct mig_err err = {0};

    (void)state;
    put("agent.conf",
        CONF "api = \"http://127.0.0.1/api/v1\"\nheartbeatfreq = 1m\n"
             "tags = team: blue : sky\nextraprivacymode = on\ncheckin = on\n"
             "proxies = one:3128, me:pass@[::1]:8080\nproxies = three:1\n"
             "discoverpublicip = on\ndiscovercloudmeta = on\n[limits]\noutput = 65536\n"
             "cpu = 30\nopenfiles = 99\n");
    put("plugins.allow",
        "house 1.0 1.0 000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f\n");
    assert_done(mig_mksite_load(folder, &site, &err), &err);
    assert_string_equal(site.site.api, "http://127.0.0.1/api/v1/");
    assert_int_equal(site.site.heartbeat_ms, 60000);
    assert_int_equal(site.site.output_max, 65536);
    assert_int_equal(site.site.cpu_max, 30);
    assert_int_equal(site.site.open_files_max, 99);
    assert_int_equal(site.site.private_mode, 1);
    assert_string_equal(site.site.tags[0], "team");
    assert_string_equal(site.site.tags[1], "blue : sky");
    assert_int_equal(site.site.checkin + site.site.public_ip + site.site.cloud, 3);
    assert_string_equal(site.site.proxies[0], "one:3128");
    assert_string_equal(site.site.proxies[1], "me:pass@[::1]:8080");
    assert_string_equal(mig_site_proxy_name(site.site.proxies[1]), "[::1]:8080");
    assert_string_equal(site.site.proxies[2], "three:1");
    assert_null(site.site.proxies[3]);
    assert_int_equal(site.keys_count, 1);
    assert_true(site.site.keyring_len > 100);
    assert_string_equal(site.plugins[site.plugins_count - 1].name, "house");
    assert_int_equal(mig_mksite_source(&site, &source), 0);
    assert_holds(source.data, "\"amqp://u:secret@127.0.0.1:5672/mig\"");
    assert_holds(source.data, ".checkin = 1u");
    assert_holds(source.data, "proxies[] = {\"one:3128\", ");
    assert_holds(source.data, "{\"house\", \"1.0\", 1, 0, {0,1,2,3,");
    mig_buf_fini(&source);
    mig_mksite_fini(&site);
}

/* What mig-mkagent shows before it links. */
static void
test_summary(void **state)
{
    struct mig_mksite site = {0};
    struct mig_buf expected = MIG_BUF_INIT;
    struct mig_err err = {0};
    char *written = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&written, &len);

    (void)state;
    assert_non_null(out);
    put("agent.conf", CONF "rundir = /var/lib/blue\nplugindir = /opt/blue\n"
                           "[persist]\nmodule = house\nmodule = absent\n");
    put("persist/house.json", "{\"a\": 1}");
    put("plugins.allow",
        "house 1.0 1.0 000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f\n");
    assert_done(mig_mksite_load(folder, &site, &err), &err);
    mig_mksite_summary(&site, out);
    fclose(out);
    mig_buf_addf(&expected,
                 "This agent obeys\n"
                 "    default      Alice (%s)\n"
                 "  checked with 1 keys\n"
                 "    %s alice@test\n"
                 "  keeps its state in /var/lib/blue, loads plugins from /opt/blue\n",
                 fpr, fpr);
    assert_memory_equal(written, expected.data, expected.len);
    /* Before it, the plugins of the tree that the agent is built from. */
    assert_holds(written, "\n    house 1.0\n"
                          "  keeps running\n"
                          "    house        as the site configures it\n"
                          "    absent       with no configuration of the site; no plugin of this "
                          "name may be loaded\n");
    mig_buf_fini(&expected);
    mig_mksite_fini(&site);
    free(written);
}

static void
test_conf_refused(void **state)
{
    static const struct {
        const char *conf, *part;
    } table[] = {
        {"[agent]\napi = \"http://h/\"\n", "agent.relay is missing"},
        {"[agent]\nrelay = \"http://h/\"\n", "expected amqp:// or amqps://"},
        {"[agent]\nrelay = \"amqps://h/\"\n", "tls/ca.pem"},
        {CONF "colour = red\n", "agent.conf:3"},
        {CONF "api = \"ftp://h/\"\n", "agent.api: expected an address such as"},
        {CONF "tags = blue\n", "agent.tags: expected name:value, found 'blue'"},
        {CONF "rundir = here\n", "agent.rundir: expected an absolute path, found 'here'"},
        {CONF "maxworkers = 0\n", "maxworkers"},
        {CONF "checkin = maybe\n", "checkin"},
        {CONF "discoverpublicip = on\n",
         "agent.discoverpublicip asks the API, and agent.api is missing"},
        {CONF "proxies = http://proxy:3128\n",
         "agent.proxies: expected host:port or user:password@host:port"},
        {CONF "proxies = proxy\n", "agent.proxies: expected host:port"},
        {CONF "proxies = a:1,,b:2\n", "separated by commas, found ''"},
        {CONF "proxies = a:70000\n", "found 'a:70000'"},
        {CONF "proxies = me:secret@a\n", "found 'a'"},
        {CONF "proxies = ::1:8080\n", "found '::1:8080'"},
        {CONF "heartbeatfreq = soon\n", "heartbeatfreq"},
        {CONF "moduletimeout = 10ms\n", "expected one second or more"},
        {CONF "checktarget = maybe\n",
         "agent.checktarget: expected off, decidable or strict, found 'maybe'"},
        {CONF "confdir = here\n", "agent.confdir: expected an absolute path, found 'here'"},
        {CONF "[persist]\nmodule = ../x\n",
         "persist.module: expected a module's name, found '../x'"},
        {CONF "[persist]\nmodule = a\nmodule = a\n", "persist.module: a is there twice"},
        {CONF "[persist]\nqueue = 1\n", "persist.queue"},
        {CONF "[persist]\nstate = 1\n", "persist.state"},
        {CONF "[logging]\nlevel = loud\n", "logging.level: expected err, warning, notice"},
        {CONF "[logging]\ndestination = mail\n", "logging.destination: expected stderr, syslog"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(table); i++) {
        put("agent.conf", table[i].conf);
        assert_site_refused(table[i].part);
    }
}

static void
test_keys_refused(void **state)
{
    (void)state;
    put("keys/bad.asc", "-----BEGIN PGP nonsense");
    assert_site_refused("keys/bad.asc: ");
    put("keys/bad.asc", encrypt.data);
    assert_site_refused("(encrypt@test) can not sign");
    put("keys/bad.asc", expired.data);
    assert_site_refused("/keys/bad.asc: ");
}

static void
test_no_keys(void **state)
{
    char path[128];

    (void)state;
    snprintf(path, sizeof(path), "%s/keys/alice.asc", folder);
    unlink(path);
    assert_site_refused("/keys: expected the investigators' public keys as NAME.asc, found none");
}

static void
test_acl_refused(void **state)
{
    (void)state;
    put_acl("file", 1, "0123456789ABCDEF0123456789ABCDEF01234567");
    assert_site_refused("acl.json: file: the key 0123456789ABCDEF0123456789ABCDEF01234567 of Alice "
                        "is not in ");
    put_acl("file", 2, fpr);
    assert_site_refused(
        "acl.json: file: all its investigators together do not reach minimumweight");
    put("acl.json", "{\"file\":");
    assert_site_refused("/acl.json: ");
}

/* A certificate, and the key of another one; neither is used for anything else. */
static const char certificate[] =
    "-----BEGIN CERTIFICATE-----\n"
    "MIIBdjCCAR2gAwIBAgIUIFh9xD62OPYcyuhBK/Jd245N+ocwCgYIKoZIzj0EAwIw\n"
    "EDEOMAwGA1UEAwwFYWdlbnQwIBcNMjYxMTI0MTkwMTA4WhgPMjEyNjEwMzExOTAx\n"
    "MDhaMBAxDjAMBgNVBAMMBWFnZW50MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE\n"
    "O7/7Rw8ft4yAl8D9QtL+BE57BM/ZusjewHMVNGOPhWfeCrOeyJJ82th4rt2KGU3Q\n"
    "dtj/8Imqgf40ncTc7T0sbKNTMFEwHQYDVR0OBBYEFDnmJvp7fq80EFHy2hELdGRn\n"
    "wOhHMB8GA1UdIwQYMBaAFDnmJvp7fq80EFHy2hELdGRnwOhHMA8GA1UdEwEB/wQF\n"
    "MAMBAf8wCgYIKoZIzj0EAwIDRwAwRAIgSXousHWTX10HQOJFlxa/XrJ+dIexRYFJ\n"
    "F5s7vdK1qqQCIDzPyfhc8/VEiAYKhQhulotInSEHQtKANbGP6rY+/pv1\n"
    "-----END CERTIFICATE-----\n";

static const char other_key[] = "-----BEGIN PRIVATE KEY-----\n"
                                "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg3aEXYg1MDc/pR6pc\n"
                                "qsrS9CXb1P558tUL575HYtu0/bihRANCAASGhJycVukEvEfcq06KH9Owm8PFjAn1\n"
                                "fhHSiWvGNlQhoVeFlg148L3X6rrPAA14l4nxf7Xf1ysxCHnO48GgnQP9\n"
                                "-----END PRIVATE KEY-----\n";

static void
test_parts_refused(void **state)
{
    (void)state;
    put("plugins.allow", "house 1.0\n");
    assert_site_refused("/plugins.allow: line 1: expected 'NAME VERSION ABI SHA256'");
    put("plugins.allow",
        "cancel 1.0 1.0 0000000000000000000000000000000000000000000000000000000000000000\n");
    assert_site_refused("/plugins.allow: no plugin can be called cancel");
    put("plugins.allow", "");
    put("agent.conf", CONF "[persist]\nmodule = dispatch\n");
    put("persist/dispatch.json", "[]");
    assert_site_refused("/persist/dispatch.json: expected a JSON object");
    put("persist/dispatch.json", "{\"a\": 1, \"a\": 2}");
    assert_site_refused("/persist/dispatch.json: ");
    put("persist/dispatch.json", "");
    assert_site_refused("/persist/dispatch.json: ");
    put("agent.conf", CONF);
    put("plugins.allow", "");
    put("tls/cert.pem", "-----BEGIN CERTIFICATE-----\n");
    assert_site_refused("cert.pem and key.pem belong together");
    put("tls/key.pem", "-----BEGIN PRIVATE KEY-----\n");
    assert_site_refused("/tls/cert.pem: holds no certificate that can be read");
    put("tls/cert.pem", certificate);
    assert_site_refused("/tls/key.pem: holds no private key that can be read");
    put("tls/key.pem", other_key);
    assert_site_refused("/tls: cert.pem is not the certificate of key.pem");
    put("tls/ca.pem", "not PEM");
    assert_site_refused("/tls/ca.pem: expected PEM text");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_good, setup, teardown),
        cmocka_unit_test_setup_teardown(test_summary, setup, teardown),
        cmocka_unit_test_setup_teardown(test_conf_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(test_keys_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(test_no_keys, setup, teardown),
        cmocka_unit_test_setup_teardown(test_acl_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(test_parts_refused, setup, teardown),
    };

    return cmocka_run_group_tests_name("site folder", tests, setup_keys, teardown_keys);
}
