/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The ACPI tables. Layouts and AML: ACPI specification 6.4, chapters 5, 6.4 and 20. */
#include <assert.h>
#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "replay/vmm/acpi.h"
#include "replay/vmm/aml.h"

struct rsdp {
	char signature[8];
	uint8_t checksum; /* of the first 20 bytes */
	char oem_id[6];
	uint8_t revision;
	uint32_t rsdt;
	uint32_t length;
	uint64_t xsdt;
	uint8_t extended_checksum;
	uint8_t reserved[3];
} __attribute__((packed));
static_assert(sizeof(struct rsdp) == 36, "RSDP");

struct head {
	char signature[4];
	uint32_t length;
	uint8_t revision;
	uint8_t checksum;
	char oem_id[6];
	char oem_table_id[8];
	uint32_t oem_revision;
	char creator_id[4];
	uint32_t creator_revision;
} __attribute__((packed));
static_assert(sizeof(struct head) == 36, "table header");

struct xsdt {
	struct head head;
	uint64_t tables[2];
} __attribute__((packed));

/* A generic address. */
struct address {
	uint8_t space; /* 1: I/O ports */
	uint8_t bit_width;
	uint8_t bit_offset;
	uint8_t access_size; /* 1: byte */
	uint64_t address;
} __attribute__((packed));
static_assert(sizeof(struct address) == 12, "generic address");

struct fadt {
	struct head head;
	uint32_t facs;
	uint32_t dsdt;
	uint8_t reserved1;
	uint8_t pm_profile;
	uint16_t sci;
	uint8_t pm_hardware[61]; /* nothing of it exists with reduced hardware */
	uint16_t boot_arch;
	uint8_t reserved2;
	uint32_t flags;
	struct address reset;
	uint8_t reset_value;
	uint16_t arm_boot_arch;
	uint8_t minor;
	uint64_t x_facs;
	uint64_t x_dsdt;
	struct address x_pm_hardware[8];
	struct address sleep_control;
	struct address sleep_status;
	uint64_t hypervisor;
} __attribute__((packed));
static_assert(sizeof(struct fadt) == 276, "FADT, revision 6");
static_assert(offsetof(struct fadt, boot_arch) == 109, "FADT");
static_assert(offsetof(struct fadt, reset) == 116, "FADT");
static_assert(offsetof(struct fadt, sleep_control) == 244, "FADT");

#define FADT_WBINVD (1u << 0)
#define FADT_NO_POWER_BUTTON (1u << 4) /* as fixed hardware */
#define FADT_NO_SLEEP_BUTTON (1u << 5)
#define FADT_RESET_REGISTER (1u << 10)
#define FADT_HW_REDUCED (1u << 20)
#define BOOT_ARCH_NO_VGA (1u << 2)
#define BOOT_ARCH_NO_CMOS_RTC (1u << 5)

struct madt {
	struct head head;
	uint32_t local_apic;
	uint32_t flags;
} __attribute__((packed));

struct madt_local_apic {
	uint8_t type; /* 0 */
	uint8_t length;
	uint8_t processor;
	uint8_t apic_id;
	uint32_t flags; /* 1: enabled */
} __attribute__((packed));
static_assert(sizeof(struct madt_local_apic) == 8, "MADT");

struct madt_io_apic {
	uint8_t type; /* 1 */
	uint8_t length;
	uint8_t id;
	uint8_t reserved;
	uint32_t address;
	uint32_t gsi_base;
} __attribute__((packed));
static_assert(sizeof(struct madt_io_apic) == 12, "MADT");

#define LOCAL_APIC 0xfee00000u
#define IO_APIC 0xfec00000u

/* Where the tables begin in the area. */
#define XSDT_AT 0x100u
#define FADT_AT 0x200u
#define MADT_AT 0x400u
#define DSDT_AT 0x1000u
#define DSDT_MAX 0x800u

#define MAX_CPUS 64u
static_assert(MADT_AT + sizeof(struct madt) + sizeof(struct madt_io_apic) +
			      MAX_CPUS * sizeof(struct madt_local_apic) <=
		      DSDT_AT,
	      "the MADT fits");

static uint8_t checksum(const void *p, size_t n)
{
	const uint8_t *bytes = p;
	uint8_t sum = 0;

	for (size_t i = 0; i < n; i++)
		sum = (uint8_t)(sum + bytes[i]);
	return (uint8_t)-sum;
}

/* The table follows its header in memory, all of it is there. */
static void finish(struct head *h, const char signature[4], uint8_t revision, size_t len)
{
	memcpy(h->signature, signature, sizeof(h->signature));
	h->length = (uint32_t)len;
	h->revision = revision;
	memcpy(h->oem_id, "VMBUS ", sizeof(h->oem_id));
	memcpy(h->oem_table_id, "REPLAY  ", sizeof(h->oem_table_id));
	h->oem_revision = 1;
	memcpy(h->creator_id, "VMBT", sizeof(h->creator_id));
	h->creator_revision = 1;
	h->checksum = 0;
	h->checksum = checksum(h, len);
}

