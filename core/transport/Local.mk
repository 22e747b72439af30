# SPDX-License-Identifier: MPL-2.0
core_libmig_core_a_SOURCES += \
	core/transport/amqp.c \
	core/transport/amqp.h \
	core/transport/amqp_connect.c \
	core/transport/amqp_internal.h \
	core/transport/http.c \
	core/transport/http.h \
	core/transport/tunnel.c \
	core/transport/tunnel.h
