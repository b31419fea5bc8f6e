/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the manual pages have to say of options, settings and commands. */
#ifndef VB_MANUAL_H
#define VB_MANUAL_H

#include "capture/option_table.h"
#include "replay/host/model.h"

/* A page below the source tree has each of n options; the test fails where it has not. */
void manual_has_options(const char *page, const struct vb_option_row *rows, size_t n);

/* vmbusreplay's page has, in that section, each setting and each command of the model. */
void manual_has_model(const char *section, const char *model);

#endif
