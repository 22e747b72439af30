# SPDX-License-Identifier: MPL-2.0
EXTRA_DIST += \
	scripts/build \
	scripts/check \
	scripts/deps \
	scripts/format \
	scripts/lint
