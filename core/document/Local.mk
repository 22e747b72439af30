# SPDX-License-Identifier: MPL-2.0
core_libmig_core_a_SOURCES += \
	core/document/action.c \
	core/document/action.h \
	core/document/action_text.c \
	core/document/agent.c \
	core/document/agent.h \
	core/document/cancel.c \
	core/document/cancel.h \
	core/document/command.c \
	core/document/command.h \
	core/document/fields.c \
	core/document/fields.h \
	core/document/operation.c \
	core/document/target.c \
	core/document/target.h \
	core/document/target_lex.c \
	core/document/target_lex.h \
	core/document/target_value.c \
	core/document/target_value.h
