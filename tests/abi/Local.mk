# SPDX-License-Identifier: MPL-2.0
# The plugin ABI is kept; see abi.sh.
TESTS += tests/abi/abi.sh
EXTRA_DIST += \
	tests/abi/abi.sh \
	tests/abi/only-grown.awk \
	tests/abi/plugin-1.0.abi \
	tests/abi/plugin-1.1.abi \
	tests/abi/plugin-1.2.abi \
	tests/abi/surface.c
