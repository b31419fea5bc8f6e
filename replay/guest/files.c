/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "replay/guest/agent.h"

#define MAX_DEPTH 8
#define PATH_MAX_TEXT 1024
#define PIECE (32u * 1024)

static void send_file(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	char piece[PIECE];
	ssize_t n;

	if (fd < 0)
		return;
	vb_port_send_text(VB_AGENT_FILE, path + sizeof(VB_AGENT_OUT "/") - 1);
	while ((n = read(fd, piece, sizeof(piece))) > 0)
		vb_port_send(VB_AGENT_FILE_DATA, piece, (size_t)n, NULL, 0);
	vb_port_send(VB_AGENT_FILE_END, NULL, 0, NULL, 0);
	close(fd);
}

/* path has room for PATH_MAX_TEXT and is restored. */
static void send_directory(char *path, unsigned int depth)
{
	size_t len = strlen(path);
	DIR *dir = opendir(path);
	struct dirent *e;
	struct stat st;

	while (dir && (e = readdir(dir))) {
		size_t room = PATH_MAX_TEXT - len;

		if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
			continue;
		if ((size_t)snprintf(path + len, room, "/%s", e->d_name) >= room ||
		    lstat(path, &st) < 0)
			continue;
		if (S_ISREG(st.st_mode))
			send_file(path);
		else if (S_ISDIR(st.st_mode) && depth < MAX_DEPTH)
			send_directory(path, depth + 1);
	}
	path[len] = '\0';
	if (dir)
		closedir(dir);
}

void vb_agent_send_files(void)
{
	char path[PATH_MAX_TEXT] = VB_AGENT_OUT;

	send_directory(path, 0);
}
