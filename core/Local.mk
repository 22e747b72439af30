# SPDX-License-Identifier: MPL-2.0
# libmig-core.a: shared by every program. libmig-agent.a: the agent, for mig-mkagent to link.
miglib_LIBRARIES += core/libmig-core.a core/libmig-agent.a
core_libmig_core_a_SOURCES =
core_libmig_agent_a_SOURCES =

include core/base/Local.mk
include core/document/Local.mk
include core/trust/Local.mk
include core/plugin/Local.mk
include core/transport/Local.mk
include core/agent/Local.mk
