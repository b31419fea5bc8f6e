/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The table of --diff and its verdict, as text and as JSON. */
#include <inttypes.h>
#include <string.h>

#include "capture/diff.h"

/* What is counted: with a remark in a line of its own, without one in a column of the table. */
struct column {
	const char *name;
	size_t offset;
	const char *remark;
	bool bad; /* should be 0 */
};

#define COUNT(m) #m, offsetof(struct vb_diff_counts, m)

static const struct column columns[] = {
	{ COUNT(equal), NULL, false },
	{ COUNT(missing), NULL, true },
	{ COUNT(extra), NULL, true },
	{ COUNT(different), NULL, true },
	{ COUNT(ignored), "equal but for fields that may differ", false },
	{ COUNT(padded), "equal but for zeros at the end of a control message", false },
	{ COUNT(cut), "equal in what both traces kept of the packet", false },
	{ COUNT(payload_compared), "bytes outside the ring that both traces kept", false },
	{ COUNT(payload_uncompared), "bytes outside the ring that a trace did not keep", false },
	{ COUNT(payload_missing), "packets of which a trace kept nothing outside the ring", false },
};

/* What is counted while a trace is read. */
struct fact {
	const char *name;
	size_t offset;
	const char *remark;
};

#define FACT(m) #m, offsetof(struct vb_diff_input, n_##m)

static const struct fact facts[] = {
	{ FACT(records), NULL },
	{ FACT(compared), NULL },
	{ FACT(failed), "writes that failed, left out" },
	{ FACT(moved), "records that stood elsewhere than in the ring" },
	{ FACT(payload), "bytes outside the ring that were kept of what was compared" },
};

#define N_OF(a) (sizeof(a) / sizeof(*(a)))
#define COLUMN_WIDTH 10
#define DIRECTION_WIDTH 13

static uint64_t value(const void *from, size_t offset)
{
	uint64_t n;

	memcpy(&n, (const char *)from + offset, sizeof(n));
	return n;
}

static void add_counts(struct vb_diff_counts *to, const struct vb_diff_counts *c)
{
	to->equal += c->equal;
	to->missing += c->missing;
	to->extra += c->extra;
	to->different += c->different;
	to->ignored += c->ignored;
	to->padded += c->padded;
	to->cut += c->cut;
	to->payload_compared += c->payload_compared;
	to->payload_uncompared += c->payload_uncompared;
	to->payload_missing += c->payload_missing;
}

/* A direction of which nothing was compared has no line. */
static bool is_line(const struct vb_diff_counts *c)
{
	return c->equal || c->missing || c->extra || c->different;
}

/* ---- names ---- */

const char *vb_diff_direction(uint8_t direction)
{
	return direction == VB_TO_HOST	? "guest > host" :
	       direction == VB_TO_GUEST ? "host > guest" :
					  "unknown";
}

static bool is_bus(const struct vb_device *dev)
{
	static const uint8_t zero[16];

	return dev->class == VB_CLASS_UNKNOWN && dev->relid == 0 &&
	       memcmp(dev->instance, zero, sizeof(zero)) == 0;
}

void vb_diff_device_name(struct vb_buf *out, const struct vb_device *dev)
{
	static const uint8_t zero[16];
	char guid[VB_GUID_TEXT];

	if (is_bus(dev)) {
		vb_buf_str(out, "vmbus");
		return;
	}
	vb_buf_str(out, vb_class_by_code(dev->class)->name);
	if (memcmp(dev->instance, zero, sizeof(zero)) != 0) {
		vb_guid_text(dev->instance, guid);
		vb_buf_fmt(out, " %s", guid);
	} else if (dev->relid) {
		vb_buf_fmt(out, " channel %" PRIu32, dev->relid);
	}
}

/* ---- --min ---- */

static bool min_is_of(const struct vb_option_min *min, const struct vb_device *dev)
{
	if (min->class == VB_MIN_ANY)
		return true;
	return is_bus(dev) ? min->class == VB_CLASS_UNKNOWN : min->class == dev->class;
}

static uint64_t equal_of(const struct vb_diff_device *device)
{
	uint64_t n = 0;

	for (size_t i = 0; i < VB_DIFF_DIRECTIONS; i++)
		n += device->counts[i].equal;
	return n;
}

static void put_short(struct vb_diffing *d, const struct vb_option_min *min,
		      const struct vb_device *dev, uint64_t n, unsigned int *n_short)
{
	struct vb_buf *out = &d->report->out;
	bool json = d->opt->form == VB_FORM_JSON;

	if (n >= min->n)
		return;
	if (json)
		vb_buf_str(out, ++*n_short > 1 ? ",{\"min\":" : "{\"min\":");
	else
		vb_buf_fmt(out, "too few: --min %s, but ", min->text), ++*n_short;
	if (json)
		vb_buf_json(out, min->text);
	if (dev) {
		vb_buf_str(out, json ? ",\"device\":\"" : "");
		vb_diff_device_name(out, dev);
		vb_buf_str(out, json ? "\"" : " has ");
	}
	vb_buf_fmt(out, json ? ",\"equal\":%" PRIu64 "}" : "%" PRIu64 " equal\n", n);
}

