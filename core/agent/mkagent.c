/* SPDX-License-Identifier: MPL-2.0 */
#include "config.h"

#include "agent/mkagent.h"

#include <getopt.h>
#include <string.h>

static const char usage[] =
    "usage: mig-mkagent --site DIR -o FILE [--plugindir DIR] [--libdir DIR] [--cc CC] [--source]\n"
    "Links an agent for the site folder DIR, which holds\n"
    "  agent.conf      broker, API, limits\n"
    "  acl.json        who may run what\n"
    "  keys/*.asc      the investigators' public keys\n"
    "  tls/*.pem       ca.pem, cert.pem and key.pem for the broker (optional)\n"
    "  plugins.allow   in-house plugins, lines NAME VERSION ABI SHA256 (optional)\n"
    "  --plugindir DIR folder of the plugins on the endpoints [" MIG_PLUGIN_DIR "]\n"
    "  --libdir DIR    folder of libmig-agent.a [" MIG_LIB_DIR "]\n"
    "  --cc CC         C compiler\n"
    "  --source        print the C source (it holds the site's secrets) instead of linking\n"
    "  --check         check the site folder only\n";

struct options {
    const char *site, *plugin_dir;
    struct mig_link link;
    int source, check;
};

static int
parse(int argc, char **argv, struct options *o)
{
    static const struct option longs[] = {{"site", required_argument, NULL, 's'},
                                          {"output", required_argument, NULL, 'o'},
                                          {"cc", required_argument, NULL, 'c'},
                                          {"libdir", required_argument, NULL, 'l'},
                                          {"source", no_argument, NULL, 'S'},
                                          {"check", no_argument, NULL, 'k'},
                                          {"help", no_argument, NULL, 'h'},
                                          {"version", no_argument, NULL, 'V'},
                                          {"plugindir", required_argument, NULL, 'p'},
                                          {NULL, 0, NULL, 0}};
    int c;

    o->link.cc = mig_link_cc;
    o->link.lib_dir = MIG_LIB_DIR;
    while ((c = getopt_long(argc, argv, "o:hV", longs, NULL)) != -1) {
        switch (c) {
        case 's':
            o->site = optarg;
            break;
        case 'o':
            o->link.output = optarg;
            break;
        case 'c':
            o->link.cc = optarg;
            break;
        case 'l':
            o->link.lib_dir = optarg;
            break;
        case 'p':
            o->plugin_dir = optarg;
            break;
        case 'S':
            o->source = 1;
            break;
        case 'k':
            o->check = 1;
            break;
        case 'V':
            puts(PACKAGE_VERSION);
            return 0;
        default:
            fputs(usage, c == 'h' ? stdout : stderr);
            return c == 'h' ? 0 : 2;
        }
    }
    if (optind == argc && o->site && (o->link.output || o->source || o->check))
        return -1;
    fputs(usage, stderr);
    return 2;
}

static int
make(const struct options *o, struct mig_mksite *site, struct mig_err *err)
{
    struct mig_buf source = MIG_BUF_INIT;
    int rc;

    if (o->plugin_dir)
        site->site.plugin_dir = o->plugin_dir;
    rc = mig_mksite_source(site, &source);
    if (rc < 0)
        rc = mig_err_errno(err, -rc, "the agent's source");
    else if (o->source)
        fputs(source.data, stdout);
    else if (!o->check)
        rc = mig_link_agent(&o->link, &source, err);
    if (rc == 0 && !o->source) {
        mig_mksite_summary(site, stdout);
        if (!o->check)
            printf("%s is ready\n", o->link.output);
    }
    mig_buf_fini(&source);
    return rc;
}

int
mig_mkagent_main(int argc, char **argv)
{
    struct options o = {0};
    struct mig_mksite site = {0};
    struct mig_err err = {0};
    int rc = parse(argc, argv, &o);

    if (rc >= 0)
        return rc;
    rc = mig_mksite_load(o.site, &site, &err);
    if (rc == 0) {
        rc = make(&o, &site, &err);
        mig_mksite_fini(&site);
    }
    if (rc < 0)
        fprintf(stderr, "mig-mkagent: %s\n", err.text);
    return rc < 0 ? 1 : 0;
}
