# SPDX-License-Identifier: MPL-2.0
core_libmig_core_a_SOURCES += \
	core/plugin/worker.h
