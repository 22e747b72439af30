/* SPDX-License-Identifier: MPL-2.0 */
#include "config.h"

#include "agent/env.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <ifaddrs.h>
#include <json-c/json.h>
#include <net/if.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/file.h"

void
mig_env_hostname(char *name, size_t size)
{
    struct addrinfo hints = {.ai_flags = AI_CANONNAME, .ai_socktype = SOCK_STREAM};
    struct addrinfo *info = NULL;
    size_t len;

    if (gethostname(name, size) < 0)
        snprintf(name, size, "localhost");
    name[size - 1] = '\0';
    if (strchr(name, '.') || getaddrinfo(name, NULL, &hints, &info) != 0)
        return;
    len = strlen(name);
    if (info->ai_canonname && strncasecmp(info->ai_canonname, name, len) == 0 &&
        info->ai_canonname[len] == '.')
        snprintf(name, size, "%s", info->ai_canonname);
    freeaddrinfo(info);
}

/* The value of KEY= in os-release, without its quotes. */
static int
os_release_value(const char *text, const char *key, char *value, size_t size)
{
    size_t key_len = strlen(key);

    for (const char *line = text; line; line = strchr(line, '\n')) {
        size_t len;

        line += *line == '\n';
        if (strncmp(line, key, key_len) != 0 || line[key_len] != '=')
            continue;
        line += key_len + 1;
        len = strcspn(line, "\n");
        if (len >= 2 && (line[0] == '"' || line[0] == '\'') && line[len - 1] == line[0]) {
            line++;
            len -= 2;
        }
        snprintf(value, size, "%.*s", (int)(len < size ? len : size - 1), line);
        return value[0] != '\0';
    }
    return 0;
}

void
mig_env_ident(const char *os_release, char *ident, size_t size)
{
    char id[64] = "", version[64] = "", codename[64] = "";

    ident[0] = '\0';
    if (os_release_value(os_release, "ID", id, sizeof(id)) &&
        os_release_value(os_release, "VERSION_ID", version, sizeof(version))) {
        id[0] = (char)toupper((unsigned char)id[0]);
        os_release_value(os_release, "VERSION_CODENAME", codename, sizeof(codename));
        snprintf(ident, size, "%s %s%s%s", id, version, codename[0] ? " " : "", codename);
    } else {
        os_release_value(os_release, "PRETTY_NAME", ident, size);
    }
}

static void
read_ident(char *ident, size_t size)
{
    struct mig_buf text = MIG_BUF_INIT;
    struct utsname uts;

    ident[0] = '\0';
    if (mig_file_read("/etc/os-release", 65536, &text, NULL) == 0 && text.data)
        mig_env_ident(text.data, ident, size);
    mig_buf_fini(&text);
    if (!ident[0] && uname(&uts) == 0)
        snprintf(ident, size, "Linux %.64s", uts.release);
    if (!ident[0])
        snprintf(ident, size, "Linux");
}

static const char *
find_init(void)
{
    struct mig_buf comm = MIG_BUF_INIT;
    const char *init = "sysvinit-fallback";

    if (access("/run/systemd/system", F_OK) == 0)
        return "systemd";
    if (mig_file_read("/proc/1/comm", 4096, &comm, NULL) == 0 && comm.data)
        init = strncmp(comm.data, "systemd", 7) == 0   ? "systemd"
               : strncmp(comm.data, "upstart", 7) == 0 ? "upstart"
               : strncmp(comm.data, "init", 4) == 0    ? "sysvinit"
                                                       : init;
    mig_buf_fini(&comm);
    return init;
}

const char *
mig_env_arch(const char *machine)
{
    static const char *const names[][2] = {
        {"aarch64", "arm64"},
        {"i386", "386"},
        {"i486", "386"},
        {"i586", "386"},
        {"i686", "386"},
        {"x86_64", "amd64"},
        {"loongarch64", "loong64"},
    };

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (strcmp(machine, names[i][0]) == 0)
            return names[i][1];
    return strncmp(machine, "arm", 3) == 0 ? "arm" : machine;
}

