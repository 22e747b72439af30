# SPDX-License-Identifier: MPL-2.0
core_libmig_core_a_SOURCES += \
	core/document/action.h \
	core/document/agent.h \
	core/document/command.h
