/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "replay/persona.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_FILE (1u << 20)

struct parser {
	const char *name;
	unsigned int line;
	struct vb_persona *persona;
	struct vb_err *err;
};

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

/* Take blanks off both ends of len bytes at *text. */
static size_t trim(const char **text, size_t len)
{
	while (len > 0 && is_blank(**text)) {
		++*text;
		len--;
	}
	while (len > 0 && is_blank((*text)[len - 1]))
		len--;
	return len;
}

static bool is_word(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		char c = text[i];

		if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
		      c == '_' || c == '-' || c == '.'))
			return false;
	}
	return len > 0;
}

static struct vb_persona_device *find(const struct vb_persona *p, const char *name, size_t len)
{
	for (size_t i = 0; i < p->n; i++)
		if (strlen(p->devices[i].name) == len && memcmp(p->devices[i].name, name, len) == 0)
			return &p->devices[i];
	return NULL;
}

static int begin_section(struct parser *p, const char *text, size_t len)
{
	struct vb_persona *persona = p->persona;
	struct vb_persona_device *bigger, *d;

	if (len < 2 || text[len - 1] != ']' || !is_word(text + 1, len - 2))
		return vb_fail(p->err, -EINVAL, "%s:%u: a section reads [DEVICE]", p->name,
			       p->line);
	d = find(persona, text + 1, len - 2);
	if (d)
		return vb_fail(p->err, -EINVAL, "%s:%u: [%s] was there already, in line %u",
			       p->name, p->line, d->name, d->line);
	bigger = reallocarray(persona->devices, persona->n + 1, sizeof(*bigger));
	if (!bigger)
		return vb_fail(p->err, -ENOMEM, "not enough memory");
	persona->devices = bigger;
	d = &bigger[persona->n];
	*d = (struct vb_persona_device){ .name = strndup(text + 1, len - 2), .line = p->line };
	if (!d->name)
		return vb_fail(p->err, -ENOMEM, "not enough memory");
	persona->n++;
	return 0;
}

static bool has_key(const struct vb_persona_device *d, const char *key, size_t len)
{
	for (size_t i = 0; i < d->n; i++)
		if (strncmp(d->settings[i], key, len) == 0 && d->settings[i][len] == '=')
			return true;
	return false;
}

static int add_setting(struct parser *p, struct vb_persona_device *d, const char *text, size_t len)
{
	const char *sign = memchr(text, '=', len), *end = text + len, *value;
	size_t key_len, value_len;
	char **bigger;

	key_len = sign ? trim(&text, (size_t)(sign - text)) : 0;
	if (!is_word(text, key_len))
		return vb_fail(p->err, -EINVAL, "%s:%u: a setting reads KEY = VALUE", p->name,
			       p->line);
	if (has_key(d, text, key_len))
		return vb_fail(p->err, -EINVAL, "%s:%u: %.*s was set already", p->name, p->line,
			       (int)key_len, text);
	value = sign + 1;
	value_len = trim(&value, (size_t)(end - value));
	bigger = reallocarray(d->settings, d->n + 2, sizeof(*bigger));
	if (!bigger)
		return vb_fail(p->err, -ENOMEM, "not enough memory");
	d->settings = bigger;
	bigger[d->n + 1] = NULL;
	if (asprintf(&bigger[d->n], "%.*s=%.*s", (int)key_len, text, (int)value_len, value) < 0) {
		bigger[d->n] = NULL;
		return vb_fail(p->err, -ENOMEM, "not enough memory");
	}
	d->n++;
	return 0;
}

static int parse_line(struct parser *p, const char *text, size_t len)
{
	p->line++;
	if (memchr(text, '\0', len))
		return vb_fail(p->err, -EINVAL, "%s:%u: this is no text", p->name, p->line);
	len = trim(&text, len);
	if (len == 0 || text[0] == '#')
		return 0;
	if (text[0] == '[')
		return begin_section(p, text, len);
	if (p->persona->n == 0)
		return vb_fail(p->err, -EINVAL, "%s:%u: a section [DEVICE] comes first", p->name,
			       p->line);
	return add_setting(p, &p->persona->devices[p->persona->n - 1], text, len);
}

int vb_persona_parse(const char *name, const char *text, size_t len, struct vb_persona *ret,
		     struct vb_err *err)
{
	struct parser p = { .name = name, .persona = ret, .err = err };
	int rc = 0;

	*ret = (struct vb_persona){ 0 };
	while (rc == 0 && len > 0) {
		const char *end = memchr(text, '\n', len);
		size_t line = end ? (size_t)(end - text) : len;

		rc = parse_line(&p, text, line);
		text += line + (end != NULL);
		len -= line + (end != NULL);
	}
	if (rc < 0)
		vb_persona_done(ret);
	return rc;
}

int vb_persona_read(const char *path, struct vb_persona *ret, struct vb_err *err)
{
	FILE *f = fopen(path, "re");
	char *text = malloc(MAX_FILE + 1);
	size_t n;
	int rc;

	*ret = (struct vb_persona){ 0 };
	if (!f || !text) {
		rc = f ? -ENOMEM : -errno;
		vb_fail(err, rc, "cannot open %s: %s", path, strerror(-rc));
	} else {
		n = fread(text, 1, MAX_FILE + 1, f);
		rc = n > MAX_FILE ? vb_fail(err, -EINVAL, "%s is too large for a persona", path) :
		     ferror(f)	  ? vb_fail(err, -EIO, "cannot read %s", path) :
				    vb_persona_parse(path, text, n, ret, err);
	}
	if (f)
		fclose(f);
	free(text);
	return rc;
}

void vb_persona_done(struct vb_persona *p)
{
	for (size_t i = 0; i < p->n; i++) {
		for (size_t k = 0; k < p->devices[i].n; k++)
			free(p->devices[i].settings[k]);
		free(p->devices[i].settings);
		free(p->devices[i].name);
	}
	free(p->devices);
	*p = (struct vb_persona){ 0 };
}

const char *const *vb_persona_settings(const struct vb_persona *p, const char *device)
{
	const struct vb_persona_device *d = find(p, device, strlen(device));

	return d ? (const char *const *)d->settings : NULL;
}
