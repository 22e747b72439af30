# SPDX-License-Identifier: MPL-2.0
# Plugins for the tests: they are never installed; -rpath makes libtool build them shared.
ZOO_CFLAGS = $(PLUGIN_CFLAGS)
ZOO_LINK = $(PLUGIN_LINK) -rpath /nowhere
# Whitelisted as mkwhitelist would, and by force, as mkwhitelist would not.
zoo_plugins =
zoo_forced =
zoo_dir = tests/plugin-zoo

EXTRA_DIST += tests/plugin-zoo/README.md

zoo_plugins += alias
check_LTLIBRARIES += tests/plugin-zoo/alias.la
tests_plugin_zoo_alias_la_SOURCES = tests/plugin-zoo/alias.c tests/plugin-zoo/zoo.h
tests_plugin_zoo_alias_la_CFLAGS = $(ZOO_CFLAGS)
tests_plugin_zoo_alias_la_LDFLAGS = $(ZOO_LINK)

zoo_plugins += badfield
check_LTLIBRARIES += tests/plugin-zoo/badfield.la
tests_plugin_zoo_badfield_la_SOURCES = tests/plugin-zoo/badfield.c tests/plugin-zoo/zoo.h
tests_plugin_zoo_badfield_la_CFLAGS = $(ZOO_CFLAGS)
tests_plugin_zoo_badfield_la_LDFLAGS = $(ZOO_LINK)

zoo_plugins += badmagic
check_LTLIBRARIES += tests/plugin-zoo/badmagic.la
tests_plugin_zoo_badmagic_la_SOURCES = tests/plugin-zoo/badmagic.c tests/plugin-zoo/zoo.h
tests_plugin_zoo_badmagic_la_CFLAGS = $(ZOO_CFLAGS)
tests_plugin_zoo_badmagic_la_LDFLAGS = $(ZOO_LINK)

zoo_forced += badnote
check_LTLIBRARIES += tests/plugin-zoo/badnote.la
tests_plugin_zoo_badnote_la_SOURCES = tests/plugin-zoo/badnote.c tests/plugin-zoo/zoo.h
tests_plugin_zoo_badnote_la_CFLAGS = $(ZOO_CFLAGS)
tests_plugin_zoo_badnote_la_LDFLAGS = $(ZOO_LINK)

zoo_forced += clash
check_LTLIBRARIES += tests/plugin-zoo/clash.la
tests_plugin_zoo_clash_la_SOURCES = tests/plugin-zoo/clash.c tests/plugin-zoo/zoo.h
tests_plugin_zoo_clash_la_CFLAGS = $(ZOO_CFLAGS)
tests_plugin_zoo_clash_la_LDFLAGS = $(ZOO_LINK)

zoo_plugins += disagree
check_LTLIBRARIES += tests/plugin-zoo/disagree.la
tests_plugin_zoo_disagree_la_SOURCES = tests/plugin-zoo/disagree.c tests/plugin-zoo/zoo.h
tests_plugin_zoo_disagree_la_CFLAGS = $(ZOO_CFLAGS)
tests_plugin_zoo_disagree_la_LDFLAGS = $(ZOO_LINK)

zoo_plugins += early_crash
check_LTLIBRARIES += tests/plugin-zoo/early_crash.la
tests_plugin_zoo_early_crash_la_SOURCES = tests/plugin-zoo/early.c tests/plugin-zoo/zoo.h
tests_plugin_zoo_early_crash_la_CPPFLAGS = $(SDK_CPPFLAGS) -DEARLY_NAME='"early_crash"' -DEARLY_DO='abort()'
tests_plugin_zoo_early_crash_la_CFLAGS = $(ZOO_CFLAGS)
tests_plugin_zoo_early_crash_la_LDFLAGS = $(ZOO_LINK)

zoo_plugins += early_exit
check_LTLIBRARIES += tests/plugin-zoo/early_exit.la
tests_plugin_zoo_early_exit_la_SOURCES = tests/plugin-zoo/early.c tests/plugin-zoo/zoo.h
tests_plugin_zoo_early_exit_la_CPPFLAGS = $(SDK_CPPFLAGS) -DEARLY_NAME='"early_exit"' -DEARLY_DO='_exit(4)'
tests_plugin_zoo_early_exit_la_CFLAGS = $(ZOO_CFLAGS)
tests_plugin_zoo_early_exit_la_LDFLAGS = $(ZOO_LINK)

zoo_plugins += early_loop
check_LTLIBRARIES += tests/plugin-zoo/early_loop.la
tests_plugin_zoo_early_loop_la_SOURCES = tests/plugin-zoo/early.c tests/plugin-zoo/zoo.h
tests_plugin_zoo_early_loop_la_CPPFLAGS = $(SDK_CPPFLAGS) -DEARLY_NAME='"early_loop"' -DEARLY_DO='spin()'
tests_plugin_zoo_early_loop_la_CFLAGS = $(ZOO_CFLAGS)
tests_plugin_zoo_early_loop_la_LDFLAGS = $(ZOO_LINK)

