/* SPDX-License-Identifier: MPL-2.0 */
#include "config.h"

#include <errno.h>
#include <inttypes.h>
#include <stddef.h>
#include <string.h>

#include "agent/mkagent.h"
#include "plugin/load.h"

#define TEXT_OF(...) TEXT_OF_EXPANDED(__VA_ARGS__)
#define TEXT_OF_EXPANDED(...) #__VA_ARGS__

static const char site_types[] = TEXT_OF(MIG_SITE_TYPES);

/* The generated C includes no header, so these words repeat trust/whitelist.h and plugin/load.h;
 * the assertions fail when those change. */
static const char plugin_types[] =
    "struct mig_whitelist_entry {\n"
    "    const char *name, *version;\n"
    "    uint16_t abi_major, abi_minor;\n"
    "    unsigned char digest[32];\n"
    "};\n"
    "struct mig_whitelist {\n"
    "    const struct mig_whitelist_entry *entries;\n"
    "    size_t count;\n"
    "};\n"
    "struct mig_builtin { const char *name; const void *plugin; };\n";

struct entry_copy {
    const char *name, *version;
    uint16_t abi_major, abi_minor;
    unsigned char digest[32];
};
struct list_copy {
    const struct mig_whitelist_entry *entries;
    size_t count;
};
_Static_assert(
    sizeof(struct entry_copy) == sizeof(struct mig_whitelist_entry) &&
        offsetof(struct entry_copy, version) == offsetof(struct mig_whitelist_entry, version) &&
        offsetof(struct entry_copy, abi_minor) == offsetof(struct mig_whitelist_entry, abi_minor) &&
        offsetof(struct entry_copy, digest) == offsetof(struct mig_whitelist_entry, digest),
    "struct mig_whitelist_entry has changed: change plugin_types");
_Static_assert(sizeof(struct list_copy) == sizeof(struct mig_whitelist) &&
                   offsetof(struct list_copy, count) == offsetof(struct mig_whitelist, count),
               "struct mig_whitelist has changed: change plugin_types");

/* A C string literal; octal escapes, which can not run into what follows. */
static void
add_text(struct mig_buf *out, const char *text)
{
    if (!text) {
        mig_buf_adds(out, "0");
        return;
    }
    mig_buf_addc(out, '"');
    for (; *text; text++) {
        unsigned char c = (unsigned char)*text;

        if (c < 0x20 || c >= 0x7f || c == '"' || c == '\\' || c == '?')
            mig_buf_addf(out, "\\%03o", c);
        else
            mig_buf_addc(out, (char)c);
    }
    mig_buf_addc(out, '"');
}

static void
add_member(struct mig_buf *out, const char *name, const char *text)
{
    mig_buf_addf(out, "    .%s = ", name);
    add_text(out, text);
    mig_buf_adds(out, ",\n");
}

static void
add_bytes(struct mig_buf *out, const unsigned char *bytes, size_t len)
{
    for (size_t i = 0; i < len; i++)
        mig_buf_addf(out, "%u,%s", bytes[i], i % 32 == 31 ? "\n" : "");
}

static void
add_list(struct mig_buf *out, const char *name, const char *const list[])
{
    mig_buf_addf(out, "static const char *const %s[] = {", name);
    for (size_t i = 0; list && list[i]; i++) {
        add_text(out, list[i]);
        mig_buf_adds(out, ", ");
    }
    mig_buf_adds(out, "0};\n");
}

static void
add_signers(const struct mig_mksite *s, struct mig_buf *out)
{
    mig_buf_adds(out, "static const char *const signers[] = {");
    for (size_t i = 0; i < s->keys_count; i++) {
        char line[MIG_FPR_LEN + 260];

        snprintf(line, sizeof(line), "%s %s", s->keys[i].fpr, s->keys[i].uid);
        add_text(out, line);
        mig_buf_adds(out, ",\n    ");
    }
    mig_buf_adds(out, "0};\n");
}

