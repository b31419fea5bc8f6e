/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A strict reader of JSON text: what our JSON output must satisfy, and the tree the encoder takes.
 */
#ifndef FUZZ_JSON_TREE_H
#define FUZZ_JSON_TREE_H

#include "dissectors/wire.h"

struct json;

/* NULL unless text is exactly one JSON value in printable characters. */
struct json *json_parse(const char *text, size_t len);
void json_free(struct json *j);

const void *json_root(const struct json *j);
/* The tree as vb_encode() reads it; valid while j is. */
struct vb_tree json_tree(struct json *j);

#endif
