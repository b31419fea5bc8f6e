/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ACPI tables as a guest finds them: from the RSDP on, by the specification's offsets. */
#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

#include "replay/vmm/acpi.h"
#include "replay/vmm/aml.h"

#define BASE 0xe0000u
#define LEN 0x20000u

static uint8_t area[LEN];

static uint64_t get(uint64_t gpa, unsigned int n)
{
	uint64_t value = 0;

	cr_assert(gpa >= BASE && gpa + n <= BASE + LEN, "%llx is outside", (unsigned long long)gpa);
	memcpy(&value, area + (gpa - BASE), n);
	return value;
}

static uint8_t sum(uint64_t gpa, uint64_t n)
{
	uint8_t total = 0;

	for (uint64_t i = 0; i < n; i++)
		total = (uint8_t)(total + get(gpa + i, 1));
	return total;
}

/* A table: signature, sum. Returns its length. */
static uint32_t table(uint64_t gpa, const char *signature)
{
	uint32_t len = (uint32_t)get(gpa + 4, 4);

	cr_assert_arr_eq(area + (gpa - BASE), signature, 4);
	cr_assert_geq(len, 36);
	cr_assert_eq(sum(gpa, len), 0, "checksum of %s", signature);
	return len;
}

/* FADT and MADT by way of RSDP and XSDT. */
static void find(uint32_t n_cpus, uint64_t *fadt, uint64_t *madt)
{
	uint64_t xsdt;

	memset(area, 0xcc, sizeof(area));
	cr_assert_eq(vb_acpi_build(area, sizeof(area), BASE, n_cpus), 0);
	cr_assert_arr_eq(area, "RSD PTR ", 8);
	cr_assert_eq(get(BASE + 15, 1), 2);
	cr_assert_eq(get(BASE + 20, 4), 36);
	cr_assert_eq(sum(BASE, 20), 0);
	cr_assert_eq(sum(BASE, 36), 0);
	xsdt = get(BASE + 24, 8);
	cr_assert_eq(table(xsdt, "XSDT"), 36 + 2 * 8);
	*fadt = get(xsdt + 36, 8);
	*madt = get(xsdt + 44, 8);
}

Test(acpi, fadt)
{
	uint64_t fadt, madt, dsdt;

	find(1, &fadt, &madt);
	cr_assert_eq(table(fadt, "FACP"), 276);
	cr_assert_eq(get(fadt + 8, 1), 6);
	cr_assert_eq(get(fadt + 112, 4), 0x100431, "hardware-reduced, reset register, ...");
	cr_assert_eq(get(fadt + 109, 2), 0x24, "no 8042, no VGA, no RTC");
	cr_assert_eq(get(fadt + 116, 4), 0x01000801, "a port of 8 bits");
	cr_assert_eq(get(fadt + 120, 8), VB_ACPI_RESET_PORT);
	cr_assert_eq(get(fadt + 128, 1), VB_ACPI_RESET_VALUE);
	cr_assert_eq(get(fadt + 248, 8), VB_ACPI_SLEEP_PORT);
	cr_assert_eq(get(fadt + 260, 8), VB_ACPI_STATUS_PORT);
	for (unsigned int i = 46; i < 109; i++)
		cr_assert_eq(get(fadt + i, 1), 0, "offset %u: no such hardware", i);
	dsdt = get(fadt + 140, 8);
	cr_assert_eq(get(fadt + 40, 4), dsdt);
	table(dsdt, "DSDT");
}

/* Entries of the MADT: how many local APICs and I/O APICs. */
static void count_apics(uint64_t madt, uint32_t *n_local, uint32_t *n_io)
{
	uint32_t len = table(madt, "APIC"), at = 44;

	cr_assert_eq(get(madt + 36, 4), 0xfee00000);
	cr_assert_eq(get(madt + 40, 4), 0, "no PIC");
	while (at < len) {
		if (get(madt + at, 1) == 0) {
			cr_assert_eq(get(madt + at + 3, 1), *n_local, "APIC ids count");
			cr_assert_eq(get(madt + at + 4, 4), 1);
			++*n_local;
		} else {
			cr_assert_eq(get(madt + at, 1), 1);
			cr_assert_eq(get(madt + at + 4, 4), 0xfec00000);
			++*n_io;
		}
		at += (uint32_t)get(madt + at + 1, 1);
	}
	cr_assert_eq(at, len);
}