static unsigned
prefix_len(const unsigned char *mask, size_t len)
{
    unsigned bits = 0;

    for (size_t i = 0; i < len; i++)
        bits += (unsigned)__builtin_popcount(mask[i]);
    return bits;
}

/* "address/prefix" of an interface address; 0 when it is not an IP address or is the loopback's. */
static int
cidr(const struct ifaddrs *ifa, char *text, size_t size, int *ret_family)
{
    char address[INET6_ADDRSTRLEN];
    const void *bytes, *mask;
    size_t len;

    if (!ifa->ifa_addr || !ifa->ifa_netmask)
        return 0;
    *ret_family = ifa->ifa_addr->sa_family;
    if (*ret_family == AF_INET) {
        bytes = &((const struct sockaddr_in *)(const void *)ifa->ifa_addr)->sin_addr;
        mask = &((const struct sockaddr_in *)(const void *)ifa->ifa_netmask)->sin_addr;
        len = 4;
    } else if (*ret_family == AF_INET6) {
        bytes = &((const struct sockaddr_in6 *)(const void *)ifa->ifa_addr)->sin6_addr;
        mask = &((const struct sockaddr_in6 *)(const void *)ifa->ifa_netmask)->sin6_addr;
        len = 16;
    } else {
        return 0;
    }
    if (!inet_ntop(*ret_family, bytes, address, sizeof(address)))
        return 0;
    snprintf(text, size, "%s/%u", address, prefix_len(mask, len));
    return strcmp(text, "127.0.0.1/8") != 0 && strcmp(text, "::1/128") != 0;
}

/* Fills the array, and the address to show as the public one: the first IPv4, else the first IPv6.
 */
static void
add_addresses(struct json_object *array, char *public_ip, size_t size)
{
    struct ifaddrs *list = NULL;
    char v6[INET6_ADDRSTRLEN + 8] = "";

    public_ip[0] = '\0';
    if (getifaddrs(&list) < 0)
        list = NULL;
    for (struct ifaddrs *ifa = list; ifa; ifa = ifa->ifa_next) {
        char text[INET6_ADDRSTRLEN + 8];
        int family;

        if (!cidr(ifa, text, sizeof(text), &family))
            continue;
        json_object_array_add(array, json_object_new_string(text));
        if (family == AF_INET && !public_ip[0])
            snprintf(public_ip, size, "%.*s", (int)strcspn(text, "/"), text);
        else if (family == AF_INET6 && !v6[0])
            snprintf(v6, sizeof(v6), "%.*s", (int)strcspn(text, "/"), text);
    }
    if (list)
        freeifaddrs(list);
    if (!public_ip[0])
        snprintf(public_ip, size, "%s", v6[0] ? v6 : "0.0.0.0");
}

static void
add_text(struct json_object *object, const char *key, const char *text)
{
    json_object_object_add(object, key, json_object_new_string(text));
}

struct json_object *
mig_env_json(char *const modules[])
{
    struct json_object *env = json_object_new_object();
    struct json_object *addresses = json_object_new_array();
    struct json_object *list = json_object_new_array();
    char ident[256], public_ip[INET6_ADDRSTRLEN + 8], container[32];
    struct utsname uts = {0};

    if (!env || !addresses || !list) {
        json_object_put(env);
        json_object_put(addresses);
        json_object_put(list);
        return NULL;
    }
    uname(&uts);
    read_ident(ident, sizeof(ident));
    add_addresses(addresses, public_ip, sizeof(public_ip));
    for (size_t i = 0; modules && modules[i]; i++)
        json_object_array_add(list, json_object_new_string(modules[i]));
    add_text(env, "init", find_init());
    add_text(env, "ident", ident);
    add_text(env, "os", "linux");
    add_text(env, "arch", mig_env_arch(uts.machine));
    mig_env_container("", container, sizeof(container));
    if (container[0])
        add_text(env, "container", container);
    json_object_object_add(env, "isproxied", json_object_new_boolean(0));
    json_object_object_add(env, "addresses", addresses);
    add_text(env, "publicip", public_ip);
    json_object_object_add(env, "modules", list);
    return env;
}

