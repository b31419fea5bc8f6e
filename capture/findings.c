/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "capture/findings.h"

void vb_findings_tell(struct vb_findings *to, enum vb_verdict verdict, const char *subject,
		      const char *detail, const char *remedy)
{
	const struct vb_finding f = { .verdict = verdict,
				      .subject = subject,
				      .detail = detail,
				      .remedy = verdict == VB_GOOD ? "" : remedy };

	to->bad |= verdict == VB_BAD;
	to->found(to->ctx, &f);
}
