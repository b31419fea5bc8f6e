/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The devices there are. */
#include <string.h>

#include "model.h"

#define VB_MODELS(M)                                                                               \
	M(heartbeat) M(shutdown) M(timesync) M(kvp) M(vss) M(fcopy) M(netvsc) M(scsi) M(ide) M(fc)

#define DECLARE(m) extern const struct vb_model vb_model_##m;
VB_MODELS(DECLARE)

#define LISTED(m) &vb_model_##m,

const struct vb_model *const *vb_models(size_t *ret_n)
{
	static const struct vb_model *const models[] = { VB_MODELS(LISTED) };

	*ret_n = sizeof(models) / sizeof(models[0]);
	return models;
}

const struct vb_model *vb_model_by_name(const char *name)
{
	size_t n;
	const struct vb_model *const *models = vb_models(&n);

	for (size_t i = 0; i < n; i++)
		if (!strcmp(models[i]->name, name))
			return models[i];
	return NULL;
}