Test(acpi, madt)
{
	for (uint32_t n = 1; n <= 64; n++) {
		uint64_t fadt, madt;
		uint32_t n_local = 0, n_io = 0;

		find(n, &fadt, &madt);
		count_apics(madt, &n_local, &n_io);
		cr_assert_eq(n_local, n);
		cr_assert_eq(n_io, 1);
	}
}

Test(acpi, too_little_room)
{
	cr_assert_eq(vb_acpi_build(area, 0x17ff, BASE, 1), -ENOSPC);
	cr_assert_eq(vb_acpi_build(area, 0x1800, BASE, 1), 0);
	cr_assert_eq(vb_acpi_build(area, sizeof(area), BASE, 65), -ENOSPC);
}

/* ---- AML ---- */

#define AML(bytes, ...)                                                                            \
	static const uint8_t expected[] = { __VA_ARGS__ };                                         \
	cr_assert_eq((bytes).len, sizeof(expected));                                               \
	cr_assert_arr_eq((bytes).at, expected, sizeof(expected));

static struct vb_aml start(void)
{
	return (struct vb_aml){ .at = area, .cap = sizeof(area) };
}

Test(acpi, aml_names)
{
	struct vb_aml a = start();

	vb_aml_name_integer(&a, "_STA", 15);
	vb_aml_name_string(&a, "_HID", "VMBus");
	vb_aml_name_eisa_id(&a, "_HID", "PNP0501");
	vb_aml_name_package(&a, "_S5_", (const uint8_t[]){ 5, 0 }, 2);
	AML(a, 8, '_', 'S', 'T', 'A', 10, 15,			   /* */
	    8, '_', 'H', 'I', 'D', 13, 'V', 'M', 'B', 'u', 's', 0, /* */
	    8, '_', 'H', 'I', 'D', 12, 0x41, 0xd0, 0x05, 0x01,	   /* */
	    8, '_', 'S', '5', '_', 0x12, 0x47, 0x00, 2, 10, 5, 10, 0);
}

Test(acpi, aml_device)
{
	struct vb_aml a = start();
	size_t scope = vb_aml_scope(&a, "_SB_"), device = vb_aml_device(&a, "COM1");
	size_t resources = vb_aml_resources(&a);

	vb_aml_ports(&a, 0x3f8, 8);
	vb_aml_irq(&a, 5);
	vb_aml_resources_end(&a, resources);
	vb_aml_end(&a, device);
	vb_aml_end(&a, scope);
	AML(a, 0x10, 0x47, 0x02, '\\', '_', 'S', 'B', '_',	  /* 39 bytes from the length on */
	    0x5b, 0x82, 0x4e, 0x01, 'C', 'O', 'M', '1',		  /* 30 */
	    8, '_', 'C', 'R', 'S', 0x11, 0x42, 0x01, 0x0b, 13, 0, /* */
	    0x47, 1, 0xf8, 3, 0xf8, 3, 1, 8, 0x22, 0x20, 0, 0x79, 0);
}

/* What does not fit is never written beyond the end. */
Test(acpi, aml_full)
{
	for (size_t cap = 0; cap < 60; cap++) {
		struct vb_aml a = { .at = area, .cap = cap };
		size_t device, resources;

		memset(area, 0xee, 100);
		device = vb_aml_device(&a, "COM1");
		resources = vb_aml_resources(&a);
		vb_aml_memory_window(&a, 0x1000, 0x1fff);
		vb_aml_resources_end(&a, resources);
		vb_aml_end(&a, device);
		cr_assert_eq(a.full, cap < 47, "%zu", cap);
		cr_assert_eq(area[cap], 0xee);
	}
}
