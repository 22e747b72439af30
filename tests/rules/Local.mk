# SPDX-License-Identifier: MPL-2.0
# Rules of the tree, read off the sources.
TESTS += \
	tests/rules/headers.sh \
	tests/rules/rooms.sh
EXTRA_DIST += \
	tests/rules/headers.sh \
	tests/rules/rooms.sh
