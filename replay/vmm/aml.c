/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ACPI's machine language: ACPI specification 6.4, chapter 20; resources: section 6.4. */
#include <string.h>

#include "replay/vmm/aml.h"

#define OP_NAME 0x08
#define OP_BYTE 0x0a
#define OP_WORD 0x0b
#define OP_DWORD 0x0c
#define OP_STRING 0x0d
#define OP_SCOPE 0x10
#define OP_BUFFER 0x11
#define OP_PACKAGE 0x12
#define OP_EXT 0x5b
#define OP_EXT_DEVICE 0x82

static void put(struct vb_aml *a, const void *bytes, size_t n)
{
	if (a->full || n > a->cap - a->len) {
		a->full = true;
		return;
	}
	memcpy(a->at + a->len, bytes, n);
	a->len += n;
}

static void put_u8(struct vb_aml *a, unsigned int value)
{
	uint8_t byte = (uint8_t)value;

	put(a, &byte, sizeof(byte));
}

static void put_u16(struct vb_aml *a, unsigned int value)
{
	put_u8(a, value & 0xff);
	put_u8(a, value >> 8 & 0xff);
}

static void put_u32(struct vb_aml *a, uint32_t value)
{
	put_u16(a, value & 0xffff);
	put_u16(a, value >> 16);
}

static void put_name(struct vb_aml *a, const char *name)
{
	put_u8(a, OP_NAME);
	put(a, name, 4);
}

/* Room for a package length of two bytes: 12 bits, which count these bytes, too. */
static size_t open_length(struct vb_aml *a)
{
	size_t at = a->len;

	put_u16(a, 0);
	return at;
}

void vb_aml_end(struct vb_aml *a, size_t opened)
{
	size_t len = a->len - opened;

	if (a->full || len > 0xfff) {
		a->full = true;
		return;
	}
	a->at[opened] = (uint8_t)(0x40 | (len & 0xf));
	a->at[opened + 1] = (uint8_t)(len >> 4);
}

size_t vb_aml_scope(struct vb_aml *a, const char *name)
{
	size_t opened;

	put_u8(a, OP_SCOPE);
	opened = open_length(a);
	put_u8(a, '\\');
	put(a, name, 4);
	return opened;
}

size_t vb_aml_device(struct vb_aml *a, const char *name)
{
	size_t opened;

	put_u8(a, OP_EXT);
	put_u8(a, OP_EXT_DEVICE);
	opened = open_length(a);
	put(a, name, 4);
	return opened;
}

void vb_aml_name_integer(struct vb_aml *a, const char *name, uint8_t value)
{
	put_name(a, name);
	put_u8(a, OP_BYTE);
	put_u8(a, value);
}

void vb_aml_name_string(struct vb_aml *a, const char *name, const char *value)
{
	put_name(a, name);
	put_u8(a, OP_STRING);
	put(a, value, strlen(value) + 1);
}

static unsigned int hex_digit(char c)
{
	return (unsigned int)(c <= '9' ? c - '0' : c - 'A' + 10);
}

/* Three letters of five bits, four hex digits; the first byte is the most significant. */
void vb_aml_name_eisa_id(struct vb_aml *a, const char *name, const char *id)
{
	unsigned int letters = ((unsigned int)id[0] & 0x1f) << 10 |
			       ((unsigned int)id[1] & 0x1f) << 5 | ((unsigned int)id[2] & 0x1f);

	put_name(a, name);
	put_u8(a, OP_DWORD);
	put_u8(a, letters >> 8);
	put_u8(a, letters & 0xff);
	put_u8(a, hex_digit(id[3]) << 4 | hex_digit(id[4]));
	put_u8(a, hex_digit(id[5]) << 4 | hex_digit(id[6]));
}

void vb_aml_name_package(struct vb_aml *a, const char *name, const uint8_t *values, uint8_t n)
{
	size_t opened;

	put_name(a, name);
	put_u8(a, OP_PACKAGE);
	opened = open_length(a);
	put_u8(a, n);
	for (uint8_t i = 0; i < n; i++) {
		put_u8(a, OP_BYTE);
		put_u8(a, values[i]);
	}
	vb_aml_end(a, opened);
}

/* Behind the package length stands the buffer's size, a word here. */
#define BUFFER_HEAD 5u

size_t vb_aml_resources(struct vb_aml *a)
{
	size_t opened;

	put_name(a, "_CRS");
	put_u8(a, OP_BUFFER);
	opened = open_length(a);
	put_u8(a, OP_WORD);
	put_u16(a, 0);
	return opened;
}

void vb_aml_resources_end(struct vb_aml *a, size_t opened)
{
	size_t len;

	put_u16(a, 0x0079); /* end tag, no checksum */
	if (a->full)
		return;
	len = a->len - opened - BUFFER_HEAD;
	a->at[opened + 3] = (uint8_t)len;
	a->at[opened + 4] = (uint8_t)(len >> 8);
	vb_aml_end(a, opened);
}

void vb_aml_memory_window(struct vb_aml *a, uint32_t first, uint32_t last)
{
	put_u8(a, 0x87); /* DWord address space */
	put_u16(a, 23);
	put_u8(a, 0);	 /* memory */
	put_u8(a, 0x0c); /* producer, both ends are fixed */
	put_u8(a, 0x01); /* not cached, writable */
	put_u32(a, 0);
	put_u32(a, first);
	put_u32(a, last);
	put_u32(a, 0);
	put_u32(a, last - first + 1);
}

void vb_aml_irq(struct vb_aml *a, unsigned int irq)
{
	put_u8(a, 0x22); /* IRQ without flags */
	put_u16(a, 1u << irq);
}

void vb_aml_ports(struct vb_aml *a, uint16_t first, uint8_t n)
{
	put_u8(a, 0x47); /* I/O ports */
	put_u8(a, 1);	 /* 16 address lines */
	put_u16(a, first);
	put_u16(a, first);
	put_u8(a, 1);
	put_u8(a, n);
}
