# SPDX-License-Identifier: MPL-2.0
# mig, the investigator's tool.
bin_PROGRAMS += cli/mig
noinst_LIBRARIES += cli/libmig-cli.a
dist_man_MANS += cli/mig.1

cli_libmig_cli_a_SOURCES = \
	cli/args.c \
	cli/args.h \
	cli/cancel.c \
	cli/cancel.h \
	cli/client.c \
	cli/client.h \
	cli/follow.c \
	cli/follow.h \
	cli/local.c \
	cli/local.h \
	cli/mig.c \
	cli/mig.h \
	cli/migrc.c \
	cli/migrc.h \
	cli/module.c \
	cli/module.h \
	cli/papers.c \
	cli/papers.h \
	cli/question.c \
	cli/question.h \
	cli/results.c \
	cli/results.h

cli_mig_SOURCES = cli/main.c
cli_mig_LDADD = cli/libmig-cli.a core/libmig-core.a core/libmig-whitelist.a $(BUILTIN_LIBS) $(CURL_LIBS) $(CORE_LIBS)
cli_mig_LDFLAGS = $(MIG_PROGRAM_LDFLAGS) $(AM_LDFLAGS)
