/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "replay/give.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

static const char *last_part(const char *file)
{
	const char *slash = strrchr(file, '/');

	return slash ? slash + 1 : file;
}

int vb_give_split(const char *word, char ret_file[VB_GIVE_TEXT], const char **ret_name)
{
	const char *colon = strrchr(word, ':');
	size_t len = colon ? (size_t)(colon - word) : strlen(word);

	if (!len || len >= VB_GIVE_TEXT)
		return -EINVAL;
	memcpy(ret_file, word, len);
	ret_file[len] = '\0';
	*ret_name = colon ? colon + 1 : last_part(word);
	return **ret_name ? 0 : -EINVAL;
}

int vb_give_open(const char *const *words, size_t n, const char *name)
{
	char file[VB_GIVE_TEXT];
	const char *own;
	int fd;

	for (size_t i = 0; i < n; i++) {
		if (vb_give_split(words[i], file, &own) || strcmp(own, name) != 0)
			continue;
		fd = open(file, O_RDONLY | O_CLOEXEC);
		return fd < 0 ? -errno : fd;
	}
	return -ENOENT;
}
