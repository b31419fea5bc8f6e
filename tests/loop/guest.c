/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The connection: message page, versions, offers. */
#include "guest.h"

#include <string.h>

#include "replay/host/synic.h"

#define CONNECTION_OLD 1u
#define CONNECTION_CONTACT 4u

/* Pages 2 VP and 2 VP + 1 are message and event page of a processor; the first page stays unused. */
static uint64_t page_of(uint32_t vp, unsigned int which)
{
	return 1 + 2 * (uint64_t)vp + which;
}

void guest_init(struct guest *g, struct loop *l, uint32_t n_vps)
{
	memset(g, 0, sizeof(*g));
	g->l = l;
	g->next_gpadl = 0xe1e10; /* as Linux */
	g->next_page = page_of(VB_MAX_VPS, 0);
	for (uint32_t vp = 0; vp < n_vps; vp++)
		vb_host_synic(l->host, vp, 1, page_of(vp, 0) * VB_PAGE | 1,
			      page_of(vp, 1) * VB_PAGE | 1);
}

struct vb_hdevice *guest_start(struct guest *g, struct loop *l, const struct loop_options *opt)
{
	struct vb_hdevice_config cfg;
	struct vb_hdevice *d;

	loop_init(l, opt);
	loop_echo_config(&cfg);
	d = loop_add(l, &cfg);
	guest_init(g, l, opt->n_vps ? opt->n_vps : 1);
	return d;
}

void guest_pages(struct guest *g, uint64_t *ret_pfns, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		ret_pfns[i] = g->next_page;
		g->next_page += 1 + i % 2;
	}
	REQUIRE(g->next_page <= LOOP_MEMORY / VB_PAGE);
}

uint8_t *guest_memory(const struct guest *g, uint64_t pfn)
{
	uint8_t *p = vb_memory_map(&g->l->memory, pfn * VB_PAGE, VB_PAGE);

	REQUIRE(p);
	return p;
}

/* ---- messages ---- */

uint16_t guest_post_bytes(struct guest *g, uint32_t connection, const void *msg, uint32_t len)
{
	struct vb_post_input input = { .connection = connection,
				       .message_type = VB_MESSAGE_CHANNEL,
				       .payload_len = len };

	REQUIRE(len <= sizeof(input.payload));
	memcpy(input.payload, msg, len);
	return vb_host_post(g->l->host, (const uint8_t *)&input);
}

static void encode(const struct guest *g, uint32_t version, const struct vb_value *values, size_t n,
		   uint8_t *msg, uint32_t len)
{
	struct vb_frame f = { .kind = VB_KIND_CONTROL,
			      .direction = VB_TO_HOST,
			      .wire_len = len,
			      .vmbus_version = version };

	(void)g;
	REQUIRE(!vb_values_encode(vb_root_proto(VB_KIND_CONTROL), &f, values, n, msg, len));
}

void guest_post(struct guest *g, const struct vb_value *values, size_t n, uint32_t len)
{
	uint8_t msg[240] = { 0 };

	encode(g, g->version, values, n, msg, len);
	REQUIRE(guest_post_bytes(g, g->connection, msg, len) == 0);
}

void guest_post_relid(struct guest *g, uint32_t type, const char *path, uint32_t relid)
{
	const struct vb_value values[] = {
		VB_NUMBER("vmbus.type", type),
		VB_NUMBER(path, relid),
	};

	guest_post(g, values, path ? 2 : 1, path ? 12 : 8);
}

void guest_release(struct guest *g, uint32_t relid)
{
	size_t n = 0;

	for (size_t i = 0; i < g->n_offers; i++)
		if (g->offers[i].relid != relid)
			g->offers[n++] = g->offers[i];
	g->n_offers = n;
	guest_post_relid(g, VB_CTL_RELID_RELEASED, "vmbus.relid_released.relid", relid);
}

bool guest_take(struct guest *g)
{
	struct vb_synic_message *slot =
		(void *)(guest_memory(g, page_of(0, 0)) + VB_SINT * sizeof(*slot));

	if (!slot->type)
		return false;
	REQUIRE(slot->type == VB_MESSAGE_CHANNEL);
	REQUIRE(slot->payload_len >= 8 && slot->payload_len <= sizeof(g->msg));
	g->msg_len = slot->payload_len;
	memcpy(g->msg, slot->payload, sizeof(g->msg));
	slot->type = 0;
	/* Linux 6.1 include/asm-generic/mshyperv.h, vmbus_signal_eom(): only when more waits */
	if (slot->flags & VB_MESSAGE_PENDING) {
		g->n_eoms++;
		vb_host_eom(g->l->host, 0);
	}
	return true;
}

static struct vb_frame frame_of(const struct guest *g)
{
	return (struct vb_frame){ .data = g->msg,
				  .cap_len = g->msg_len,
				  .wire_len = g->msg_len,
				  .kind = VB_KIND_CONTROL,
				  .direction = VB_TO_GUEST,
				  .vmbus_version = g->version };
}

static void read_fields(const struct guest *g, struct vb_wanted *w, size_t n)
{
	struct vb_frame f = frame_of(g);
	struct vb_walked walked;

	REQUIRE(vb_values_read(vb_root_proto(VB_KIND_CONTROL), &f, w, n, &walked) == n);
	for (int i = 0; i < VB_N_NOTES; i++)
		REQUIRE(!walked.n_notes[i]);
}

uint64_t guest_field(const struct guest *g, const char *path)
{
	struct vb_wanted w = { .path = path };

	read_fields(g, &w, 1);
	return w.number;
}

