/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "storage.h"

#include "walk.h"

/*
 * Commands that some hosts refuse though nothing is wrong: the driver says that they succeeded (Linux
 * 6.1 drivers/scsi/storvsc_drv.c, storvsc_on_io_completion()). Of this one only Fibre Channel's:
 * VB_SCSI_MAINTENANCE_IN.
 */
static bool is_forced(const struct vb_frame *f)
{
	switch (f->recalled & 0xff) {
	case VB_SCSI_INQUIRY:
	case VB_SCSI_MODE_SENSE_6:
	case VB_SCSI_MODE_SENSE_10:
		return true;
	case VB_SCSI_MAINTENANCE_IN:
		return f->class == VB_CLASS_FC;
	default:
		return false;
	}
}

/* An overrun is how hosts say that there was less data than room for it. */
static bool is_failure(uint64_t code)
{
	return code != VB_SRB_SUCCESS && code != VB_SRB_DATA_OVERRUN;
}

uint32_t vb_storage_packet(const struct vb_frame *f, const struct vb_walked *w)
{
	for (unsigned int i = 0; i < w->n_layers; i++) {
		const struct vb_layer *l = &w->layer[i];

		if (!l->msg || l->msg->reply_to != VB_STORVSC_EXECUTE_SRB ||
		    !(l->set & 1u << VB_STORVSC_SRB_CODE))
			continue;
		if (is_failure(l->slots[VB_STORVSC_SRB_CODE]))
			return 1u << (is_forced(f) ? VB_NOTE_FORCED : VB_NOTE_STATUS);
	}
	return 0;
}
