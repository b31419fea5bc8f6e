/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The display filter (-Y): an expression over field names that a record matches or not.
 *
 *	expr    = and { ("or" | "||") and }
 *	and     = not { ("and" | "&&") not }
 *	not     = { "not" | "!" } ( "(" expr ")" | test )
 *	test    = NAME [ compare VALUE | "contains" VALUE | [ "not" ] "in" set ]
 *	compare = "==" | "eq" | "!=" | "ne" | "<" | "lt" | "<=" | "le" | ">" | "gt" | ">=" | "ge"
 *	set     = "{" VALUE [ ".." VALUE ] { "," VALUE [ ".." VALUE ] } "}"
 *
 * A field may occur several times in a record. As in Wireshark 4, a comparison is true when any
 * occurrence makes it true, except "!=", which needs a field that occurs and all of whose
 * occurrences differ. A field that is absent makes every comparison false. Types are checked when
 * the expression is compiled. A compiled filter evaluates without allocating.
 */
#ifndef VB_FILTER_H
#define VB_FILTER_H

#include "capture/event.h"
#include "dissectors/wire.h"

struct vb_filter;

/* Compile text. -EINVAL: it is wrong, err says where and why in one line; -ENOMEM. */
int vb_filter_compile(const char *text, struct vb_filter **ret, struct vb_err *err);
void vb_filter_free(struct vb_filter *f);

/* Begin a record: forget what the one before it had. */
void vb_filter_begin(struct vb_filter *f, uint64_t number);

/* Into which the record's parts are walked. */
struct vb_sink vb_filter_sink(struct vb_filter *f);

/* Does what was walked since vb_filter_begin() match? */
bool vb_filter_match(const struct vb_filter *f);

/* Does the expression refer to the protocol called name? Walks nobody needs can be left out. */
bool vb_filter_needs(const struct vb_filter *f, const char *name);

#endif
