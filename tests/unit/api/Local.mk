# SPDX-License-Identifier: MPL-2.0
TESTS += tests/unit/api/api.sh
EXTRA_DIST += tests/unit/api/api.sh
