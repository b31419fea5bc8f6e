/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Do two traces hold the same traffic (--diff)?
 */
#include "capture/diff.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "capture/modes.h"

/* ---- the files ---- */

static enum vb_exit cannot_read(int rc)
{
	return rc == -ENOENT || rc == -EACCES || rc == -EISDIR || rc == -ESPIPE ? VB_EXIT_USAGE :
										  VB_EXIT_DATA;
}

static int open_input(struct vb_diffing *d, struct vb_diff_input *in)
{
	int rc = vb_source_file_open(in->path, &in->source, &d->err);

	if (rc == 0 && !vb_source_file_seekable(in->source))
		rc = vb_fail(&d->err, -ESPIPE,
			     "--diff reads a trace more than once: %s must be a regular file",
			     in->path);
	return rc;
}

static int read_both(struct vb_diffing *d)
{
	int rc = vb_diff_read(d, 0);

	return rc < 0 ? rc : vb_diff_read(d, 1);
}

static int rewind_both(struct vb_diffing *d)
{
	int rc = vb_source_file_rewind(d->input[0].source, &d->err);

	return rc < 0 ? rc : vb_source_file_rewind(d->input[1].source, &d->err);
}

static int read_again(struct vb_diffing *d)
{
	int rc = rewind_both(d);

	vb_diff_forget(d);
	return rc < 0 ? rc : read_both(d);
}

/*
 * Packets are told apart by what both traces have of them. How much that is shows only when all were
 * read: if some were cut, all is read once more.
 */
static int read_inputs(struct vb_diffing *d)
{
	uint32_t limit;
	int rc;

	d->limit = UINT32_MAX;
	vb_diff_forget(d);
	rc = read_both(d);
	limit = d->input[0].shortest_cut < d->input[1].shortest_cut ? d->input[0].shortest_cut :
								      d->input[1].shortest_cut;
	if (rc < 0 || limit == UINT32_MAX)
		return rc;
	d->limit = limit;
	return read_again(d);
}

static void say_truncated(const struct vb_diffing *d)
{
	for (unsigned int side = 0; side < 2; side++)
		if (vb_source_file_info(d->input[side].source)->truncated)
			vb_report_say(d->report,
				      "%s ends inside a block: what was written last is missing",
				      d->input[side].path);
}

/* ---- all of it ---- */

static int match_lanes(struct vb_diffing *d)
{
	int rc = 0;

	for (size_t i = 0; i < d->n_lanes && rc == 0; i++) {
		for (unsigned int side = 0; side < 2; side++)
			d->input[side].n_moved += vb_diff_order(&d->lanes[i].items[side]);
		rc = vb_diff_match(d, &d->lanes[i]);
	}
	return rc < 0 ? vb_fail(&d->err, rc, "not enough memory") : 0;
}

/* How far messages outside the ring can be compared is known when their packets are pairs. */
static int match_all(struct vb_diffing *d)
{
	int rc = match_lanes(d);

	if (rc < 0 || !d->limits_set)
		return rc;
	rc = read_again(d);
	return rc < 0 ? rc : match_lanes(d);
}

static enum vb_exit run(struct vb_diffing *d)
{
	int rc = open_input(d, &d->input[0]);

	if (rc == 0)
		rc = open_input(d, &d->input[1]);
	if (rc < 0) {
		vb_report_say(d->report, "%s", d->err.text);
		return cannot_read(rc);
	}
	rc = read_inputs(d);
	if (rc == 0) {
		say_truncated(d);
		rc = match_all(d);
	}
	if (rc == 0)
		rc = vb_diff_show(d);
	if (rc == 0)
		return vb_diff_summary(d) ? VB_EXIT_GOOD : VB_EXIT_DATA;
	if (vb_report_reader_gone(d->report))
		return VB_EXIT_GOOD;
	vb_report_say(d->report, "%s", d->err.text);
	return rc == -EINVAL ? VB_EXIT_USAGE : VB_EXIT_DATA;
}

enum vb_exit vb_run_diff(const struct vb_options *opt, struct vb_report *report)
{
	struct vb_diffing d = {
		.opt = opt,
		.report = report,
		.input = { { .path = opt->input }, { .path = opt->second } },
	};
	enum vb_exit code = run(&d);

	for (unsigned int side = 0; side < 2; side++)
		if (d.input[side].source)
			d.input[side].source->ops->close(d.input[side].source);
	vb_diff_lanes_done(&d);
	free(d.found);
	return code;
}
