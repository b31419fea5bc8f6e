/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Words of the integration services: outcomes, and the values of settings and arguments. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "replay/host/ic.h"

#define STATUS "hv_icmsg.status"
#define MAX_SECONDS UINT64_C(9000000000)

/* ---- outcomes ---- */

struct status_name {
	uint32_t status;
	const char *name;
};

static bool find_status(void *ctx, const struct vb_field_info *fi)
{
	struct status_name *s = ctx;

	if (strcmp(fi->path, STATUS))
		return true;
	s->name = vb_value_name(fi->proto, fi->row, s->status);
	return false;
}

static void add_status(struct vb_buf *out, uint32_t status)
{
	struct status_name s = { .status = status };

	vb_fields_each(find_status, &s);
	vb_buf_fmt(out, "0x%08x", status);
	if (s.name)
		vb_buf_fmt(out, " (%s)", s.name);
}

int vb_ic_status_error(uint32_t status)
{
	if (status == VB_IC_OK)
		return 0;
	return status == VB_IC_NO_MORE_ITEMS ? -ENOENT : -EREMOTEIO;
}

static const char *why(int error)
{
	switch (error) {
	case -ETIMEDOUT:
		return "the guest did not answer in time";
	case -ENOTCONN:
		return "the channel was closed";
	case -ENOTSUP:
		return "the guest supports none of our versions";
	case -EPROTO:
		return "the guest's answer makes no sense";
	case -ENOSYS:
		return "not built for the version that was agreed";
	default:
		return strerror(-error);
	}
}

void vb_ic_outcome(struct vb_buf *out, const struct vb_ic_answer *a)
{
	if (a->error)
		return vb_buf_str(out, why(a->error));
	vb_buf_str(out, "the guest answered ");
	add_status(out, a->status);
}

void vb_ic_done(struct vb_hrequest *rq, const struct vb_ic_answer *a)
{
	struct vb_buf text = { 0 };

	vb_ic_outcome(&text, a);
	vb_ic_done_text(rq, a->error ? a->error : vb_ic_status_error(a->status), &text);
}

void vb_ic_done_text(struct vb_hrequest *rq, int status, struct vb_buf *b)
{
	if (b->failed)
		status = status ? status : -ENOMEM;
	vb_hrequest_done(rq, status, b->data);
	vb_buf_done(b);
}

void vb_ic_usage(struct vb_hrequest *rq, const struct vb_command *commands, const char *name)
{
	struct vb_buf text = { 0 };

	for (const struct vb_command *c = commands; c->name; c++)
		if (!strcmp(c->name, name))
			vb_buf_fmt(&text, "%s %s: %s", c->name, c->arguments, c->help);
	vb_ic_done_text(rq, -EINVAL, &text);
}

bool vb_ic_usable(struct vb_ic *ic, struct vb_hrequest *rq)
{
	static const char *const texts[] = {
		[VB_IC_CLOSED] = "the guest has not opened the channel",
		[VB_IC_SILENT] = "the guest has not agreed on versions",
		[VB_IC_REFUSED] = "the guest supports none of our versions",
	};

	if (ic->state == VB_IC_READY || ic->state == VB_IC_NEGOTIATING)
		return true;
	vb_hrequest_done(rq, ic->state == VB_IC_REFUSED ? -ENOTSUP : -ENOTCONN, texts[ic->state]);
	return false;
}

void vb_ic_tell_versions(struct vb_hdevice *d, const char *const *words, size_t n,
			 struct vb_hrequest *rq)
{
	struct vb_ic *ic = vb_hdevice_state(d);
	struct vb_buf text = { 0 };

	(void)words;
	(void)n;
	if (!vb_ic_usable(ic, rq))
		return;
	if (ic->state == VB_IC_NEGOTIATING)
		return vb_hrequest_done(rq, -EAGAIN, "the guest has not agreed on versions yet");
	vb_buf_fmt(&text, "framework %u.%u, message %u.%u", VB_IC_MAJOR(ic->framework),
		   VB_IC_MINOR(ic->framework), VB_IC_MAJOR(ic->version), VB_IC_MINOR(ic->version));
	vb_ic_done_text(rq, 0, &text);
}

