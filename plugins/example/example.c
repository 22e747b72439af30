/* SPDX-License-Identifier: MPL-2.0 */
/*
 * The smallest complete plugin, to be copied: it tells the host's name and addresses, and looks
 * names up. Elements {hostname, addresses[], lookeduphost{host: [ip]}}, statistics {stufffound}.
 */
#include <ifaddrs.h>
#include <net/if.h>
#include <netdb.h>
#include <unistd.h>

#include <json-c/json.h>
#include <mig/json.h>
#include <mig/plugin.h>

static const struct mig_option options[] = {
    {"gethostname", "gethostname", "tell the host's name", NULL, NULL, MIG_OPTION_BOOL, 0, 0},
    {"getaddresses", "getaddresses", "tell the host's addresses", NULL, NULL, MIG_OPTION_BOOL, 0,
     0},
    {"lookuphost", "lookuphost", "look a host name up", "host", NULL, MIG_OPTION_STRING,
     MIG_OPTION_REPEATABLE, NI_MAXHOST},
};

static const struct mig_field fields[] = {
    {"hostname", "the host's name", MIG_FIELD_STRING, 0, NI_MAXHOST},
    {"addresses[]", "an address of the host", MIG_FIELD_STRING, 0, 64},
    {"lookeduphost.*[]", "an address of a name that was looked up", MIG_FIELD_STRING, 0, 64},
    {"stufffound", "how many things were found", MIG_FIELD_NUMBER, MIG_FIELD_STATISTICS, 0},
};

static bool
numeric(const struct sockaddr *address, char text[static NI_MAXHOST])
{
    bool v4 = address != NULL && address->sa_family == AF_INET;

    if (!v4 && (address == NULL || address->sa_family != AF_INET6))
        return false;
    return getnameinfo(address, v4 ? sizeof(struct sockaddr_in) : sizeof(struct sockaddr_in6), text,
                       NI_MAXHOST, NULL, 0, NI_NUMERICHOST) == 0;
}

static int
get_addresses(const struct mig_host *host)
{
    struct json_object *array = json_object_new_array();
    struct ifaddrs *list = NULL, *it;
    char text[NI_MAXHOST];

    if (getifaddrs(&list) != 0)
        host->error(host, "getaddresses: the interfaces can not be listed");
    for (it = list; it != NULL; it = it->ifa_next)
        if (!(it->ifa_flags & IFF_LOOPBACK) && numeric(it->ifa_addr, text))
            json_object_array_add(array, json_object_new_string(text));
    if (list != NULL)
        freeifaddrs(list);
    int count = (int)json_object_array_length(array);
    mig_json_set(host, "addresses", array);
    return count;
}

static struct json_object *
look_up(const struct mig_host *host, const char *name)
{
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *list = NULL, *it;
    struct json_object *array = json_object_new_array();
    char text[NI_MAXHOST];
    int code = getaddrinfo(name, NULL, &hints, &list);

    if (code != 0)
        mig_error(host, "lookuphost %s: %s", name, gai_strerror(code));
    for (it = code == 0 ? list : NULL; it != NULL; it = it->ai_next)
        if (numeric(it->ai_addr, text))
            json_object_array_add(array, json_object_new_string(text));
    if (code == 0)
        freeaddrinfo(list);
    return array;
}

static int
run(const struct mig_host *host, const char *parameters, size_t length)
{
    struct json_object *object = NULL, *names = NULL, *found = NULL, *ips;
    bool want_name = false, want_addresses = false;
    char name[NI_MAXHOST];
    int count = 0, code;

    if ((code = mig_json_parameters(host, parameters, length, &object)) < 0 ||
        (code = mig_json_get_bool(host, object, "gethostname", &want_name)) < 0 ||
        (code = mig_json_get_bool(host, object, "getaddresses", &want_addresses)) < 0 ||
        (code = mig_json_get_strings(host, object, "lookuphost", &names)) < 0)
        goto out;
    if (want_name && gethostname(name, sizeof(name)) == 0) {
        mig_json_set(host, "hostname", json_object_new_string(name));
        count++;
    }
    if (want_addresses)
        count += get_addresses(host);
    found = json_object_new_object();
    for (size_t i = 0; names && i < json_object_array_length(names) && !host->cancelled(host);
         i++) {
        const char *wanted = mig_json_string_at(names, i);
        json_object_object_add(found, wanted, ips = look_up(host, wanted));
        count += json_object_array_length(ips) > 0;
    }
    if (names != NULL)
        mig_json_set(host, "lookeduphost", json_object_get(found));
    mig_json_statistic(host, "stufffound", json_object_new_int(count));
    host->found(host, count > 0);
    code = 0;
out:
    json_object_put(found);
    json_object_put(object);
    return code;
}

static void
print_look_ups(const struct mig_host *host, struct json_object *looked_up)
{
    json_object_object_foreach(looked_up, name, ips)
    {
        for (size_t i = 0; i < json_object_array_length(ips); i++)
            mig_print(host, "lookedup host %s has IP %s", name, mig_json_string_at(ips, i));
    }
}

static int
print(const struct mig_host *host, const char *result, size_t length, uint32_t flags)
{
    struct json_object *object = NULL, *elements, *looked_up;
    int code = mig_json_parameters(host, result, length, &object);

    if (code < 0)
        return code;
    elements = json_object_object_get(object, "elements");
    looked_up = json_object_object_get(elements, "lookeduphost");
    mig_print_member(host, elements, "hostname", "hostname is ");
    mig_print_member(host, elements, "addresses", "address is ");
    if (json_object_is_type(looked_up, json_type_object))
        print_look_ups(host, looked_up);
    if ((flags & MIG_PRINT_FOUND_ONLY) == 0) {
        mig_print_member(host, object, "errors", "error: ");
        mig_print(host, "stat: %d stuff found",
                  json_object_get_int(json_object_object_get(
                      json_object_object_get(object, "statistics"), "stufffound")));
    }
    json_object_put(object);
    return 0;
}

MIG_PLUGIN_NOTE("example", "1.0.0");
const struct mig_plugin mig_plugin_symbol = {
    MIG_PLUGIN_HEAD,
    MIG_NEED_NETWORK | MIG_NEED_NETLINK,
    "example",
    "1.0.0",
    "host name, addresses and look-ups",
    MIG_TABLE(options),
    MIG_TABLE(fields),
    NULL,
    "mig example -t all -gethostname -lookuphost www.example.net",
    run,
    NULL,
    NULL,
    print};