/* Say what --min finds too few; how often. */
static unsigned int put_shorts(struct vb_diffing *d, const struct vb_diff_counts *total)
{
	unsigned int n_short = 0;

	for (size_t i = 0; i < d->opt->n_mins; i++) {
		const struct vb_option_min *min = &d->opt->mins[i];
		bool any = false;

		if (min->class == VB_MIN_TOTAL) {
			put_short(d, min, NULL, total->equal, &n_short);
			continue;
		}
		for (size_t k = 0; k < d->n_devices; k++) {
			const struct vb_diff_device *device = &d->devices[k];

			if (!min_is_of(min, &device->dev))
				continue;
			any = true;
			put_short(d, min, &device->dev, equal_of(device), &n_short);
		}
		if (!any)
			put_short(d, min, NULL, 0, &n_short);
	}
	return n_short;
}

/* ---- text ---- */

static void put_padded(struct vb_buf *out, const char *text, size_t width)
{
	vb_buf_fmt(out, "%-*s", (int)width, text);
}

static void put_numbers(struct vb_buf *out, const struct vb_diff_counts *c)
{
	for (size_t i = 0; i < N_OF(columns); i++)
		if (!columns[i].remark)
			vb_buf_fmt(out, "%*" PRIu64, COLUMN_WIDTH, value(c, columns[i].offset));
	vb_buf_str(out, "\n");
}

static size_t name_width(const struct vb_diffing *d)
{
	struct vb_buf name = { 0 };
	size_t width = 0;

	for (size_t i = 0; i < d->n_devices; i++) {
		vb_buf_reset(&name);
		vb_diff_device_name(&name, &d->devices[i].dev);
		width = name.len > width ? name.len : width;
	}
	vb_buf_done(&name);
	return width < 6 ? 6 : width; /* "device" */
}

static void put_device(struct vb_buf *out, const struct vb_diff_device *device, size_t width)
{
	struct vb_buf name = { 0 };

	vb_diff_device_name(&name, &device->dev);
	for (uint8_t i = 0; i < VB_DIFF_DIRECTIONS; i++) {
		if (!is_line(&device->counts[i]))
			continue;
		put_padded(out, name.data ? name.data : "", width + 2);
		put_padded(out, vb_diff_direction(i), DIRECTION_WIDTH);
		put_numbers(out, &device->counts[i]);
	}
	vb_buf_done(&name);
}

static void put_table(struct vb_diffing *d, struct vb_buf *out, const struct vb_diff_counts *total)
{
	size_t width = name_width(d);

	put_padded(out, "device", width + 2);
	put_padded(out, "direction", DIRECTION_WIDTH);
	for (size_t i = 0; i < N_OF(columns); i++)
		if (!columns[i].remark)
			vb_buf_fmt(out, "%*s", COLUMN_WIDTH, columns[i].name);
	vb_buf_str(out, "\n");
	for (size_t i = 0; i < d->n_devices; i++)
		put_device(out, &d->devices[i], width);
	put_padded(out, "all", width + 2);
	put_padded(out, "", DIRECTION_WIDTH);
	put_numbers(out, total);
}

static void put_inputs(const struct vb_diffing *d, struct vb_buf *out)
{
	for (unsigned int side = 0; side < 2; side++)
		vb_buf_fmt(out, "%s: %" PRIu64 " record%s, %" PRIu64 " compared\n",
			   d->input[side].path, d->input[side].n_records,
			   vb_plural(d->input[side].n_records), d->input[side].n_compared);
}

static void put_remarks(const struct vb_diffing *d, struct vb_buf *out,
			const struct vb_diff_counts *total)
{
	for (size_t i = 0; i < d->n_devices; i++) {
		const struct vb_diff_device *device = &d->devices[i];

		if (device->n_found == device->n_kept)
			continue;
		vb_buf_fmt(out, "not shown: %" PRIu64 " more differences of ",
			   device->n_found - device->n_kept);
		vb_diff_device_name(out, &device->dev);
		vb_buf_str(out, "; --all shows them\n");
	}
	for (size_t i = 0; i < N_OF(columns); i++)
		if (columns[i].remark && value(total, columns[i].offset) > 0)
			vb_buf_fmt(out, "%s: %" PRIu64 " (%s)\n", columns[i].name,
				   value(total, columns[i].offset), columns[i].remark);
	for (size_t i = 0; i < N_OF(facts); i++) {
		uint64_t a = value(&d->input[0], facts[i].offset);
		uint64_t b = value(&d->input[1], facts[i].offset);

		if (facts[i].remark && a + b > 0)
			vb_buf_fmt(out, "%s: %" PRIu64 " and %" PRIu64 " (%s)\n", facts[i].name, a,
				   b, facts[i].remark);
	}
}

