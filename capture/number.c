/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "capture/number.h"

#include <errno.h>
#include <stdbool.h>

#include "dissectors/sinks.h"

int vb_number_scan(const char *text, unsigned int base, uint64_t max, uint64_t *ret,
		   const char **ret_end)
{
	const char *start = text;
	uint64_t value = 0;
	int digit;

	for (; (digit = vb_hex_digit(*text)) >= 0 && (unsigned int)digit < base; text++)
		if (__builtin_mul_overflow(value, base, &value) ||
		    __builtin_add_overflow(value, digit, &value))
			return -EINVAL;
	if (text == start || value > max)
		return -EINVAL;
	*ret = value;
	*ret_end = text;
	return 0;
}

int vb_number_parse(const char *text, uint64_t max, uint64_t *ret)
{
	bool is_hex = text[0] == '0' && text[1] == 'x';
	const char *end;
	uint64_t value;

	if (vb_number_scan(is_hex ? text + 2 : text, is_hex ? 16 : 10, max, &value, &end) || *end)
		return -EINVAL;
	*ret = value;
	return 0;
}
