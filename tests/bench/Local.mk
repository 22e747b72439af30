# SPDX-License-Identifier: MPL-2.0
# Not part of `make check`: figures for people.
EXTRA_PROGRAMS += tests/bench/latency
tests_bench_latency_SOURCES = tests/bench/latency.c
tests_bench_latency_CPPFLAGS = $(AM_CPPFLAGS) -I$(srcdir)/cli
tests_bench_latency_LDADD = cli/libmig-cli.a core/libmig-core.a core/libmig-whitelist.a $(BUILTIN_LIBS) \
	$(CURL_LIBS) $(CORE_LIBS)

EXTRA_PROGRAMS += tests/bench/file-walk
tests_bench_file_walk_SOURCES = tests/bench/file-walk.c
tests_bench_file_walk_CPPFLAGS = $(SDK_CPPFLAGS)
tests_bench_file_walk_CFLAGS = $(MIG_CFLAGS) $(JSON_CFLAGS)
tests_bench_file_walk_LDADD = sdk/libmig-testkit.la $(JSON_LIBS)

EXTRA_DIST += \
	tests/bench/file-walk.sh \
	tests/bench/latency.sh \
	tests/bench/netstat-sockets.sh
