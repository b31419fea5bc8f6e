/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Words of commands and settings, for fuzz_host.c; make-corpus has the same in the same order. */
#ifndef FUZZ_HOST_WORDS_H
#define FUZZ_HOST_WORDS_H

#include <stdint.h>

/* The image of a disk or a disc: some words name this descriptor, as a file of /proc. */
#define HOST_IMAGE_FD 200

const char *host_word(uint8_t which);

#endif
