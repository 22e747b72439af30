# SPDX-License-Identifier: MPL-2.0
sshkey_sources = \
	plugins/sshkey/base64.c \
	plugins/sshkey/blob.c \
	plugins/sshkey/der.c \
	plugins/sshkey/keyfile.c \
	plugins/sshkey/sshkey.c \
	plugins/sshkey/sshkey.h
EXTRA_DIST += $(sshkey_sources)

if PLUGIN_SSHKEY_SHARED
plugins_LTLIBRARIES += plugins/sshkey/sshkey.la
plugins_sshkey_sshkey_la_SOURCES = $(sshkey_sources)
plugins_sshkey_sshkey_la_CPPFLAGS = $(SDK_CPPFLAGS)
plugins_sshkey_sshkey_la_CFLAGS = $(PLUGIN_CFLAGS) $(JSON_CFLAGS) $(CRYPTO_CFLAGS)
plugins_sshkey_sshkey_la_LDFLAGS = $(PLUGIN_LINK)
plugins_sshkey_sshkey_la_LIBADD = $(SDK_LIB) $(SDK_SEARCH_LIB) $(CRYPTO_LIBS)
endif

if PLUGIN_SSHKEY_BUILTIN
noinst_LIBRARIES += plugins/sshkey/libsshkey.a
plugins_sshkey_libsshkey_a_SOURCES = $(sshkey_sources)
plugins_sshkey_libsshkey_a_CPPFLAGS = $(SDK_CPPFLAGS) -DMIG_PLUGIN_BUILTIN_NAME=sshkey
plugins_sshkey_libsshkey_a_CFLAGS = $(PLUGIN_CFLAGS) $(JSON_CFLAGS) $(CRYPTO_CFLAGS)
BUILTIN_PLUGIN_LIBS += plugins/sshkey/libsshkey.a $(SDK_LIB) $(SDK_SEARCH_LIB)
endif
dist_man_MANS += plugins/sshkey/mig-sshkey.7
