# SPDX-License-Identifier: MPL-2.0
# The modules that look at the network, in network namespaces that the tests make.
net_tests = \
	tests/unit/net/netstat.sh \
	tests/unit/net/ping.sh
TESTS += $(net_tests)
EXTRA_DIST += \
	$(net_tests) \
	tests/unit/net/lib-spaces.sh