static void put_verdict(struct vb_buf *out, const struct vb_diff_counts *total,
			unsigned int n_short, bool nothing)
{
	const char *before = "DIFFERENT: ";

	for (size_t i = 0; i < N_OF(columns); i++) {
		if (!columns[i].bad || value(total, columns[i].offset) == 0)
			continue;
		vb_buf_fmt(out, "%s%" PRIu64 " %s", before, value(total, columns[i].offset),
			   columns[i].name);
		before = ", ";
	}
	if (n_short > 0)
		vb_buf_fmt(out, "%stoo few are equal", before[0] == ',' ? before : "BAD: ");
	else if (nothing)
		vb_buf_str(out, "BAD: nothing was compared");
	else if (before[0] != ',')
		vb_buf_str(out, "equal");
	if (total->payload_missing > 0 && total->payload_compared == 0)
		vb_buf_str(out, "; payload not compared");
	vb_buf_str(out, "\n");
}

/* ---- JSON ---- */

static void put_json_counts(struct vb_buf *out, const struct vb_diff_counts *c)
{
	for (size_t i = 0; i < N_OF(columns); i++)
		vb_buf_fmt(out, "%s\"%s\":%" PRIu64, i > 0 ? "," : "", columns[i].name,
			   value(c, columns[i].offset));
}

static void put_json_inputs(const struct vb_diffing *d, struct vb_buf *out)
{
	for (unsigned int side = 0; side < 2; side++) {
		vb_buf_str(out, side == 0 ? "{\"file\":" : ",{\"file\":");
		vb_buf_json(out, d->input[side].path);
		for (size_t i = 0; i < N_OF(facts); i++)
			vb_buf_fmt(out, ",\"%s\":%" PRIu64, facts[i].name,
				   value(&d->input[side], facts[i].offset));
		vb_buf_str(out, "}");
	}
}

static void put_json_devices(const struct vb_diffing *d, struct vb_buf *out)
{
	bool any = false;

	for (size_t i = 0; i < d->n_devices; i++) {
		for (uint8_t k = 0; k < VB_DIFF_DIRECTIONS; k++) {
			if (!is_line(&d->devices[i].counts[k]))
				continue;
			vb_buf_str(out, any ? ",{\"device\":\"" : "{\"device\":\"");
			vb_diff_device_name(out, &d->devices[i].dev);
			vb_buf_fmt(out, "\",\"direction\":\"%s\",", vb_diff_direction(k));
			put_json_counts(out, &d->devices[i].counts[k]);
			vb_buf_str(out, "}");
			any = true;
		}
	}
}

/* ---- both ---- */

static unsigned int put_summary(struct vb_diffing *d, const struct vb_diff_counts *total,
				bool nothing)
{
	struct vb_buf *out = &d->report->out;
	unsigned int n_short;

	put_inputs(d, out);
	put_table(d, out, total);
	put_remarks(d, out, total);
	n_short = put_shorts(d, total);
	put_verdict(out, total, n_short, nothing);
	return n_short;
}

static unsigned int put_json_summary(struct vb_diffing *d, const struct vb_diff_counts *total,
				     bool same)
{
	struct vb_buf *out = &d->report->out;
	unsigned int n_short;

	vb_buf_fmt(out, "{\"schema\":%d,\"summary\":{\"files\":[", VB_JSON_SCHEMA);
	put_json_inputs(d, out);
	vb_buf_str(out, "],\"devices\":[");
	put_json_devices(d, out);
	vb_buf_str(out, "],\"all\":{");
	put_json_counts(out, total);
	vb_buf_str(out, "},\"too_few\":[");
	n_short = put_shorts(d, total);
	vb_buf_fmt(out, "],\"good\":%s}}\n", same && n_short == 0 ? "true" : "false");
	return n_short;
}

bool vb_diff_summary(struct vb_diffing *d)
{
	struct vb_diff_counts total = { 0 };
	size_t shown = d->report->out.len;
	unsigned int n_short;
	bool nothing, same;

	for (size_t i = 0; i < d->n_devices; i++)
		for (size_t k = 0; k < VB_DIFF_DIRECTIONS; k++)
			add_counts(&total, &d->devices[i].counts[k]);
	nothing = !is_line(&total);
	same = !nothing;
	for (size_t i = 0; i < N_OF(columns); i++)
		same &= !columns[i].bad || value(&total, columns[i].offset) == 0;
	n_short = d->opt->form == VB_FORM_JSON ? put_json_summary(d, &total, same) :
						 put_summary(d, &total, nothing);
	if (d->opt->form == VB_FORM_NONE)
		d->report->out.len = shown;
	return same && n_short == 0;
}
