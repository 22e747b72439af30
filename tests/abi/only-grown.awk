# SPDX-License-Identifier: MPL-2.0
# Reads a report of abidiff and fails unless all that it says is that the structs which are preceded by their size
# have grown at their end. libabigail's own suppression of insertions at the end hides other changes of the same
# struct as well, so what is allowed is told line by line, and any other line is none.
/^Functions changes summary: 0 Removed, 0 Changed/ { next }
/^Variables changes summary: 0 Removed,/ { next }
/^$/ || /^[0-9]+ Changed variables?:$/ { next }
/^  \[C\] '[^']*\*? mig_abi_[a-z_]+' was changed at / { inside = ""; next }
/^ *type of variable changed:$/ || /^ *in pointed to type '/ { next }
/^ *in unqualified underlying type 'struct mig_(plugin|host|option|field)' at / { inside = $5; end = -1; next }
/^ *type size changed from [0-9]+ to [0-9]+ \(in bits\)$/ && inside != "" && $7 > $5 { end = $5; next }
/^ *[0-9]+ data member insertions?:$/ && end >= 0 { next }
/^ *'.*', at offset [0-9]+ \(in bits\) at / && end >= 0 {
    offset = $0
    sub(/.*', at offset /, "", offset)
    if (offset + 0 >= end)
        next
}
/^ *no data member changes? \([0-9]+ filtered\);$/ { next }
{ print; bad = 1 }
END { exit bad }
