/* SPDX-License-Identifier: MPL-2.0 */
#include "config.h"

#include "admin/admin.h"

int
main(int argc, char **argv)
{
    return mig_admin_main(argc, argv);
}