zoo_plugins += ends
check_LTLIBRARIES += tests/plugin-zoo/ends.la
tests_plugin_zoo_ends_la_SOURCES = tests/plugin-zoo/ends.c tests/plugin-zoo/zoo.h
tests_plugin_zoo_ends_la_CFLAGS = $(ZOO_CFLAGS)
tests_plugin_zoo_ends_la_LDFLAGS = $(ZOO_LINK)

zoo_plugins += faults
check_LTLIBRARIES += tests/plugin-zoo/faults.la
tests_plugin_zoo_faults_la_SOURCES = tests/plugin-zoo/faults.c tests/plugin-zoo/zoo.h
tests_plugin_zoo_faults_la_CFLAGS = $(ZOO_CFLAGS)
tests_plugin_zoo_faults_la_LDFLAGS = $(ZOO_LINK)
tests_plugin_zoo_faults_la_LIBADD = -lpthread

zoo_plugins += frozen
check_LTLIBRARIES += tests/plugin-zoo/frozen.la
tests_plugin_zoo_frozen_la_SOURCES = tests/fixtures/abi-1.0/frozen.c tests/fixtures/abi-1.0/mig/plugin.h
tests_plugin_zoo_frozen_la_CPPFLAGS = -D_GNU_SOURCE -I$(srcdir)/tests/fixtures/abi-1.0
tests_plugin_zoo_frozen_la_CFLAGS = $(ZOO_CFLAGS)
tests_plugin_zoo_frozen_la_LDFLAGS = $(ZOO_LINK)

zoo_plugins += glutton
check_LTLIBRARIES += tests/plugin-zoo/glutton.la
tests_plugin_zoo_glutton_la_SOURCES = tests/plugin-zoo/glutton.c tests/plugin-zoo/zoo.h
tests_plugin_zoo_glutton_la_CFLAGS = $(ZOO_CFLAGS)
tests_plugin_zoo_glutton_la_LDFLAGS = $(ZOO_LINK)

zoo_plugins += good
check_LTLIBRARIES += tests/plugin-zoo/good.la
tests_plugin_zoo_good_la_SOURCES = tests/plugin-zoo/good.c tests/plugin-zoo/zoo.h
tests_plugin_zoo_good_la_CFLAGS = $(ZOO_CFLAGS)
tests_plugin_zoo_good_la_LDFLAGS = $(ZOO_LINK)

zoo_plugins += hooks
check_LTLIBRARIES += tests/plugin-zoo/hooks.la
tests_plugin_zoo_hooks_la_SOURCES = tests/plugin-zoo/hooks.c tests/plugin-zoo/zoo.h
tests_plugin_zoo_hooks_la_CFLAGS = $(ZOO_CFLAGS)
tests_plugin_zoo_hooks_la_LDFLAGS = $(ZOO_LINK)

zoo_plugins += many
check_LTLIBRARIES += tests/plugin-zoo/many.la
tests_plugin_zoo_many_la_SOURCES = tests/plugin-zoo/many.c tests/plugin-zoo/zoo.h
tests_plugin_zoo_many_la_CFLAGS = $(ZOO_CFLAGS)
tests_plugin_zoo_many_la_LDFLAGS = $(ZOO_LINK)

zoo_plugins += nextmajor
check_LTLIBRARIES += tests/plugin-zoo/nextmajor.la
tests_plugin_zoo_nextmajor_la_SOURCES = tests/plugin-zoo/nextmajor.c tests/plugin-zoo/zoo.h
tests_plugin_zoo_nextmajor_la_CFLAGS = $(ZOO_CFLAGS)
tests_plugin_zoo_nextmajor_la_LDFLAGS = $(ZOO_LINK)

zoo_plugins += nextminor
check_LTLIBRARIES += tests/plugin-zoo/nextminor.la
tests_plugin_zoo_nextminor_la_SOURCES = tests/plugin-zoo/nextminor.c tests/plugin-zoo/zoo.h
tests_plugin_zoo_nextminor_la_CFLAGS = $(ZOO_CFLAGS)
tests_plugin_zoo_nextminor_la_LDFLAGS = $(ZOO_LINK)

zoo_forced += nonote
check_LTLIBRARIES += tests/plugin-zoo/nonote.la
tests_plugin_zoo_nonote_la_SOURCES = tests/plugin-zoo/nonote.c tests/plugin-zoo/zoo.h
tests_plugin_zoo_nonote_la_CFLAGS = $(ZOO_CFLAGS)
tests_plugin_zoo_nonote_la_LDFLAGS = $(ZOO_LINK)

zoo_plugins += norun
check_LTLIBRARIES += tests/plugin-zoo/norun.la
tests_plugin_zoo_norun_la_SOURCES = tests/plugin-zoo/norun.c tests/plugin-zoo/zoo.h
tests_plugin_zoo_norun_la_CFLAGS = $(ZOO_CFLAGS)
tests_plugin_zoo_norun_la_LDFLAGS = $(ZOO_LINK)

