#!/usr/bin/env perl
# SPDX-License-Identifier: MPL-2.0
# perl sdk/lib/regex_unicode.pl >sdk/lib/regex_unicode_tables.h: general categories, scripts and simple case
# folding, from the Unicode database that comes with perl. Run by hand when Unicode grows.
use strict;
use warnings;
use Unicode::UCD qw(prop_invlist prop_values prop_value_aliases prop_invmap);

my %sets;

# add NAME, INVERSION LISTS: their union under a name
sub add {
    my ($name, @lists) = @_;
    my @ranges;
    for my $list (@lists) {
        for (my $i = 0; $i < @$list; $i += 2) {
            push @ranges, [$list->[$i], ($i + 1 < @$list ? $list->[$i + 1] : 0x110000) - 1];
        }
    }
    my @joined;
    for my $range (sort { $a->[0] <=> $b->[0] } @ranges) {
        if (@joined && $range->[0] <= $joined[-1][1] + 1) {
            $joined[-1][1] = $range->[1] if $range->[1] > $joined[-1][1];
        } else {
            push @joined, [@$range];
        }
    }
    $sets{$name} = \@joined;
}

my %groups;
for my $value (prop_values('General_Category')) {
    next if length $value != 2 || $value eq 'Cn' || $value eq 'LC';
    my @list = prop_invlist("General_Category=$value");
    add($value, \@list);
    push @{$groups{substr $value, 0, 1}}, \@list;
}
add($_, @{$groups{$_}}) for keys %groups;
for my $value (prop_values('Script')) {
    my ($short, $name) = prop_value_aliases('Script', $value);
    next if !defined $name || $name =~ /^(Unknown|Katakana_Or_Hiragana)$/;
    my @list = prop_invlist("Script=$value");
    add($name, \@list) if @list;
}

# Characters that fold to the same one are an orbit; each leads to the next, the last to the first.
my ($starts, $maps) = prop_invmap('Simple_Case_Folding');
my %orbits;
for my $i (0 .. $#$starts) {
    next if $maps->[$i] == 0;
    my $end = $i < $#$starts ? $starts->[$i + 1] : 0x110000;
    for my $c ($starts->[$i] .. $end - 1) {
        my $to = $maps->[$i] + $c - $starts->[$i];
        push @{$orbits{$to}}, $c if $to != $c;
    }
}
my %next;
for my $to (keys %orbits) {
    my @orbit = sort { $a <=> $b } ($to, @{$orbits{$to}});
    $next{$orbit[$_]} = $orbit[($_ + 1) % @orbit] for 0 .. $#orbit;
}

# rows ITEMS: so many a line as fit
sub rows {
    my $line = '   ';
    for my $item (@_) {
        if (length($line) + length($item) + 2 > 100) {
            print "$line\n";
            $line = '   ';
        }
        $line .= " $item,";
    }
    print "$line\n";
}

my $version = Unicode::UCD::UnicodeVersion();
print <<"END";
/* SPDX-License-Identifier: MPL-2.0 */
/* Made by regex_unicode.pl from Unicode $version. */
/* clang-format off */
#ifndef MIG_REGEX_UNICODE_TABLES_H
#define MIG_REGEX_UNICODE_TABLES_H

#include "regex_runes.h"

static const struct {
    const char *name;
    uint16_t first;
    uint16_t count;
} unicode_sets[] = {
END
my @all;
for my $name (sort keys %sets) {
    printf "    {\"%s\", %d, %d},\n", $name, scalar @all, scalar @{$sets{$name}};
    push @all, @{$sets{$name}};
}
print "};\n\nstatic const struct mig_rune_range unicode_ranges[] = {\n";
rows(map { sprintf '{0x%x, 0x%x}', @$_ } @all);
print "};\n\n/* Each and the next one of the same letter in another case. */\n";
print "static const uint32_t unicode_orbits[][2] = {\n";
rows(map { sprintf '{0x%x, 0x%x}', $_, $next{$_} } sort { $a <=> $b } keys %next);
print "};\n\n#endif\n";
