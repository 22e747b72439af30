#!/usr/bin/env bash
# SPDX-License-Identifier: MPL-2.0
# The packages that the SDK reads are those that dpkg-query and rpm show, on databases that dpkg and rpm make
# here; what they can not read, or what a container's root would lead elsewhere, is refused.
set -u
# shellcheck source=tests/integration/lib-tap.sh
. "${top_srcdir:?}/tests/integration/lib-tap.sh"
list=${top_builddir:?}/tests/unit/sdk/packages-list
work=$(mktemp -d) || exit 99
work=$(cd "$work" && pwd -P)
trap 'rm -rf "$work"' EXIT
export HOME=$work LC_ALL=C
have_sqlite=$(command -v sqlite3)

skip() # WHAT WHY
{
    ok 0 "$1 # SKIP $2"
}

# ours SYSTEM ROOT: "name version architecture" lines, sorted
ours()
{
    "$list" "$2" 2>"$work/errors" | sed -n "s/^$1 //p" | sort
}
errors()
{
    "$list" "$1" 2>&1 >/dev/null
}

# ---- dpkg ----

make_deb() # NAME VERSION ARCHITECTURE [FIELD…]
{
    local dir=$work/deb/$1 field
    rm -rf "$dir"
    mkdir -p "$dir/DEBIAN" "$dir/etc"
    echo conf >"$dir/etc/$1.conf"
    echo "/etc/$1.conf" >"$dir/DEBIAN/conffiles"
    {
        printf 'Package: %s\nVersion: %s\nArchitecture: %s\nMaintainer: nobody <n@example.org>\n' "$1" "$2" "$3"
        for field in "${@:4}"; do printf '%s\n' "$field"; done
        printf 'Description: a package: with colons\n Version: 666 is not its version\n .\n Package: neither\n'
    } >"$dir/DEBIAN/control"
    dpkg-deb -b "$dir" "$work/$1_$3.deb" >/dev/null
}
dpkg_theirs() # ROOT: what is unpacked at least
{
    dpkg-query --admindir="$1/var/lib/dpkg" -W -f '${db:Status-Status} ${Package} ${Version} ${Architecture}\n' |
        sed -nE 's/^(unpacked|half-configured|triggers-awaited|triggers-pending|installed) //p' | sort
}

