# SPDX-License-Identifier: MPL-2.0
EXTRA_DIST += tests/cmocka-tap
include tests/unit/base/Local.mk
include tests/unit/trust/Local.mk
include tests/unit/sdk/Local.mk
include tests/unit/memory/Local.mk
include tests/unit/net/Local.mk
include tests/unit/plugin/Local.mk
include tests/unit/plugins/Local.mk
include tests/unit/agent/Local.mk
include tests/unit/store/Local.mk
include tests/unit/api/Local.mk
include tests/unit/cli/Local.mk
include tests/fuzz/Local.mk
include tests/abi/Local.mk
include tests/rules/Local.mk
include tests/integration/Local.mk
include tests/bench/Local.mk
include tests/fault/Local.mk
include tests/vm/Local.mk
