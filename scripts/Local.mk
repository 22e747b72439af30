# SPDX-License-Identifier: MPL-2.0
EXTRA_DIST += \
	scripts/build \
	scripts/check \
	scripts/demo \
	scripts/deps \
	scripts/format \
	scripts/lib-platform.sh \
	scripts/lint \
	scripts/vm
