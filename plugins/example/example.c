/* SPDX-License-Identifier: MPL-2.0 */
/* The smallest complete plugin, to be copied: the host's name and addresses, and look-ups. */
#include <ifaddrs.h>
#include <json-c/json.h>
#include <mig/json.h>
#include <net/if.h>
#include <netdb.h>
#include <unistd.h>

static const struct mig_option options[] = {
    {"gethostname", "gethostname", "tell the host's name", .type = MIG_OPTION_BOOL},
    {"getaddresses", "getaddresses", "tell the host's addresses", .type = MIG_OPTION_BOOL},
    {"lookuphost", "lookuphost", "look a host name up", "host", NULL, MIG_OPTION_STRING,
     MIG_OPTION_REPEATABLE, NI_MAXHOST}};
static const struct mig_field fields[] = {
    {"hostname", "the host's name", MIG_FIELD_STRING, 0, NI_MAXHOST},
    {"addresses[]", "an address of the host", MIG_FIELD_STRING, 0, 64},
    {"lookeduphost.*[]", "an address of a name that was looked up", MIG_FIELD_STRING, 0, 64},
    {"stufffound", "how many things were found", MIG_FIELD_NUMBER, MIG_FIELD_STATISTICS, 0}};

static void
add_address(struct json_object *array, const struct sockaddr *address)
{
    char text[NI_MAXHOST]; /* an address that is not of the Internet has no numeric form */
    if (address != NULL && getnameinfo(address, sizeof(struct sockaddr_in6), text, sizeof(text),
                                       NULL, 0, NI_NUMERICHOST) == 0)
        json_object_array_add(array, json_object_new_string(text));
}

static int
get_addresses(const struct mig_host *host)
{
    struct json_object *array = json_object_new_array();
    struct ifaddrs *list = NULL;
    if (getifaddrs(&list) != 0)
        mig_error(host, "getaddresses: the interfaces can not be listed");
    for (struct ifaddrs *it = list; it != NULL; it = it->ifa_next)
        add_address(array, it->ifa_flags & IFF_LOOPBACK ? NULL : it->ifa_addr);
    freeifaddrs(list);
    int count = (int)json_object_array_length(array);
    return mig_json_set(host, "addresses", array) == 0 ? count : 0; /* -ENOBUFS: no room */
}

static int
look_up(const struct mig_host *host, const char *name, struct json_object *found)
{
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *list = NULL;
    struct json_object *array = json_object_new_array();
    int code = getaddrinfo(name, NULL, &hints, &list);
    if (code != 0)
        mig_error(host, "lookuphost %s: %s", name, gai_strerror(code));
    for (struct addrinfo *it = list; it != NULL; it = it->ai_next)
        add_address(array, it->ai_addr);
    freeaddrinfo(list);
    json_object_object_add(found, name, array);
    return json_object_array_length(array) > 0;
}

static int
run(const struct mig_host *host, const char *parameters, size_t length)
{
    struct json_object *asked = NULL, *names = NULL, *found = json_object_new_object();
    bool want_name = false, want_addresses = false;
    char name[NI_MAXHOST] = "";
    int count = 0, code;
    if ((code = mig_json_parameters(host, parameters, length, &asked)) < 0 ||
        (code = mig_json_get_bool(host, asked, "gethostname", &want_name)) < 0 ||
        (code = mig_json_get_bool(host, asked, "getaddresses", &want_addresses)) < 0 ||
        (code = mig_json_get_strings(host, asked, "lookuphost", &names)) < 0)
        goto out; /* and host->refuse() was told why */
    if (want_name && gethostname(name, sizeof(name)) == 0)
        count += mig_json_set(host, "hostname", json_object_new_string(name)) == 0;
    count += want_addresses ? get_addresses(host) : 0;
    for (size_t i = 0; mig_json_string_at(names, i) != NULL && !host->cancelled(host); i++)
        count += look_up(host, mig_json_string_at(names, i), found);
    if (names != NULL)
        mig_json_set(host, "lookeduphost", json_object_get(found));
    host->found(host, count > 0);
    code = mig_json_statistic(host, "stufffound", json_object_new_int(count));
out:
    json_object_put(found);
    json_object_put(asked);
    return code;
}

static int
print(const struct mig_host *host, const char *result, size_t length, uint32_t flags)
{
    static const struct mig_line lines[] = {
        {"elements.hostname", "hostname is %s", 0},
        {"elements.addresses[]", "address is %s", 0},
        {"elements.lookeduphost.*[]", "lookedup host %s has IP %s", 0},
        {"errors[]", "error: %s", MIG_LINE_REST},
        {"statistics.stufffound", "stat: %s stuff found", MIG_LINE_REST}};
    return mig_print_lines(host, result, length, flags, lines, MIG_COUNT(lines));
}

MIG_PLUGIN("example", "1.0.0", "host name, addresses and look-ups",
           MIG_NEED_NETWORK | MIG_NEED_NETLINK, options, fields,
           "mig example -t all -gethostname -lookuphost example.net", .run = run, .print = print);
