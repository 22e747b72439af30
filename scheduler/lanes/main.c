/* SPDX-License-Identifier: MPL-2.0 */
#include "config.h"

#include "lanes/scheduler.h"

int
main(int argc, char **argv)
{
    return mig_scheduler_main(argc, argv);
}
