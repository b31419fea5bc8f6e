/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "capture/number.h"

#include <errno.h>

#include "dissectors/sinks.h"

int vb_number_parse(const char *text, uint64_t max, uint64_t *ret)
{
	int base = text[0] == '0' && text[1] == 'x' ? 16 : 10;
	uint64_t value = 0;

	text += base == 16 ? 2 : 0;
	do {
		int digit = vb_hex_digit(*text);

		if (digit < 0 || digit >= base || __builtin_mul_overflow(value, base, &value) ||
		    __builtin_add_overflow(value, digit, &value))
			return -EINVAL;
	} while (*++text);
	if (value > max)
		return -EINVAL;
	*ret = value;
	return 0;
}