void
mig_env_proxy(struct json_object *env, const char *proxy)
{
    json_object_object_add(env, "isproxied", json_object_new_boolean(proxy[0] != '\0'));
    if (proxy[0])
        add_text(env, "proxy", proxy);
}

int
mig_env_public_ip(struct json_object *env, const char *text)
{
    unsigned char bytes[16];
    char address[INET6_ADDRSTRLEN];
    size_t len = strcspn(text, " \t\r\n");

    if (len == 0 || len >= sizeof(address) || text[len + strspn(text + len, " \t\r\n")] != '\0')
        return -1;
    memcpy(address, text, len);
    address[len] = '\0';
    if (inet_pton(AF_INET, address, bytes) != 1 && inet_pton(AF_INET6, address, bytes) != 1)
        return -1;
    add_text(env, "publicip", address);
    return 0;
}

/* ---- containers ---- */

static int
has_file(const char *root, const char *path)
{
    char full[512];

    snprintf(full, sizeof(full), "%s%s", root, path);
    return access(full, F_OK) == 0;
}

/* What systemd, or the manager of the container, left for it to read (its word: a-z, 0-9, -). */
static int
read_word(const char *root, const char *path, char *name, size_t size)
{
    struct mig_buf text = MIG_BUF_INIT;
    char full[512];
    size_t len = 0;

    snprintf(full, sizeof(full), "%s%s", root, path);
    if (mig_file_read(full, 4096, &text, NULL) == 0 && text.data)
        len = strspn(text.data, "abcdefghijklmnopqrstuvwxyz0123456789-");
    if (len > 0 && len < size) {
        memcpy(name, text.data, len);
        name[len] = '\0';
    }
    mig_buf_fini(&text);
    return name[0] != '\0';
}

/* Version 1 of the control groups shows the manager's folder; version 2 hides it by a namespace. */
static const char *
by_cgroup(const char *root)
{
    static const char *const words[][2] = {
        {"kubepods", "kubernetes"}, {"docker", "docker"}, {"libpod", "podman"}, {"lxc", "lxc"}};
    struct mig_buf text = MIG_BUF_INIT;
    const char *found = "";
    char full[512];

    snprintf(full, sizeof(full), "%s/proc/1/cgroup", root);
    if (mig_file_read(full, 65536, &text, NULL) == 0 && text.data)
        for (size_t i = 0; !found[0] && i < sizeof(words) / sizeof(words[0]); i++)
            if (strstr(text.data, words[i][0]))
                found = words[i][1];
    mig_buf_fini(&text);
    return found;
}

void
mig_env_container(const char *root, char *name, size_t size)
{
    name[0] = '\0';
    if (has_file(root, "/run/secrets/kubernetes.io") ||
        has_file(root, "/var/run/secrets/kubernetes.io"))
        snprintf(name, size, "kubernetes");
    else if (has_file(root, "/.dockerenv"))
        snprintf(name, size, "docker");
    else if (has_file(root, "/run/.containerenv"))
        snprintf(name, size, "podman");
    else if (!read_word(root, "/run/systemd/container", name, size) &&
             !read_word(root, "/run/host/container-manager", name, size))
        snprintf(name, size, "%s", by_cgroup(root));
}

void
mig_env_add(struct json_object *env, const char *key, const char *json)
{
    struct json_object *value = json_tokener_parse(json);

    if (value)
        json_object_object_add(env, key, value);
}

uint64_t
mig_env_hash(const char *text)
{
    uint64_t hash = 14695981039346656037ull;

    for (; *text; text++)
        hash = (hash ^ (unsigned char)*text) * 1099511628211ull;
    return hash;
}
