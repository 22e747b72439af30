# SPDX-License-Identifier: MPL-2.0
core_libmig_core_a_SOURCES += \
	core/transport/amqp.h \
	core/transport/http.h
