# SPDX-License-Identifier: MPL-2.0
# One folder a plugin; its Local.mk adds the .la to plugins_LTLIBRARIES.
include plugins/agentdestroy/Local.mk
include plugins/audit/Local.mk
include plugins/dispatch/Local.mk
include plugins/example/Local.mk
include plugins/examplepersist/Local.mk
include plugins/file/Local.mk
include plugins/fswatch/Local.mk
include plugins/memory/Local.mk
include plugins/netstat/Local.mk
include plugins/ping/Local.mk
include plugins/pkg/Local.mk
include plugins/scribe/Local.mk
include plugins/sshkey/Local.mk
include plugins/timedrift/Local.mk
include plugins/yara/Local.mk