zoo_plugins += nosymbol
check_LTLIBRARIES += tests/plugin-zoo/nosymbol.la
tests_plugin_zoo_nosymbol_la_SOURCES = tests/plugin-zoo/nosymbol.c tests/plugin-zoo/zoo.h
tests_plugin_zoo_nosymbol_la_CFLAGS = $(ZOO_CFLAGS)
# Without the list of exports, which would be empty.
tests_plugin_zoo_nosymbol_la_LDFLAGS = -module -avoid-version -shared $(MIG_LDFLAGS) -rpath /nowhere

zoo_plugins += probe
check_LTLIBRARIES += tests/plugin-zoo/probe.la
tests_plugin_zoo_probe_la_SOURCES = tests/plugin-zoo/probe.c tests/plugin-zoo/zoo.h
tests_plugin_zoo_probe_la_CPPFLAGS = $(SDK_CPPFLAGS) -DPROBE_NAME='"probe"' -DPROBE_NEEDS=0
tests_plugin_zoo_probe_la_CFLAGS = $(ZOO_CFLAGS)
tests_plugin_zoo_probe_la_LDFLAGS = $(ZOO_LINK)

zoo_plugins += probe_net
check_LTLIBRARIES += tests/plugin-zoo/probe_net.la
tests_plugin_zoo_probe_net_la_SOURCES = tests/plugin-zoo/probe.c tests/plugin-zoo/zoo.h
tests_plugin_zoo_probe_net_la_CPPFLAGS = $(SDK_CPPFLAGS) -DPROBE_NAME='"probe_net"' \
	-DPROBE_NEEDS='MIG_NEED_NETWORK | MIG_NEED_READ_FILES | MIG_NEED_EXECUTE | MIG_NEED_CLOCK'
tests_plugin_zoo_probe_net_la_CFLAGS = $(ZOO_CFLAGS)
tests_plugin_zoo_probe_net_la_LDFLAGS = $(ZOO_LINK)

zoo_plugins += relabelled
check_LTLIBRARIES += tests/plugin-zoo/relabelled.la
tests_plugin_zoo_relabelled_la_SOURCES = tests/plugin-zoo/relabelled.c tests/plugin-zoo/zoo.h
tests_plugin_zoo_relabelled_la_CFLAGS = $(ZOO_CFLAGS)
tests_plugin_zoo_relabelled_la_LDFLAGS = $(ZOO_LINK)

zoo_plugins += short_one
check_LTLIBRARIES += tests/plugin-zoo/short_one.la
tests_plugin_zoo_short_one_la_SOURCES = tests/plugin-zoo/short_one.c tests/plugin-zoo/zoo.h
tests_plugin_zoo_short_one_la_CFLAGS = $(ZOO_CFLAGS)
tests_plugin_zoo_short_one_la_LDFLAGS = $(ZOO_LINK)

check_LTLIBRARIES += tests/plugin-zoo/stranger.la
tests_plugin_zoo_stranger_la_SOURCES = tests/plugin-zoo/stranger.c tests/plugin-zoo/zoo.h
tests_plugin_zoo_stranger_la_CFLAGS = $(ZOO_CFLAGS)
tests_plugin_zoo_stranger_la_LDFLAGS = $(ZOO_LINK)

zoo_plugins += trespass
check_LTLIBRARIES += tests/plugin-zoo/trespass.la
tests_plugin_zoo_trespass_la_SOURCES = tests/plugin-zoo/trespass.c tests/plugin-zoo/zoo.h
tests_plugin_zoo_trespass_la_CPPFLAGS = $(SDK_CPPFLAGS) \
	-DZOO_VICTIM='"$(abs_top_builddir)/tests/plugin-zoo/victim"'
tests_plugin_zoo_trespass_la_CFLAGS = $(ZOO_CFLAGS)
tests_plugin_zoo_trespass_la_LDFLAGS = $(ZOO_LINK)

zoo_forced += twonotes
check_LTLIBRARIES += tests/plugin-zoo/twonotes.la
tests_plugin_zoo_twonotes_la_SOURCES = tests/plugin-zoo/twonotes.c tests/plugin-zoo/zoo.h
tests_plugin_zoo_twonotes_la_CFLAGS = $(ZOO_CFLAGS)
tests_plugin_zoo_twonotes_la_LDFLAGS = $(ZOO_LINK)

zoo_plugins += twosymbols
check_LTLIBRARIES += tests/plugin-zoo/twosymbols.la
tests_plugin_zoo_twosymbols_la_SOURCES = tests/plugin-zoo/twosymbols.c tests/plugin-zoo/zoo.h
tests_plugin_zoo_twosymbols_la_CFLAGS = $(ZOO_CFLAGS)
# Without the list of exports, which would hide the second one.
tests_plugin_zoo_twosymbols_la_LDFLAGS = -module -avoid-version -shared $(PLUGIN_DEFS) $(MIG_LDFLAGS) -rpath /nowhere