static void build_rsdp(uint8_t *at, uint32_t base)
{
	struct rsdp r = { .revision = 2, .length = sizeof(r), .xsdt = base + XSDT_AT };

	memcpy(r.signature, "RSD PTR ", sizeof(r.signature));
	memcpy(r.oem_id, "VMBUS ", sizeof(r.oem_id));
	r.checksum = checksum(&r, offsetof(struct rsdp, length));
	r.extended_checksum = checksum(&r, sizeof(r));
	memcpy(at, &r, sizeof(r));
}

static void build_xsdt(uint8_t *at, uint32_t base)
{
	struct xsdt x = { .tables = { base + FADT_AT, base + MADT_AT } };

	finish(&x.head, "XSDT", 1, sizeof(x));
	memcpy(at, &x, sizeof(x));
}

static struct address port(uint32_t number)
{
	return (struct address){ .space = 1, .bit_width = 8, .access_size = 1, .address = number };
}

static void build_fadt(uint8_t *at, uint32_t base)
{
	struct fadt f = {
		.dsdt = base + DSDT_AT,
		.x_dsdt = base + DSDT_AT,
		.minor = 4,
		/* the flag of an 8042 is clear: Linux does not look for one */
		.boot_arch = BOOT_ARCH_NO_VGA | BOOT_ARCH_NO_CMOS_RTC,
		.flags = FADT_WBINVD | FADT_NO_POWER_BUTTON | FADT_NO_SLEEP_BUTTON |
			 FADT_RESET_REGISTER | FADT_HW_REDUCED,
		.reset = port(VB_ACPI_RESET_PORT),
		.reset_value = VB_ACPI_RESET_VALUE,
		.sleep_control = port(VB_ACPI_SLEEP_PORT),
		.sleep_status = port(VB_ACPI_STATUS_PORT),
	};

	finish(&f.head, "FACP", 6, sizeof(f));
	memcpy(at, &f, sizeof(f));
}

static void build_madt(uint8_t *at, uint32_t n_cpus)
{
	struct madt m = { .local_apic = LOCAL_APIC };
	struct madt_io_apic io = { .type = 1, .length = sizeof(io), .address = IO_APIC };
	size_t len = sizeof(m);

	for (uint32_t i = 0; i < n_cpus; i++) {
		struct madt_local_apic cpu = { .length = sizeof(cpu),
					       .processor = (uint8_t)i,
					       .apic_id = (uint8_t)i,
					       .flags = 1 };

		memcpy(at + len, &cpu, sizeof(cpu));
		len += sizeof(cpu);
	}
	memcpy(at + len, &io, sizeof(io));
	len += sizeof(io);
	memcpy(at, &m, sizeof(m));
	finish((struct head *)at, "APIC", 5, len);
}

/* Memory that VMBus devices may ask for, and the bus itself: what hv_vmbus looks for. */
static void put_vmbus(struct vb_aml *a)
{
	size_t module = vb_aml_device(a, "VMOD");
	size_t resources, bus;

	vb_aml_name_string(a, "_HID", "ACPI0004");
	resources = vb_aml_resources(a);
	vb_aml_memory_window(a, 0xf8000000, 0xfbffffff);
	vb_aml_resources_end(a, resources);
	bus = vb_aml_device(a, "VMBS");
	vb_aml_name_string(a, "_HID", "VMBus");
	vb_aml_name_integer(a, "_STA", 0xf);
	resources = vb_aml_resources(a);
	vb_aml_irq(a, 5);
	vb_aml_resources_end(a, resources);
	vb_aml_end(a, bus);
	vb_aml_end(a, module);
}

/*
 * Without an interrupt: Linux polls it then. Kernel messages do not care, and what processes write
 * still leaves at 16 bytes every 8 ms. In an emulated machine (TCG) an injected interrupt may be
 * delivered a second time before its EOI. Handlers of the local APIC's interrupts survive that; those
 * of devices hold a lock at that time (Linux 6.1 kernel/irq/chip.c, handle_edge_irq()) and hang.
 */
static void put_console(struct vb_aml *a)
{
	size_t device = vb_aml_device(a, "COM1");
	size_t resources;

	vb_aml_name_eisa_id(a, "_HID", "PNP0501");
	vb_aml_name_integer(a, "_UID", 1);
	resources = vb_aml_resources(a);
	vb_aml_ports(a, 0x3f8, 8);
	vb_aml_resources_end(a, resources);
	vb_aml_end(a, device);
}

static int build_dsdt(uint8_t *at)
{
	static const uint8_t s5[] = { 5, 0, 0, 0 };
	struct vb_aml a = { .at = at, .cap = DSDT_MAX, .len = sizeof(struct head) };
	size_t scope;

	vb_aml_name_package(&a, "_S5_", s5, sizeof(s5));
	scope = vb_aml_scope(&a, "_SB_");
	put_vmbus(&a);
	put_console(&a);
	vb_aml_end(&a, scope);
	if (a.full)
		return -ENOSPC;
	finish((struct head *)at, "DSDT", 2, a.len);
	return 0;
}

int vb_acpi_build(uint8_t *area, size_t area_len, uint32_t base, uint32_t n_cpus)
{
	if (area_len < DSDT_AT + DSDT_MAX || n_cpus > MAX_CPUS)
		return -ENOSPC;
	build_rsdp(area, base);
	build_xsdt(area + XSDT_AT, base);
	build_fadt(area + FADT_AT, base);
	build_madt(area + MADT_AT, n_cpus);
	return build_dsdt(area + DSDT_AT);
}
