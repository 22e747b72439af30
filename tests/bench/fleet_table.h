/* SPDX-License-Identifier: MPL-2.0 */
/* What a run has measured, as rows of a table beside what must hold. */
#ifndef MIG_BENCH_FLEET_TABLE_H
#define MIG_BENCH_FLEET_TABLE_H

#include <stdbool.h>

#define FLEET_ROUNDS 32

/* One kind of figure, of every round. */
struct fleet_figure {
    double values[FLEET_ROUNDS];
    unsigned count;
};

/* More than FLEET_ROUNDS are not kept. */
void fleet_figure_add(struct fleet_figure *figure, double value);
double fleet_figure_median(const struct fleet_figure *figure);
/* Prints "| what | median unit | limit | held |"; limit 0: none is asked for. Gives whether the
 * limit is held. */
bool fleet_table_row(const char *what, const struct fleet_figure *figure, const char *unit,
                     double limit);

#endif
