# SPDX-License-Identifier: MPL-2.0
# The modules that look at the network, in network namespaces that the tests make.
net_tests = \
	tests/unit/net/netstat.sh \
	tests/unit/net/ping.sh
TESTS += $(net_tests)
EXTRA_DIST += \
	$(net_tests) \
	tests/unit/net/lib-spaces.sh

if HAVE_CMOCKA
if HAVE_NETSTAT_AND_PING
check_PROGRAMS += tests/unit/net/test_net
TESTS += tests/unit/net/test_net
tests_unit_net_test_net_SOURCES = tests/unit/net/test_net.c
tests_unit_net_test_net_CPPFLAGS = $(SDK_CPPFLAGS)
tests_unit_net_test_net_CFLAGS = $(SDK_TEST_CFLAGS)
tests_unit_net_test_net_LDADD = $(SDK_TEST_LIBS)
tests_unit_net_test_net_LDFLAGS = $(SDK_TEST_LDFLAGS)
endif
endif