#define AREA_OFFSET 60u /* header, GUIDs, reserved, flags and megabytes before it */

static void note_offer(struct guest *g)
{
	struct vb_wanted w[] = { { .path = "vmbus.offer.relid" },
				 { .path = "vmbus.offer.connection_id" },
				 { .path = "vmbus.offer.sub_channel_index" },
				 { .path = "vmbus.offer.if_type" },
				 { .path = "vmbus.offer.if_instance" },
				 { .path = "vmbus.offer.interrupt" } };
	struct guest_offer *o = &g->offers[g->n_offers++];

	REQUIRE(g->n_offers <= GUEST_MAX_OFFERS);
	REQUIRE(g->msg_len == 196);
	read_fields(g, w, 6);
	*o = (struct guest_offer){ .relid = (uint32_t)w[0].number,
				   .connection = (uint32_t)w[1].number,
				   .subchannel = (uint16_t)w[2].number };
	memcpy(o->interface, w[3].bytes, 16);
	memcpy(o->instance, w[4].bytes, 16);
	memcpy(o->area, g->msg + AREA_OFFSET, sizeof(o->area));
	REQUIRE(w[5].number == 1); /* dedicated */
	REQUIRE(o->relid && o->relid < VB_SYNIC_FLAGS && o->connection < 1u << 24);
	for (size_t i = 0; i + 1 < g->n_offers; i++)
		REQUIRE(g->offers[i].relid != o->relid);
}

static void note_rescind(struct guest *g)
{
	uint32_t relid = (uint32_t)guest_field(g, "vmbus.rescind_offer.relid");

	for (size_t i = 0; i < g->n_offers; i++) {
		if (g->offers[i].relid != relid)
			continue;
		REQUIRE(!g->offers[i].rescinded);
		g->offers[i].rescinded = true;
		return;
	}
	REQUIRE(false); /* the host takes back what it did not offer */
}

void guest_expect(struct guest *g, uint32_t type)
{
	uint32_t got;

	do {
		REQUIRE(guest_take(g));
		got = (uint32_t)guest_field(g, "vmbus.type");
		if (got == VB_CTL_OFFER)
			note_offer(g);
		else if (got == VB_CTL_RESCIND)
			note_rescind(g);
		else
			REQUIRE(got == type);
	} while (got != type);
}

bool guest_take_offers(struct guest *g)
{
	uint32_t type;

	if (!guest_take(g))
		return false;
	type = (uint32_t)guest_field(g, "vmbus.type");
	REQUIRE(type == VB_CTL_OFFER || type == VB_CTL_RESCIND);
	if (type == VB_CTL_OFFER)
		note_offer(g);
	else
		note_rescind(g);
	return true;
}

/* ---- the connection ---- */

bool guest_contact(struct guest *g, uint32_t version)
{
	const struct vb_value values[] = {
		VB_NUMBER("vmbus.type", VB_CTL_CONTACT),
		VB_NUMBER("vmbus.initiate_contact.version", version),
		VB_NUMBER("vmbus.initiate_contact.sint", VB_SINT),
	};
	bool is_new = version >= VB_VMBUS_5_0;

	g->connection = is_new ? CONNECTION_CONTACT : CONNECTION_OLD;
	g->version = version;
	guest_post(g, values, is_new ? 3 : 2, 40);
	guest_expect(g, VB_CTL_VERSION_RESPONSE);
	if (!guest_field(g, "vmbus.version_response.supported")) {
		REQUIRE(g->msg_len == 16);
		return false;
	}
	REQUIRE(g->msg_len == (version >= VB_VMBUS_6_0 ? 20 : 16));
	if (is_new)
		g->connection = (uint32_t)guest_field(g, "vmbus.version_response.connection_id");
	else
		REQUIRE(guest_field(g, "vmbus.version_response.selected_version") == version);
	return true;
}

size_t guest_request_offers(struct guest *g)
{
	guest_post_relid(g, VB_CTL_REQUEST_OFFERS, NULL, 0);
	guest_expect(g, VB_CTL_ALL_OFFERS);
	return g->n_offers;
}

void guest_connect(struct guest *g, uint32_t version)
{
	REQUIRE(guest_contact(g, version));
	guest_request_offers(g);
}

void guest_unload(struct guest *g)
{
	guest_post_relid(g, VB_CTL_UNLOAD, NULL, 0);
	guest_expect(g, VB_CTL_UNLOAD_RESPONSE);
	/* Linux 6.1 drivers/hv/channel_mgmt.c: vmbus_free_channels() comes behind the unload */
	for (size_t i = 0; i < g->n_offers; i++)
		guest_post_relid(g, VB_CTL_RELID_RELEASED, "vmbus.relid_released.relid",
				 g->offers[i].relid);
	g->n_offers = 0;
	g->next_gpadl = 0xe1e10;
}

struct guest_offer *guest_offer(struct guest *g, uint16_t subchannel)
{
	for (size_t i = g->n_offers; i--;)
		if (g->offers[i].subchannel == subchannel && !g->offers[i].rescinded)
			return &g->offers[i];
	REQUIRE(false); /* no such channel was offered */
	return NULL;
}

bool guest_is_rescinded(struct guest *g, uint32_t relid)
{
	while (guest_take_offers(g))
		continue;
	for (size_t i = 0; i < g->n_offers; i++)
		if (g->offers[i].relid == relid)
			return g->offers[i].rescinded;
	return false;
}
