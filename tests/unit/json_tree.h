/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Lets the encoder read values from what json-c has parsed.
 */
#ifndef VB_TEST_JSON_TREE_H
#define VB_TEST_JSON_TREE_H

#include "dissectors/wire.h"

/* Nodes are struct json_object. */
struct vb_tree vb_json_tree(void);

#endif
