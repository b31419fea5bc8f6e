/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "capture/diff.h"

static uint64_t stir(uint64_t h, uint64_t word)
{
	h = (h ^ word) * UINT64_C(0x9e3779b97f4a7c15);
	return h ^ h >> 29;
}

uint64_t vb_diff_hash(const uint8_t *bytes, size_t n, uint64_t seed)
{
	uint64_t h = stir(UINT64_C(0x243f6a8885a308d3), seed), word;

	for (; n >= sizeof(word); n -= sizeof(word), bytes += sizeof(word)) {
		memcpy(&word, bytes, sizeof(word));
		h = stir(h, word);
	}
	if (n > 0) {
		word = 0;
		memcpy(&word, bytes, n);
		h = stir(h, word);
	}
	return stir(h, h >> 32);
}
