# SPDX-License-Identifier: MPL-2.0
# Run by scripts/vm, not by make check: they install a service, into a machine of their own.
EXTRA_DIST += tests/vm/service.sh