static void
add_plugins(const struct mig_mksite *s, struct mig_buf *out)
{
    mig_buf_adds(out, "static const struct mig_whitelist_entry entries[] = {\n");
    for (size_t i = 0; i < s->plugins_count; i++) {
        const struct mig_whitelist_entry *e = &s->plugins[i];

        mig_buf_adds(out, "    {");
        add_text(out, e->name);
        mig_buf_adds(out, ", ");
        add_text(out, e->version);
        mig_buf_addf(out, ", %u, %u, {", e->abi_major, e->abi_minor);
        add_bytes(out, e->digest, MIG_IMAGE_DIGEST);
        mig_buf_adds(out, "}},\n");
    }
    mig_buf_addf(out,
                 "    {0}};\n"
                 "const struct mig_whitelist mig_whitelist = {entries, %zu};\n",
                 s->plugins_count);
}

/* The plugins that are linked into this program are linked into the agents that it makes. */
static void
add_builtins(struct mig_buf *out)
{
    for (const struct mig_builtin *b = mig_builtins; b->name; b++)
        mig_buf_addf(out, "extern const char %s_LTX_mig_plugin[];\n", b->name);
    mig_buf_adds(out, "const struct mig_builtin mig_builtins[] = {\n");
    for (const struct mig_builtin *b = mig_builtins; b->name; b++)
        mig_buf_addf(out, "    {\"%s\", %s_LTX_mig_plugin},\n", b->name, b->name);
    mig_buf_adds(out, "    {0, 0}};\n");
}

static void
add_site(const struct mig_site *site, struct mig_buf *out)
{
    mig_buf_addf(out,
                 "const struct mig_site mig_site = {\n"
                 "    .layout = %d, .relays = relays, .tags = tags, .signers = signers,\n"
                 "    .persist = persist, .alerts_max = %" PRIu64 "u, .state_max = %" PRIu64 "u,\n"
                 "    .keyring = keyring, .keyring_len = %" PRIu64 "u,\n"
                 "    .heartbeat_ms = %" PRId64 ", .module_timeout_ms = %" PRId64 ",\n"
                 "    .max_workers = %" PRIu64 "u, .output_max = %" PRIu64
                 "u, .memory_max = %" PRIu64 "u,\n"
                 "    .cpu_max = %" PRIu64 "u, .open_files_max = %" PRIu64
                 "u, .private_mode = %" PRIu64 "u,\n"
                 "    .check_target = %" PRIu64 "u, .proxies = proxies, .checkin = %" PRIu64 "u,\n"
                 "    .public_ip = %" PRIu64 "u, .cloud = %" PRIu64 "u,\n",
                 MIG_SITE_LAYOUT, site->alerts_max, site->state_max, site->keyring_len,
                 site->heartbeat_ms, site->module_timeout_ms, site->max_workers, site->output_max,
                 site->memory_max, site->cpu_max, site->open_files_max, site->private_mode,
                 site->check_target, site->checkin, site->public_ip, site->cloud);
    add_member(out, "api", site->api);
    add_member(out, "run_dir", site->run_dir);
    add_member(out, "plugin_dir", site->plugin_dir);
    add_member(out, "conf_dir", site->conf_dir);
    add_member(out, "relay_user", site->relay_user);
    add_member(out, "verifier_user", site->verifier_user);
    add_member(out, "log_destination", site->log_destination);
    add_member(out, "log_level", site->log_level);
    add_member(out, "ca_pem", site->ca_pem);
    add_member(out, "cert_pem", site->cert_pem);
    add_member(out, "key_pem", site->key_pem);
    add_member(out, "acl", site->acl);
    mig_buf_adds(out, "};\n");
}

int
mig_mksite_source(const struct mig_mksite *s, struct mig_buf *out)
{
    mig_buf_adds(out, "/* Made by mig-mkagent. */\n#include <stddef.h>\n#include <stdint.h>\n");
    mig_buf_addf(out, "%s;\n%s", site_types, plugin_types);
    add_list(out, "relays", s->site.relays);
    add_list(out, "tags", s->site.tags);
    add_list(out, "persist", s->site.persist);
    add_list(out, "proxies", s->site.proxies);
    add_signers(s, out);
    mig_buf_adds(out, "static const unsigned char keyring[] = {\n");
    add_bytes(out, s->site.keyring, s->site.keyring_len);
    mig_buf_adds(out, "};\n");
    add_plugins(s, out);
    add_builtins(out);
    add_site(&s->site, out);
    return out->failed ? -ENOMEM : 0;
}
