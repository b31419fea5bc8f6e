/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The list of protocols: one line for each.
 */
#include <string.h>

#include "wire.h"

#define VB_PROTOS(P)                                                                               \
	P(record)                                                                                  \
	P(ext)                                                                                     \
	P(link)                                                                                    \
	P(state)                                                                                   \
	P(vmbus)                                                                                   \
	P(ring)                                                                                    \
	P(pipe)                                                                                    \
	P(balloon)                                                                                 \
	P(icmsg)                                                                                   \
	P(heartbeat)                                                                               \
	P(shutdown)                                                                                \
	P(timesync)                                                                                \
	P(kvp)                                                                                     \
	P(vss)                                                                                     \
	P(fcopy)                                                                                   \
	P(nvsp)                                                                                    \
	P(rndis)                                                                                   \
	P(storvsc)                                                                                 \
	P(scsi)                                                                                    \
	P(scsi_data)                                                                               \
	P(sense)

#define DECLARE(p) extern const struct vb_proto vb_proto_##p;
VB_PROTOS(DECLARE)

#define LISTED(p) &vb_proto_##p,
static const struct vb_proto *const protos[] = { VB_PROTOS(LISTED) };

const struct vb_proto *const *vb_protos(size_t *ret_n)
{
	*ret_n = sizeof(protos) / sizeof(protos[0]);
	return protos;
}

const struct vb_proto *vb_proto_by_name(const char *name)
{
	size_t n = sizeof(protos) / sizeof(protos[0]);

	/* Mostly it is the very string: the linker keeps one of each. A packet has several of them. */
	for (size_t i = 0; i < n; i++)
		if (protos[i]->name == name)
			return protos[i];
	for (size_t i = 0; i < n; i++)
		if (!strcmp(protos[i]->name, name))
			return protos[i];
	return NULL;
}

const struct vb_proto *vb_root_proto(uint8_t kind)
{
	switch (kind) {
	case VB_KIND_PACKET:
		return &vb_proto_ring;
	case VB_KIND_STATE:
	case VB_KIND_EVENT:
		return &vb_proto_state;
	default:
		return &vb_proto_vmbus;
	}
}

const struct vb_proto *vb_header_proto(void)
{
	return &vb_proto_record;
}

const struct vb_proto *vb_external_proto(void)
{
	return &vb_proto_ext;
}