if command -v dpkg-deb >/dev/null; then
    root=$work/dpkg
    mkdir -p "$root/var/lib/dpkg/info" "$root/var/lib/dpkg/updates"
    touch "$root/var/lib/dpkg/status" "$root/var/lib/dpkg/available"
    here=$(dpkg --print-architecture)
    other=$([ "$here" = i386 ] && echo amd64 || echo i386)
    in_root()
    {
        # dpkg wants its helpers in PATH, and to be root or be told otherwise.
        PATH=$PATH:/usr/sbin:/sbin dpkg --root="$root" --force-not-root --force-script-chrootless --log=/dev/null "$@" >"$work/dpkg.log" 2>&1
    }
    in_root --add-architecture "$other"
    make_deb plain 1.0 all
    make_deb epoch 2:1.0~rc1+dfsg-3 "$here"
    make_deb held 1-1 "$here"
    make_deb gone 5 all
    make_deb purged 6 all
    make_deb both 7 "$here" "Multi-Arch: same"
    in_root -i "$work"/*.deb
    ok $? "dpkg installs what dpkg-deb made"
    make_deb both 7 "$other" "Multi-Arch: same"
    in_root -i "$work/both_$other.deb"
    make_deb started 8 all
    in_root --unpack "$work/started_all.deb"
    in_root -r gone
    in_root -P purged
    echo "held hold" | in_root --set-selections
    is "$(ours dpkg "$root")" "$(dpkg_theirs "$root")" "the packages of dpkg-query"
    is "$(ours dpkg "$root" | wc -l)" 6 "of which there are 6"
    like "$(ours dpkg "$root")" "^both 7 $other$" "one of another architecture, named without it"
    is "$(ours dpkg "$root" | grep -c '^gone\|^purged')" 0 "not what was removed, with its configuration or without"

    # A transaction that was cut short.
    printf 'Package: plain\nStatus: install ok installed\nVersion: 1.1\nArchitecture: all\nMaintainer: n\nDescription: d\n' \
        >"$root/var/lib/dpkg/updates/0001"
    printf 'Package: late\nStatus: install ok unpacked\nVersion: 3\nArchitecture: all\nMaintainer: n\nDescription: d\n' \
        >"$root/var/lib/dpkg/updates/0002"
    printf 'Package: epoch\nStatus: deinstall ok config-files\nVersion: 2:1.0~rc1+dfsg-3\nArchitecture: %s\nMaintainer: n\nDescription: d\n' \
        "$here" >"$root/var/lib/dpkg/updates/0003"
    printf 'Package: plain\nStatus: install ok installed\nVersion: 1.2\nArchitecture: all\nMaintainer: n\nDescription: d\n' \
        >"$root/var/lib/dpkg/updates/0004"
    printf 'Package: junk\nStatus: install ok installed\nVersion: 3\nArchitecture: all\n' >"$root/var/lib/dpkg/updates/tmp.i"
    is "$(ours dpkg "$root" | grep -E '^(plain|late|epoch) ')" $'late 3 all\nplain 1.2 all' "updates/ goes over status"
    # dpkg-query too wants its lock for them.
    is "$(ours dpkg "$root")" "$(dpkg_theirs "$root")" "as dpkg-query has it"

    if [ -r /var/lib/dpkg/status ]; then
        is "$("$list" / | sed -n 's/^dpkg //p' | sort)" "$(dpkg_theirs /)" "the packages of this system"
    fi
else
    skip "dpkg's databases" "no dpkg here"
fi

root=$work/distroless
mkdir -p "$root/var/lib/dpkg/status.d"
printf 'Package: tzdata\nVersion: 2024a-0+deb12u1\nArchitecture: all\nDescription: zones\n' >"$root/var/lib/dpkg/status.d/tzdata"
printf 'Package: base\nVersion: 12.4\nArchitecture: amd64\n' >"$root/var/lib/dpkg/status.d/base"
printf 'd41d8cd98f00b204e9800998ecf8427e  etc/x\n' >"$root/var/lib/dpkg/status.d/base.md5sums"
is "$(ours dpkg "$root")" $'base 12.4 amd64\ntzdata 2024a-0+deb12u1 all' "status.d of an image without dpkg"
is "$("$list" -d "$root" | tail -1)" "database $root/var/lib/dpkg/status.d dpkg 2 0" "which is told as a database"

# ---- rpm ----

make_rpm() # NAME VERSION RELEASE ARCH [TAG…]
{
    local tag
    {
        printf 'Name: %s\nVersion: %s\nRelease: %s\nSummary: s\nLicense: MPL-2.0\nBuildArch: %s\n' "$1" "$2" "$3" "$4"
        for tag in "${@:5}"; do printf '%s\n' "$tag"; done
        printf '%%description\nd\n%%files\n'
    } >"$work/$1.spec"
    rpmbuild --quiet -bb --define "_topdir $work/rpmbuild" --define "_rpmdir $work/rpms" \
        --define '_build_id_links none' "$work/$1.spec" >/dev/null 2>"$work/rpmbuild.log"
}
rpm_theirs() # ROOT [OPTION…]
{
    rpm "${@:2}" --dbpath "$1/var/lib/rpm" -qa --queryformat '%{NAME} %{EVR} %{ARCH}\n' | sort
}

if command -v rpmbuild >/dev/null && [ "$(rpm --eval '%{_db_backend}')" = sqlite ]; then
    root=$work/rpm
    db=$root/var/lib/rpm
    mkdir -p "$db" "$work/other"
    make_rpm plain 1.0 1.el9 noarch
    make_rpm epoch 2.0~rc1^git5 3 noarch "Epoch: 4"
    make_rpm zero 1 1 noarch "Epoch: 0"
    # An index and a data part of many pages.
    # shellcheck disable=SC2046
    make_rpm long 1 1 noarch $(seq -f 'Provides:provided(%g)' 20000)
    rpm --dbpath "$db" --nodeps --justdb -i "$work"/rpms/noarch/*.rpm 2>"$work/rpm.log"
    ok $? "rpm installs what rpmbuild made"
    is "$(ours rpm "$root")" "$(rpm_theirs "$root")" "the packages of rpm -qa"
    is "$(ours rpm "$root" | grep -v '^long')" $'epoch 4:2.0~rc1^git5-3 noarch\nplain 1.0-1.el9 noarch\nzero 0:1-1 noarch' \
        "with their epochs"
    if [ -n "$have_sqlite" ]; then
        # What is committed is in the log: the database's copy is made before the program merges them.
        mkdir -p "$work/wal/var/lib"
        sqlite3 "$db/rpmdb.sqlite" >/dev/null <<S
PRAGMA journal_mode = WAL;
PRAGMA wal_autocheckpoint = 0;
UPDATE Packages SET blob = (SELECT blob FROM Packages WHERE hnum = 1) WHERE hnum = 2;
.shell cp -r $db $work/wal/var/lib/rpm
UPDATE Packages SET blob = zeroblob(100) WHERE hnum = 3;
S
        [ -s "$work/wal/var/lib/rpm/rpmdb.sqlite-wal" ]
        ok $? "a database with a log"
        before=$(find "$work/wal" -type f -exec sha256sum {} + | sort)
        is "$(ours rpm "$work/wal" | uniq -d | wc -l)" 1 "what is committed in the log is seen"
        is "$(find "$work/wal" -type f -exec sha256sum {} + | sort)" "$before" "nothing was written"
        rm "$work/wal/var/lib/rpm/rpmdb.sqlite-wal"
        is "$(ours rpm "$work/wal" | uniq -d | wc -l)" 0 "without the log, what the database has"
        is "$(ours rpm "$root" | wc -l)" 3 "a damaged header is left out"
        is "$(errors "$root")" "$db/rpmdb.sqlite: 1 entries could not be read" "and counted"
    else
        skip "a database with a log" "no sqlite3 here"
    fi

    # The older formats, made of the headers that rpm has stored.
    mkdir -p "$work/bdb/var/lib/rpm" "$work/ndb/usr/lib/sysimage/rpm"
    if /usr/bin/python3 - "$db/rpmdb.sqlite" "$work/ndb/usr/lib/sysimage/rpm/Packages.db" 2>"$work/python.log" <<'P'
import sqlite3, struct, sys
rows = [(n, b) for n, b in sqlite3.connect(sys.argv[1]).execute("SELECT hnum, blob FROM Packages") if any(b)]
slots, blobs, at = [], b"", 4096 // 16
for index, blob in rows:
    data = b"BlbS" + struct.pack("<3I", index, 7, len(blob)) + blob
    data += bytes(-(len(data) + 12) % 16) + struct.pack("<2I", 0, len(blob)) + b"BlbE"
    slots.append(b"Slot" + struct.pack("<3I", index, at, len(data) // 16))
    at += len(data) // 16
    blobs += data
head = b"RpmP" + struct.pack("<4I", 0, 7, 1, len(rows) + 1) + bytes(12)
page = head + b"".join(slots)
page += (b"Slot" + bytes(12)) * ((4096 - len(page)) // 16)
open(sys.argv[2], "wb").write(page + blobs)
P
    then
        is "$(ours rpm "$work/ndb")" "$(ours rpm "$root")" "ndb"
    else
        skip "ndb" "python3 has no sqlite3"
    fi
    if perl -MDB_File -e 1 2>/dev/null && [ -n "$have_sqlite" ]; then
        for order in 1234 4321; do
            rm -f "$work/bdb/var/lib/rpm/Packages"
            sqlite3 "$db/rpmdb.sqlite" "SELECT hnum, hex(blob) FROM Packages WHERE hex(blob) NOT LIKE '00000000%'" |
                perl -MDB_File -MFcntl -e '
                    my $hash = DB_File::HASHINFO->new;
                    $hash->{bsize} = 4096;
                    $hash->{lorder} = $ARGV[1];
                    tie(my %h, "DB_File", $ARGV[0], O_RDWR | O_CREAT, 0644, $hash) or die $!;
                    my $pack = $ARGV[1] == 1234 ? "V" : "N";
                    $h{pack $pack, 0} = pack $pack, 5;
                    while (<STDIN>) { chomp; my ($n, $b) = split /\|/; $h{pack $pack, $n} = pack "H*", $b; }
                    untie %h;' "$work/bdb/var/lib/rpm/Packages" $order
            is "$(ours rpm "$work/bdb")" "$(ours rpm "$root")" "Berkeley DB, byte order $order"
            is "$(ours rpm "$work/bdb")" "$(rpm_theirs "$work/bdb" --define '_db_backend bdb_ro' 2>/dev/null)" \
                "as rpm has it, byte order $order"
        done
    else
        skip "Berkeley DB" "perl has no DB_File"
    fi

    # As many distributions have it.
    mkdir -p "$work/moved/usr/lib/sysimage" "$work/moved/var/lib"
    cp -r "$db" "$work/moved/usr/lib/sysimage/rpm"
    ln -s ../../usr/lib/sysimage/rpm "$work/moved/var/lib/rpm"
    is "$(ours rpm "$work/moved")" "$(ours rpm "$root")" "a database at two paths is read once"
else
    skip "rpm's databases" "no rpmbuild with SQLite here"
fi

# ---- apk ----

root=$work/apk
mkdir -p "$root/lib/apk/db"
printf 'C:Q1abc=\nP:musl\nV:1.2.4-r2\nA:x86_64\nS:1\nF:lib\nR:ld-musl.so\na:0:0:755\nZ:Q1x=\n\nC:Q1d=\nP:busybox\nV:1.36.1-r5\nA:x86_64\n\n' \
    >"$root/lib/apk/db/installed"
is "$(ours apk "$root")" $'busybox 1.36.1-r5 x86_64\nmusl 1.2.4-r2 x86_64' "apk"
mkdir -p "$work/apk3/usr/lib"
cp -r "$root/lib/apk" "$work/apk3/usr/lib/"
ln -s usr/lib "$work/apk3/lib"
is "$("$list" "$work/apk3" | wc -l)" 2 "apk below a merged /usr, once"

# ---- roots that lead elsewhere ----

root=$work/escape
mkdir -p "$root/var/lib/dpkg" "$root/lib/apk/db" "$root/real"
printf 'Package: outside\nStatus: install ok installed\nVersion: 1\n' >"$work/outside"
printf 'Package: inside\nStatus: install ok installed\nVersion: 1\n' >"$root/real/status"
link()
{
    rm -f "$root/var/lib/dpkg/status"
    ln -s "$1" "$root/var/lib/dpkg/status"
}
link "$work/outside"
is "$("$list" "$root" 2>&1)" "" "a link to a file outside leads nowhere"
link "../../../../../../../../../../..$work/outside"
is "$("$list" "$root" 2>&1)" "" "dots do not lead out either"
link /real/status
is "$("$list" "$root" 2>&1)" "dpkg inside 1 (none)" "an absolute link leads to what is inside"
link ../../../real/../real/./status
is "$("$list" "$root" 2>&1)" "dpkg inside 1 (none)" "so does a relative one"
link status
is "$("$list" "$root" 2>&1)" "$root/var/lib/dpkg/status: Too many levels of symbolic links" "a link to itself"
rm "$root/var/lib/dpkg/status"
mkfifo "$root/var/lib/dpkg/status"
is "$("$list" "$root" 2>&1)" "$root/var/lib/dpkg/status: this is not a regular file" "a pipe is not opened"
rm "$root/var/lib/dpkg/status"
mkdir "$root/var/lib/dpkg/status"
is "$("$list" "$root" 2>&1)" "$root/var/lib/dpkg/status: this is not a regular file" "a folder is not a file"
rmdir "$root/var/lib/dpkg/status"
touch "$root/var/lib/dpkg/status.d"
is "$("$list" "$root" 2>&1)" "$root/var/lib/dpkg/status.d: this is not a folder" "nor a file a folder"
like "$("$list" "$work/nowhere" 2>&1)" "nowhere: No such file or directory" "no root"

# ---- damaged databases ----

root=$work/bad
mkdir -p "$root/var/lib/dpkg" "$root/var/lib/rpm" "$root/lib/apk/db"
status=$root/var/lib/dpkg/status
long=$(printf '%600s' '' | tr ' ' x)
printf 'Package: a\0b\nStatus: install ok installed\nVersion: 1\n\nPackage: %s\nStatus: install ok installed\nVersion: 1\n\n' "$long" >"$status"
printf 'Package: c\nStatus: install ok installed\n\nStatus: install ok installed\nVersion: 1\n\n' >>"$status"
printf 'Package: d\tx\nStatus: install ok installed\nVersion: 1\n\nPackage: \xff\xfe\nStatus: install ok installed\nVersion: 1\n\n' >>"$status"
printf ' lost\n: nothing\nPackage: good\nStatus:install ok installed\nversion:   1-1  \nARCHITECTURE:all\nDescription: %s\n' \
    "$(printf '%200000s' '' | tr ' ' 'P')" >>"$status"
printf ' Version: 5\n\n\n\nPackage: last\nStatus: installed\nVersion: 2' >>"$status"
is "$(ours dpkg "$root")" $'good 1-1 all\nlast 2 (none)' "what is well-formed amid what is not"
is "$(cat "$work/errors")" "$status: 6 entries could not be read" "the rest is counted"
: >"$status"
for name in rpmdb.sqlite Packages.db Packages; do
    rm -f "$root"/var/lib/rpm/*
    head -c 70000 /dev/zero >"$root/var/lib/rpm/$name"
    case $name in
        rpmdb.sqlite) like "$(errors "$root")" "rpmdb.sqlite: (SQLite says: file is not a database|not read: this was built without SQLite)" "not SQLite" ;;
        Packages.db) is "$(errors "$root")" "$root/var/lib/rpm/Packages.db: this is not an ndb database of rpm" "not ndb" ;;
        Packages) is "$(errors "$root")" "$root/var/lib/rpm/Packages: this is not a hash of Berkeley DB, version 8 to 10" "not Berkeley DB" ;;
    esac
    : >"$root/var/lib/rpm/$name"
    ok $(($("$list" "$root" 2>&1 | wc -l) == 1 ? 0 : 1)) "an empty $name is one error"
done
rm -f "$root"/var/lib/rpm/*
if [ -n "$have_sqlite" ] && [ -e "$work/rpm/var/lib/rpm/rpmdb.sqlite" ]; then
    sqlite3 "$root/var/lib/rpm/rpmdb.sqlite" "CREATE VIEW Packages AS WITH RECURSIVE n(hnum) AS
        (SELECT 1 UNION ALL SELECT hnum + 1 FROM n) SELECT hnum, zeroblob(100) AS blob FROM n"
    is "$(errors "$root")" "$root/var/lib/rpm/rpmdb.sqlite: there is no table Packages in it" "a view without end is not asked"
    rm "$root/var/lib/rpm/rpmdb.sqlite"
    sqlite3 "$root/var/lib/rpm/rpmdb.sqlite" "CREATE TABLE Packages(hnum INTEGER PRIMARY KEY, blob TEXT);
        INSERT INTO Packages VALUES(1, 'x'), (2, NULL), (3, 5), (4, zeroblob(16)), (5, x'ffffffffffffffff')"
    is "$(errors "$root")" "$root/var/lib/rpm/rpmdb.sqlite: 5 entries could not be read" "values that are no headers"
    head -c 20480 "$work/rpm/var/lib/rpm/rpmdb.sqlite" >"$root/var/lib/rpm/rpmdb.sqlite"
    like "$(errors "$root")" "rpmdb.sqlite: SQLite says: database disk image is malformed|entries could not be read" "a database that was cut off"
fi
tap_done
