/* SPDX-License-Identifier: MPL-2.0 */
#include "config.h"

#include "fleet_table.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void
fleet_figure_add(struct fleet_figure *figure, double value)
{
    if (figure->count < FLEET_ROUNDS)
        figure->values[figure->count++] = value;
}

static int
compare(const void *a, const void *b)
{
    const double *x = a, *y = b;

    return (*x > *y) - (*x < *y);
}

double
fleet_figure_median(const struct fleet_figure *figure)
{
    double sorted[FLEET_ROUNDS];

    if (figure->count == 0)
        return 0;
    memcpy(sorted, figure->values, figure->count * sizeof(*sorted));
    qsort(sorted, figure->count, sizeof(*sorted), compare);
    return sorted[figure->count / 2];
}

bool
fleet_table_row(const char *what, const struct fleet_figure *figure, const char *unit, double limit)
{
    double median = fleet_figure_median(figure);
    bool held = limit <= 0 || median <= limit;

    printf("| %s | %.3g %s | ", what, median, unit);
    if (limit > 0)
        printf("%.3g %s | %s |\n", limit, unit, held ? "yes" : "NO");
    else
        printf("- | - |\n");
    return held;
}
