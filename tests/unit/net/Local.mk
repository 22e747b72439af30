# SPDX-License-Identifier: MPL-2.0
# The modules that look at the network, in network namespaces that the tests make.
net_tests = \
	tests/unit/net/netstat.sh \
	tests/unit/net/ping.sh \
	tests/unit/net/timedrift.sh
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

# The plugin itself, and its sources for what does not cross the ABI.
if PLUGIN_TIMEDRIFT_SHARED
check_PROGRAMS += tests/unit/net/test_timedrift
TESTS += tests/unit/net/test_timedrift
tests_unit_net_test_timedrift_SOURCES = \
	plugins/timedrift/packet.c \
	plugins/timedrift/servers.c \
	plugins/timedrift/text.c \
	tests/unit/net/test_timedrift.c \
	tests/unit/sdk/tree.c \
	tests/unit/sdk/tree.h
tests_unit_net_test_timedrift_CPPFLAGS = $(SDK_CPPFLAGS) -I$(srcdir)/plugins/timedrift \
	-I$(srcdir)/tests/unit/sdk
tests_unit_net_test_timedrift_CFLAGS = $(SDK_TEST_CFLAGS)
tests_unit_net_test_timedrift_LDADD = $(SDK_TEST_LIBS)
endif
endif
