/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The search for additional sense codes. The table is in asc_table.c, which asc.sh makes of asc.txt.
 */
#include "sense.h"

const char *vb_asc_name(uint16_t asc_ascq)
{
	size_t low = 0, high = vb_n_asc_names;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (vb_asc_names[middle].value == asc_ascq)
			return vb_asc_names[middle].name;
		if (vb_asc_names[middle].value < asc_ascq)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}