int vb_ic_utf16(const char *text, uint8_t *buf, size_t size, size_t *ret_len)
{
	int rc = size < 2 ? -EMSGSIZE :
			    vb_utf16_from_utf8(text, strlen(text), buf, size - 2, ret_len);

	if (rc)
		return rc;
	buf[(*ret_len)++] = 0;
	buf[(*ret_len)++] = 0;
	return 0;
}

void vb_ic_latency_text(struct vb_measure *m, uint64_t n_wanted, struct vb_buf *out)
{
	vb_buf_fmt(out, "%" PRIu64 " of %" PRIu64 " answered", m->n, n_wanted);
	if (m->n)
		vb_buf_fmt(out,
			   ", latency min %" PRIu64 " median %" PRIu64 " avg %" PRIu64
			   " max %" PRIu64 " ns",
			   m->min_ns, vb_measure_percentile(m, 500), vb_measure_mean(m), m->max_ns);
	vb_measure_done(m);
}

/* ---- values ---- */

/* Digits behind the point, as ns. */
static int fraction(const char *text, uint64_t *ns)
{
	uint64_t unit = VB_NS_PER_S;

	if (!*text)
		return -EINVAL;
	for (; *text; text++) {
		unit /= 10;
		if (*text < '0' || *text > '9' || !unit)
			return -EINVAL;
		*ns += (uint64_t)(*text - '0') * unit;
	}
	return 0;
}

int vb_ic_duration(const char *text, uint64_t *ret_ns)
{
	uint64_t seconds, ns = 0;
	const char *end;

	if (vb_number_scan(text, 10, MAX_SECONDS, &seconds, &end) || (*end && *end != '.'))
		return -EINVAL;
	if (*end && fraction(end + 1, &ns))
		return -EINVAL;
	*ret_ns = seconds * VB_NS_PER_S + ns;
	return 0;
}

int vb_ic_period(const char *text, uint64_t *ret_ns)
{
	if (vb_ic_duration(text, ret_ns))
		return -EINVAL;
	return *ret_ns && *ret_ns < VB_NS_PER_MS ? -EINVAL : 0;
}

int vb_ic_seconds(const char *text, int64_t *ret_ns)
{
	bool negative = *text == '-';
	uint64_t ns;

	if (vb_ic_duration(text + negative, &ns))
		return -EINVAL;
	*ret_ns = negative ? -(int64_t)ns : (int64_t)ns;
	return 0;
}

/* Of a text like 3.2 at *p, which moves behind it. */
static int version(const char **p, uint32_t *ret)
{
	uint64_t part[2];

	for (int i = 0; i < 2; i++) {
		if (vb_number_scan(*p, 10, UINT16_MAX, &part[i], p) || (!i && **p != '.'))
			return -EINVAL;
		*p += !i;
	}
	*ret = VB_IC_VERSION(part[0], part[1]);
	return 0;
}

int vb_ic_setting_versions(const struct vb_setting *s, void *state, const char *text)
{
	struct vb_ic_versions *v = vb_setting_member(s, state);

	for (v->n = 0; v->n < VB_IC_MAX_VERSIONS; text++) {
		if (version(&text, &v->version[v->n++]))
			return -EINVAL;
		if (!*text)
			return 0;
		if (*text != ',')
			return -EINVAL;
	}
	return -EINVAL;
}

int vb_ic_setting_duration(const struct vb_setting *s, void *state, const char *text)
{
	return vb_ic_duration(text, vb_setting_member(s, state));
}

int vb_ic_setting_period(const struct vb_setting *s, void *state, const char *text)
{
	return vb_ic_period(text, vb_setting_member(s, state));
}

int vb_ic_setting_seconds(const struct vb_setting *s, void *state, const char *text)
{
	return vb_ic_seconds(text, vb_setting_member(s, state));
}
